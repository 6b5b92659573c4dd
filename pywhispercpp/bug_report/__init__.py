"""What a bug report needs, as data and in words; a part that fails tells so and spares the others."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from pywhispercpp.bug_report import machine_facts

__all__ = ["collect", "in_words", "instead_of"]


def collect(models_dir: Path | None = None) -> dict[str, Any]:
    """Return {part: its facts}: numbers, texts, lists and dicts, so that JSON can hold it. Prints nothing.

    A part that cannot be told is {"problem": why}.
    """
    return {name: _told(part) for name, part in _parts(models_dir).items()}


def _parts(models_dir: Path | None) -> dict[str, Callable[[], Mapping[str, Any]]]:
    return {
        "build": _build,
        "cpu": machine_facts.cpu,
        "code": _code,
        "openvino": _openvino,
        "system": machine_facts.system,
        "packages": machine_facts.packages,
        "models": lambda: _models(models_dir),
        "environment": machine_facts.environment,
    }


def _told(part: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return part()
    except Exception as error:  # whatever is wrong with this installation is what the report is for
        return {"problem": f"{type(error).__name__}: {error}"}


def _build() -> dict[str, Any]:
    from pywhispercpp.backend import build_info

    version, folder = metadata.version("pywhispercpp"), str(Path(__file__).parent)
    version, folder = metadata.version("pywhispercpp"), str(Path(__file__).parent)
    return {"pywhispercpp": version, **asdict(build_info()), "folder": folder}


def _code() -> dict[str, Any]:
    """Which CPU code runs in this process, and why."""
    from pywhispercpp import _core
    from pywhispercpp.cpu_variant import backend_info

    info = backend_info()
    return {**asdict(info), "whisper_cpp": _core.whisper_version(), "system_info": _core.system_info()}


def _openvino() -> dict[str, Any]:
    from pywhispercpp import openvino_runtime

    library = openvino_runtime.find()
    if library is None:
        return {"found": False, "library": None, "hint": openvino_runtime.HOW_TO_GET}
    return {"found": True, "library": library or "linked into this wheel", "hint": None}


def _models(folder: Path | None) -> dict[str, Any]:
    from pywhispercpp.bug_report import model_folder

    return model_folder.look(folder)


def in_words(report: Mapping[str, Any]) -> str:
    """The report for people: a heading for each part, names and values in two columns."""
    width = min(max(shutil.get_terminal_size((100, 24)).columns, 60), 100)
    text = "\n\n".join(f"{name}\n{_table(part, width)}" for name, part in report.items()) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()  # a file name need not be Unicode


def _table(part: Mapping[str, Any], width: int) -> str:
    rows = [(_title(name), line) for name, value in part.items() for line in _lines(value)]
    column = max((len(name) for name, _ in rows), default=0) + 4
    done, last = [], ""
    for name, text in rows:
        wrapped = textwrap.wrap(text, width - column, break_long_words=False, break_on_hyphens=False) or [""]
        first = "" if name == last else name
        done.append(f"  {first}".ljust(column) + f"\n{' ' * column}".join(wrapped))
        last = name
    return "\n".join(line.rstrip() for line in done) or "  none"


def _title(name: str) -> str:
    """Our own names without underscores; an environment variable as it is."""
    return name if name in os.environ else name.replace("_", " ")


def _lines(value: object) -> list[str]:
    """A value as it is read: a list of words is one line, a list of files has a line for each."""
    if isinstance(value, Mapping):
        return [f"{key}: {_line(item)}" for key, item in value.items()] or ["-"]
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        return [_line(item) for item in value]
    return [_line(value)]


def _line(value: object) -> str:
    if value is None or value in ("", (), []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        shown = {key: f"{item / 1e6:.1f} MB" if key == "size" else item for key, item in value.items()}
        return "  ".join(f"PROBLEM: {item}" if key == "problem" else str(item) for key, item in shown.items())
    if isinstance(value, (list, tuple)):
        return " ".join(str(item) for item in value)
    return str(value)


def instead_of(error: ImportError) -> None:
    """Where `pywhispercpp info` is what this process is for, end it with what can be told without the CPU.

    The command itself cannot run: the package refuses to load on a CPU that lacks what it was built for.
    """
    program, command = Path(sys.argv[0]).name, sys.argv[1:2]
    if program in ("pywhispercpp", "__main__.py", "-m") and command == ["info"]:
        parts = {name: _told(part) for name, part in _parts(None).items() if name not in ("code", "openvino")}
        raise SystemExit(f"{in_words(parts)}\npywhispercpp: {error}")

"""Try a wheel for real: a fresh environment, its declared dependencies only, tiny.en, real speech.

If asked then once more with OpenVINO's encoder, of an IR that the wheel itself has made.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.command import echo, entry_point
from scripts.errors import BuildError
from scripts.openvino import IR
from wheels.archive import WheelName, parse_name
from wheels.interpreter import ask, clean_environment, refusal
from wheels.staging import staging

MODEL = "tiny.en"
EXPECTED_WORDS = "ask not what your country can do for you"
_SCRIPT = Path(__file__).with_name("smoke_script.py")
#: Which libopenvino_c the package is to take: that of a folder. A linked wheel has its own and does not ask.
_LIB_DIR = "OPENVINO_LIB_DIR"


def smoke(
    wheel: Path, audio: Path, python: Path, models_dir: Path | None = None, openvino: Path | None = None
) -> str:
    """Install the wheel into a new environment, transcribe `audio`, and return a summary to print.

    `audio` must say EXPECTED_WORDS. `openvino` is a runtime that is laid out, to transcribe with too.
    The environment is gone afterwards. Raises BuildError with what failed.
    """
    for path in (wheel, audio):
        if not path.is_file():
            raise BuildError(f"{path} is not a file; give the path of one that exists")
    name, interpreter = parse_name(wheel), ask(python)
    if reason := refusal(name, interpreter):
        raise BuildError(f"{wheel.name} cannot be tried here: {reason}")
    with staging("pywhispercpp-smoke-") as folder:
        binaries = install(wheel, interpreter.executable, folder)
        _run([binaries / "pywhispercpp", "--version"], folder)
        model = _download_model(binaries, folder, models_dir)
        facts = _transcribe(binaries, folder, audio, models_dir)
        other = _with_openvino(binaries, folder, wheel, audio, model, openvino) if openvino else None
    _require_speech(facts)
    return summary(wheel, name, facts) + (f"\n{openvino_summary(facts, other)}" if other else "")


def install(wheel: Path, python: Path, folder: Path) -> Path:
    """Make the environment, install the wheel as a user would, and return its bin folder."""
    environment = folder / "env"
    _run([python, "-I", "-m", "venv", environment], folder)
    binaries = environment / "bin"
    _run([binaries / "python", "-I", "-m", "pip", "install", "--quiet", wheel.resolve()], folder)
    return binaries


def _download_model(binaries: Path, folder: Path, models_dir: Path | None) -> Path:
    """Have the package fetch the model, where it is not there already; its path is what it prints last."""
    place = ["--models-dir", str(models_dir.resolve())] if models_dir else []
    said = _run([binaries / "pywhispercpp", "models", "download", MODEL, *place], folder)
    return Path(said.splitlines()[-1])


def _with_openvino(
    binaries: Path, folder: Path, wheel: Path, audio: Path, model: Path, runtime: Path
) -> dict[str, Any]:
    """Let the wheel make an IR of the model and transcribe with it; the facts of that.

    In a folder of its own: an IR beside the user's model would be taken by whatever runs there later. It is
    kept in build/, because no emulated machine could make one in reasonable time.
    """
    models_dir = folder / "models"
    models_dir.mkdir()
    shutil.copy(model, models_dir)
    # The version that is laid out, so that one that is linked is tried with the package that it pins.
    wanted = [f"{wheel.resolve()}[openvino]", f"openvino=={runtime.parent.name}"]
    _run([binaries / "python", "-I", "-m", "pip", "install", "--quiet", *wanted], folder)
    export = ["models", "export", "openvino", MODEL, "--models-dir", str(models_dir)]
    _run([binaries / "pywhispercpp", *export], folder)
    environment = {_LIB_DIR: str((runtime / "libs").resolve())}
    facts = _transcribe(binaries, folder, audio, models_dir, "openvino", environment)
    for part in (IR, IR.with_suffix(".bin")):
        shutil.copy(models_dir / part.name, part)
    return facts


def _transcribe(
    binaries: Path,
    folder: Path,
    audio: Path,
    models_dir: Path | None,
    backend: str = "ggml",
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run the script in the new environment and return the facts it prints last."""
    place = str(models_dir.resolve()) if models_dir else ""
    arguments = [MODEL, place, str(audio.resolve()), backend]
    said = _run([binaries / "python", "-I", _SCRIPT, *arguments], folder, environment)
    try:
        facts: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise BuildError(f"{_SCRIPT.name} printed no facts: {said!r}") from error
    if folder.resolve() not in Path(facts["module"]).resolve().parents:
        raise BuildError(f"pywhispercpp came from {facts['module']}, not from the installed wheel")
    return facts


def _run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Echo and run a command in the temporary folder; its stdout. Raises BuildError with its last words."""
    echo(command)
    words = [str(part) for part in command]
    # Not scripts.command: there the environment can only grow, here PYTHONPATH and its kin must go.
    whole = {**clean_environment(), **(environment or {})}
    done = subprocess.run(words, cwd=folder, env=whole, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BuildError(f"`{' '.join(words)}` ended with status {done.returncode}\n{done.stdout}".rstrip())
    return done.stdout


def _plain(text: str) -> str:
    """Lower case, letters only, single spaces."""
    return " ".join(re.findall(r"[a-z]+", text.lower()))


def _require_speech(facts: dict[str, Any]) -> None:
    """Every run must have heard the expected words."""
    for transcript in facts["transcripts"]:
        if EXPECTED_WORDS not in _plain(transcript):
            raise BuildError(f"the transcript should say {EXPECTED_WORDS!r}, it says {transcript!r}")


def from_here(path: Path) -> Path:
    """The path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if here in path.parents else path


def summary(wheel: Path, name: WheelName, facts: dict[str, Any]) -> str:
    """The closing lines: what was built, what it heard, how fast."""
    info, running = facts["build_info"], facts["backend_info"]
    speed = facts["audio_seconds"] / facts["wall_seconds"]
    rows = {
        "wheel": str(from_here(wheel)),
        "size": f"{wheel.stat().st_size:,} bytes",
        "tag": " ".join(sorted(map(str, name.tags))),
        "profile": f"{info['profile']} ({' '.join(info['features']) or 'baseline'})",
        "variant": f"{running['variant']}: {running['reason']}",
        "backend": info["backend"],
        "whisper.cpp": f"{info['whisper_cpp_version']}, ggml {info['ggml_version']}",
        "compiler": info["compiler"],
        "transcript": facts["transcripts"][-1],
        "speed": f"{speed:.1f} audio seconds per second "
        f"({facts['audio_seconds']:.1f} s in {facts['wall_seconds']:.2f} s, {MODEL}, median of 3)",
    }
    return "\n".join(f"{label:<12} {text}" for label, text in rows.items())


def openvino_summary(plain: dict[str, Any], facts: dict[str, Any]) -> str:
    """The lines about OpenVINO's encoder, out of a run with it; BuildError where that used another."""
    _require_speech(facts)
    encoder = facts["encoder"]
    if encoder["backend"] != "openvino":
        raise BuildError(f"OpenVINO was asked for, {encoder['backend']} encoded: {encoder['reason']}")
    times = plain["wall_seconds"] / facts["wall_seconds"]
    rows = {
        "openvino": f"{encoder['version']}, {encoder['device']} in {encoder['precision']}",
        "library": encoder["library"],
        "transcript": facts["transcripts"][-1],
        "speed": f"{times:.2f} times that of ggml's encoder ({facts['wall_seconds']:.2f} s)",
    }
    return "\n".join(f"{label:<12} {text}" for label, text in rows.items())


def main(argv: Sequence[str]) -> None:
    """Try one wheel; the summary is the last thing printed."""
    parser = argparse.ArgumentParser(prog="python -m wheels.smoke", description=__doc__)
    parser.add_argument("wheel", type=Path, metavar="X.whl")
    parser.add_argument("--audio", type=Path, required=True, help=f"speech that says “{EXPECTED_WORDS}”")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="default: this Python")
    parser.add_argument("--models-dir", type=Path, help="where models are kept (default: the package's own)")
    parser.add_argument(
        "--openvino", type=Path, metavar="DIR", help="a runtime of nox -s fetch_openvino, to try it with too"
    )
    given = parser.parse_args(argv)
    print(smoke(given.wheel, given.audio, given.python, given.models_dir, given.openvino))


if __name__ == "__main__":
    entry_point(main)

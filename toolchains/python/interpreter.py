"""Finds the one interpreter that a wheel is built for, and asks it about itself.

Runs by itself as a file too, with nothing installed: the Bazel repository rule calls it so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

# The free-threaded build is another Python than the usual one of its number: "3.14t", as pyenv names it.
# What follows "cpython-" in SOABI follows "cp" in the ABI tag: `t` for that build, `d` for a debug build.
_PROBE = """
import json, sys, sysconfig
number, free = "%d.%d" % sys.version_info[:2], "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(json.dumps({
    "executable": getattr(sys, "_base_executable", "") or sys.executable,
    "version": number + free,
    "full_version": "%d.%d.%d" % sys.version_info[:3] + free,
    "include": sysconfig.get_path("include", vars={"installed_base": sys.base_prefix}),
    "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "multiarch": sysconfig.get_config_var("MULTIARCH") or "",
    "tag": "cp" + number.replace(".", ""),
    "abi": "cp" + sysconfig.get_config_var("SOABI").split("-")[1],
}))
"""

_VERSION = re.compile(r"3\.\d+t?")


class InterpreterError(Exception):
    """No interpreter of the asked version; the message says what to run."""


def _pyenv_root() -> Path | None:
    """Return pyenv's folder: PYENV_ROOT, what pyenv says, or its default place."""
    if root := os.environ.get("PYENV_ROOT"):
        return Path(root)
    if pyenv := shutil.which("pyenv"):
        said = subprocess.run([pyenv, "root"], text=True, capture_output=True, check=False).stdout.strip()
        return Path(said) if said else None
    default = Path.home() / ".pyenv"
    return default if default.is_dir() else None


def _patch_level(path: Path) -> int:
    return int(path.name.rsplit(".", 1)[1].rstrip("t"))


def from_pyenv(version: str) -> Path | None:
    """Return pyenv's newest `version` ("3.11", "3.14t"), or None where pyenv or that version is not there."""
    root = _pyenv_root()
    if root is None:
        return None
    number, free = (version[:-1], "t") if version.endswith("t") else (version, "")
    pattern = re.compile(re.escape(number) + r"\.\d+" + free)
    found = [p for p in root.glob(f"versions/{number}.*") if pattern.fullmatch(p.name)]
    found = [p for p in found if (p / "bin" / "python3").exists()]
    return max(found, key=_patch_level) / "bin" / "python3" if found else None


def probe(executable: Path) -> dict[str, Any]:
    """Ask an interpreter for its version, headers, extension suffix, wheel tags and platform."""
    done = subprocess.run([str(executable), "-I", "-c", _PROBE], text=True, capture_output=True, check=False)
    if done.returncode:
        raise InterpreterError(f"cannot run {executable}: {done.stderr.strip()}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def find(version: str, host: Path | None = None) -> dict[str, Any]:
    """Return the facts of the interpreter for `version`: pyenv's, else `host` (default: the running one)."""
    if not _VERSION.fullmatch(version):
        raise InterpreterError(
            f"{version!r} names no Python; give the first two numbers, as 3.11, "
            "with a t for the free-threaded build, as 3.14t"
        )
    chosen = from_pyenv(version)
    facts = probe(chosen or host or Path(sys.executable))
    if facts["version"] != version:
        raise InterpreterError(
            f"Python {version} is asked for, pyenv has none, and {facts['executable']} is "
            f"{facts['full_version']}; run: pyenv install {version} (or start nox with Python {version})"
        )
    if not (Path(facts["include"]) / "Python.h").is_file():
        # Debian has no free-threaded Python.
        debian = "" if version.endswith("t") else f"apt-get install python{version}-dev, or: "
        raise InterpreterError(
            f"{facts['executable']} has no headers in {facts['include']}; "
            f"run: {debian}pyenv install {version}"
        )
    return facts


def main() -> int:
    """Print the facts as JSON: `interpreter.py VERSION [HOST_PYTHON]`."""
    host = Path(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else None
    try:
        print(json.dumps(find(sys.argv[1], host)))
    except InterpreterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

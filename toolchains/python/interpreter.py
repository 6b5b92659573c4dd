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

_PROBE = """
import json, sys, sysconfig
print(json.dumps({
    "executable": getattr(sys, "_base_executable", "") or sys.executable,
    "version": "%d.%d" % sys.version_info[:2],
    "full_version": "%d.%d.%d" % sys.version_info[:3],
    "include": sysconfig.get_path("include", vars={"installed_base": sys.base_prefix}),
    "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "multiarch": sysconfig.get_config_var("MULTIARCH") or "",
    "tag": "cp%d%d" % sys.version_info[:2],
    "platform": sysconfig.get_platform().replace("-", "_").replace(".", "_"),
}))
"""


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
    return int(path.name.rsplit(".", 1)[1])


def from_pyenv(version: str) -> Path | None:
    """Return pyenv's newest `version` (as "3.11"), or None where pyenv or that version is not there."""
    root = _pyenv_root()
    if root is None:
        return None
    pattern = re.compile(re.escape(version) + r"\.\d+")
    found = [p for p in root.glob(f"versions/{version}.*") if pattern.fullmatch(p.name)]
    found = [p for p in found if (p / "bin" / "python3").exists()]
    return max(found, key=_patch_level) / "bin" / "python3" if found else None


def probe(executable: Path) -> dict[str, Any]:
    """Ask an interpreter for its version, headers, extension suffix, wheel tag and platform."""
    done = subprocess.run([str(executable), "-I", "-c", _PROBE], text=True, capture_output=True, check=False)
    if done.returncode:
        raise InterpreterError(f"cannot run {executable}: {done.stderr.strip()}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def find(version: str, host: Path | None = None) -> dict[str, Any]:
    """Return the facts of the interpreter for `version`: pyenv's, else `host` (default: the running one)."""
    chosen = from_pyenv(version)
    facts = probe(chosen or host or Path(sys.executable))
    if facts["version"] != version:
        raise InterpreterError(
            f"Python {version} is asked for, pyenv has none, and {facts['executable']} is "
            f"{facts['full_version']}; run: pyenv install {version} (or start nox with Python {version})"
        )
    if not (Path(facts["include"]) / "Python.h").is_file():
        raise InterpreterError(
            f"{facts['executable']} has no headers in {facts['include']}; "
            f"run: apt-get install python{version}-dev, or: pyenv install {version}"
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

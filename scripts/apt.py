"""apt with a memory of its own: the machine's mirror, proxies and keys, but lists and a status in a folder.

It needs no root, and the system never hears of the architectures and suites that are asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from scripts.errors import BuildError

#: Our name of an architecture -> Debian's.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}


def require_tools(purpose: str) -> None:
    """Raise BuildError, naming what it is for, where apt or dpkg is missing."""
    for tool, package in {"apt-get": "apt", "dpkg-deb": "dpkg"}.items():
        if shutil.which(tool) is None:
            raise BuildError(
                f"{purpose} with {tool}, which is not on PATH: use Debian or Ubuntu, "
                f"or install the package {package} and give it Debian's sources"
            )


def configure(arch: str, folder: Path, settings: Mapping[str, str] | None = None) -> Path:
    """Prepare `folder` as apt's memory for an architecture and return the configuration file in it."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    every = {
        "APT::Architecture": ARCHITECTURES[arch],
        "APT::Architectures": ARCHITECTURES[arch],
        "APT::Install-Recommends": "false",
        # As root apt would download as a user who cannot write below this checkout.
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "3",
        "Dir::State": str(folder),
        "Dir::State::status": str(folder / "status"),
        "Dir::Cache": str(folder / "cache"),
        **(settings or {}),
    }
    file = folder / "apt.conf"
    file.write_text("".join(f'{name} "{value}";\n' for name, value in every.items()), encoding="utf-8")
    return file

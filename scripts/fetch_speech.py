"""Fetches real speech with its text into build/speech: for each piece NAME.wav (16 kHz, mono) and NAME.txt.

    prompts/   some 370 announcements, half a second to a minute long, one speaker
    french/    as many of the same in French, another
    novel/     five sentences of a novel, a third
    sonnets/   three sonnets, a fourth
    long/      the sonnets in one file of two and a half minutes

The benchmarks count wrong words with it. Licences and hashes: SPEECH in scripts/pins.bzl.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scripts import index, wav
from scripts.apt import ARCHITECTURES
from scripts.command import entry_point
from scripts.debian_archive import open_archive
from scripts.errors import BuildError
from scripts.pins import BUILD, SPEECH
from scripts.replace_tree import is_current, replacing
from scripts.speech_pieces import SOURCES, Piece, unpack_job
from scripts.tree import tree_sha256

LONG = "long/sonnets.wav"
PAUSE = 1.0  # seconds between two sonnets


def fetch(folder: Path = BUILD) -> Path:
    """Make sure that `folder/speech` holds the pinned speech; return it."""
    target = folder / "speech"
    # The number counts changes of what is made out of the same sources.
    stamp = " ".join(["1", *(pin.get("tree_sha256", pin.get("sha256", "")) for pin in SPEECH.values())])
    if not is_current(target, stamp):
        with replacing(target, stamp) as fresh:
            sources = fresh / ".sources"
            _from_debian(sources, fresh / ".apt")
            _from_index(SPEECH["sonnets"], sources, folder / "downloads")
            for name, pin in SPEECH.items():
                lay_out(SOURCES[name](pin, sources), fresh / name)
            join(sorted((fresh / "sonnets").glob("*.wav")), fresh / LONG)
            for work in (sources, fresh / ".apt"):
                shutil.rmtree(work)
    return target


def _from_debian(folder: Path, state: Path) -> None:
    """Unpack the packages of every source that has some, and compare what is used with its pin."""
    pins = [pin for pin in SPEECH.values() if "packages" in pin]
    arch = platform.machine() if platform.machine() in ARCHITECTURES else "x86_64"  # they are for all
    state.mkdir(parents=True)
    archive = open_archive(sorted({pin["suite"] for pin in pins}), arch, state)
    for pin in pins:
        for package in pin["packages"]:
            archive.package(package, pin["suite"], folder)
        _verify(pin, folder)


def _verify(pin: dict[str, Any], folder: Path) -> None:
    missing = [name for name in pin["tree"] if not (folder / name).exists()]
    got = f"no {', '.join(missing)}" if missing else tree_sha256(folder, pin["tree"])
    if got != pin["tree_sha256"]:
        raise BuildError(
            f"Debian's {' and '.join(pin['packages'])} ({pin['suite']}) is not the pinned {pin['version']}: "
            f"sha256 over the files expected {pin['tree_sha256']}, got {got}; nothing was kept "
            "(pins: scripts/pins.bzl)"
        )


def _from_index(pin: dict[str, Any], folder: Path, downloads: Path) -> None:
    name = pin["requirement"].partition("==")[0]
    # Its old setup.py looks for numpy before it says its name: numpy and setuptools must be here.
    options = ["--no-binary", name, "--no-build-isolation"]
    unpack_job(index.download(pin["requirement"], pin["sha256"], downloads, options), pin["job"], folder)


def lay_out(pieces: Iterable[Piece], folder: Path) -> None:
    """Write each piece as NAME.wav and NAME.txt."""
    folder.mkdir(parents=True)
    for piece in pieces:
        wav.write(folder / f"{piece.name}.wav", [wav.samples(piece.audio)])
        (folder / f"{piece.name}.txt").write_text(piece.text + "\n", encoding="utf-8")


def join(files: Sequence[Path], target: Path) -> None:
    """Write recordings one after another into `target`, and their texts beside it."""
    target.parent.mkdir(parents=True)
    wav.write(target, [wav.read(file) for file in files], PAUSE)
    texts = [file.with_suffix(".txt").read_text(encoding="utf-8") for file in files]
    target.with_suffix(".txt").write_text("\n".join(texts), encoding="utf-8")


def main(argv: Sequence[str]) -> None:
    """Fetch and say where."""
    print(fetch())


if __name__ == "__main__":
    entry_point(main)

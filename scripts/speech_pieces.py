"""Reads sources of speech: which recordings are in them, and what is said in each."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.errors import BuildError


@dataclass(frozen=True)
class Piece:
    """One recording and its words, under a name that is good for a file."""

    name: str
    audio: Path
    text: str


def prompts(pin: Mapping[str, Any], root: Path) -> Iterator[Piece]:
    """Asterisk's announcements; without single letters and numbers, tones, and texts with notes or signs."""
    text = gzip.decompress((root / pin["text"]).read_bytes()).decode()
    for name, said in re.findall(r"^([\w/-]+):\s*(.+)$", text, re.MULTILINE):
        audio = root / pin["audio"] / f"{name}.g722"
        spelled = name.startswith(("digits/", "letters/", "phonetic/", "silence/", "spy-"))
        if not spelled and not re.search(r"[][()<>*#]", said) and audio.is_file():
            yield Piece(name.replace("/", "-"), audio, said.strip())


def novel(pin: Mapping[str, Any], root: Path) -> Iterator[Piece]:
    """Sentences of a novel, in their order."""
    lines = (root / pin["text"]).read_text(encoding="utf-8").splitlines()
    for said, name in re.findall(r"^<s> (.+) </s> \((\S+)\)$", "\n".join(lines), re.MULTILINE):
        yield Piece(name, root / pin["audio"] / f"{name}.wav", said)


def sonnets(pin: Mapping[str, Any], root: Path) -> Iterator[Piece]:
    """One recording for each sonnet; its number is read out first."""
    for number, page in enumerate(sorted(root.glob("assets/*.xhtml")), 1):
        body = page.read_text(encoding="utf-8").partition("<body>")[2]
        lines = re.findall(r'<span id="\w+">(.+?)</span>', body)
        yield Piece(f"sonnet-{number}", page.with_suffix(".mp3"), "\n".join([f"{number}.", *lines[1:]]))


SOURCES: dict[str, Callable[[Mapping[str, Any], Path], Iterator[Piece]]] = {
    "prompts": prompts,
    "french": prompts,
    "novel": novel,
    "sonnets": sonnets,
}


def unpack_job(sdist: Path, member: str, folder: Path) -> None:
    """Unpack the archive that lies in an sdist as `member` into `folder`."""
    with tarfile.open(sdist) as archive:
        job = archive.extractfile(member)
        if job is None:
            raise BuildError(f"{sdist.name} has no file {member} (pins: scripts/pins.bzl)")
        with zipfile.ZipFile(io.BytesIO(job.read())) as inner:
            inner.extractall(folder)

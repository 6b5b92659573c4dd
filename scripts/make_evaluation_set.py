"""Makes the evaluation set that goes into the wheel: pywhispercpp/evaluate/set, NAME.opus and NAME.txt.

What is said, and by which voice of flite, is in scripts/evaluation_set.tsv; a line without a voice is
whisper.cpp's jfk.wav. Opus of 24 kbit/s: with it tiny.en and base hear no more wrong words than with the WAV
files (docs/evaluate.md), and the whole takes 207 kB in place of 2.2 MB.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.command import capture, entry_point
from scripts.errors import BuildError
from scripts.fetch_whisper_cpp import fetch
from scripts.pins import FLITE, ROOT
from scripts.whisper_cpp import SOURCES

LIST = ROOT / "scripts" / "evaluation_set.tsv"
SET = ROOT / "pywhispercpp" / "evaluate" / "set"
BIT_RATE = 24_000
RATE = 48_000  # Opus knows no 16 kHz; it keeps what speech has of them


@dataclass(frozen=True)
class Piece:
    """One recording: its name, the voice that speaks it (none: jfk.wav), and what is said."""

    name: str
    voice: str
    text: str


def pieces() -> list[Piece]:
    """What the list names."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [Piece(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def flite() -> Path:
    """The pinned flite; BuildError where it is not on PATH."""
    found = shutil.which("flite")
    if found is None:
        raise BuildError(
            f"the evaluation set is spoken by flite, which is not here: "
            f"apt-get install {FLITE['package']} (Debian {FLITE['suite']}: {FLITE['version']})"
        )
    # It tells its version and ends with 1.
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    if FLITE["says"] not in said:
        raise BuildError(f"{found} says {said.strip()!r}, the set is spoken by {FLITE['says']}")
    return Path(found)


def recorded(piece: Piece, folder: Path) -> Path:
    """The recording of a piece as WAV, 16 kHz, mono: spoken into `folder`, or whisper.cpp's own."""
    if not piece.voice:
        own = Path("samples") / f"{piece.name}.wav"
        return SOURCES / own if (SOURCES / own).is_file() else fetch() / own
    wav = folder / f"{piece.name}.wav"
    capture([flite(), "-voice", piece.voice, "-t", piece.text, "-o", wav])
    return wav


def pack(wav: Path, target: Path) -> None:
    """Write a recording as Opus; the same bytes each time."""
    try:
        import av
    except ImportError as error:
        raise BuildError(
            "the evaluation set is packed with PyAV, which is not here: pip install av"
        ) from error
    with av.open(str(wav)) as source, av.open(str(target), "w", options={"fflags": "+bitexact"}) as packed:
        stream = packed.add_stream("libopus", rate=RATE)
        stream.layout, stream.bit_rate = "mono", BIT_RATE
        stream.options = {"application": "audio", "flags": "+bitexact"}
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=RATE)
        for frame in [*source.decode(audio=0), None]:
            for ready in resampler.resample(frame):
                packed.mux(stream.encode(ready))
        packed.mux(stream.encode(None))


def make(folder: Path = SET) -> Iterator[Path]:
    """Write the set into `folder`; yield each recording."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for piece in pieces():
            target = folder / f"{piece.name}.opus"
            pack(recorded(piece, Path(work)), target)
            target.with_suffix(".txt").write_text(piece.text + "\n", encoding="utf-8")
            yield target


def main(argv: Sequence[str]) -> None:
    """Make the set and tell its size."""
    size = sum(path.stat().st_size for path in make())
    print(f"{SET}: {size:,} bytes of recordings", file=sys.stderr)


if __name__ == "__main__":
    entry_point(main)

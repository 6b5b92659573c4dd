"""Calibration sets: what the networks are given and give while they hear real speech."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pywhispercpp import audio
from pywhispercpp.errors import AudioError, ExportError, OptionError
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.hailo.files import HailoFiles
from pywhispercpp.models.export.hailo.host import Host
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.export.windows import windows
from pywhispercpp.models.progress import Progress

__all__ = ["DECODER_SAMPLES", "CalibrationFacts", "make_sets", "read_facts", "sound_files"]

DECODER_SAMPLES = 1024  # at most: each is a whole transcription, one decoder run for each token
FACTS = "calibration.json"
_SOUND = (".flac", ".wav", ".mp3", ".ogg", ".opus", ".m4a")
_EVERY = 100  # samples between two notes of progress


@dataclass(frozen=True)
class CalibrationFacts:
    """What the sets were made of. A set is good for the model, length and count that it was made with."""

    model_sha256: str
    seconds: float
    count: int
    folder: str
    encoder_samples: int
    decoder_samples: int

    def serves(self, model_sha256: str, files: HailoFiles) -> bool:
        """Whether the networks of that model and those names can be calibrated with the sets."""
        mine = (self.model_sha256, self.seconds, self.count)
        return mine == (model_sha256, files.seconds, files.count)


def read_facts(folder: Path) -> CalibrationFacts | None:
    """Return what is said of the sets in a folder; None where there are none."""
    with suppress(OSError, ValueError, TypeError):
        return CalibrationFacts(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
    return None


def make_sets(
    folder: Path,
    speech: Path,
    files: HailoFiles,
    model_sha256: str,
    samples: int,
    language: str | None,
    report: Progress,
) -> CalibrationFacts:
    """Make both sets, at most `samples` each, of a folder of speech; they appear together or not at all.

    speech: a folder with .flac, .wav, .mp3 and others at any depth, as LibriSpeech has them. In the layout
    that the compiler wants: height, width and channels last. Raises OptionError for a folder without speech,
    AudioError for a file that is no sound, and OSError.
    """
    names = [files.encoder_set, files.decoder_set(1), files.decoder_set(2), FACTS]
    host = Host(folder)
    with replaced_together([folder / name for name in names], report) as new:
        pieces = _pieces(sound_files(speech), host.samples, samples)
        heard = _saved(new / names[0], (host.mel(p).transpose(0, 2, 3, 1) for p in pieces))
        report.note(f"{folder / names[0]}: {heard} samples")
        said = _decoder_sets(host, new / names[0], [new / name for name in names[1:3]], language, report)
        facts = CalibrationFacts(model_sha256, files.seconds, files.count, str(speech), heard, said)
        (new / FACTS).write_text(json.dumps(asdict(facts)) + "\n", encoding="utf-8")
    return facts


def sound_files(speech: Path) -> list[Path]:
    """All sound of a folder, at any depth, mixed the same way each time: not one speaker comes first.

    Raises OptionError for a folder without any.
    """
    if not speech.is_dir():
        raise OptionError(f"calibration={str(speech)!r}: is no folder; a folder of speech is needed")
    found = sorted(path for path in speech.rglob("*") if path.suffix.lower() in _SOUND and path.is_file())
    if not found:
        raise OptionError(f"calibration={str(speech)!r}: holds no sound ({', '.join(_SOUND)})")
    random.Random(0).shuffle(found)
    return found


def _pieces(files: Iterable[Path], count: int, most: int) -> Iterator[Array]:
    given = 0
    for file in files:
        try:
            sound = audio.load(file)
        except AudioError as error:
            raise ExportError(f"the calibration set cannot be made: {error}") from error
        for piece in windows(sound, count):
            yield piece
            given += 1
            if given == most:
                return


def _decoder_sets(host: Host, mels: Path, targets: list[Path], language: str | None, report: Progress) -> int:
    """Run the encoder, let the decoder write the text, embed all of its tokens."""
    prompt = host.vocabulary.prompt(language)
    heard = np.load(mels, mmap_mode="r")[:DECODER_SAMPLES]

    def features() -> Iterator[Array]:
        for number, mel in enumerate(heard):
            if number and number % _EVERY == 0:
                report.note(f"{number} of {len(heard)} samples are transcribed")
            yield host.features(np.ascontiguousarray(mel.transpose(2, 0, 1)[None]))

    def embedded() -> Iterator[Array]:
        for one in np.load(targets[0], mmap_mode="r"):
            tokens = [*prompt, *host.decode(np.ascontiguousarray(one), prompt), host.vocabulary.eot]
            yield host.embedded(tokens[: host.count]).transpose(0, 2, 3, 1)

    count = _saved(targets[0], (one[None] for one in features()))
    _saved(targets[1], embedded())
    return count


def _saved(file: Path, rows: Iterable[Array]) -> int:
    """Write rows (1, …) as one array (rows, …) while they come; return how many there were.

    A file of its own, because a mapped one ends the process where the disk is full.
    """
    count, shape = 0, (0,)
    with file.open("wb") as out:
        out.write(b"\0" * _HEADER)
        for row in rows:
            out.write(row.astype("<f4").tobytes())
            count, shape = count + 1, (count + 1, *row.shape[1:])
        out.seek(0)
        out.write(_npy_header(shape))
    return count


_HEADER = 128  # bytes: room for any shape


def _npy_header(shape: tuple[int, ...]) -> bytes:
    """See numpy.lib.format, version 1.0: magic, version, length, a dictionary, spaces and a line feed."""
    text = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little") + text.ljust(_HEADER - 11) + b"\n"

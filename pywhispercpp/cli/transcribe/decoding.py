"""The flags of every transcription option, made from OPTIONS, with whisper-cli's names beside our own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

from pywhispercpp.errors import UsageError
from pywhispercpp.option_rules import BEAM_SIZE
from pywhispercpp.options import ALIASES, DERIVED, OPTIONS, Option

# whisper-cli's names of an option: `dict.field` for a field of one that is a dict.
NAMES: dict[str, tuple[str, ...]] = {
    "n_threads": ("-t", "--threads"),
    "n_max_text_ctx": ("-mc", "--max-context"),
    "offset_ms": ("-ot", "--offset-t"),
    "duration_ms": ("-d", "--duration"),
    "translate": ("-tr",),
    "no_timestamps": ("-nt",),
    "print_special": ("-ps",),
    "thold_pt": ("-wt", "--word-thold"),
    "max_len": ("-ml",),
    "split_on_word": ("-sow",),
    "debug_mode": ("-debug",),
    "audio_ctx": ("-ac",),
    "tdrz_enable": ("-tdrz", "--tinydiarize"),
    "initial_prompt": ("--prompt",),
    "language": ("-l",),
    "detect_language": ("-dl",),
    "suppress_nst": ("-sns", "--suppress-non-speech-tokens"),
    "temperature": ("-tp",),
    "temperature_inc": ("-tpi",),
    "entropy_thold": ("-et",),
    "logprob_thold": ("-lpt",),
    "no_speech_thold": ("-nth",),
    "diarize": ("-di",),
    "vad_model_path": ("-vm", "--vad-model"),
    "greedy.best_of": ("-bo",),
    "beam_search.beam_size": ("-bs",),
    "vad_params.threshold": ("-vt",),
    "vad_params.min_speech_duration_ms": ("-vspd",),
    "vad_params.min_silence_duration_ms": ("-vsd",),
    "vad_params.max_speech_duration_s": ("-vmsd",),
    "vad_params.speech_pad_ms": ("-vp",),
    "vad_params.samples_overlap": ("-vo",),
}

# A progress that whisper.cpp prints is asked for with -pp (output.py); an older name is a name of the newer.
NO_FLAG = frozenset({"print_progress", *ALIASES, *DERIVED})

# No option of whisper.cpp's struct; a keyword of transcribe().
DIARIZE = Option("diarize", bool, False, "tell speakers by the channel that is louder (stereo)")


def flags() -> Iterator[tuple[Option, str, list[str]]]:
    """Each option or field of one, where its value goes, and its names: our own first."""
    for option in (*OPTIONS, DIARIZE):
        for field in option.fields:
            where = f"{option.name}.{field.name}"
            prefix = "vad_" if option.name == "vad_params" else ""
            yield field, where, _names(prefix + field.name, where)
        if not option.fields and option.name not in NO_FLAG:
            yield option, option.name, _names(option.name, option.name)


def _names(name: str, where: str) -> list[str]:
    own = "--" + name.replace("_", "-")
    names = NAMES.get(where, ())
    return [
        *(one for one in names if not one.startswith("--")),
        own,
        *(n for n in names if n.startswith("--")),
    ]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add them; one that is not given stays None, and whisper.cpp's default counts."""
    group = parser.add_argument_group("decoding", "whisper.cpp's options under its own names")
    for option, where, names in flags():
        group.add_argument(*names, dest=where, default=None, help=_help(option, where), **_kind(option))
    group.add_argument("-nf", "--no-fallback", action="store_true", help="the same as --temperature-inc 0")
    group.add_argument(
        "-p",
        "--n-processors",
        "--processors",
        type=int,
        default=1,
        metavar="N",
        help="parts of the audio at once",
    )


def _help(option: Option, where: str) -> str:
    default = {"beam_search.beam_size": BEAM_SIZE, "strategy": "by the beam size"}.get(where, option.default)
    if default in (None, "", False) or option.kind is bool:
        shown = ""
    else:
        shown = f" (default: {default if isinstance(default, str) else format(default, '.6g')})"
    return option.doc.replace("%", "%%") + shown


def _kind(option: Option) -> dict[str, Any]:
    """How argparse reads an option."""
    if option.kind is bool:
        return {"action": argparse.BooleanOptionalAction} if option.default else {"action": "store_true"}
    kinds: dict[type, tuple[Callable[[str], Any], str]] = {
        int: (int, "N"),
        float: (float, "N"),
        str: (str, "TEXT"),
        os.PathLike: (str, "FILE"),
        tuple: (_numbers, "N,N,…"),
    }
    kind, metavar = kinds[option.kind]
    if option.words:
        return {
            "type": _number_or_word(option),
            "metavar": "|".join(["N", *(word for word, _ in option.words)]),
        }
    return {"type": kind, "metavar": "LANG" if option.name == "language" else metavar}


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: numbers with commas between are needed") from None


def _number_or_word(option: Option) -> Callable[[str], Any]:
    words = [word for word, _ in option.words]

    def read(text: str) -> int | str:
        try:
            return text if text in words else int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{text!r}: a number or {' or '.join(words)} is needed"
            ) from None

    return read


def options(args: argparse.Namespace) -> dict[str, Any]:
    """What the flags say, as keywords of Model.transcribe()."""
    given = {where: value for _, where, _ in flags() if (value := getattr(args, where)) is not None}
    found: dict[str, Any] = {}
    for where, value in given.items():
        name, _, field = where.partition(".")
        if field:
            found.setdefault(name, {})[field] = value
        else:
            found[name] = value
    return _as_whisper_cli(found, args.no_fallback)


def _as_whisper_cli(found: dict[str, Any], no_fallback: bool) -> dict[str, Any]:
    """The options with what whisper-cli makes of them."""
    if found.get("diarize") and found.get("tdrz_enable"):
        raise UsageError("--diarize and --tinydiarize: only one can be")
    if no_fallback:
        found["temperature_inc"] = 0.0
    if found.get("n_max_text_ctx", 0) < 0:
        del found["n_max_text_ctx"]
    if "language" in found:
        found["language"] = found["language"].lower()
    if found.get("detect_language"):
        found["language"] = "auto"
    if "grammar" in found:
        found["grammar"] = _grammar(found["grammar"])
    beams = found.setdefault("beam_search", {}).setdefault("beam_size", BEAM_SIZE)
    found.setdefault("strategy", "beam_search" if beams > 1 or "grammar" in found else "greedy")
    return found


def _grammar(text: str) -> str:
    """The grammar in a file of that name; the text itself where there is none."""
    try:
        path = Path(text)
        return path.read_text(encoding="utf-8") if path.is_file() else text
    except (OSError, ValueError):  # too long for a name: a grammar
        return text

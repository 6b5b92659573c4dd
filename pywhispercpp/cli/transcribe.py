"""`pywhispercpp transcribe FILE…`: print what is said, with timestamps."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pywhispercpp.encoder import BACKENDS, PRECISIONS
from pywhispercpp.errors import AudioError, TranscriptionError
from pywhispercpp.model import Model
from pywhispercpp.utils import to_timestamp

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

EPILOG = """examples:
  pywhispercpp transcribe talk.mp3
  pywhispercpp transcribe -m small -l de -tr interview.m4a notes.ogg
"""


def _int_or_auto(text: str) -> int | str:
    return text if text == "auto" else int(text)


# What the command line sets, by whisper-cli's letters: flag, long flag, option, type. None: a switch.
FLAGS: tuple[tuple[str, str, str, Any, str], ...] = (
    ("-l", "--language", "language", str, "language code or name, 'auto' to detect it"),
    ("-t", "--threads", "n_threads", int, "threads to compute with"),
    ("-tr", "--translate", "translate", None, "translate to English"),
    ("-ot", "--offset-t", "offset_ms", int, "start this far into the audio, in ms"),
    ("-d", "--duration", "duration_ms", int, "stop after this much audio, in ms"),
    ("-mc", "--max-context", "n_max_text_ctx", int, "most tokens of past text used as prompt"),
    ("-ac", "--audio-ctx", "audio_ctx", _int_or_auto, "audio context, 0 for the model's own, or auto"),
    ("-tp", "--temperature", "temperature", float, "temperature to start with, 0 to 1"),
    ("-et", "--entropy-thold", "entropy_thold", float, "decoding has failed below this entropy"),
    ("-lpt", "--logprob-thold", "logprob_thold", float, "decoding has failed below this log probability"),
    ("-nth", "--no-speech-thold", "no_speech_thold", float, "a window counts as silence from here"),
    ("-sns", "--suppress-nst", "suppress_nst", None, "no tokens that are not speech"),
)


# What it loads the model with.
LOADING = ("cpu_variant", "backend", "device", "precision", "openvino_model_path", "openvino_cache_dir")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "transcribe",
        help="print what is said in audio or video files",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="audio or video in any common format")
    parser.add_argument(
        "-m", "--model", default="base.en", help="name or path of the model (default: base.en)"
    )
    parser.add_argument("--models-dir", help="where models are kept by name")
    parser.add_argument(
        "--cpu-variant", help="CPU code to compute with (default: the best that this CPU can run)"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="whose encoder runs (default: OpenVINO's where it and an IR of the model are there)",
    )
    parser.add_argument("--device", help="OpenVINO device: CPU (default), GPU, NPU, …")
    parser.add_argument(
        "--precision", choices=PRECISIONS, help="what OpenVINO computes in (default: the device's choice)"
    )
    parser.add_argument("--openvino-model-path", metavar="XML", help="the IR (default: beside the model)")
    parser.add_argument("--openvino-cache-dir", metavar="DIR", help="where OpenVINO keeps what it compiled")
    parser.add_argument(
        "-p", "--processors", type=int, default=1, help="split the audio and work side by side"
    )
    parser.add_argument("-nt", "--no-timestamps", action="store_true", help="print the text only")
    parser.add_argument("--prompt", dest="initial_prompt", help="text to start from")
    for short, long, option, kind, text in FLAGS:
        how: dict[str, Any] = {"action": "store_true"} if kind is None else {"type": kind}
        parser.add_argument(short, long, dest=option, default=None, help=text, **how)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Transcribe every file; a file that cannot be is reported, and the others still are."""
    names = [option for _, _, option, _, _ in FLAGS] + ["initial_prompt"]
    options = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    loading = {name: getattr(args, name) for name in LOADING}
    model = Model(args.model, args.models_dir, **loading, **options)
    failed = 0
    for path in args.files:
        if len(args.files) > 1:
            print(f"{path}:", flush=True)
        try:
            model.transcribe(path, args.processors, new_segment_callback=_printer(args.no_timestamps))
        except (AudioError, TranscriptionError) as error:
            print(f"pywhispercpp: {error}", file=sys.stderr, flush=True)
            failed += 1
    return 1 if failed else 0


def _printer(no_timestamps: bool) -> Callable[[Segment], None]:
    def show(segment: Segment) -> None:
        if no_timestamps:
            print(segment.text, flush=True)
        else:
            times = f"{to_timestamp(segment.t0, '.')} --> {to_timestamp(segment.t1, '.')}"
            print(f"[{times}]   {segment.text}", flush=True)

    return show

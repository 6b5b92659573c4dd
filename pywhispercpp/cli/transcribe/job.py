"""The work of the command: one model, one input after another, each with its lines and files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from pywhispercpp import formats
from pywhispercpp.cli.transcribe import decoding, loading, output
from pywhispercpp.cli.transcribe.output import STDIO, Target
from pywhispercpp.cli.transcribe.printer import Printer, to_stdout
from pywhispercpp.cli.transcribe.progress import reported
from pywhispercpp.cli.warnings import shown_warnings
from pywhispercpp.errors import AudioError, OutputError, TranscriptionError
from pywhispercpp.option_rules import checked
from pywhispercpp.options import BY_NAME

if TYPE_CHECKING:
    from pywhispercpp.model import Model
    from pywhispercpp.segment import Transcript

WTS_LINE = 60  # characters of a line that fits into whisper-cli's karaoke picture
EMBEDDED = 20_000_000  # bytes: more of it makes no good page

Source = Union[str, bytes]


def run(args: argparse.Namespace) -> int:
    """Transcribe every input; one that cannot be is reported, and the others still are."""
    files = [*args.files, *args.more]
    if not files:
        args.usage_error("no audio file is given")
    options = decoding.options(args)
    found = output.targets(args, files)
    with shown_warnings(args):
        job = _Job(args, options)
        done = [job.run(target, titled=len(files) > 1) for target in found]
        job.end()
    return 0 if all(done) else 1


class _Job:
    """What all inputs share."""

    def __init__(self, args: argparse.Namespace, options: dict[str, Any]) -> None:
        checked({name: value for name, value in options.items() if name in BY_NAME})  # before a download
        self._args = args
        self._formats = output.chosen(args)
        names = {one.name for one in self._formats}
        self._font = output.font_path(args) if "wts" in names else ""
        if args.karaoke:  # no Pillow, or no such font: told before the work
            from pywhispercpp.karaoke.font import load_font

            load_font(args.font_path, 20, "")
        self._options = {**options, **self._for_words(options, "wts" in names)}
        self._model: Model = loading.load(args)
        if args.verbose:
            print(f"\nsystem_info: {self._model.system_info()}", file=sys.stderr)

    def _for_words(self, options: dict[str, Any], is_wts: bool) -> dict[str, Any]:
        """What the formats need: times of tokens, and lines that fit."""
        found: dict[str, Any] = {}
        if (
            any(one.needs_token_times for one in self._formats)
            or self._args.karaoke
            or options.get("max_len")
        ):
            found["token_timestamps"] = True
        if is_wts and not options.get("max_len"):
            found["max_len"] = WTS_LINE
        return found

    def run(self, target: Target, titled: bool) -> bool:
        """Do one input; print and return False when it cannot be done."""
        if titled and not self._args.no_prints and not target.is_stdout:
            to_stdout(os.fsencode(target.media) + b":\n")
        try:
            target.check()
            source = _source(target.media)
            if self._args.detect_language:
                self._detect(source)
            else:
                self._write(target, source, self._transcribe(target, source))
        except (AudioError, TranscriptionError, OutputError) as error:
            print(f"pywhispercpp: {error}", file=sys.stderr, flush=True)
            return False
        return True

    def _detect(self, source: Source) -> None:
        (code, probability), _ = self._model.auto_detect_language(source)
        to_stdout(f"auto-detected language: {code} (p = {probability:f})\n".encode())

    def _transcribe(self, target: Target, source: Source) -> Transcript:
        with reported(self._args, target.media, target.is_stdout) as (write, report):
            printer = Printer(self._args, write)
            try:
                return self._model.transcribe(
                    source,
                    self._args.n_processors,
                    new_segment_callback=None if target.is_stdout else printer,
                    progress_callback=report,
                    **self._options,
                )
            finally:
                printer.end()

    def _write(self, target: Target, source: Source, transcript: Transcript) -> None:
        """Write the files of one input, each whole or not at all."""
        if target.is_stdout:
            first = target.formats[0]
            to_stdout(first.render(transcript, self._details(target, source, transcript, first, Path())))
        for one, path in target.files():
            details = self._details(target, source, transcript, one, path.parent)
            formats.write(path, one.name, transcript, details)
            self._say(f"saving output to '{path}'")
        if target.karaoke:
            from pywhispercpp import karaoke

            karaoke.write(target.karaoke, source, transcript, font_path=self._args.font_path)
            self._say(f"saving output to '{target.karaoke}'")

    def _say(self, message: str) -> None:
        if self._args.verbose:
            print(message, file=sys.stderr)

    def _details(
        self, target: Target, source: Source, heard: Transcript, one: formats.Format, folder: Path
    ) -> formats.Details:
        """What is written beside the segments; a page names the audio as seen from its own folder."""
        known = formats.facts(self._model)
        multilingual = known["model"].multilingual
        media = "" if target.media == STDIO else target.media
        is_page = one.name == "html"
        if media and is_page:
            media = os.path.relpath(media, folder)
        return formats.Details(
            **known,
            language=self._options.get("language", "en") if multilingual else "en",
            result_language=heard.language,
            translate=bool(self._options.get("translate")) and multilingual,
            tinydiarize=bool(self._options.get("tdrz_enable")),
            diarize=bool(self._options.get("diarize")),
            offset_n=self._args.offset_n,
            media=media,
            duration=heard.duration,
            font_path=self._font,
            embed=_embedded(source) if self._args.html_embed and is_page else b"",
        )

    def end(self) -> None:
        """Print whisper.cpp's times with -v."""
        if self._args.verbose:
            self._model.print_timings()


def _source(media: str) -> Source:
    """What is transcribed: a path, or the bytes of standard input."""
    return sys.stdin.buffer.read() if media == STDIO else media


def _embedded(source: Source) -> bytes:
    """The audio file itself; raises OutputError for one that is too large for a page."""
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > EMBEDDED:
        raise OutputError(
            f"{size / 1e6:.0f} MB of audio are too many for a page (at most {EMBEDDED / 1e6:.0f}): "
            "leave out --html-embed"
        )
    return source if isinstance(source, bytes) else Path(source).read_bytes()

"""The work of the command: what its flags mean for a batch, and its exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp.batch import tasks
from pywhispercpp.batch.run import Workers
from pywhispercpp.batch.run import run as run_batch
from pywhispercpp.cli.batch.report import Report, reporting
from pywhispercpp.cli.transcribe import decoding, loading, output
from pywhispercpp.cli.transcribe.job import WTS_LINE
from pywhispercpp.cli.warnings import shown_warnings
from pywhispercpp.errors import OptionError, UsageError
from pywhispercpp.formats import FORMATS, Details, Format
from pywhispercpp.many import MOST_WORKERS
from pywhispercpp.option_rules import checked
from pywhispercpp.options import BY_NAME

if TYPE_CHECKING:
    from pywhispercpp.batch.tasks import Task
    from pywhispercpp.segment import Transcript

MOST_THREADS = 4  # of one file, as everywhere


def run(args: argparse.Namespace) -> int:
    """Do what is not done; 1 when something failed."""
    if args.shared and not args.on:
        raise UsageError("--shared goes with --on")
    if args.workers is not None and not 1 <= args.workers <= MOST_WORKERS:
        raise OptionError(f"workers={args.workers}: allowed is 1 to {MOST_WORKERS}")
    formats = output.chosen(args) or [FORMATS["srt"]]
    options = _options(args, formats)
    found = tasks.find(
        args.names, Path(args.output_dir) if args.output_dir else None, args.recursive, args.suffix
    )
    details = _Details(args, options, output.font_path(args) if _has(formats, "wts") else "")
    with shown_warnings(args), reporting(args, len(found)) as report:
        workers = _workers(args, options, report)
        for outcome in run_batch(
            found, formats, workers, details, overwrite=args.overwrite, busy=report.busy
        ):
            report.add(outcome)
    return 1 if report.failed else 0


def _has(formats: Sequence[Format], name: str) -> bool:
    return any(one.name == name for one in formats)


def _options(args: argparse.Namespace, formats: Sequence[Format]) -> dict[str, Any]:
    """The options of each transcription; those are checked before a model is downloaded."""
    options = decoding.options(args)
    if any(one.needs_token_times for one in formats) or options.get("max_len"):
        options["token_timestamps"] = True
    if _has(formats, "wts"):
        options.setdefault("max_len", WTS_LINE)
    if "n_threads" not in options and not args.on:
        options["n_threads"] = max(1, min(MOST_THREADS, os.cpu_count() or 1) // max(1, args.workers or 1))
    if args.n_processors != 1:
        options["n_processors"] = args.n_processors
    checked({name: value for name, value in options.items() if name in BY_NAME})
    return options


def _workers(args: argparse.Namespace, options: dict[str, Any], report: Report) -> Workers:
    if args.on:
        from pywhispercpp.batch.on_ray import RayWorkers

        return RayWorkers(args.on, loading.keywords(args), args.workers, options, shared=args.shared)
    from pywhispercpp.batch.local import LocalWorkers

    return LocalWorkers(lambda: loading.load(args), args.workers or 1, options, report.progress)


class _Details:
    """What the formats need of each task."""

    def __init__(self, args: argparse.Namespace, options: dict[str, Any], font_path: str) -> None:
        self._args = args
        self._options = options
        self._font = font_path

    def __call__(self, task: Task, path: Path, transcript: Transcript, facts: dict[str, Any]) -> Details:
        """Return the details of one file; a page names the audio as seen from its own folder."""
        multilingual = bool(facts["model"].multilingual)
        media = os.fspath(task.source)
        return Details(
            **facts,
            language=self._options.get("language", "en") if multilingual else "en",
            result_language=transcript.language,
            translate=bool(self._options.get("translate")) and multilingual,
            tinydiarize=bool(self._options.get("tdrz_enable")),
            diarize=bool(self._options.get("diarize")),
            offset_n=self._args.offset_n,
            media=os.path.relpath(media, path.parent) if path.suffix == ".html" else media,
            duration=transcript.duration,
            font_path=self._font,
        )

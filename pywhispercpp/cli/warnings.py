"""The package's warnings on standard error, where a command runs."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def shown_warnings(args: argparse.Namespace) -> Iterator[None]:
    """Show them, but for -np; -v has all messages there anyway."""
    logger = logging.getLogger("pywhispercpp")
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.addFilter(lambda record: record.module != "logs")  # whisper.cpp's own: its failures are raised
    handler.setFormatter(logging.Formatter("pywhispercpp: %(message)s"))
    if not args.no_prints and not args.verbose:
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)

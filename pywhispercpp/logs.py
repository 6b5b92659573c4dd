"""whisper.cpp's and ggml's messages in logging.getLogger("pywhispercpp"): quiet unless asked for."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO, Union

from pywhispercpp import _core

logger = logging.getLogger("pywhispercpp")
logger.addHandler(logging.NullHandler())  # no handler of the program's own: no output

Target = Union[bool, TextIO, str, "os.PathLike[str]", None]

_LEVELS = {1: logging.DEBUG, 2: logging.INFO, 3: logging.WARNING, 4: logging.ERROR}  # ggml's levels
_listeners: list[Callable[[str], object]] = []
# Threads log at once. A target is written to by one at a time, and never after its `with` has ended and
# closed it; a target that logs by itself comes back on its own thread, hence the R.
_listening = threading.RLock()


def _sink(level: int, message: bytes) -> None:
    text = message.decode("utf-8", errors="replace")
    logger.log(_LEVELS.get(level, logging.INFO), "%s", text)
    with _listening:
        for listener in tuple(_listeners):
            listener(text + "\n")


def install() -> None:
    """Send whisper.cpp's messages to the logger from now on."""
    _core.set_log_sink(_sink)


@contextlib.contextmanager
def copied_to(target: Target) -> Iterator[None]:
    """Copy the messages to a text stream or append them to a file as well; False and None copy nothing."""
    with contextlib.ExitStack() as stack:
        if isinstance(target, (str, os.PathLike)):
            write = stack.enter_context(Path(target).open("a", encoding="utf-8")).write
        elif target is None or isinstance(target, bool):
            yield
            return
        else:
            write = target.write
        _core.drain_log()  # what came before belongs to the log only
        with _listening:
            _listeners.append(write)
        try:
            yield
        finally:
            _core.drain_log()
            with _listening:
                _listeners.remove(write)

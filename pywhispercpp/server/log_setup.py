"""Logging of a service process: to the console, and to a file that rotates, as the settings say."""

from __future__ import annotations

import logging
import sys
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.settings import Settings

__all__ = ["set_up"]


def set_up(settings: Settings) -> None:
    """Send what all loggers say to the console and to the file. Raises SettingsError for a bad LOG_DIR."""
    formatter = logging.Formatter(settings.log_format, settings.log_date_format, style="{")
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(settings.log_level_console)
    handlers = [console, _file(settings)]
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    for chatty in ("asyncio", "multipart", "python_multipart", "saq", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Below, it tells what is in the messages of WebSockets, and a key is in the first.
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    # whisper.cpp tells a line for each detail of a model.
    logging.getLogger("pywhispercpp").setLevel(logging.WARNING)
    logging.getLogger("pywhispercpp.server").setLevel(logging.INFO)


def _file(settings: Settings) -> logging.Handler:
    path = Path(settings.log_dir) / settings.log_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = TimedRotatingFileHandler(
            path,
            when=settings.log_rotation_when,
            interval=settings.log_rotation_interval,
            backupCount=settings.log_rotation_backup_count,
            encoding="utf-8",
        )
    except OSError as error:
        raise SettingsError(
            f"LOG_DIR={settings.log_dir!r}: {path} cannot be written: {error.strerror}"
        ) from error
    handler.setLevel(settings.log_level_file)
    return handler

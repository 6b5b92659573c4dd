"""whisper.cpp for Python: speech to text with a library built for this machine."""

from __future__ import annotations

from pywhispercpp.backend import BuildInfo, build_info, require_cpu

# Before anything imports _core: on a CPU without its instructions the process would die of SIGILL.
require_cpu()

# ruff: noqa: E402
from pywhispercpp import _core, logs
from pywhispercpp.errors import (
    AudioError,
    AudioNotFoundError,
    DownloadError,
    ModelError,
    ModelNotFoundError,
    OptionError,
    PywhispercppError,
    TranscriptionError,
    UsageError,
)
from pywhispercpp.model import Model
from pywhispercpp.segment import Segment

__version__ = "1.6.0"

__all__ = [
    "AudioError",
    "AudioNotFoundError",
    "BuildInfo",
    "DownloadError",
    "Model",
    "ModelError",
    "ModelNotFoundError",
    "OptionError",
    "PywhispercppError",
    "Segment",
    "TranscriptionError",
    "UsageError",
    "__version__",
    "build_info",
    "system_info",
]

logs.install()


def system_info() -> str:
    """Return the ISA features and backends of this build, as whisper.cpp words them."""
    return _core.system_info()

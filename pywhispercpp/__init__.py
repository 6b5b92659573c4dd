"""whisper.cpp for Python: speech to text with a library built for this machine."""

from __future__ import annotations

from pywhispercpp.backend import BuildInfo, build_info, require_cpu

# Before anything imports _core: on a CPU without its instructions the process would die of SIGILL.
require_cpu()

# ruff: noqa: E402
from pywhispercpp import logs
from pywhispercpp.cpu_variant import BackendInfo, backend_info, use_cpu_variant
from pywhispercpp.encoder import ModelBackend
from pywhispercpp.errors import (
    AudioError,
    AudioNotFoundError,
    BackendError,
    DownloadError,
    ModelError,
    ModelNotFoundError,
    OptionError,
    OutputError,
    PywhispercppError,
    TranscriptionError,
    UsageError,
)
from pywhispercpp.model import Model
from pywhispercpp.segment import Segment, Token, Transcript
from pywhispercpp.words import Word

__version__ = "1.6.0"

__all__ = [
    "AudioError",
    "AudioNotFoundError",
    "BackendError",
    "BackendInfo",
    "BuildInfo",
    "DownloadError",
    "Model",
    "ModelBackend",
    "ModelError",
    "ModelNotFoundError",
    "OptionError",
    "OutputError",
    "PywhispercppError",
    "Segment",
    "Token",
    "Transcript",
    "TranscriptionError",
    "UsageError",
    "Word",
    "__version__",
    "backend_info",
    "build_info",
    "system_info",
    "use_cpu_variant",
]

logs.install()


def system_info() -> str:
    """Return the ISA features and backends of the code that runs here, as whisper.cpp words them."""
    return Model.system_info()

"""whisper.cpp for Python: speech to text with a library built for this machine."""

from __future__ import annotations

from typing import Any

from pywhispercpp.backend import BuildInfo, build_info, require_cpu

# Before anything imports _core: on a CPU without its instructions the process would die of SIGILL.
try:
    require_cpu()
except ImportError as error:
    from pywhispercpp.bug_report import instead_of

    instead_of(error)  # `pywhispercpp info` tells what it can even here
    raise

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
    "diagnostics",
    "system_info",
    "use_cpu_variant",
]

logs.install()


def system_info() -> str:
    """Return the ISA features and backends of the code that runs here, as whisper.cpp words them."""
    return Model.system_info()


def diagnostics() -> dict[str, Any]:
    """Return what a bug report needs, as `pywhispercpp info --json` prints it: {part: {name: value}}.

    The parts are build, cpu, code, openvino, system, packages, models and environment; one that cannot be
    told is {"problem": why}. Loads no model.
    """
    from pywhispercpp import bug_report  # here: who only transcribes needs none of it

    return bug_report.collect()

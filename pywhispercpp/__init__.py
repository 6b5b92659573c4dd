"""whisper.cpp for Python: speech to text with a library built for this machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pywhispercpp.backend import BuildInfo, build_info, require_cpu

# Before anything imports _core: on a CPU without its instructions the process would die of SIGILL.
try:
    require_cpu()
except ImportError as error:
    from pywhispercpp.bug_report import instead_of

    instead_of(error)  # `pywhispercpp info` tells what it can even here
    raise

from pywhispercpp import _core, logs
from pywhispercpp.cpu_variant import BackendInfo, backend_info, use_cpu_variant
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

if TYPE_CHECKING:
    from pywhispercpp.encoder import ModelBackend
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

# NumPy comes with these, and is most of the time that an import takes: name -> its module.
_LATER = {
    "Model": "model",
    "ModelBackend": "encoder",
    "Segment": "segment",
    "Token": "segment",
    "Transcript": "segment",
    "Word": "words",
}

if not TYPE_CHECKING:  # who checks types is told of every name above, and of no other

    def __getattr__(name: str) -> Any:  # noqa: ANN401
        """Import what was asked for (PEP 562)."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        return found

    def __dir__() -> list[str]:
        """All names, those too that nobody has asked for yet."""
        return sorted({*globals(), *_LATER})


def system_info() -> str:
    """Return the ISA features and backends of the code that runs here, as whisper.cpp words them."""
    backend_info()
    return _core.system_info()


def diagnostics() -> dict[str, Any]:
    """Return what a bug report needs, as `pywhispercpp info --json` prints it: {part: {name: value}}.

    The parts are build, cpu, code, openvino, system, packages, models and environment; one that cannot be
    told is {"problem": why}. Loads no model.
    """
    from pywhispercpp import bug_report  # here: who only transcribes needs none of it

    return bug_report.collect()

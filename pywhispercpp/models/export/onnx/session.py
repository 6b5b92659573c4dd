"""One ONNX network in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pywhispercpp.errors import ModelError
from pywhispercpp.extras import require

__all__ = ["require_runtime", "session"]

_ERRORS = 3  # onnxruntime's number: warnings are not shown


def require_runtime(purpose: str = "running ONNX networks") -> Any:  # noqa: ANN401
    """Return the module `onnxruntime`; MissingPackageError says how to install it."""
    return require("onnxruntime", "onnx", purpose)


def session(file: Path, threads: int = 0) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Load a network for the CPU. threads: for one operation; 0 for onnxruntime's own choice.

    Raises ModelError for a file that is none, and MissingPackageError without onnxruntime.
    """
    runtime = require_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _ERRORS
    try:
        return runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common root
        raise ModelError(f"{file}: onnxruntime cannot load it: {error}") from error

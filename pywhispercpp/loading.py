"""How a model is loaded: its file checked, whisper.cpp's context parameters, the CPU code to compute with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp import _core, dtw
from pywhispercpp.cpu_variant import backend_info, use_cpu_variant
from pywhispercpp.errors import OptionError
from pywhispercpp.numpy_later import is_integer
from pywhispercpp.options import MAX_THREADS

if TYPE_CHECKING:
    from pywhispercpp.models.ggml_layout import GgmlHeader

_DTW_BY_1_5 = ("dtw_token_timestamps", "dtw_aheads_preset", "dtw_n_top", "dtw_mem_size")
_KNOWN = ("use_gpu", "flash_attn", "gpu_device", *_DTW_BY_1_5)


def count(name: str, value: object, most: int = MAX_THREADS, least: int = 1) -> int:
    """Return a whole number within its limits, or raise OptionError."""
    if not is_integer(value) or not least <= value <= most:
        raise OptionError(f"{name}={value!r}: a whole number from {least} to {most} is needed")
    return int(value)


def truth(name: str, value: object) -> bool:
    """Return whether a switch is on; OptionError for what is neither on nor off, such as an array."""
    try:
        return bool(value)
    except Exception as error:  # what the value itself raises
        raise OptionError(f"{name}: True or False is needed, not {type(value).__name__}") from error


def model_file(
    model: str | os.PathLike[str], models_dir: str | os.PathLike[str] | None
) -> tuple[Path, GgmlHeader]:
    """Return the checked file of a model and what its head says. Raises ModelError, DownloadError."""
    from pywhispercpp.models import ggml_file, resolve_model

    path = resolve_model(model, models_dir)
    return path, ggml_file.check(path)


def ready_backend(cpu_variant: str | None) -> None:
    """Make sure that there is code to compute with, in a portable wheel by loading it."""
    if cpu_variant is None:
        backend_info()
    elif isinstance(cpu_variant, str):
        use_cpu_variant(cpu_variant)
    else:
        raise OptionError(f"cpu_variant must be text, not {type(cpu_variant).__name__}")


class ContextParams:
    """whisper.cpp's `whisper_context_params`, from pywhispercpp 1.5's dict, `dtw` and `optimize`."""

    def __init__(
        self, given: Mapping[str, Any] | None, asked_dtw: bool | str | None, optimizations: Sequence[str]
    ) -> None:
        if given is not None and not isinstance(given, Mapping):
            raise OptionError(f"context_params must be a dict, not {type(given).__name__}")
        self._given = dict(given or {})
        unknown = [name for name in self._given if name not in _KNOWN]
        if unknown:
            raise OptionError(f"context_params: {unknown[0]!r} is unknown, known are {', '.join(_KNOWN)}")
        self._optimizations = list(optimizations)
        # 1.5 gives whisper.cpp's number of a preset besides: the model itself says which are its heads.
        self._dtw = asked_dtw if asked_dtw is not None else bool(self._given.get("dtw_token_timestamps"))

    def of(self, path: Path, header: GgmlHeader) -> _core.ContextParams:
        """Return them for one model. Raises OptionError."""
        params = _core.ContextParams()
        params.optimize(self._optimizations)
        for name in ("use_gpu", "flash_attn"):
            if name in self._given:
                setattr(params, name, bool(self._given[name]))
        if "gpu_device" in self._given:
            params.gpu_device = count("gpu_device", self._given["gpu_device"], 1024, least=0)
        heads = dtw.preset(self._dtw, header, path)
        if heads is not None:
            if self._given.get("flash_attn"):
                raise OptionError(
                    "dtw and flash_attn: whisper.cpp has one or the other; leave flash_attn out"
                )
            params.use_dtw(heads, count("dtw_n_top", self._n_top(header), header.n_text_layer))
        return params

    def _n_top(self, header: GgmlHeader) -> object:
        asked = self._given.get("dtw_n_top", -1)
        return dtw.n_top(header) if asked == -1 else asked

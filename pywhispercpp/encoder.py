"""Which encoder a model uses, ggml's or OpenVINO's: chosen when it is loaded, and told in plain words."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp import _core, audio_context, openvino_ir, openvino_runtime
from pywhispercpp.cpu_variant import BackendInfo, backend_info
from pywhispercpp.errors import BackendError, ModelError, OptionError
from pywhispercpp.models.paths import as_path
from pywhispercpp.options import AUTO_AUDIO_CTX

logger = logging.getLogger("pywhispercpp")

BACKENDS = ("auto", "ggml", "openvino")
PRECISIONS = ("f32", "bf16", "f16")


@dataclass(frozen=True)
class ModelBackend:
    """What a model computes with, and why.

    Attributes:
        backend: whose encoder runs, `ggml` or `openvino`; the decoder is always ggml's.
        reason: why it was taken, in words.
        cpu: the CPU code of ggml, as pywhispercpp.backend_info() returns it.
        device: the OpenVINO device; empty with ggml's encoder, as is what follows but precision, audio_ctx.
        precision: what the encoder computes in (`f32`, `bf16`, `f16`), as the device says itself; of ggml's
            only where it was asked for.
        ir: the path of the IR.
        audio_ctx: the least and the most audio context that the encoder can serve.
        library: the path of OpenVINO's C library.
        version: OpenVINO's own version.
    """

    backend: str
    reason: str
    cpu: BackendInfo
    device: str
    precision: str
    ir: str
    audio_ctx: tuple[int, int]
    library: str
    version: str


@dataclass(frozen=True)
class EncoderRequest:
    """What was asked for: see Model."""

    backend: str
    device: str
    precision: str | None
    ir: Path | None
    cache_dir: Path | None

    @property
    def is_strict(self) -> bool:
        """Whether ggml's encoder would be a silent answer to something else."""
        return self.backend == "openvino" or (self.backend == "auto" and self.ir is not None)


def request(
    backend: object,
    device: object,
    precision: object,
    ir: str | os.PathLike[str] | None,
    cache_dir: str | os.PathLike[str] | None,
) -> EncoderRequest:
    """Check the settings by themselves; OptionError for one that can be none."""
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise OptionError(f"backend={backend!r}: one of {', '.join(BACKENDS)} is needed")
    if precision is not None and (not isinstance(precision, str) or precision not in PRECISIONS):
        raise OptionError(f"precision={precision!r}: None or one of {', '.join(PRECISIONS)} is needed")
    if not isinstance(device, str) or not device:
        raise OptionError(f"device={device!r}: an OpenVINO device is needed, such as CPU, GPU or NPU")
    given = {"openvino_model_path": ir, "openvino_cache_dir": cache_dir}
    paths = [None if value is None else as_path(name, value) for name, value in given.items()]
    return EncoderRequest(backend, device, precision, *paths)


class Encoder:
    """The encoder of one loaded model; threads may share it."""

    def __init__(
        self, context: _core.Context, info: ModelBackend, request: EncoderRequest, n_threads: int
    ) -> None:
        self.info = info
        self._context = context
        self._request = request
        self._n_threads = n_threads
        self._lock = threading.Lock()

    def fit(self, n_threads: int) -> None:
        """Compile OpenVINO's anew for another number of threads: it takes that at no other time."""
        with self._lock:
            if self.info.backend == "openvino" and n_threads != self._n_threads:
                _compile(self._context, self._request, self.info.ir, n_threads)
                self._n_threads = n_threads

    def audio_ctx(self, asked: int, n_samples: int) -> int:
        """Return the audio context for so many samples: what was asked for, or what they need.

        0 is the model's own. Raises OptionError where the encoder cannot serve it.
        """
        least, most = self.info.audio_ctx
        if asked == AUTO_AUDIO_CTX:
            asked = audio_context.needed(n_samples, (least, most))
        if not least <= (asked or self._context.n_audio_ctx) <= most:
            raise OptionError(self._cannot_serve(asked))
        return asked

    def set_audio_ctx(self, run: _core.Params, n_samples: int) -> None:
        """Put the audio context into the options of a run; with "auto" the last window has its own."""
        least, most = self.info.audio_ctx
        if run.audio_ctx == AUTO_AUDIO_CTX and least < most:
            run.audio_ctx_margin = audio_context.MARGIN
            run.audio_ctx_least = max(least, audio_context.LEAST)
        run.audio_ctx = self.audio_ctx(run.audio_ctx, n_samples)

    def _cannot_serve(self, audio_ctx: int) -> str:
        least, most = self.info.audio_ctx
        if not self.info.ir:
            return f"audio_ctx={audio_ctx}: this model's is {most}"
        can = f"audio_ctx={least} only" if least == most else f"audio_ctx from {least} to {most}"
        whole = f" (0 is the model's own, {self._context.n_audio_ctx})" if not audio_ctx else ""
        return (
            f"audio_ctx={audio_ctx}{whole}: {self.info.ir} serves {can}; "
            "one exported without --audio-context serves any"
        )


def choose(request: EncoderRequest, context: _core.Context, model: Path, n_threads: int) -> Encoder:
    """Choose the encoder of a model, and compile it where it is OpenVINO's.

    Raises BackendError or ModelError, with what to do, where OpenVINO was asked for and cannot be used.
    """
    reason = _why_ggml(request, model)
    if not reason:
        try:
            return _openvino(request, context, model, n_threads)
        except (BackendError, ModelError) as error:
            if request.is_strict:
                raise
            logger.warning("OpenVINO encodes nothing: %s", error)
            reason = f"OpenVINO cannot be used: {error}"
    cpu, whole = backend_info(), (1, context.n_audio_ctx)
    precision = _ggml_precision(request, context)
    info = ModelBackend(
        "ggml", reason, cpu, device="", precision=precision, ir="", audio_ctx=whole, library="", version=""
    )
    return Encoder(context, info, request, n_threads)


def _ggml_precision(request: EncoderRequest, context: _core.Context) -> str:
    """Have ggml's encoder compute in bf16 where that was asked for; what it computes in, empty for its own.

    Raises BackendError where it cannot, and ggml was asked for by name.
    """
    asked = request.precision
    can = _has_bf16()
    if asked == "bf16" and can and _core.use_bf16(context):
        return "bf16"
    if asked in (None, "f16") or request.backend != "ggml":
        return ""
    if asked != "bf16":
        raise BackendError(
            f"precision={asked!r}: ggml's encoder computes in f16 or bf16; leave precision out"
        )
    why = (
        "the model's matrices are not f16"
        if can
        else "the CPU, or the code that runs on it, has no AVX512_BF16"
    )
    raise BackendError(f"precision='bf16': {why}; leave precision out")


def _has_bf16() -> bool:
    return "AVX512_BF16 = 1" in _core.system_info()


def _why_ggml(request: EncoderRequest, model: Path) -> str:
    """Why ggml's encoder is to be taken without trying OpenVINO's; empty where that is to be tried."""
    if request.backend == "ggml":
        return "asked for by backend='ggml'"
    if request.is_strict:
        return ""
    path = openvino_ir.path_beside(model)
    if not path.is_file():
        return f"there is no IR of the encoder at {path}"
    if openvino_runtime.find() is None:
        return f"there is an IR of the encoder, and no OpenVINO runtime; {openvino_runtime.HOW_TO_GET}"
    return ""


def _openvino(request: EncoderRequest, context: _core.Context, model: Path, n_threads: int) -> Encoder:
    """OpenVINO's encoder, ready to run."""
    facts = openvino_ir.read(_required_ir(request, model))
    facts.require_model(model, context.n_mels, context.n_audio_state)
    library, version = openvino_runtime.load()
    _compile(context, request, str(facts.path), n_threads)
    least, most = facts.audio_ctx
    info = ModelBackend(
        backend="openvino",
        reason="asked for"
        if request.is_strict
        else "an IR of the encoder and the OpenVINO runtime are there",
        cpu=backend_info(),
        device=request.device,
        precision=_core.encoder_property(context, "INFERENCE_PRECISION_HINT"),
        ir=str(facts.path),
        audio_ctx=(least, min(most, context.n_audio_ctx)),
        library=library,
        version=version,
    )
    _require_precision(request, info)
    if info.precision == "bf16" and _has_bf16():
        _core.use_bf16(
            context
        )  # cross attention's keys and values are made of what OpenVINO rounded so already
    return Encoder(context, info, request, n_threads)


def _required_ir(request: EncoderRequest, model: Path) -> Path:
    """The IR to use; BackendError with all that is missing where there is none."""
    path = request.ir or openvino_ir.path_beside(model)
    if path.is_file():
        return path
    missing = [f"there is no IR of the encoder at {path}; {openvino_ir.how_to_make(model)}"]
    if openvino_runtime.find() is None:
        missing.append(f"the OpenVINO runtime is not there either; {openvino_runtime.HOW_TO_GET}")
    raise BackendError(". ".join(missing))


def _compile(context: _core.Context, request: EncoderRequest, ir: str, n_threads: int) -> None:
    cache_dir = b"" if request.cache_dir is None else os.fsencode(request.cache_dir)
    _core.use_openvino(
        context, os.fsencode(ir), request.device, request.precision or "", cache_dir, n_threads
    )


def _require_precision(request: EncoderRequest, info: ModelBackend) -> None:
    """Raise BackendError where the device took another precision than was asked for; some do not say."""
    if request.precision and info.precision not in ("", request.precision):
        raise BackendError(
            f"precision={request.precision!r}: the device {info.device} computes in {info.precision}; "
            "leave precision out for what it does best"
        )

"""Model: a loaded Whisper model that turns audio into segments, with pywhispercpp 1.5's defaults."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pywhispercpp import _core, audio, audio_context, encoder, logs
from pywhispercpp.constants import PARAMS_SCHEMA
from pywhispercpp.cpu_variant import backend_info, use_cpu_variant
from pywhispercpp.encoder import ModelBackend
from pywhispercpp.errors import ModelError, OptionError
from pywhispercpp.option_rules import checked, languages, ready
from pywhispercpp.options import ALIASES, INT_MAX, MAX_THREADS, OPTIONS
from pywhispercpp.segment import Segment, Transcript, from_core

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

logger = logging.getLogger("pywhispercpp")

MAX_PROCESSORS = 64

__all__ = ["Model", "Segment", "Transcript"]


class Model:
    """A Whisper model in memory.

    Threads may share one: they take turns. Ctrl-C and an exception in a callback end a transcription.

        model = Model("base.en", n_threads=6)
        for segment in model.transcribe("talk.mp3"):
            print(segment.text)
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "tiny",
        models_dir: str | os.PathLike[str] | None = None,
        params_sampling_strategy: int = 0,
        redirect_whispercpp_logs_to: logs.Target = False,
        use_openvino: bool = False,
        openvino_model_path: str | None = None,
        openvino_device: str = "CPU",
        openvino_cache_dir: str | None = None,
        context_params: Mapping[str, Any] | None = None,
        *,
        cpu_variant: str | None = None,
        backend: str = "auto",
        device: str | None = None,
        precision: str | None = None,
        **params: object,
    ) -> None:
        """Load a model.

        model: a name such as "base.en" (downloaded when missing) or the path of a ggml file.
        models_dir: where models by name are kept; the user's data directory when None.
        params_sampling_strategy: 0 greedy, anything else beam search.
        redirect_whispercpp_logs_to: a text stream or file name that gets whisper.cpp's messages too. They
            always go to logging.getLogger("pywhispercpp"), which is quiet by default.
        use_openvino: the same as backend="openvino".
        openvino_model_path: the IR of the encoder; when None beside the model, by whisper.cpp's name for it.
        openvino_device: an older name of `device`.
        openvino_cache_dir: where OpenVINO keeps what it compiled; nowhere when None. Of use where that
            takes long (GPU, NPU).
        context_params: use_gpu, flash_attn, gpu_device; whisper.cpp's defaults for what is left out.
        cpu_variant: which of backend_info().available the whole process computes with; the best when None.
        backend: whose encoder runs. "auto" takes OpenVINO's where the runtime and an IR of this very model
            are there, else ggml's; "openvino" and "ggml" take that one or raise. backend_info() says which.
        device: the OpenVINO device, CPU when None.
        precision: what OpenVINO's encoder computes in, f32, bf16 or f16; the device's own choice when None.
        params: options of transcribe(), kept for every call; get_params_schema() lists them.
        Raises ModelError, DownloadError, BackendError or OptionError.
        """
        self._lock = threading.Lock()  # for _params: whisper.cpp's own state has a lock in _core
        self._params = _core.Params(0 if params_sampling_strategy == 0 else 1)
        _set(self._params, checked(params))
        self.redirect_whispercpp_logs_to = redirect_whispercpp_logs_to
        self.use_openvino = use_openvino
        self.openvino_model_path = openvino_model_path
        self.openvino_device = openvino_device
        self.openvino_cache_dir = openvino_cache_dir
        asked = encoder.request(
            "openvino" if use_openvino else backend,
            openvino_device if device is None else device,
            precision,
            openvino_model_path,
            openvino_cache_dir,
        )
        loading = _context_params(context_params)
        _ready_backend(cpu_variant)
        self.model_path = _checked_model(model, models_dir)
        with logs.copied_to(redirect_whispercpp_logs_to):
            self._ctx = _core.Context(os.fsencode(self.model_path), loading)
            self._encoder = encoder.choose(asked, self._ctx, Path(self.model_path), self._params.n_threads)

    def transcribe(
        self,
        media: audio.Media,
        n_processors: int | None = None,
        new_segment_callback: Callable[[Segment], object] | None = None,
        abort_callback: Callable[[], bool] | None = None,
        extract_probability: bool = False,
        *,
        progress_callback: Callable[[int], object] | None = None,
        **params: object,
    ) -> Transcript:
        """Transcribe a file (path, bytes, binary file object) or an array (float, shape (n,), mono, 16 kHz).

        n_processors: split the audio and work on the parts side by side, each with n_threads threads.
        new_segment_callback(segment): called for each new segment while the work goes on.
        abort_callback(): asked about every 50 ms; when true, the segments so far are returned.
        extract_probability: fill in Segment.probability.
        progress_callback(percent): called after each window of 30 s, 0 to 100.
        params: options, kept for later calls too.
        Audio shorter than 100 ms gives an empty list. Raises AudioError, OptionError, TranscriptionError, or
        what a callback raised.
        """
        processors = _count("n_processors", n_processors or 1, MAX_PROCESSORS)
        for name, callback in (("new_segment", new_segment_callback), ("abort", abort_callback)):
            _check_callable(f"{name}_callback", callback)
        _check_callable("progress_callback", progress_callback)
        options = checked(params)
        samples = audio.load(media)
        if new_segment_callback is None:
            on_segment = None
        else:
            on_segment = _segment_listener(new_segment_callback, extract_probability)
        run = self._take_over(options)
        heard = audio_context.heard(samples.size, run.offset_ms, run.duration_ms, processors)
        run.audio_ctx = self._encoder.audio_ctx(run.audio_ctx, heard)
        self._encoder.fit(run.n_threads)
        with logs.copied_to(self.redirect_whispercpp_logs_to):
            result = _core.full(
                self._ctx, run, samples, processors, on_segment, progress_callback, abort_callback
            )
        return Transcript(
            (from_core(raw, extract_probability) for raw in result.segments),
            "" if result.language < 0 else str(_core.lang_str(result.language)),
            result.aborted,
            samples.size / audio.SAMPLE_RATE,
        )

    def auto_detect_language(
        self, media: audio.Media, offset_ms: int | None = None, n_threads: int | None = None
    ) -> tuple[tuple[str, np.float32], dict[str, np.float32]]:
        """Return ((language, probability), probability of every language) of the 30 s from offset_ms on.

        offset_ms and n_threads are the model's own when None. Raises ModelError for an English-only model.
        """
        if not self._ctx.is_multilingual:
            raise ModelError(
                f"{self.model_path} knows English only: use a multilingual model to detect languages"
            )
        with self._lock:
            offset = (
                self._params.offset_ms
                if offset_ms is None
                else _count("offset_ms", offset_ms, INT_MAX, least=0)
            )
            threads = self._params.n_threads if n_threads is None else _count("n_threads", n_threads)
        _, widest = self.backend_info().audio_ctx
        number, found = _core.detect_language(self._ctx, audio.load(media), offset, threads, widest)
        known = set(languages(self._ctx.n_vocab))
        probabilities = {
            code: np.float32(found[index] if code in known else 0) for index, code in enumerate(languages())
        }
        code = languages()[number]
        return (code, probabilities[code]), probabilities

    def encode(
        self, media: audio.Media, audio_ctx: int | str = 0, n_threads: int | None = None
    ) -> NDArray[np.float32]:
        """Return what the encoder makes of the first 30 s: float32, shape (audio_ctx, n_audio_state).

        Each row stands for 20 ms. audio_ctx: how many rows, 0 for the model's own (1500), "auto" for what the
        audio needs. n_threads: the model's own when None. Raises AudioError, OptionError, TranscriptionError.
        """
        with self._lock:
            threads = self._params.n_threads if n_threads is None else _count("n_threads", n_threads)
        run = _core.Params(0)
        _set(run, checked({"audio_ctx": audio_ctx}))
        samples = audio.load(media)
        context = self._encoder.audio_ctx(run.audio_ctx, samples.size)
        self._encoder.fit(threads)
        return _core.encode(self._ctx, samples, context, threads)

    def backend_info(self) -> ModelBackend:
        """Return whose encoder and which CPU code this model runs on, and why."""
        return self._encoder.info

    def get_params(self) -> dict[str, Any]:
        """Return every option with its current value."""
        with self._lock:
            return {
                option.name: option.shown(getattr(self._params, ALIASES.get(option.name, option.name)))
                for option in OPTIONS
            }

    @staticmethod
    def get_params_schema() -> dict[str, dict[str, Any]]:
        """Return {option: {"type", "description", "options", "default"}}."""
        return PARAMS_SCHEMA

    @staticmethod
    def lang_max_id() -> int:
        """Return the largest language id: one less than there are languages."""
        return _core.lang_max_id()

    @staticmethod
    def available_languages() -> list[str]:
        """Return the codes of all languages whisper.cpp knows."""
        return languages()

    @staticmethod
    def system_info() -> str:
        """Return the ISA features and backends of the code that runs here, as whisper.cpp words them."""
        backend_info()
        return _core.system_info()

    def print_timings(self) -> None:
        """Print whisper.cpp's timings to standard error."""
        with logs.copied_to(sys.stderr):
            self._ctx.log_timings()

    def timings(self) -> dict[str, float]:
        """Return the milliseconds of one run of each step, on average since the last reset.

        The keys are whisper.cpp's: `sample_ms`, `encode_ms`, `decode_ms`, `batchd_ms`, `prompt_ms`
        (source: `whisper_get_timings`).
        """
        return self._ctx.timings()

    def reset_timings(self) -> None:
        """Begin the timings anew."""
        self._ctx.reset_timings()

    def close(self) -> None:
        """Free the model's memory now and not when the last reference goes. Later calls raise ModelError."""
        self._ctx.close()

    def __enter__(self) -> Model:
        """Return the model; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the model."""
        self.close()

    def _take_over(self, options: Mapping[str, object]) -> _core.Params:
        """Keep `options` and return what to run; keep none of them when they do not go with this model."""
        with self._lock:
            params = self._params.copy()
            _set(params, options)
            run = ready(params, self._ctx)
            self._params = params
            return run

    @staticmethod
    def _load_audio(media_file_path: audio.Media) -> audio.Samples:
        """Return a file as samples; pywhispercpp 1.5's own tests use this name."""
        return audio.load(media_file_path)


def _set(params: _core.Params, options: Mapping[str, object]) -> None:
    for name, value in options.items():
        setattr(params, name, value)


def _checked_model(model: str | os.PathLike[str], models_dir: str | os.PathLike[str] | None) -> str:
    from pywhispercpp.models import ggml_file, resolve_model

    path = resolve_model(model, models_dir)
    ggml_file.check(path)
    return str(path)


def _ready_backend(cpu_variant: str | None) -> None:
    """Make sure that there is code to compute with, in a portable wheel by loading it."""
    if cpu_variant is None:
        backend_info()
    elif isinstance(cpu_variant, str):
        use_cpu_variant(cpu_variant)
    else:
        raise OptionError(f"cpu_variant must be text, not {type(cpu_variant).__name__}")


def _context_params(given: Mapping[str, Any] | None) -> _core.ContextParams:
    """Return how to load a model.

    whisper.cpp's DTW timestamps are left out: version 1.8.5 ends the process when the audio has a short tail.
    """
    params = _core.ContextParams()
    if given is None:
        return params
    if not isinstance(given, Mapping):
        raise OptionError(f"context_params must be a dict, not {type(given).__name__}")
    for name, value in given.items():
        if name in ("use_gpu", "flash_attn"):
            setattr(params, name, bool(value))
        elif name == "gpu_device":
            params.gpu_device = _count(name, value, 1024, least=0)
        elif name not in ("dtw_token_timestamps", "dtw_aheads_preset", "dtw_n_top", "dtw_mem_size"):
            raise OptionError(
                f"context_params: {name!r} is unknown, known are use_gpu, flash_attn, gpu_device"
            )
        elif name == "dtw_token_timestamps" and value:
            raise OptionError(
                "context_params: dtw_token_timestamps is not supported yet, use token_timestamps"
            )
    return params


def _count(name: str, value: object, most: int = MAX_THREADS, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        raise OptionError(f"{name}={value!r}: a whole number from {least} to {most} is needed")
    return int(value)


def _check_callable(name: str, callback: object) -> None:
    if callback is not None and not callable(callback):
        raise OptionError(f"{name} must be callable, not {type(callback).__name__}")


def _segment_listener(
    callback: Callable[[Segment], object], extract_probability: bool
) -> Callable[[_core.Segment], object]:
    return lambda raw: callback(from_core(raw, extract_probability))

"""Model: a loaded Whisper model that turns audio into segments, with pywhispercpp 1.5's defaults."""

from __future__ import annotations

import copy
import logging
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp import _core, audio, audio_context, encoder, loading, logs, streaming
from pywhispercpp.constants import PARAMS_SCHEMA
from pywhispercpp.cpu_variant import backend_info
from pywhispercpp.encoder import ModelBackend
from pywhispercpp.errors import ModelError, OptionError
from pywhispercpp.hearing import Hearing
from pywhispercpp.loading import count, truth
from pywhispercpp.numpy_later import np
from pywhispercpp.optimize import chosen as optimizations
from pywhispercpp.option_rules import checked, languages, ready
from pywhispercpp.options import ALIASES, INT_MAX, OPTIONS
from pywhispercpp.segment import Segment, Transcript

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    from pywhispercpp import live
    from pywhispercpp.many import FileResult

logger = logging.getLogger("pywhispercpp")

MAX_PROCESSORS = 64

__all__ = ["Model", "Segment", "Transcript"]


class Model:
    """A Whisper model in memory.

    Threads may share one: up to n_sessions of them work at once, with the same weights. Ctrl-C and an
    exception in a callback end a transcription.

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
        dtw: bool | str | None = None,
        n_sessions: int | None = None,
        optimize: str = "all",
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
        precision: what the encoder computes in: OpenVINO's in f32, bf16 or f16, the device's own choice when
            None; ggml's in f16, or bf16 where the CPU has AVX512_BF16 and the model is f16.
        dtw: tell the times of words by the decoder's attention (DTW); True chooses its alignment heads from
            the model, or one of pywhispercpp.dtw.PRESETS.
        n_sessions: how many threads may transcribe at once; as many as there are CPUs when None. A session is
            made when a thread finds the others taken: 65 MB for tiny.en, 90 MB for base, besides the weights.
        optimize: what is computed in a faster way than whisper.cpp's plain one: "all", "none", names of
            pywhispercpp.optimize.NAMES separated by commas, or "all,-NAME". For comparisons.
        params: options of transcribe(), kept for every call; get_params_schema() lists them.
        Raises ModelError, DownloadError, BackendError or OptionError.
        """
        self._lock = threading.Lock()  # for _params: the sessions have their own in _core
        self._params = _core.Params(
            0 if truth("params_sampling_strategy", params_sampling_strategy == 0) else 1
        )
        _set(self._params, checked(params))
        self.redirect_whispercpp_logs_to = redirect_whispercpp_logs_to
        self.use_openvino = use_openvino
        self.openvino_model_path = openvino_model_path
        self.openvino_device = openvino_device
        self.openvino_cache_dir = openvino_cache_dir
        asked = encoder.request(
            "openvino" if truth("use_openvino", use_openvino) else backend,
            openvino_device if device is None else device,
            precision,
            openvino_model_path,
            openvino_cache_dir,
        )
        sessions = os.cpu_count() or 1 if n_sessions is None else count("n_sessions", n_sessions)
        how = loading.ContextParams(context_params, dtw, optimizations(optimize))
        loading.ready_backend(cpu_variant)
        path, header = loading.model_file(model, models_dir)
        self.model_path = str(path)
        self.header = header  # what the file says of itself: sizes, weights, languages
        with logs.copied_to(redirect_whispercpp_logs_to):
            self._ctx = _core.Context(os.fsencode(path), how.of(path, header), sessions)
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
        encoder_begin_callback: Callable[[], bool] | None = None,
        logits_filter_callback: Callable[[NDArray[np.float32], list[int]], object] | None = None,
        diarize: bool = False,
        **params: object,
    ) -> Transcript:
        """Transcribe a file (path, bytes, binary file object) or an array (float, shape (n,), mono, 16 kHz).

        n_processors: split the audio and work on the parts side by side, each with n_threads threads.
        new_segment_callback(segment): called for each new segment while the work goes on.
        abort_callback(): asked about every 50 ms; when true, the segments so far are returned.
        extract_probability: fill in Segment.probability.
        progress_callback(percent): called after each window of 30 s, 0 to 100.
        encoder_begin_callback(): asked before each window; when false, the segments so far are returned.
        logits_filter_callback(logits, tokens): called before each token is chosen, perhaps on several
            threads; may change `logits` (float32, shape (n_vocab,), -inf forbids) or return another array;
            `tokens` are the ids so far.
        diarize: fill in Segment.speaker: which channel of stereo audio is louder (an array: shape (n, 2)).
        params: options, kept for later calls too.
        Audio shorter than 100 ms gives an empty list. Raises AudioError, OptionError, TranscriptionError, or
        what a callback raised.
        """
        asked = 0 if n_processors is None else n_processors
        processors = count("n_processors", asked, MAX_PROCESSORS, least=0) or 1
        callbacks = {
            "new_segment_callback": new_segment_callback,
            "abort_callback": abort_callback,
            "progress_callback": progress_callback,
            "encoder_begin_callback": encoder_begin_callback,
            "logits_filter_callback": logits_filter_callback,
        }
        for name, callback in callbacks.items():
            _check_callable(name, callback)
        options = checked(params)
        hearing = Hearing.of(
            media, truth("diarize", diarize), truth("extract_probability", extract_probability)
        )
        run = self._take_over(options)
        if run.vad:
            try:
                hearing = hearing.speech_only(run, _stopper(abort_callback))
            except _Stopped:
                return Transcript(aborted=True, duration=hearing.duration)
        heard = audio_context.heard(hearing.samples.size, run.offset_ms, run.duration_ms, processors)
        self._encoder.set_audio_ctx(run, heard)
        self._encoder.fit(run.n_threads)
        with logs.copied_to(self.redirect_whispercpp_logs_to):
            result = _core.full(
                self._ctx,
                run,
                hearing.samples,
                processors,
                new_segment=new_segment_callback and _listener(new_segment_callback, hearing),
                progress=progress_callback,
                abort=abort_callback,
                encoder_begin=encoder_begin_callback,
                logits_filter=logits_filter_callback,
            )
        return Transcript(
            (hearing.segment(raw) for raw in result.segments),
            "" if result.language < 0 else str(_core.lang_str(result.language)),
            result.aborted,
            hearing.duration,
        )

    def stream(self, media: audio.Media, **options: object) -> Iterator[Segment]:
        """Yield the segments of transcribe(media, **options) one by one, while the work goes on in a thread.

        Closing the iterator, or leaving a loop over it, stops the work. Takes what transcribe() takes except
        new_segment_callback, and raises what it raises.

            for segment in model.stream("talk.mp3"):
                print(segment.text)
        """
        return streaming.stream(self.transcribe, media, options)

    def session(self) -> Model:
        """Return the same model with options of its own: those of this one now, changed apart from now on.

        The weights are there once, and so is the limit of n_sessions. Closing either closes both.

            shouting = model.session()
            shouting.transcribe("talk.mp3", temperature=0.4)  # model keeps its temperature
        """
        other = copy.copy(self)
        with self._lock:
            other._params = self._params.copy()
        other._lock = threading.Lock()
        return other

    def listen(
        self,
        source: live.Source | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Iterator[live.LiveSegment]:
        """Yield text while it is spoken, from the microphone (None), a file or an iterable of chunks.

        Takes the options of pywhispercpp.live.listen(), which says all about them, and those of transcribe().

            for said in model.listen():
                print(said.text, "" if said.is_final else "…")
        """
        from pywhispercpp import live

        return live.listen(self, source, **options)

    def transcribe_many(
        self,
        paths: Iterable[str | os.PathLike[str]],
        **options: Any,  # noqa: ANN401
    ) -> Generator[FileResult, None, None]:
        """Yield a FileResult for each audio file, in order, `workers` of them at once.

        Takes the options of pywhispercpp.many.transcribe_many(), which says all about them, and those of
        transcribe().

            for result in model.transcribe_many(paths, workers=2):
                print(result.path, result.transcript.text if result.ok else result.error)
        """
        from pywhispercpp import many

        return many.transcribe_many(self, paths, **options)

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
                else count("offset_ms", offset_ms, INT_MAX, least=0)
            )
            threads = self._params.n_threads if n_threads is None else count("n_threads", n_threads)
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
            threads = self._params.n_threads if n_threads is None else count("n_threads", n_threads)
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


class _Stopped(Exception):
    """The abort callback was true before whisper.cpp began."""


def _stopper(abort_callback: Callable[[], bool] | None) -> Callable[[], None]:
    def look_up() -> None:
        if abort_callback is not None and abort_callback():
            raise _Stopped

    return look_up


def _check_callable(name: str, callback: object) -> None:
    if callback is not None and not callable(callback):
        raise OptionError(f"{name} must be callable, not {type(callback).__name__}")


def _listener(callback: Callable[[Segment], object], hearing: Hearing) -> Callable[[_core.Segment], object]:
    return lambda raw: callback(hearing.segment(raw))

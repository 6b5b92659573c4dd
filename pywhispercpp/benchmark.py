"""What the steps of a transcription cost here, measured as upstream's whisper-bench does it."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pywhispercpp import __version__, _core
from pywhispercpp.backend import build_info
from pywhispercpp.bug_report import machine_facts
from pywhispercpp.cpu_variant import backend_info
from pywhispercpp.loading import count
from pywhispercpp.model import Model
from pywhispercpp.options import INT_MAX

__all__ = [
    "MATRIX_SIZES",
    "MATRIX_TYPES",
    "STEPS",
    "Measured",
    "Setup",
    "machine",
    "measure",
    "memcpy",
    "mul_mat",
]

#: whisper_get_timings' names -> the headings of upstream's table of results.
STEPS = {"encode_ms": "Enc.", "decode_ms": "Dec.", "batchd_ms": "Bch5", "prompt_ms": "PP"}
MATRIX_TYPES = ("q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "f16", "f32")
MATRIX_SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
LARGEST = 16384  # three matrices of f32 then take 3.2 GB

Note = Callable[[str], object]


@dataclass(frozen=True)
class Setup:
    """What one row of the table stands for.

    >>> str(Setup("base.en", "ggml", 4))
    'base.en ggml 4t'
    """

    model: str
    backend: str
    n_threads: int

    def __str__(self) -> str:
        """In words, for progress and plots."""
        return f"{self.model} {self.backend} {self.n_threads}t"


@dataclass
class Measured:
    """The figures of one setup, each in ms: of one encoder run, and of one token in the other steps.

    Attributes:
        weights: how the model's matrices are stored, such as f16 or q5_0.
        load_ms: loading the model, once.
        rounds: {step: its figure in each round}.
    """

    setup: Setup
    weights: str
    load_ms: float
    rounds: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})

    def median(self, step: str) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds[step])

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the setup, the medians under the steps' names, and the rounds."""
        medians = {step: self.median(step) for step in STEPS}
        own = {"weights": self.weights, "load_ms": self.load_ms}
        return {**asdict(self.setup), **own, **medians, "rounds": self.rounds}


def machine() -> dict[str, Any]:
    """What the figures depend on besides the setup: the CPU, the code, the build."""
    cpu, build = machine_facts.cpu(), build_info()
    return {
        "cpu": cpu["name"],
        "cores": cpu["cores"],
        "os": machine_facts.system()["os"],
        "variant": backend_info().variant,
        "compiler": build.compiler,
        "pywhispercpp": __version__,
        "whisper_cpp": build.whisper_cpp_version,
    }


def measure(
    models: Sequence[str],
    threads: Sequence[int] = (4,),
    backends: Sequence[str] = ("ggml",),
    rounds: int = 3,
    *,
    models_dir: str | os.PathLike[str] | None = None,
    context_params: Mapping[str, Any] | None = None,
    note: Note = lambda _: None,
) -> list[Measured]:
    """Measure every model with every backend and number of threads, the rounds interleaved.

    One round measures each setup once, so that a machine that slows down does so for all of them alike. Each
    setup is warmed up before its first measurement. note(text) is called before each.
    Raises what Model raises, and OptionError for a number of threads or rounds that is none.
    """
    count("rounds", rounds, INT_MAX)
    for n_threads in threads:
        count("n_threads", n_threads)
    loaded = {}
    for name in models:
        for backend in backends:
            note(f"load {name}")
            loaded[name, backend] = _load(name, backend, models_dir, context_params)
    found = [
        Measured(Setup(_short(name), backend, n), _weights(model), load_ms)
        for (name, backend), (model, load_ms) in loaded.items()
        for n in threads
    ]
    runs = [model for model, _ in loaded.values() for _ in threads]
    for number in range(rounds):
        for one, model in zip(found, runs):
            note(f"round {number + 1} of {rounds}: {one.setup}")
            _round(one, model, heat=number == 0)
    return found


def _load(
    name: str,
    backend: str,
    models_dir: str | os.PathLike[str] | None,
    context_params: Mapping[str, Any] | None,
) -> tuple[Model, float]:
    from pywhispercpp.models import resolve_model

    path = resolve_model(name, models_dir)  # here: a download is no part of loading
    start = time.perf_counter()
    model = Model(path, context_params=context_params, backend=backend)
    return model, 1e3 * (time.perf_counter() - start)


def _short(name: str) -> str:
    """A model's name as in the registry, also when it was named by its path."""
    return Path(name).stem[len("ggml-") :] if Path(name).name.startswith("ggml-") else Path(name).name


def _weights(model: Model) -> str:
    return model.header.weight_type.name


def _round(one: Measured, model: Model, *, heat: bool) -> None:
    model._encoder.fit(one.setup.n_threads)
    for step, figure in _core.bench(model._ctx, one.setup.n_threads, heat).items():
        one.rounds[step].append(figure)


def memcpy(n_threads: int, size: int = 256_000_000, runs: int = 8) -> float:
    """GB/s at which so many threads copy `size` bytes of memory (numpy's copy, which is C's)."""
    count("n_threads", n_threads)
    source = np.ones(size, np.uint8)
    target = np.zeros(size, np.uint8)
    parts = [(source[at], target[at]) for at in _slices(size, n_threads)]
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(_copy, parts))
        start = time.perf_counter()
        for _ in range(runs):
            list(pool.map(_copy, parts))
        seconds = time.perf_counter() - start
    return runs * size / seconds / 1e9


def _slices(size: int, parts: int) -> list[slice]:
    return [slice(i * size // parts, (i + 1) * size // parts) for i in range(parts)]


def _copy(part: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]) -> None:
    np.copyto(part[1], part[0])


def mul_mat(kind: str, n: int, n_threads: int, seconds: float = 1.0) -> tuple[float, int]:
    """GFLOPS of ggml's product of an n x n matrix of a ggml type and one of f32, and how often it ran.

    As whisper-bench has it: for `seconds`, at least 3 times and at most 128. Raises OptionError for a type
    that is none or that has no matrix of this size.
    """
    count("n", n, LARGEST)
    count("n_threads", n_threads)
    backend_info()  # a portable wheel loads its CPU code first
    times = _core.bench_mul_mat(kind, n, n_threads, seconds, 128)
    return 2e-9 * n**3 * len(times) / sum(times), len(times)

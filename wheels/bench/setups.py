"""What the benchmarks compare: the environment, the model and the settings of every row."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.command import Argument, capture, echo
from scripts.errors import BuildError
from scripts.fetch_ctranslate2 import fetch as fetch_ctranslate2
from wheels.bench import environments
from wheels.bench.worker import FASTER_WHISPER, MANY, OPENAI_WHISPER, Setup

#: The same decoding everywhere: the likeliest token each time, no second try, no text of earlier windows.
GREEDY = {"temperature_inc": 0.0, "n_max_text_ctx": 0, "suppress_nst": False}
GREEDY_ELSEWHERE = {
    "beam_size": 1,
    "best_of": 1,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "suppress_tokens": [],
    "language": "en",
}

#: openai-whisper's own words for it.
GREEDY_OPENAI = {
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "suppress_tokens": [],
    "language": "en",
    "fp16": False,
}

_WEIGHTS = Path(__file__).parent / "openai_weights.py"
_QUANTIZE = "import sys; from pywhispercpp.models.quantize import quantize; quantize(*sys.argv[1:])"
_LEVERS = "from pywhispercpp.optimize import NAMES; print(*NAMES)"
_OURS: dict[str, dict[str, str]] = {
    "ggml": {"backend": "ggml"},
    "ggml-bf16": {"backend": "ggml", "precision": "bf16"},
    "f32": {"precision": "f32"},
    "bf16": {"precision": "bf16"},
    "openvino": {},
}


@dataclass(frozen=True)
class Setups:
    """The rows that can be measured for one wheel, one model and so many threads."""

    wheel: Path
    python: Path
    model: str
    threads: int
    folder: Path = environments.FOLDER

    def ours(self, label: str, encoder: str, options: Mapping[str, Any], kind: str = "") -> Setup:
        """The wheel under test.

        encoder: `ggml`, `ggml-bf16`, or OpenVINO's `f32`, `bf16`, or `openvino`, as it comes.
        """
        model = self._quantized(kind)
        settings = self._settings(model)
        if not encoder.startswith("ggml"):
            settings |= {"backend": "openvino", "openvino_model_path": str(self._ir(model))}
        return Setup(label, self._python, {**settings, **_OURS[encoder]}, options)

    def upstream(self, label: str, options: Mapping[str, Any], compiled: bool = False) -> Setup:
        """Upstream's package: its wheel of the package index, or its sdist compiled here."""
        make = environments.of_upstream_compiled if compiled else environments.of_upstream_wheel
        python = make(self.python, self.folder)
        # None is 1.5.1's word for silence.
        settings = {**self._settings(self._f16), "redirect_whispercpp_logs_to": None}
        environment = {"LD_LIBRARY_PATH": str(environments.libraries(python))} if compiled else {}
        return Setup(label, python, settings, options, environment=environment)

    def faster_whisper(self, label: str, compute_type: str = "int8") -> Setup:
        """faster-whisper with the same weights."""
        weights = fetch_ctranslate2(self.model)
        settings = {
            "model_size_or_path": str(weights),
            "device": "cpu",
            "compute_type": compute_type,
            "cpu_threads": self.threads,
        }
        python = environments.of_faster_whisper(self.python, self.folder)
        return Setup(label, python, settings, GREEDY_ELSEWHERE, script=FASTER_WHISPER)

    def openai_whisper(self, label: str) -> Setup:
        """openai-whisper with the same weights."""
        target = self._f16.with_name(f"openai-{self.model}.npz")
        if not target.is_file():
            self._run([str(_WEIGHTS), str(self._f16), str(target)])
        settings = {"weights": str(target), "threads": self.threads}
        python = environments.of_openai_whisper(self.python, self.folder)
        return Setup(label, python, settings, GREEDY_OPENAI, script=OPENAI_WHISPER)

    def many(self, label: str, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Setup:
        """The wheel under test, in the service's environment: transcribe_many() with these options."""
        return Setup(
            label, self.service_python, {"model": str(self.model_path), **settings}, options, script=MANY
        )

    @cached_property
    def levers(self) -> list[str]:
        """The speed-ups that the wheel under test can switch off."""
        return self._run(["-c", _LEVERS]).split()

    @cached_property
    def service_python(self) -> Path:
        """The Python of an environment with the wheel and what its service needs."""
        return environments.of_service(self.wheel, self.python, self.folder)

    @property
    def model_path(self) -> Path:
        """The model."""
        return self._f16

    def _settings(self, model: Path) -> dict[str, Any]:
        return {"n_threads": self.threads, "language": "en", "model": str(model)}

    @cached_property
    def _python(self) -> Path:
        return environments.of_wheel(self.wheel, self.python, self.folder)

    @cached_property
    def _f16(self) -> Path:
        """The model in a folder of ours: an IR beside the user's own would change what their programs run."""
        said = self._package("models", "download", self.model).splitlines()
        place = self.folder / "models" / f"ggml-{self.model}.bin"
        place.parent.mkdir(parents=True, exist_ok=True)
        if not (place.is_symlink() and place.exists()):
            place.unlink(missing_ok=True)
            place.symlink_to(said[-1])
        return place

    def _quantized(self, kind: str) -> Path:
        """The model with its matrices as `kind`; as it is where that is empty."""
        if not kind:
            return self._f16
        target = self._f16.with_name(f"ggml-{self.model}-{kind}.bin")
        if not target.is_file():
            self._run(["-c", _QUANTIZE, str(self._f16), str(target), kind])
        return target

    def _ir(self, model: Path) -> Path:
        """The encoder for OpenVINO, made by the wheel under test, for that wheel alone."""
        target = model.with_name(f"{model.stem}-encoder-openvino.xml")
        if target not in self._exported:
            self._package("models", "export", "openvino", str(model), "-o", str(target))
            self._exported.add(target)
        return target

    @cached_property
    def _exported(self) -> set[Path]:
        """What was exported already."""
        return set()

    def _package(self, *words: str) -> str:
        """What the wheel's command line prints."""
        return self._run(["-m", "pywhispercpp", *words])

    def _run(self, words: list[str]) -> str:
        command: list[Argument] = [self._python, "-I", *words]
        echo(command)
        return capture(command, cwd=self.folder)


def newest(dist: Path) -> Path:
    """The wheel that was built last for this machine's own CPU; BuildError where there is none."""
    found = sorted(
        dist.glob(f"pywhispercpp-*-1native-*_{os.uname().machine}.whl"), key=lambda p: p.stat().st_mtime
    )
    if not found:
        raise BuildError(f"{dist} has no native wheel; run: nox -s build_wheel, or give --wheel X.whl")
    return found[-1]

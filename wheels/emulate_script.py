"""Runs inside the emulated Python: import, ask, transcribe, and print each step's facts as a line of JSON.

Build-land never imports this file, nor the package: `wheels.emulate` hands its path to the emulated Python.
The lines come one by one, so that after a crash the last one tells how far it went.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
import sys
import time
import wave
from pathlib import Path
from types import ModuleType

#: As little work as gives the words: emulation is slow. `audio_ctx` counts 20 ms each: a bit over the clip.
OPTIONS = {
    "audio_ctx": 128,
    "max_tokens": 12,
    "n_threads": 2,
    "print_progress": False,
    "single_segment": True,
    "temperature_inc": 0.0,
}


def say(step: str, **facts: object) -> None:
    """Print the facts of a step."""
    print(json.dumps({"step": step, **facts}), flush=True)


def guard(package: Path) -> ModuleType:
    """The guard alone, without the package that would refuse the CPU."""
    (file,) = package.glob("_cpu.*.so")
    spec = importlib.util.spec_from_file_location("_cpu", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def media(audio: str) -> object:
    """The path where PyAV is there to decode it, else the samples (float32, shape (n,), mono, 16 kHz)."""
    if importlib.util.find_spec("av"):
        return audio
    numpy = importlib.import_module("numpy")
    with wave.open(audio) as file:
        samples = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return samples.astype(numpy.float32) / 32768


def encoder(openvino: str, ir: str) -> dict[str, object]:
    """The settings of Model: OpenVINO's encoder where `openvino`, the folder of its libraries, is named."""
    if not openvino:
        return {}
    os.environ["OPENVINO_LIB_DIR"] = openvino
    return {"backend": "openvino", "openvino_model_path": ir}


def main(paths: str, audio: str, openvino: str, ir: str) -> None:
    """Say what the CPU is, what the package chose for it, and what it hears in `audio` (empty: not asked)."""
    sys.path[:0] = json.loads(paths)
    cpu = guard(Path(sys.path[0]) / "pywhispercpp")
    say("cpu", supported=cpu.supported(), required=cpu.required(), profile=cpu.build_info()["profile"])
    try:
        package = importlib.import_module("pywhispercpp")
        info = package.backend_info()
    except Exception as error:  # what a person would see is what is judged
        say("refused", kind=type(error).__name__, error=str(error))
        return
    say("backend", **dataclasses.asdict(info))
    if audio:
        start = time.perf_counter()
        model = package.Model("tiny.en", **encoder(openvino, ir))
        if openvino:
            say("encoder", **dataclasses.asdict(model.backend_info()))
        segments = model.transcribe(media(audio), **OPTIONS)
        text = " ".join(segment.text.strip() for segment in segments)
        say("words", text=text, seconds=time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs inside a wheel's environment, under callgrind: does one thing after another, a mark after each.

Like smoke_script.py it is handed over by path; build-land does not import it. A mark is a call of getpgrp(),
which nothing else here calls, and before which callgrind writes what it has counted since the mark before.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import wave
from collections.abc import Iterator
from typing import Any

VARIANT = "haswell"  # the best that callgrind knows the instructions of
RATE = 16000
END_OF_TEXT = 50256  # of tiny.en


def go_on(logits: Any, tokens: list[int]) -> None:  # noqa: ANN401
    """Let no text end before as many tokens are decoded as are counted, whatever is heard."""
    logits[END_OF_TEXT] = -float("inf")


#: One window without a second try, and nothing remembered of the one before. Few frames, for callgrind
#: computes fused multiplications slowly: what is heard with them makes no sense.
FEW = {
    "single_segment": True,
    "temperature_inc": 0.0,
    "no_context": True,
    "no_timestamps": True,
    "audio_ctx": 8,
    "logits_filter_callback": go_on,
}
PROMPT = "ask not what your country can do"
BEAMS = {"params_sampling_strategy": 1, "beam_search": {"beam_size": 5, "patience": -1.0}}


def samples(path: str) -> Any:  # noqa: ANN401 - an array; NumPy is not there before the package is
    """The samples of a 16 kHz mono WAV file."""
    numpy = importlib.import_module("numpy")
    with wave.open(path, "rb") as file:
        data = file.readframes(file.getnframes())
    return numpy.frombuffer(data, dtype=numpy.int16).astype(numpy.float32) / 32768


def load(path: str, **settings: object) -> Any:  # noqa: ANN401 - the package is not imported by build-land
    """The model, for one thread, on the variant that is counted."""
    package = importlib.import_module("pywhispercpp")
    return package.Model(
        path, cpu_variant=VARIANT, backend="ggml", n_threads=1, print_progress=False, **settings
    )


def hear(model: Any, audio: Any, tokens: int, **options: object) -> None:  # noqa: ANN401
    """Decode so many tokens after the first; SystemExit where it were others, whose count says nothing."""
    segments = model.transcribe(audio, max_tokens=tokens, **options)
    found = sum(len(segment.tokens) for segment in segments)
    if tokens > 1 and found != tokens + 1:
        raise SystemExit(
            f"{found} tokens were decoded where {tokens + 1} are counted; let {__file__} hear other audio"
        )


def imported(audio: str, model: str) -> Iterator[str]:
    """What every program begins with."""
    yield "start"
    importlib.import_module("pywhispercpp")
    yield "import"


def encoded(audio: str, model: str) -> Iterator[str]:
    """The spectrogram of all the audio with nearly no encoder, then of nearly nothing, then the encoder."""
    sound, loaded = samples(audio), load(model)
    loaded.encode(sound[: RATE // 5], audio_ctx=1)
    yield "ready"
    loaded.encode(sound, audio_ctx=1)
    yield "spectrogram"
    loaded.encode(sound[: RATE // 5], audio_ctx=1)
    yield "little"
    loaded.encode(sound[: RATE // 5], audio_ctx=33)
    yield "encoder"


def greedy(audio: str, model: str) -> Iterator[str]:
    """The same with few tokens, with more, and with text before them."""
    sound, loaded = samples(audio)[:RATE], load(model)
    hear(loaded, sound, 1, **FEW)
    yield "ready"
    hear(loaded, sound, 1, **FEW)
    yield "few"
    hear(loaded, sound, 13, **FEW)
    yield "more"
    hear(loaded, sound, 1, initial_prompt=PROMPT, **FEW)
    yield "prompted"


def beams(audio: str, model: str) -> Iterator[str]:
    """Beam search of few steps, and of more."""
    sound, loaded = samples(audio)[:RATE], load(model, **BEAMS)
    hear(loaded, sound, 1, **FEW)
    yield "ready"
    hear(loaded, sound, 1, **FEW)
    yield "few"
    hear(loaded, sound, 5, **FEW)
    yield "more"


PROGRAMS = {program.__name__: program for program in (imported, encoded, greedy, beams)}


def main(program: str, audio: str, model: str) -> None:
    """Run a program; the last line of output is the marks, a JSON list, and what ran."""
    marks = []
    for mark in PROGRAMS[program](audio, model):
        marks.append(mark)
        os.getpgrp()
    package = importlib.import_module("pywhispercpp")
    facts = {"compiler": package.build_info().compiler, "python": sys.version.split()[0]}
    print(json.dumps({"marks": marks, "facts": facts}))


if __name__ == "__main__":
    main(*sys.argv[1:])

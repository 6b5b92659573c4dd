"""Runs inside the fresh environment: transcribe one file three times and print the facts as JSON.

Build-land never imports this file, nor the package: `wheels.smoke` hands its path to the new interpreter,
where the wheel under test is the only pywhispercpp there is.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import statistics
import sys
import time


def audio_seconds(audio: str) -> float:
    """The length of an audio file by its container, read with PyAV, which the wheel depends on."""
    av = importlib.import_module("av")
    with av.open(audio) as container:
        return float(container.duration / av.time_base)


def main(model_name: str, models_dir: str, audio: str, backend: str) -> None:
    """Print build_info, the transcripts, audio seconds and the median wall seconds of three runs.

    An empty `models_dir` means the package's own place. `backend`: whose encoder is to be used.
    """
    package = importlib.import_module("pywhispercpp")
    model = package.Model(model_name, models_dir=models_dir or None, backend=backend)
    transcripts, walls = [], []
    for _ in range(3):
        start = time.perf_counter()
        segments = model.transcribe(audio)
        walls.append(time.perf_counter() - start)
        transcripts.append(" ".join(segment.text.strip() for segment in segments))
    facts = {
        "module": package.__file__,
        "build_info": dataclasses.asdict(package.build_info()),
        "backend_info": dataclasses.asdict(package.backend_info()),
        "encoder": dataclasses.asdict(model.backend_info()),
        "transcripts": transcripts,
        "audio_seconds": audio_seconds(audio),
        "wall_seconds": statistics.median(walls),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])

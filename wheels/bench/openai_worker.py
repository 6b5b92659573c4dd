"""Runs inside openai-whisper's environment: one transcription a line of input, as package_worker.py does."""

from __future__ import annotations

import importlib
import json
import sys
import time
import wave
from typing import Any


def samples(path: str) -> object:
    """The samples of a 16 kHz mono WAV file."""
    numpy = importlib.import_module("numpy")
    with wave.open(path, "rb") as file:
        data = file.readframes(file.getnframes())
    return numpy.frombuffer(data, dtype=numpy.int16).astype(numpy.float32) / 32768


def load(weights: str) -> Any:  # noqa: ANN401 - another package's Whisper
    """The network with the weights of a file that openai_weights.py wrote."""
    numpy, torch = importlib.import_module("numpy"), importlib.import_module("torch")
    network = importlib.import_module("whisper.model")
    with numpy.load(weights) as stored:
        arrays = dict(stored)
    dims = json.loads(str(arrays.pop("dims")))
    model = network.Whisper(network.ModelDimensions(**dims))
    kept = model.state_dict()
    # ggml has a second dimension for the biases of convolutions.
    fitting = {name: torch.from_numpy(array).reshape(kept[name].shape) for name, array in arrays.items()}
    model.load_state_dict(fitting)
    return model.eval()


def answer(model: Any, audio: str, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Transcribe once: `text`, `total` seconds, and `cpu` seconds of all threads."""
    heard = samples(audio)
    start, busy = time.perf_counter(), time.process_time()
    result = model.transcribe(heard, **options)
    total, cpu = time.perf_counter() - start, time.process_time() - busy
    text = " ".join(segment["text"].strip() for segment in result["segments"])
    return {"text": text, "total": total, "cpu": cpu}


def main(settings: str) -> None:
    """Load the model of `settings` (JSON: `weights`, `threads`), then answer every line of input."""
    given = json.loads(settings)
    torch, package = importlib.import_module("torch"), importlib.import_module("whisper")
    torch.set_num_threads(given["threads"])
    model = load(given["weights"])
    print(
        json.dumps({"backend": f"openai-whisper {package.__version__}, torch {torch.__version__}"}),
        flush=True,
    )
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(model, request["audio"], request["options"])), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

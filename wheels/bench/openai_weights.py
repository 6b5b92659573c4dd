"""Runs inside our wheel's environment: the weights of a ggml file as a .npz file, for openai_worker.py.

They have OpenAI's names; `dims` are the sizes of the network. Handed over by path.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main(model: str, target: str) -> None:
    """Write the weights of `model` to `target`."""
    numpy = importlib.import_module("numpy")
    package = importlib.import_module("pywhispercpp.models.ggml_tensors")
    part = Path(target + ".part")
    with package.GgmlTensors(Path(model)) as tensors, part.open("wb") as out:
        sizes = {name: size for name, size in vars(tensors.header).items() if name.startswith("n_")}
        numpy.savez(out, dims=json.dumps(sizes), **tensors)
    part.rename(target)


if __name__ == "__main__":
    main(*sys.argv[1:])

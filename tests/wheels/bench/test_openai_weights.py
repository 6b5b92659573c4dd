"""openai-whisper gets the weights of the ggml file, by its own names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from wheels.bench import openai_weights


def test_the_weights_are_those_of_the_ggml_file(tiny_en: Path, tmp_path: Path) -> None:
    target = tmp_path / "weights.npz"
    script = Path(openai_weights.__file__)
    subprocess.run([sys.executable, "-I", script, tiny_en, target], check=True)
    with np.load(target) as stored:
        dims = json.loads(str(stored["dims"]))
        assert (dims["n_vocab"], dims["n_audio_ctx"], len(dims)) == (51864, 1500, 10)
        assert stored["decoder.token_embedding.weight"].shape == (51864, 384)
        assert stored["encoder.conv1.weight"].shape == (384, 80, 3)
        assert {array.dtype for name, array in stored.items() if name != "dims"} == {np.dtype("float32")}
    assert list(tmp_path.iterdir()) == [target]

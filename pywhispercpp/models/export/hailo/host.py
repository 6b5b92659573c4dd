"""What the host of a Hailo device does, with onnxruntime where the device would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pywhispercpp.errors import ModelError
from pywhispercpp.models.export import greedy
from pywhispercpp.models.export.device_folder import DeviceFolder, read
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.hailo.emitter import LOGITS
from pywhispercpp.models.export.onnx.session import require_runtime, session
from pywhispercpp.models.export.windows import windows
from pywhispercpp.models.log_mel import HOP, log_mel

__all__ = ["Host"]


class Host:
    """The networks and tables of one folder; see `export_hailo`.

    It embeds the tokens, puts zeros behind them, reads the logits of the last of them and begins anew, as
    Hailo's speech-recognition example does.
    """

    def __init__(self, folder: Path) -> None:
        """Load them; raises ModelError, and MissingPackageError without onnxruntime."""
        require_runtime("running networks for Hailo on this machine")
        self._read: DeviceFolder = read(folder)
        try:
            named = [(part, folder / self._read.networks[part]) for part in ("encoder", "decoder")]
            self._networks = {part: session(file) for part, file in named}
            tables = ("embedding", "positions", "filters")
            self._tables = {part: np.load(folder / self._read.networks[part]) for part in tables}
        except KeyError as error:
            raise ModelError(f"{folder}: is no export for Hailo: has no {error}") from error
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder}: cannot be read ({error}); export the model again") from error
        self.vocabulary = self._read.vocabulary
        self.count, self._channels = self._tables["positions"].shape

    @property
    def samples(self) -> int:
        """How many samples the encoder hears at a time."""
        return int(self._networks["encoder"].get_inputs()[0].shape[3]) * HOP

    def transcribe(self, samples: Array, language: str | None = None) -> str:
        """Return the text of mono sound at 16 kHz, float32 (n,), of any length; by the likeliest tokens."""
        prompt = self.vocabulary.prompt(language)
        heard = (self.features(self.mel(piece)) for piece in windows(samples, self.samples))
        texts = (self.vocabulary.text(self.decode(features, prompt)).strip() for features in heard)
        return " ".join(filter(None, texts))

    def mel(self, samples: Array) -> Array:
        """The encoder's input (1, n_mels, 1, frames) of as many samples as it hears."""
        mel: Array = log_mel(samples, self._tables["filters"])[None, :, None]
        return mel

    def features(self, mel: Array) -> Array:
        """Run the encoder: (1, steps, channels)."""
        features: Array = self._networks["encoder"].run(["output_features"], {"mel": mel})[0]
        return features

    def embedded(self, tokens: Sequence[int]) -> Array:
        """The decoder's input (1, channels, count, 1) of tokens, and zeros behind them."""
        filled = [*tokens, *[0] * (self.count - len(tokens))]
        rows: Array = self._tables["embedding"][filled] + self._tables["positions"]
        return rows.T[None, :, :, None]

    def decode(self, features: Array, prompt: Sequence[int]) -> list[int]:
        """Return the tokens of the text that follows the prompt."""
        tokens: list[int] = []

        def following(new: Sequence[int]) -> Array:
            tokens.extend(new)
            return self.logits(features, tokens)[len(tokens) - len(new) : len(tokens)]

        return greedy.decode(following, self.vocabulary, prompt, self.count - len(prompt))

    def logits(self, features: Array, tokens: Sequence[int]) -> Array:
        """Run the decoder: logits (count, n_vocab), those after the last token in row len(tokens) - 1."""
        names = [f"logits_{piece}" for piece in range(LOGITS)]
        given = {"encoder_features": features, "embedded_tokens": self.embedded(tokens)}
        pieces = self._networks["decoder"].run(names, given)
        joined: Array = np.concatenate(pieces, axis=2)[0]
        return joined

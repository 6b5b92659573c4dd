"""The ONNX emitter for Hailo's compiler: what its devices have no operation for is said otherwise."""

from __future__ import annotations

import numpy as np

from pywhispercpp.models.export.emitter import Array, Extent
from pywhispercpp.models.export.onnx.emitter import OnnxEmitter, Tensor

__all__ = ["LOGITS", "HailoEmitter"]

LOGITS = 4  # outputs of the decoder: one matrix product with all of the vocabulary is too large for a Hailo-8
_WIDE = 1 << 14  # a product with more channels out is cut


class HailoEmitter(OnnxEmitter):
    """Convolutions in two dimensions, a small number that hides, and logits in four pieces.

    A mel spectrogram comes in as (1, n_mels, 1, frames), and stays of four dimensions until it is turned.
    """

    # Below every score that counts, and no further: whole numbers of 8 or 16 bits divide the range.
    hidden = np.float32(-100)

    def input(self, name: str, shape: tuple[Extent, ...]) -> Tensor:
        """See Emitter."""
        return super().input(name, (*shape[:2], 1, shape[2]) if name == "mel" else shape)

    def conv1d(self, name: str, x: Tensor, weight: Array, bias: Array, stride: int) -> Tensor:
        """See Emitter. Steps lie in the fourth dimension, and there is one row of them."""
        inputs = [x, self._float(f"{name}.weight", weight[:, :, None]), self._float(f"{name}.bias", bias)]
        shape = (1, len(weight), 1, (int(x.shape[3]) - 1) // stride + 1)
        return self._add(
            "Conv", inputs, shape, name, kernel_shape=[1, 3], strides=[1, stride], pads=[0, 1, 0, 1]
        )

    def transpose(self, x: Tensor, order: tuple[int, ...]) -> Tensor:
        """See Emitter."""
        if len(x.shape) == 4 and len(order) == 3:
            x = self._reshaped(x, (1, x.shape[1], int(x.shape[2]) * int(x.shape[3])))
        return super().transpose(x, order)

    def embedded(self, count: int, channels: int) -> Tensor:
        """An input of tokens that the host has embedded, (1, channels, count, 1), as (1, count, channels)."""
        x = super().input("embedded_tokens", (1, channels, count, 1))
        return self.transpose(x, (0, 2, 1))

    def linear(self, name: str, x: Tensor, weight: Array, bias: Array | None) -> Tensor:
        """See Emitter. Of a product with the vocabulary the outputs are the pieces; nothing can follow it."""
        if len(weight) < _WIDE:
            return super().linear(name, x, weight, bias)
        size = len(weight) // LOGITS
        ends = [*(size * piece for piece in range(LOGITS)), len(weight)]
        for piece, (begin, end) in enumerate(zip(ends, ends[1:])):
            y = super().linear(f"logits_{piece}", x, weight[begin:end], bias)
            self.output(f"logits_{piece}", y)
        return y

"""What the files of an export for Hailo are called."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HailoFiles"]


@dataclass(frozen=True)
class HailoFiles:
    """Names as Hailo's own tools have them. variant: "tiny.en"; seconds: of sound; count: of tokens."""

    variant: str
    seconds: float
    count: int

    @property
    def encoder(self) -> str:
        """The encoder's name, without the ending of a file."""
        return f"{self.variant}-whisper-encoder-{self.seconds:g}s"

    @property
    def decoder(self) -> str:
        """The decoder's name, without the ending of a file."""
        return f"{self.variant}-whisper-decoder-{self.seconds:g}s-seq-{self.count}"

    @property
    def embedding(self) -> str:
        """Rows that the host puts in place of tokens: (n_vocab, channels)."""
        return f"token_embedding_weight_{self.variant}.npy"

    @property
    def positions(self) -> str:
        """What the host adds to these: (count, channels)."""
        return f"onnx_add_input_{self.variant}.npy"

    @property
    def encoder_set(self) -> str:
        """Calibration set of the encoder: (samples, 1, frames, n_mels)."""
        return f"encoder_calib_set_{self.variant}_{self.seconds:g}s.npy"

    def decoder_set(self, layer: int) -> str:
        """Calibration set of the decoder: 1 features (samples, 1, steps, channels), 2 embedded tokens."""
        return f"decoder_calib_set_{self.variant}_{self.seconds:g}s_seq_{self.count}_input_layer{layer}.npy"

    def script(self, part: str, hw_arch: str) -> str:
        """Model script of "encoder" or "decoder"."""
        return f"{part}_model_script_{self.variant}_{hw_arch}.alls"

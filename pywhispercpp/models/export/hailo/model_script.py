"""Model scripts (.alls): how Hailo's compiler is to quantize and place the networks of each architecture.

The numbers are those of the scripts that Hailo publishes for the same layers (conversion/optimization in
hailo-whisper): which layers compute in 16 bits, how long to fine-tune, how full to make the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["SIZES", "Recipe", "decoder_script", "encoder_script"]


@dataclass(frozen=True)
class Recipe:
    """What suits one size of model."""

    seconds: int  # of sound at a time
    encoder_samples: int  # of the calibration set
    encoder_calibrated: int  # of these, those that ranges are measured with
    encoder_tuned: tuple[int, int, int]  # samples, epochs, batch
    encoder_wide: tuple[int, ...]  # convolutions in 16 bits
    decoder_calibrated: int
    decoder_wide: tuple[int, ...]
    wide_outputs: bool
    filled: dict[str, float]  # of the device, by the decoder


SIZES = {
    "tiny": Recipe(
        10, 4000, 1024, (3340, 6, 8), (*range(4, 19, 2), 5, 9, 13, 17),
        128, (*range(12, 33, 2), 25, 31), True, {"hailo10h": 0.7},
    ),
    "base": Recipe(
        5, 2048, 512, (2048, 4, 4), (*range(4, 19, 2), 5, 9, 13, 17, 20, 21, 22, 24, 25, 26),
        256, tuple(range(12, 49, 2)), False, {},
    ),
}  # fmt: skip

_LEARNING_RATE = "0.00001"


def encoder_script(recipe: Recipe, hw_arch: str, samples: int) -> str:
    """Return the encoder's script for a calibration set of so many samples."""
    count, epochs, batch = recipe.encoder_tuned
    lines = [
        "model_optimization_flavor(optimization_level=2, compression_level=0)",
        _tuned(min(count, samples), epochs, f", batch_size={batch}"),
        "pre_quantization_optimization(ew_add_fusing, policy=disabled)",
        "pre_quantization_optimization(matmul_correction, layers={matmul*}, correction_type=zp_comp_block)",
        "pre_quantization_optimization(matmul_equalization, layers={matmul*}, matmul_bias=enabled)",
        *_layer_norms(hw_arch),
        _calibrated(8, min(recipe.encoder_calibrated, samples)),
        *_wide(recipe.encoder_wide),
        "quantization_param({ew_add*}, precision_mode=a16_w16)",
        "quantization_param(ew_add1, precision_mode=a8_w8)",
        "performance_param(optimize_for_batch=1)",
        _CHECKED,
    ]
    return "\n".join(lines) + "\n"


def decoder_script(recipe: Recipe, hw_arch: str, samples: int) -> str:
    """Return the decoder's script for a calibration set of so many samples."""
    outputs = ["quantization_param({output_layer*}, precision_mode=a16_w16)"] if recipe.wide_outputs else []
    lines = [
        "model_optimization_flavor(optimization_level=2, compression_level=0)",
        _calibrated(4, min(recipe.decoder_calibrated, samples)),
        _tuned(min(1024, samples), 4, ""),
        *_layer_norms(hw_arch),
        _CHECKED,
        "quantization_param({ew_add*}, precision_mode=a16_w16)",
        *_wide(recipe.decoder_wide),
        *outputs,
        "performance_param(optimize_for_batch=1)",
        f"resources_param(max_utilization={recipe.filled.get(hw_arch, 0.8)})",
    ]
    return "\n".join(lines) + "\n"


_CHECKED = "model_optimization_config(checker_cfg, policy=enabled)"


def _calibrated(batch: int, samples: int) -> str:
    return f"model_optimization_config(calibration, batch_size={batch}, calibset_size={samples})"


def _tuned(samples: int, epochs: int, more: str) -> str:
    settings = f"dataset_size={samples}, epochs={epochs}, learning_rate={_LEARNING_RATE}{more}"
    return f"post_quantization_optimization(finetune, policy=enabled, {settings})"


def _layer_norms(hw_arch: str) -> Iterator[str]:
    if hw_arch == "hailo10h":
        mode = "bit_decomposition_mode=uniform_precision, equalization=disabled"
        yield f"pre_quantization_optimization(layer_norm_decomposition, {mode})"


def _wide(layers: Iterable[int]) -> Iterator[str]:
    for layer in layers:
        yield f"quantization_param(conv{layer}, precision_mode=a16_w16)"

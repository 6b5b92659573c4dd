"""Which alignment heads tell the times of tokens (DTW), chosen from the model itself."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp import _core
from pywhispercpp.errors import OptionError
from pywhispercpp.models.ggml_layout import GgmlHeader

#: What `dtw` takes besides True, False and None; "top" is for models that nobody has measured.
PRESETS: tuple[str, ...] = tuple(_core.DTW_PRESETS)
TOP = "top"

# n_text_layer and n_text_head of the models that the heads were measured on.
_SIZES = {"tiny": (4, 6), "base": (6, 8), "small": (12, 12), "medium": (24, 16), "large": (32, 20)}
_SIZES["large.v3.turbo"] = (4, 20)
_V3_VOCABULARY = 51866


def preset(dtw: object, header: GgmlHeader, path: Path) -> str | None:
    """Return the preset that `dtw` asks for, None for none; True chooses it from the model at `path`.

    Raises OptionError for a preset that there is not.
    """
    if dtw is None or dtw is False or dtw == "":
        return None
    if dtw is True:
        return _of_model(header, path)
    name = str(dtw).replace("-", ".")  # large-v3-turbo and large.v3.turbo: a model's name, and whisper-cli's
    if not isinstance(dtw, str) or name not in PRESETS:
        raise OptionError(f"dtw={dtw!r}: True, or one of {', '.join(PRESETS)} is needed")
    if name != TOP and not _fits(name, header):
        raise OptionError(f"dtw={dtw!r}: {path} has other alignment heads; dtw=True chooses those that fit")
    return name


def _of_model(header: GgmlHeader, path: Path) -> str:
    name = _by_layers(header, path)
    return name if name == TOP or _fits(name, header) else TOP


def _fits(name: str, header: GgmlHeader) -> bool:
    size = _SIZES.get(name) or _SIZES.get(name.split(".")[0])
    return size == (header.n_text_layer, header.n_text_head)


def _by_layers(header: GgmlHeader, path: Path) -> str:
    if header.size == "large":
        return _large(header, path)
    if header.n_audio_layer != header.n_text_layer:  # a distilled model: heads of another decoder
        return TOP
    return header.size if header.multilingual else f"{header.size}.en"


def _large(header: GgmlHeader, path: Path) -> str:
    """v1 and v2 have the same sizes: only the file's name tells them apart; v2 is by far the commoner."""
    if header.n_vocab == _V3_VOCABULARY:
        return {header.n_audio_layer: "large.v3", 4: "large.v3.turbo"}.get(header.n_text_layer, TOP)
    if header.n_text_layer != header.n_audio_layer:
        return TOP
    return "large.v1" if "v1" in path.name else "large.v2"


def n_top(header: GgmlHeader) -> int:
    """Of how many upper layers "top" takes all heads: half of them, as OpenAI's whisper does."""
    return max(1, header.n_text_layer // 2)

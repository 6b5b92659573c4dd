"""The IR of an encoder: where it lies, what it can serve, and which model it was made of."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp.errors import ModelError

if TYPE_CHECKING:
    from xml.etree import ElementTree

__all__ = ["SECTION", "IrFacts", "path_beside", "read"]

#: The section of an IR's `rt_info` that models/export writes and this file reads.
SECTION = "pywhispercpp"
_UNBOUNDED = 10**9


@dataclass(frozen=True)
class IrFacts:
    """What an IR says about itself.

    Attributes:
        path: the XML file; the weights lie beside it, in a file that ends in .bin.
        n_mels: mel bands of the input.
        n_state: width of the output; None where it does not say.
        audio_ctx: the least and the most positions of 20 ms that it can serve; both the same in a static IR.
        model: the file name of the ggml model it was made of; empty in an IR of another maker.
        model_sha256: the hash of that file, in hex; empty too.
        weights: how they are stored, `f16` or `int8`; empty too.
    """

    path: Path
    n_mels: int
    n_state: int | None
    audio_ctx: tuple[int, int]
    model: str
    model_sha256: str
    weights: str

    def require_model(self, model: Path, n_mels: int, n_state: int) -> None:
        """Raise ModelError unless the IR is one of this ggml model.

        One that names no model (whisper.cpp's own converter makes such) must at least have its shape.
        """
        if self.n_mels != n_mels or self.n_state not in (None, n_state):
            raise ModelError(
                f"{self.path} is of another model: it takes {self.n_mels} mel bands and gives {self.n_state} "
                f"numbers, {model.name} has {n_mels} and {n_state}; {how_to_make(model)}"
            )
        if self.model_sha256 and self.model_sha256 != _sha256(model):
            raise ModelError(
                f"{self.path} was made of {self.model} (sha256 {self.model_sha256[:12]}…), and {model} is "
                f"another file (sha256 {_sha256(model)[:12]}…); {how_to_make(model)}"
            )


def path_beside(model: str | os.PathLike[str]) -> Path:
    """Where whisper.cpp expects the IR of a model: ggml-base.en.bin -> ggml-base.en-encoder-openvino.xml."""
    path = Path(model)
    stem = path.name[: -len(path.suffix)] if path.suffix else path.name
    return path.with_name(f"{stem}-encoder-openvino.xml")


def how_to_make(model: Path) -> str:
    """The command that makes the IR of a model file, in words."""
    return f"make its IR: pywhispercpp models export openvino {model}"


def read(path: Path) -> IrFacts:
    """Read the facts of an IR, by its XML alone; ModelError where it is none of a Whisper encoder."""
    from xml.etree import ElementTree  # here: most processes read no IR

    try:
        net = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ModelError(f"{path} cannot be read as an OpenVINO IR: {error}") from error
    inputs = net.findall("./layers/layer[@type='Parameter']/data")
    shape = inputs[0].get("shape", "").split(",") if len(inputs) == 1 else []
    if len(shape) != 3 or not shape[1].strip().isdigit():
        raise ModelError(
            f"{path} is no IR of a Whisper encoder: one input [1, n_mels, 2 * audio_ctx] is expected"
        )
    least, most = _bounds(shape[2].strip())
    said = {entry.tag: entry.get("value", "") for entry in net.findall(f"./rt_info/{SECTION}/*")}
    return IrFacts(
        path=path,
        n_mels=int(shape[1]),
        n_state=_last_dimension(net),
        audio_ctx=((least + 1) // 2, most // 2),
        model=said.get("model", ""),
        model_sha256=said.get("model_sha256", ""),
        weights=said.get("weights", ""),
    )


def _bounds(dimension: str) -> tuple[int, int]:
    """The least and the most of a dimension as an IR writes it: `3000`, `2..3000`, `?`."""
    match = re.fullmatch(r"(\d*)\.\.(\d*)", dimension)
    if match:
        return int(match[1] or 1), int(match[2] or _UNBOUNDED)
    return (int(dimension), int(dimension)) if dimension.isdigit() else (1, _UNBOUNDED)


def _last_dimension(net: ElementTree.Element) -> int | None:
    """The width of the only output."""
    sizes = net.findall("./layers/layer[@type='Result']/input/port/dim")
    width = sizes[-1].text if sizes else None
    return int(width) if width and width.isdigit() else None


def _sha256(model: Path) -> str:
    facts = model.stat()
    return _sha256_of(model, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _sha256_of(model: Path, _size: int, _time: int) -> str:
    """The hash of a model file; counted once for a process, as long as the file stays what it is."""
    from pywhispercpp.models.hashes import digest  # here: nor hash a model

    return digest(model, "sha256").partition(":")[2]

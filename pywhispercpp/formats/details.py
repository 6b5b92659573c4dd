"""What a format may need beside the segments: the model, the options, the audio file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pywhispercpp.model import Model


@dataclass(frozen=True)
class ModelFacts:
    """What whisper-cli's JSON says of a model, by the names of the ggml header."""

    type: str
    multilingual: bool
    n_vocab: int
    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_text_ctx: int
    n_text_state: int
    n_text_head: int
    n_text_layer: int
    n_mels: int
    ftype: int


@dataclass(frozen=True)
class Details:
    """What the segments do not tell; every field may be left out.

    Attributes:
        model, model_path, system_info: of the model that was used; facts(model) gives all three.
        language: what was asked for ("auto" too); result_language: what was heard or set.
        translate, tinydiarize, diarize: those options.
        offset_n: what is added to the number of a segment (srt).
        media: the audio file's name as it is to be written; "" for none. duration: its seconds.
        font_path: the font of the karaoke script (wts).
        embed: the audio file itself, for a page that stands alone (html).
    """

    model: ModelFacts | None = None
    model_path: str = ""
    system_info: str = ""
    language: str = "en"
    result_language: str = ""
    translate: bool = False
    tinydiarize: bool = False
    diarize: bool = False
    offset_n: int = 0
    media: str = ""
    duration: float = 0.0
    font_path: str = ""
    embed: bytes = b""


def facts(model: Model) -> dict[str, Any]:
    """Return model, model_path and system_info for Details(**facts(model)). Reads the model file's header."""
    from pywhispercpp.models import ggml_file

    header = ggml_file.check(Path(model.model_path))
    names = [name for name in ModelFacts.__dataclass_fields__ if name not in ("type", "ftype")]
    numbers = {name: getattr(header, name) for name in names}
    found = ModelFacts(type=_size(header.n_audio_layer), ftype=header.ftype, **numbers)
    return {"model": found, "model_path": os.fspath(model.model_path), "system_info": model.system_info()}


def _size(n_audio_layer: int) -> str:
    """The size of a model by its encoder's layers (source: `whisper_model_type_readable`)."""
    return {4: "tiny", 6: "base", 12: "small", 24: "medium", 32: "large"}.get(n_audio_layer, "unknown")

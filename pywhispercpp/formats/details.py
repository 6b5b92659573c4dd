"""What a format may need beside the segments: the model, the options, the audio file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pywhispercpp.model import Model
    from pywhispercpp.models.ggml_layout import GgmlHeader


@dataclass(frozen=True)
class Details:
    """What the segments do not tell; every field may be left out.

    Attributes:
        model, model_path, system_info: what the model's file says of itself (Model.header), where it is, and
            the code that ran; facts(model) gives all three.
        language: what was asked for ("auto" too); result_language: what was heard or set.
        translate, tinydiarize, diarize: those options.
        offset_n: what is added to the number of a segment (srt).
        media: the audio file's name as it is to be written; "" for none. duration: its seconds.
        font_path: the font of the karaoke script (wts).
        embed: the audio file itself, for a page that stands alone (html).
    """

    model: GgmlHeader | None = None
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
    """Return model, model_path and system_info for Details(**facts(model))."""
    return {"model": model.header, "model_path": model.model_path, "system_info": model.system_info()}

"""What a client of OpenAI's dialect asks for: the fields of its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional

from fastapi import File, Form

from pywhispercpp.server.problems import Problem
from pywhispercpp.server.service import Recording
from pywhispercpp.server.uploads import StoredFile

__all__ = ["Asked", "ResponseFormat", "asked"]

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]
Granularity = Literal["word", "segment"]
GRANULARITIES = "timestamp_granularities[]"


@dataclass(frozen=True)
class Asked:
    """The fields of a form."""

    file: StoredFile
    model: str | None
    language: str | None
    prompt: str | None
    response_format: ResponseFormat
    temperature: float
    granularities: tuple[Granularity, ...]
    stream: bool

    def recording(self, owner: str, translate: bool) -> Recording:
        """What the service is to do."""
        options: dict[str, Any] = {
            "language": self.language or "auto",
            "temperature": self.temperature,
            "initial_prompt": self.prompt,
            "token_timestamps": "word" in self.granularities,
        }
        return Recording(self.file, owner, self.model, translate, options)


def asked(
    file: Annotated[StoredFile, File(description="the recording: any format that FFmpeg decodes")],
    model: Annotated[
        Optional[str], Form(description="one of /v1/models; whisper-1, or left out: the default")
    ] = None,
    language: Annotated[Optional[str], Form(description="code of what is spoken; left out: detected")] = None,
    prompt: Annotated[Optional[str], Form(description="text to go on from, in the same language")] = None,
    response_format: Annotated[ResponseFormat, Form(description="of the answer")] = "json",
    temperature: Annotated[
        float, Form(ge=0, le=1, description="to begin with; it rises where decoding fails")
    ] = 0,
    timestamp_granularities: Annotated[
        Optional[list[Granularity]],
        Form(
            alias=GRANULARITIES, description="what verbose_json gives times of: segment, where it is left out"
        ),
    ] = None,
    stream: Annotated[
        bool,
        Form(description="answer with server-sent events: the text of each segment as soon as it is heard"),
    ] = False,
) -> Asked:
    """Read the form; fields that are not known here are nobody's."""
    if timestamp_granularities and response_format != "verbose_json":
        raise Problem(
            400, f"{GRANULARITIES} needs response_format=verbose_json", "invalid_value", GRANULARITIES
        )
    granularities: tuple[Granularity, ...] = tuple(timestamp_granularities or ["segment"])
    return Asked(file, model, language, prompt, response_format, temperature, granularities, stream)

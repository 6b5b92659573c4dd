"""What one row of the table stands for, in a form that another process can be told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Union

from pywhispercpp.audio_context import WHOLE
from pywhispercpp.loading import count
from pywhispercpp.models.paths import name_of

__all__ = ["AUTO", "Context", "Setup", "checked_context"]

AUTO = "auto"
Context = Union[int, str]


@dataclass(frozen=True)
class Setup:
    """What one row of the table stands for.

    Attributes:
        model: the path of the ggml file.
        backend: what runs it.
        audio_context: how much the encoder takes at once, in steps of 20 ms, or "auto".
        n_threads: threads that it may use.
        exported: where the model lies in the backend's own format; empty where that is the ggml file.

    >>> str(Setup("ggml-tiny.en.bin", "ggml", 768, 4))
    'tiny.en ggml 768'
    """

    model: str
    backend: str
    audio_context: Context
    n_threads: int
    exported: str = ""

    @property
    def name(self) -> str:
        """The model's name, as in the registry."""
        return name_of(Path(self.model))

    def __str__(self) -> str:
        """In words, for progress, tables and plots."""
        return f"{self.name} {self.backend} {self.audio_context}"

    def to_json(self) -> str:
        """For another process; Setup(**json.loads(text)) is the same."""
        return json.dumps(asdict(self))


def checked_context(value: object) -> Context:
    """An audio context that can be one: 1 to 1500, or "auto". Raises OptionError."""
    return AUTO if value == AUTO else count("audio_context", value, WHOLE)

"""What a stream asks of a model: the segments of one cutting, whatever was heard before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import OptionError
from pywhispercpp.live.segment import shifted
from pywhispercpp.segment import Segment

if TYPE_CHECKING:
    from pywhispercpp.audio import Samples
    from pywhispercpp.model import Model

SHORTEST = SAMPLE_RATE // 5  # whisper.cpp takes nothing below 100 ms
SILENCE = "[BLANK_AUDIO]"  # how the models write that nobody speaks
CONTEXT = 224  # tokens of past text that whisper.cpp uses
NOT_HERE = {
    "offset_ms": "skip chunks",
    "duration_ms": "end the source",
    "no_timestamps": "words need timestamps",
    "token_timestamps": "they are always made",
    "detect_language": "use auto_detect_language()",
    "prompt_tokens": "give initial_prompt",
}


class Ear:
    """A model with the options of one stream."""

    def __init__(self, model: Model, params: Mapping[str, Any]) -> None:
        for name, instead in NOT_HERE.items():
            if name in params:
                raise OptionError(f"{name}: not in a stream; {instead}")
        self._model = model.session()
        self._keeps_context = params.get("no_context", True) is False
        # What is heard is speech already: whisper.cpp need not look for it again.
        self._params = {**params, "no_context": True, "token_timestamps": True, "vad": False}
        self._context: list[int] = []

    def hear(self, samples: Samples, first: int, hurry: bool) -> tuple[Segment, ...]:
        """Return the segments of `samples`, which begin at the sample `first` of the stream.

        hurry: one try at one temperature.
        """
        last = (first + samples.size) / SAMPLE_RATE
        if samples.size < SHORTEST:
            samples = np.pad(samples, (0, SHORTEST - samples.size))
        params = dict(self._params)
        if hurry:
            params["temperature_inc"] = 0.0
        if self._context:
            params["prompt_tokens"] = self._context
        heard = [one for one in self._model.transcribe(samples, **params) if one.text not in ("", SILENCE)]
        return shifted(heard, first / SAMPLE_RATE, last)

    def remember(self, segments: Sequence[Segment]) -> None:
        """Keep final text as the prompt of what follows, where no_context=False asks for that."""
        if self._keeps_context:
            spoken = [token.id for one in segments for token in one.tokens if not token.is_special]
            self._context = [*self._context, *spoken][-CONTEXT:]

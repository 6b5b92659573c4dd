"""Live: text while someone speaks. An engine that is fed with chunks, and what feeds it."""

from pywhispercpp.live.listening import Source, listen
from pywhispercpp.live.segment import LiveSegment

__all__ = ["LiveSegment", "Source", "listen"]

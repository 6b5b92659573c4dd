"""Confidence as colour or style, token by token, in whisper-cli's scale; and whether a terminal wants any."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from pywhispercpp.formats.json_full import merged

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

# From red to green in seven steps that people who do not tell red from green tell too (Paul Tol's): codes of
# 256-colour terminals (source: `k_colors`).
COLOURS = tuple(f"\033[38;5;{code}m".encode() for code in (160, 166, 208, 215, 227, 114, 71))
INVERSE, UNDERLINED, DIM = b"\033[7m", b"\033[4m", b"\033[2m"
PLAIN = b"\033[0m"


def wanted(choice: str, stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour: as told, or with "auto" by NO_COLOR, FORCE_COLOR and the terminal, in this order."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def colour(p: float) -> bytes:
    """The colour of a probability."""
    return COLOURS[max(0, min(len(COLOURS) - 1, int(p**3 * len(COLOURS))))]


def style(p: float) -> bytes:
    """The style of a probability: inverse below 0.33, underlined below 0.66, else dim."""
    return INVERSE if p < 0.33 else UNDERLINED if p < 0.66 else DIM


def painted(segment: Segment, speaker: bytes, by_style: bool, special: bool) -> Iterator[bytes]:
    """The tokens of a segment, each in its colour; tokens that share a character are painted together."""
    paint = style if by_style else colour
    tokens = [token for token in segment.tokens if special or not token.is_special]
    for group in merged(tokens):
        yield speaker + paint(group[0].p) + b"".join(token.raw for token in group) + PLAIN

"""A transcript that was kept in a database is the one that was put there."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from pywhispercpp import Segment, Token, Transcript
from pywhispercpp.server import stored_transcript

times = st.integers(-1, 10**9)
numbers = st.floats(allow_nan=True, allow_infinity=True)
tokens = st.builds(
    Token, st.integers(0, 51865), st.binary(max_size=8), numbers, numbers, times, times, times, st.booleans()
)
segments = st.builds(
    Segment,
    times,
    times,
    st.text(max_size=30),
    numbers,
    st.lists(tokens, max_size=4).map(tuple),
    numbers,
    numbers,
    st.booleans(),
    st.sampled_from(["", "0", "1", "?"]),
    st.binary(max_size=30),
)


def same(one: object, other: object) -> bool:
    """Whether two values are alike, NaN being like NaN."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, (Segment, Token)):
        names = one.__dataclass_fields__
        return type(one) is type(other) and all(same(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@settings(max_examples=30, deadline=None)
@given(st.lists(segments, max_size=3), st.sampled_from(["", "en", "yue"]), st.floats(0, 1e6))
def test_what_comes_out_is_what_went_in(found: list[Segment], language: str, duration: float) -> None:
    kept = Transcript(found, language, duration=duration)
    back = stored_transcript.loads(stored_transcript.dumps(kept))
    assert same(kept, back)
    assert (back.language, back.duration, back.text) == (language, duration, kept.text)


def test_a_difference_would_be_seen() -> None:
    assert not same(Segment(0, 1, "a"), Segment(0, 1, "b"))
    assert not same([Segment(0, 1, "a", tokens=(Token(1, b"", 0.5, 0),))], [Segment(0, 1, "a")])

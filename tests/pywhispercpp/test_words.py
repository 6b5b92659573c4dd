"""Words are whole words, in every script, with times."""

from __future__ import annotations

import math

import pytest

from pywhispercpp import Model, Segment, Token


def _segment(*texts: str | bytes, dtw: bool = False) -> Segment:
    """A segment whose tokens take 10 centiseconds each; DTW tells their ends only."""
    tokens = []
    for number, text in enumerate(texts):
        raw = text.encode() if isinstance(text, str) else text
        start = 10 * number
        times = (-1, -1, start + 10) if dtw else (start, start + 10, -1)
        tokens.append(Token(number, raw, 0.5, math.log(0.5), *times))
    return Segment(0, 10 * len(texts), "", tokens=tuple(tokens))


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([" And", " so"], ["And", "so"]),
        ([" Amer", "icans", ","], ["Americans,"]),
        ([" don", "'t", " stop", "!", '"'], ["don't", 'stop!"']),
        ([' "', "Hello", ",", '"', " he", " said"], ['"Hello,"', "he", "said"]),
        ([" (", "yes", ")"], ["(yes)"]),
        ([" 3", ".", "14", " percent"], ["3.14", "percent"]),
        ([" Stra", b"\xc3", b"\x9f", "e"], ["Straße"]),
        ([b" na\xc3", b"\xafve"], ["naïve"]),
        (["今天", "天气", "很好", "。"], ["今天", "天气", "很好。"]),
        ([b"\xe4\xbb", b"\x8a", "天"], ["今", "天"]),
        (["カラ", "オケ", "です", "、"], ["カラ", "オケ", "です、"]),
        (["「", "はい", "」"], ["「はい」"]),
        (["สวัส", "ดี"], ["สวัส", "ดี"]),
        (["ที", "\u0e48", "นี่"], ["ที่", "นี่"]),
        ([" नम", "स्त", "े", " दुनिया"], ["नमस्ते", "दुनिया"]),
        ([" مر", "حبا", "،", " العالم"], ["مرحبا،", "العالم"]),
        ([" ChatGPT", "很好"], ["ChatGPT", "很好"]),
        ([" 안녕", "하세요"], ["안녕하세요"]),
        ([" ", " a"], ["a"]),
        ([" ", "."], ["."]),
    ],
)
def test_tokens_become_whole_words(tokens: list[str | bytes], expected: list[str]) -> None:
    assert [word.text for word in _segment(*tokens).words] == expected
    assert [word.text for word in _segment(*tokens, dtw=True).words] == expected


def test_times_and_probability() -> None:
    first, second = _segment(" Amer", "icans", ",", " ask").words
    assert (first.start, first.end) == (0.0, 0.2)
    assert first.probability == pytest.approx(0.5)
    assert (second.start, second.end) == (0.3, 0.4)


def test_dtw_tells_ends_and_a_pause_belongs_to_no_word() -> None:
    segment = _segment(" a", " b", " c", " d", " e", dtw=True)
    late = segment.tokens[3]
    segment.tokens = (*segment.tokens[:3], Token(9, late.raw, 0.5, late.plog, t_dtw=330), segment.tokens[4])
    words = segment.words
    assert (words[1].start, words[1].end) == (0.1, 0.2)
    assert (words[3].start, words[3].end) == (3.1, 3.3)  # twice the median of 0.1 s


def test_without_times_there_are_no_words(model: Model, jfk: str) -> None:
    segments = model.transcribe(jfk, token_timestamps=False)
    assert segments[0].tokens
    assert segments[0].words == ()


def test_special_tokens_are_in_no_word(own_model: Model, jfk: str) -> None:
    segments = own_model.transcribe(jfk, token_timestamps=True)
    assert segments[0].tokens[0].text == "[_BEG_]"
    assert segments[0].tokens[0].is_special
    words = [word for segment in segments for word in segment.words]
    assert [word.text for word in words[:5]] == ["And", "so", "my", "fellow", "Americans"]
    assert all(a.end <= b.start + 0.011 for a, b in zip(words, words[1:]))
    assert all(0 <= word.start <= word.end <= 11 and 0 < word.probability <= 1 for word in words)

"""Grammars: parsed, refused with a line, and followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pywhispercpp import Model, OptionError
from pywhispercpp.grammar import ALT, CHAR, CHAR_ALT, CHAR_NOT, CHAR_RNG_UPPER, END, RULE_REF, parse

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_elements_are_whisper_cpps() -> None:
    grammar = parse('root ::= "ab" | [a-z0] | # comment\n  [^\\x41] other\nother ::= "\\n"\n')
    assert grammar.names == {"root": 0, "other": 1}
    assert grammar.rules[0] == (
        (CHAR, 97),
        (CHAR, 98),
        (ALT, 0),
        (CHAR, 97),
        (CHAR_RNG_UPPER, 122),
        (CHAR_ALT, 48),
        (ALT, 0),
        (CHAR_NOT, 65),
        (RULE_REF, 1),
        (END, 0),
    )


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        ("*", ((CHAR, 97), (RULE_REF, 1), (ALT, 0), (END, 0))),
        ("+", ((CHAR, 97), (RULE_REF, 1), (ALT, 0), (CHAR, 97), (END, 0))),
        ("?", ((CHAR, 97), (ALT, 0), (END, 0))),
    ],
)
def test_repetitions_become_rules(sign: str, expected: tuple[tuple[int, int], ...]) -> None:
    grammar = parse(f'root ::= "a"{sign} "b"')
    assert grammar.rules == (((RULE_REF, 1), (CHAR, 98), (END, 0)), expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rules"),
        ("# nothing", "no rules"),
        ('root ::= "a', "within quotes"),
        ("root ::= [a", "within quotes or brackets"),
        ("root ::= []", "allows no character"),
        ('root ::= "a"\nroot2 ::= missing', "line 2: there is no rule 'missing'"),
        ('root ::= "a" )', "line 1: a new line"),
        ('root := "a"', "'::=' is needed"),
        ('root ::= *"a"', "nothing to repeat"),
        ('root ::= ("a"', r"'\)' is needed"),
        ('root ::= "\\q"', "no escape"),
        ('root ::= "\\xZZ"', "hexadecimal"),
        ('root ::= "\\UFFFFFFFF"', "hexadecimal"),
        ("root ::= " + "(" * 60 + '"a"' + ")" * 60, "parentheses"),
        ("root ::= " + '"a"? ' * 2000, "rules"),
        ("x" * 200_000, "characters"),
        ('root ::= root "a"', "left recursion"),
        ('root ::= ("a"*)*', "left recursion"),
        ('root ::= a\na ::= b | "x"\nb ::= c? a\nc ::= "y"', "'a' comes to itself"),
    ],
)
def test_a_bad_grammar_says_where(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse(text)


def test_right_recursion_is_no_fault() -> None:
    assert parse('root ::= "a" root | "b"').names == {"root": 0}


def test_only_what_the_grammar_allows_is_said(own_model: Model, speech: NDArray[np.float32]) -> None:
    grammar = 'root ::= " " ("Hello world" | "And so my fellow Americans") "."'
    heard = own_model.transcribe(
        speech[:40000], grammar=grammar, strategy="beam_search", single_segment=True, max_tokens=12
    )
    assert heard.text.startswith("And so my fellow Americans")
    own_model.transcribe(speech[:1600], grammar=None)
    assert own_model.get_params()["grammar"] is None


def test_a_rule_to_start_with(own_model: Model, speech: NDArray[np.float32]) -> None:
    two = 'root ::= " No."\nother ::= " And so, my fellow" [ A-Za-z]* "."'
    heard = own_model.transcribe(speech[:40000], grammar=two, grammar_rule="other")
    assert heard.text.startswith("And so, my fellow")  # without a grammar there is no comma
    with pytest.raises(OptionError, match=r"grammar_rule='third'.*root, other"):
        own_model.transcribe(speech[:32000], grammar_rule="third")


def test_alternatives_that_are_alike_cost_nothing(own_model: Model, speech: NDArray[np.float32]) -> None:
    """Patch 0011: whisper.cpp's memory doubled with each character here."""
    heard = own_model.transcribe(speech[:40000], grammar="root ::= ([a-zA-Z ,.] | [a-zA-Z ,.])+")
    assert "fellow" in heard.text

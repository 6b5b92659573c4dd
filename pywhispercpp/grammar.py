"""GBNF grammars: what may be said, parsed and checked before whisper.cpp follows the rules without a look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from pywhispercpp.errors import OptionError

# whisper_gretype
END, ALT, RULE_REF, CHAR, CHAR_NOT, CHAR_RNG_UPPER, CHAR_ALT = range(7)

MOST_CHARACTERS = 100_000
MOST_RULES = 1_000  # whisper.cpp follows them by recursion
DEEPEST = 50  # parentheses in parentheses

_NAME = re.compile(r"[A-Za-z0-9-]+")
_BLANKS = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_HEX = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "[": "[", "]": "]"}

Element = tuple[int, int]


@dataclass(frozen=True)
class Grammar:
    """Rules as whisper.cpp takes them.

    Attributes:
        rules: for each rule its elements, (whisper_gretype, value), the last one (END, 0).
        names: the number of each rule that has a name.
    """

    rules: tuple[tuple[Element, ...], ...]
    names: dict[str, int]

    def start(self, name: str) -> int:
        """The number of the rule to start with; OptionError when there is none of that name."""
        if name not in self.names:
            raise OptionError(
                f"grammar_rule={name!r}: the grammar has no such rule, it has {', '.join(self.names)}"
            )
        return self.names[name]


@lru_cache(maxsize=16)
def parse(text: str) -> Grammar:
    """Return the rules of a grammar in whisper.cpp's GBNF.

    Raises OptionError, with the line, for a fault of grammar, a rule that is missing, and one that may go on
    for ever without a character (left recursion), which would end the process.
    """
    if len(text) > MOST_CHARACTERS:
        raise OptionError(f"the grammar has {len(text)} characters, allowed are {MOST_CHARACTERS}")
    parser = _Parser(text)
    grammar = parser.grammar()
    _require_progress(grammar)
    return grammar


@dataclass
class _Parser:
    text: str
    at: int = 0
    depth: int = 0
    rules: list[tuple[Element, ...] | None] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # where a name was first used

    def grammar(self) -> Grammar:
        self._skip(_BLANK_LINES)
        while self.at < len(self.text):
            self._rule()
        if not self.names:
            raise OptionError("the grammar has no rules")
        missing = [name for name, number in self.names.items() if self.rules[number] is None]
        if missing:
            raise OptionError(f"grammar, line {self.lines[missing[0]]}: there is no rule {missing[0]!r}")
        return Grammar(tuple(rule for rule in self.rules if rule is not None), dict(self.names))

    def _fault(self, what: str) -> OptionError:
        line = self.text.count("\n", 0, self.at) + 1
        found = self.text[self.at : self.at + 12].split("\n")[0]
        return OptionError(
            f"grammar, line {line}: {what}, found {found!r}" if found else f"grammar, line {line}: {what}"
        )

    def _skip(self, blanks: re.Pattern[str]) -> None:
        found = blanks.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _is(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def _take(self, sign: str, blanks: re.Pattern[str] | None = None) -> None:
        if not self._is(sign):
            raise self._fault(f"{sign!r} is needed")
        self.at += len(sign)
        if blanks is not None:
            self._skip(blanks)

    def _new_rule(self) -> int:
        if len(self.rules) >= MOST_RULES:
            raise self._fault(f"more than {MOST_RULES} rules")
        self.rules.append(None)
        return len(self.rules) - 1

    def _reference(self) -> int:
        found = _NAME.match(self.text, self.at)
        if not found:
            raise self._fault("the name of a rule is needed")
        name = found.group()
        if name not in self.names:
            self.names[name] = self._new_rule()
            self.lines[name] = self.text.count("\n", 0, self.at) + 1
        self.at = found.end()
        return self.names[name]

    def _rule(self) -> None:
        number = self._reference()
        self._skip(_BLANKS)
        self._take("::=", _BLANK_LINES)
        self._alternatives(number, _BLANKS)
        if self.at < len(self.text) and self.text[self.at] not in "\r\n":
            raise self._fault("a new line, or the end, is needed after a rule")
        self._skip(_BLANK_LINES)

    def _alternatives(self, number: int, blanks: re.Pattern[str]) -> None:
        elements = self._sequence(blanks)
        while self._is("|"):
            self._take("|", _BLANK_LINES)
            elements += [(ALT, 0), *self._sequence(blanks)]
        self.rules[number] = (*elements, (END, 0))

    def _sequence(self, blanks: re.Pattern[str]) -> list[Element]:
        elements: list[Element] = []
        while True:
            item = self._item(blanks)
            if item is None:
                return elements
            while self.at < len(self.text) and self.text[self.at] in "*+?":
                item = self._repeated(item, self.text[self.at])
                self.at += 1
                self._skip(blanks)
            elements += item

    def _item(self, blanks: re.Pattern[str]) -> list[Element] | None:
        if self._is('"'):
            item = self._literal()
        elif self._is("["):
            item = self._characters()
        elif self._is("("):
            item = self._group()
        elif _NAME.match(self.text, self.at):
            item = [(RULE_REF, self._reference())]
        elif self.at < len(self.text) and self.text[self.at] in "*+?":
            raise self._fault("there is nothing to repeat")
        else:
            return None
        self._skip(blanks)
        return item

    def _literal(self) -> list[Element]:
        self._take('"')
        elements = []
        while not self._is('"'):
            elements.append((CHAR, self._character()))
        self._take('"')
        return elements

    def _characters(self) -> list[Element]:
        self._take("[")
        kind = CHAR
        if self._is("^"):
            self._take("^")
            kind = CHAR_NOT
        elements: list[Element] = []
        while not self._is("]"):
            first = self._character()
            elements.append((CHAR_ALT if elements else kind, first))
            if self._is("-") and not self._is("-]"):
                self._take("-")
                elements.append((CHAR_RNG_UPPER, self._character()))
        self._take("]")
        if not elements:
            raise self._fault("[] allows no character")
        return elements

    def _group(self) -> list[Element]:
        if self.depth >= DEEPEST:
            raise self._fault(f"more than {DEEPEST} parentheses in each other")
        self._take("(", _BLANK_LINES)
        self.depth += 1
        number = self._new_rule()
        self._alternatives(number, _BLANK_LINES)
        self.depth -= 1
        self._take(")")
        return [(RULE_REF, number)]

    def _repeated(self, item: list[Element], sign: str) -> list[Element]:
        """S* as a rule of its own, S' ::= S S' | ; S+ as S' ::= S S' | S; S? as S' ::= S | ."""
        number = self._new_rule()
        again: list[Element] = [] if sign == "?" else [(RULE_REF, number)]
        least = item if sign == "+" else []
        self.rules[number] = (*item, *again, (ALT, 0), *least, (END, 0))
        return [(RULE_REF, number)]

    def _character(self) -> int:
        if self.at >= len(self.text):
            raise self._fault("the end came within quotes or brackets")
        character = self.text[self.at]
        self.at += 1
        if character != "\\":
            return ord(character)
        escaped = self.text[self.at : self.at + 1]
        self.at += 1
        if escaped in _HEX:
            return self._hex(_HEX[escaped])
        if not escaped or escaped not in _ESCAPES:
            raise self._fault(f"\\{escaped} is no escape")
        return ord(_ESCAPES[escaped])

    def _hex(self, digits: int) -> int:
        found = self.text[self.at : self.at + digits]
        if not re.fullmatch(f"[0-9A-Fa-f]{{{digits}}}", found) or int(found, 16) > 0x10FFFF:
            raise self._fault(f"{digits} hexadecimal digits of a character are needed")
        self.at += digits
        return int(found, 16)


def _alternatives(rule: tuple[Element, ...]) -> Iterator[list[Element]]:
    alternative: list[Element] = []
    for element in rule:
        if element[0] in (ALT, END):
            yield alternative
            alternative = []
        else:
            alternative.append(element)


def _nullable(grammar: Grammar) -> set[int]:
    """The rules that may stand for nothing."""
    found: set[int] = set()
    while True:
        more = {
            number
            for number, rule in enumerate(grammar.rules)
            if number not in found
            and any(
                all(kind == RULE_REF and value in found for kind, value in way) for way in _alternatives(rule)
            )
        }
        if not more:
            return found
        found |= more


def _require_progress(grammar: Grammar) -> None:
    """Raise OptionError where a rule may come to itself again before any character."""
    nullable = _nullable(grammar)
    first = [set(_first_references(rule, nullable)) for rule in grammar.rules]
    names = {number: name for name, number in grammar.names.items()}
    done: set[int] = set()
    for start in range(len(first)):
        way: list[int] = [start]
        waiting = [iter(first[start] - done)]
        while waiting:
            number = next(waiting[-1], None)
            if number is None:
                waiting.pop()
                done.add(way.pop())
            elif number in way:
                circle = [names[rule] for rule in way[way.index(number) :] if rule in names]
                where = f"rule {circle[0]!r}" if circle else "a repetition of what may be empty"
                raise OptionError(
                    f"grammar: {where} comes to itself again without a character (left recursion)"
                )
            elif number not in done:
                way.append(number)
                waiting.append(iter(first[number] - done))


def _first_references(rule: tuple[Element, ...], nullable: set[int]) -> Iterator[int]:
    for alternative in _alternatives(rule):
        for kind, value in alternative:
            if kind != RULE_REF:
                break
            yield value
            if value not in nullable:
                break

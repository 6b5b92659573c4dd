"""What whisper.cpp computes in a faster way than its plain one: all of it, unless somebody compares."""

from __future__ import annotations

from pywhispercpp import _core
from pywhispercpp.errors import OptionError

#: Every way that can be switched off: each a patch of whisper.cpp (patches/README.md), and a row of
#: docs/performance.md.
NAMES: tuple[str, ...] = tuple(_core.OPTIMIZATIONS)
ALL, NONE = "all", "none"


def chosen(asked: object) -> list[str]:
    """Return the names that `optimize` asks for: "all", "none", names, and -names, separated by commas.

    The last word wins: chosen("all,-mel") are all but one. Raises OptionError for what is no such name.
    """
    if not isinstance(asked, str):
        raise OptionError(f"optimize must be text, not {type(asked).__name__}")
    found: set[str] = set()
    for word in (part.strip() for part in asked.split(",")):
        if word in (ALL, NONE):
            found = set(NAMES) if word == ALL else set()
        elif word in NAMES:
            found.add(word)
        elif word[:1] == "-" and word[1:] in NAMES:
            found.discard(word[1:])
        else:
            raise OptionError(f"optimize={asked!r}: {word!r} is none of {ALL}, {NONE}, {', '.join(NAMES)}")
    return [name for name in NAMES if name in found]

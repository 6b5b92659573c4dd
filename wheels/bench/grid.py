"""Tables that are read in a terminal and on a page alike: Markdown's, with their columns aligned."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["grid"]


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column is words, the others are numbers."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    rule = [f"{'-' * (width - bool(number))}{':' * bool(number)}" for number, width in enumerate(widths)]
    return "\n".join(_line(cells, widths) for cells in (head, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths)
    aligned = [f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]
    return f"| {' | '.join(aligned)} |"

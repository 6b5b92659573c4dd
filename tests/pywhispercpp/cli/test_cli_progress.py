"""Where long work stands: a bar on a terminal, lines in a log."""

from __future__ import annotations

import pytest

from pywhispercpp.cli.progress import shown


class Screen:
    """A stream that is, or is not, a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.text = ""
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_on_a_terminal_and_in_a_log(terminal: bool) -> None:
    screen = Screen(terminal)
    with shown("ggml-tiny.bin", screen) as progress:  # type: ignore[arg-type]
        progress.note("took [another] road")
        for done in range(0, 1001, 5):
            progress.at(done * 10**5, 10**8)
    assert "took [another] road" in screen.text
    assert "ggml-tiny.bin" in screen.text
    assert ("\r" in screen.text or "\x1b" in screen.text) == terminal
    if not terminal:
        tenths = [line for line in screen.text.splitlines() if "%" in line]
        assert len(tenths) == 11 and tenths[-1] == "ggml-tiny.bin: 100% of 100 MB"
        assert tenths[0] == "ggml-tiny.bin: 0% of 100 MB"

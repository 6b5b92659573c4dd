"""A voice-command loop: python voice_commands.py -c "lights on" -c "lights off" [-m base.en] [FILE]

Waits for an utterance and does the command that it is most like; what is like none is let pass. Listens to
the microphone (pip install "pywhispercpp[live]") or to a file. `do` is where your own commands go.
"""

from __future__ import annotations

import argparse
import re
import sys
from difflib import SequenceMatcher

from pywhispercpp import Model
from pywhispercpp.live import listen

LEAST = 0.75  # how much of a command must have been heard


def main() -> int:
    """Obey until the source ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="a recording in place of the microphone")
    parser.add_argument("-c", "--command", action="append", required=True, dest="commands")
    parser.add_argument("-m", "--model", default="base.en")
    args = parser.parse_args()
    hint = f"Commands: {'; '.join(args.commands)}."  # the words that the model should expect
    for utterance in listen(Model(args.model), args.file, step_ms=0, initial_prompt=hint):
        command = understood(utterance.text, args.commands)
        do(command) if command else print(f"   not a command: {utterance.text}", flush=True)
    return 0


def understood(text: str, commands: list[str]) -> str | None:
    """The command of which the most was said, in its order; None where that is too little."""
    scored = [(heard(words(text), words(command)), command) for command in commands]
    score, best = max(scored)
    return best if score >= LEAST else None


def heard(said: list[str], command: list[str]) -> float:
    """How much of the command's words are in what was said, from 0 to 1."""
    blocks = SequenceMatcher(None, said, command, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(command), 1)


def words(text: str) -> list[str]:
    """Words without capitals and punctuation."""
    return re.findall(r"[\w']+", text.lower())


def do(command: str) -> None:
    """What a command does."""
    print(f"-> {command}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

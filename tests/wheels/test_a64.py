"""The tables of A64 against GNU binutils: random words are disassembled, then assembled for less."""

from __future__ import annotations

import platform
import random
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from wheels.isa import a64, arm64

PREFIX = "" if platform.machine() == "aarch64" else "aarch64-linux-gnu-"
needs_binutils = pytest.mark.skipif(
    not shutil.which(f"{PREFIX}objdump"),
    reason="needs binutils for aarch64; on Debian: apt-get install binutils-aarch64-linux-gnu",
)
COUNT = 20_000
# Registers of the system that only the kernel reads: the tables name those that a program may.
SYSTEM = 0b1101010100 << 22


def disassemble(words: list[int], folder: Path) -> dict[int, str]:
    """Word -> its text, for every word that is an instruction."""
    (folder / "words.bin").write_bytes(struct.pack(f"<{len(words)}I", *words))
    command = [f"{PREFIX}objdump", "-D", "-z", "-b", "binary", "-m", "aarch64", "words.bin"]
    output = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=True).stdout
    lines = re.findall(r"^\s*[0-9a-f]+:\t([0-9a-f]{8}) \t(.+?)(?:\s*//.*)?$", output, re.MULTILINE)
    return {int(word, 16): text for word, text in lines if not text.startswith(".inst")}


def assembles(texts: list[str], march: str, folder: Path) -> list[bool]:
    """Which instructions the assembler takes for this architecture; distances too far count as taken."""
    (folder / "texts.s").write_text("\n".join(texts) + "\n")
    command = [f"{PREFIX}as", f"-march={march}", "texts.s", "-o", "texts.o"]
    errors = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False).stderr
    refused = {
        int(line) for line, why in re.findall(r":(\d+): Error: (.*)", errors) if "out of range" not in why
    }
    return [number not in refused for number in range(1, len(texts) + 1)]


def in_space(space: int, word: int) -> int:
    """A word with these four bits (28 to 25), which choose the part of the instruction set."""
    return word & ~(0xF << 25) | space << 25


@pytest.fixture
def words() -> list[int]:
    """As many random words of each part that Armv8.0-A uses."""
    source = random.Random(20260101)
    spaces = [space for space in range(16) if space not in (0, 1, 2, 3)]
    return [in_space(source.choice(spaces), source.getrandbits(32)) for _ in range(COUNT)]


@needs_binutils
def test_baseline_is_what_the_assembler_takes_for_armv8(words: list[int], tmp_path: Path) -> None:
    texts = disassemble(words, tmp_path)
    # BFC is a newer name for an instruction that was always there; of BC.cond it only says "out of range".
    known = {
        word: text
        for word, text in texts.items()
        if word & SYSTEM != SYSTEM and not text.startswith(("bfc", "bc.", "udf"))
    }
    taken = dict(zip(known, assembles(list(known.values()), "armv8-a", tmp_path)))
    assert sum(taken.values()) > COUNT / 4
    assert not all(taken.values())
    lax = [f"{word:08x} {known[word]}" for word in known if not taken[word] and not arm64.features_of(word)]
    assert lax == []
    # Bits that should be one, and are not: never written by a compiler, refused by us.
    reserved = re.compile(r"(st|ld)l?a?x?r[bh]?|(st|ld)a?l?[xr]r?[bh]?|[us]mulh")
    strict = [
        f"{word:08x} {known[word]}"
        for word in known
        if taken[word] and arm64.features_of(word) and not reserved.fullmatch(known[word].split()[0])
    ]
    assert strict == []


@needs_binutils
def test_sve2_is_told_from_sve(tmp_path: Path) -> None:
    source = random.Random(20260102)
    texts = disassemble([in_space(2, source.getrandbits(32)) for _ in range(COUNT)], tmp_path)
    sve, sve2 = (assembles(list(texts.values()), f"armv8.2-a+{name}", tmp_path) for name in ("sve", "sve2"))
    found = {word: arm64.features_of(word) for word in texts}
    wrong = [
        f"{word:08x} {texts[word]}: {set(found[word])}"
        for word, in_sve, in_sve2 in zip(texts, sve, sve2)
        if (found[word] == {"sve"}) != in_sve or (found[word] == {"sve2"}) != (in_sve2 and not in_sve)
    ]
    assert wrong == []
    assert {"sve"} in found.values() and {"sve2"} in found.values()


@pytest.mark.parametrize("pattern", ["0", "x" * 31 + "2", "{0|11}" + "x" * 31])
def test_a_row_of_another_length_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not 32 bits"):
        list(arm64.expand(pattern))


def test_every_row_is_well_formed() -> None:
    rows = [*a64.BASELINE, *(row for rows in a64.FEATURES.values() for row in rows)]
    assert all(list(arm64.expand(row)) for row in rows)

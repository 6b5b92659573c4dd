"""Runs a Python program under callgrind, and reads what that has counted between the marks of the program."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.command import Argument, echo
from scripts.errors import BuildError
from wheels.interpreter import clean_environment

MARK = "getpgrp"
LONGEST = 600  # seconds
_ONE_SPEAKS = threading.Lock()  # programs are counted side by side


@dataclass(frozen=True)
class Part:
    """What was counted up to one mark since the mark before."""

    file: Path

    @property
    def instructions(self) -> int:
        """All of them, of all libraries."""
        found = re.search(r"^totals: (\d+)", self.file.read_text(encoding="utf-8"), re.MULTILINE)
        if not found:
            raise BuildError(f"{self.file} is no output of callgrind: it has no line of totals")
        return int(found[1])

    def functions(self) -> Counter[str]:
        """The instructions of each function itself, as `library: function`.

        Not by callgrind_annotate: it sees nothing where the main function has begun before the part.
        """
        counted: Counter[str] = Counter()
        for function, instructions in _costs(self.file):
            counted[function] += instructions
        return counted


def _costs(file: Path) -> Iterator[tuple[str, int]]:
    """The costs of lines, without those of the calls in them."""
    library = function = "?"
    is_call = False
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("ob="):
            library = line[3:].rpartition("/")[2]
        elif line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            is_call = True  # the next line is what the callee has cost
        elif line[:1].isdigit():
            if not is_call:
                yield f"{library}: {function}", int(line.split()[1])
            is_call = False


def find() -> Path:
    """Where valgrind is; BuildError, with how to get it, where it is not."""
    found = shutil.which("valgrind")
    if found is None:
        raise BuildError("valgrind is not on PATH; on Debian or Ubuntu: apt-get install valgrind")
    return Path(found)


def command(python: Path, out: Path, script: Path, *arguments: Argument) -> list[Argument]:
    """How to run a script so that `out` gets a part more at every mark."""
    # Names in full: each part is to be read by itself. With its version where libc has several of a function.
    tool = ["--tool=callgrind", "--compress-strings=no", "--compress-pos=no", f"--dump-before={MARK}*"]
    # -P: the script's own folder is build-land. Not -I, which would not hear of PYTHONHASHSEED.
    return [find(), *tool, f"--callgrind-out-file={out}", python, "-s", "-P", script, *arguments]


def count(
    python: Path, script: Path, folder: Path, name: str, *arguments: Argument
) -> tuple[dict[str, Part], dict[str, str]]:
    """Run a script that ends with {"marks": …, "facts": …}: a part for each mark, and the facts.

    What callgrind writes stays in `folder`. BuildError where the script fails, or a mark was not seen.
    """
    out = folder / name
    for old in folder.glob(f"{name}.[0-9]*"):
        old.unlink()
    words = list(map(str, command(python, out, script, *arguments)))
    with _ONE_SPEAKS:
        echo(words)
    told = json.loads(_run(words, out).splitlines()[-1])
    return _parts(out, told["marks"]), told["facts"]


def _run(words: list[str], out: Path) -> str:
    """What a command prints; what it says besides goes into a file. BuildError where it fails."""
    environment = {**clean_environment(), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    run = partial(subprocess.run, words, cwd=out.parent, env=environment, text=True, timeout=LONGEST)
    log = out.with_name(f"{out.name}.log")
    try:
        with log.open("w", encoding="utf-8") as file:
            done = run(stdout=subprocess.PIPE, stderr=file, check=False)
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{out.name} was not done after {LONGEST} s under callgrind") from error
    if done.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
        raise BuildError(f"{out.name} ended with status {done.returncode} under callgrind\n{last}")
    return str(done.stdout)


def _parts(out: Path, marks: list[str]) -> dict[str, Part]:
    """The files of a run by the names of its marks, in order."""
    files = [out.with_name(f"{out.name}.{number}") for number in range(1, len(marks) + 1)]
    beyond = out.with_name(f"{out.name}.{len(marks) + 1}")
    if beyond.exists() or not all(map(os.path.exists, files)):
        raise BuildError(f"callgrind saw other calls of {MARK}() than the {len(marks)} marks of {out.name}")
    return {mark: Part(file) for mark, file in zip(marks, files)}

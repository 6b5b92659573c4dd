"""What a wheel must do on an emulated CPU, worked out from data, and whether it did."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Any

from toolchains.profiles import PORTABLE, VARIANTS
from wheels.archive import Wheel
from wheels.cpus import Cpu
from wheels.emulator import Ended
from wheels.variants import variant_of

#: How much of jfk.wav is transcribed (emulation is slow), and what is heard there: "American" or "Americans".
CLIP_SECONDS = 2.5
CLIP_WORDS = "and so my fellow american"
NOTHING_LEFT = "refused: no variant left"
#: The errors by which the package says that it has no code for a CPU.
_SAYS_SO = ("ImportError", "BackendError")


@dataclass(frozen=True)
class Expected:
    """What must happen: code of `variant` runs, or the wheel is refused because the CPU `lacks` features.

    With neither, the wheel has nothing for this CPU and must say so.
    """

    variant: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What happened, in words for a table; `problem` is empty where that was right."""

    outcome: str
    words: str = "-"
    problem: str = ""


def variants_in(wheel: Wheel, arch: str) -> list[str]:
    """The CPU variants that a wheel carries, the best first; none where it was built for one profile."""
    inside = set(map(variant_of, wheel.members))
    return [name for name in reversed(VARIANTS.get(arch, {})) if name in inside]


def usable(variants: Sequence[str], arch: str, features: Sequence[str]) -> list[str]:
    """Those of the variants that a CPU with these features can run, in the same order."""
    return [name for name in variants if set(VARIANTS[arch][name]["features"]) <= set(features)]


def expected(variants: Sequence[str], arch: str, cpu: Cpu, facts: dict[str, Any]) -> Expected:
    """Work out what must happen from the CPU's features, and what the wheel says it was compiled with.

    `facts` are those of the script's step `cpu`. Of a CPU that grows with qemu, what it has is asked.
    """
    features = facts["supported"] if cpu.newest else cpu.features
    lacks = tuple(name for name in facts["required"] if name not in features)
    if lacks:
        return Expected(lacks=lacks)
    if facts["profile"] != PORTABLE:
        return Expected(variant=facts["profile"])
    if cpu.variant in variants and not cpu.newest:
        return Expected(variant=cpu.variant)
    best = usable(variants, arch, features)
    return Expected(variant=best[0] if best else "")


def steps(ended: Ended) -> dict[str, dict[str, Any]]:
    """The facts that the script printed, by step."""
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith('{"step"')]
    return {line.pop("step"): line for line in lines}


def judge(ended: Ended, variants: Sequence[str], arch: str, cpu: Cpu) -> Verdict:
    """Compare what a run said and how it ended with what must happen."""
    said = steps(ended)
    if ended.status or "cpu" not in said:
        return _crashed(ended, list(said))
    want = expected(variants, arch, cpu, said["cpu"])
    verdict = _refused(said["refused"], want) if "refused" in said else _ran(said, want)
    problems = [verdict.problem, _wrong_cpu(said["cpu"], cpu, ran="backend" in said)]
    return replace(verdict, problem="; ".join(filter(None, problems)))


def _crashed(ended: Ended, done: Sequence[str]) -> Verdict:
    how = f"died of {ended.signal}" if ended.signal else f"ended with status {ended.status}"
    where = f"after the step {done[-1]!r}" if done else "before its first step"
    last = ended.stderr.strip().splitlines()[-1:]
    return Verdict("FAILED", problem=" ".join([f"{how} {where};", *last]).rstrip(";"))


def _wrong_cpu(facts: dict[str, Any], cpu: Cpu, ran: bool) -> str:
    """The guard must see what the CPU has; what ran here must run on the board, which may have less."""
    seen, real = set(facts["supported"]), set(cpu.features)
    unseen = sorted(real - seen)
    invented = [] if cpu.newest else sorted(seen - real)
    missed = sorted(set(facts["required"]) & set(cpu.absent)) if ran else []
    found = {
        f"the guard does not see {', '.join(unseen)} (qemu before 7.2 lacks some)": unseen,
        f"the guard sees {', '.join(invented)}, which {cpu.name} has not": invented,
        f"needs {', '.join(missed)}, which qemu's {cpu.name} has and the board has not": missed,
    }
    return "; ".join(text for text, names in found.items() if names)


def _refused(facts: dict[str, Any], want: Expected) -> Verdict:
    """A refusal is right where it was to be expected and names every feature that is missing."""
    error = shorten(f"{facts['kind']}: {facts['error']}", 300, placeholder=" …")
    if want.variant:
        return Verdict("refused", problem=f"{want.variant} should run: {error}")
    if not want.lacks:
        right = facts["kind"] in _SAYS_SO
        return Verdict(NOTHING_LEFT, problem="" if right else f"should say so: {error}")
    unnamed = set(want.lacks) - set(re.findall(r"[\w.-]*\w", facts["error"]))
    if facts["kind"] != "ImportError" or unnamed:
        problem = f"should be an ImportError that names {', '.join(want.lacks)}: {error}"
        return Verdict("refused", problem=problem)
    return Verdict(f"refused: lacks {_some(want.lacks)}")


def _some(names: Sequence[str], most: int = 6) -> str:
    """The names, cut short for a table."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return " ".join(names[:most]) + more


def _ran(said: dict[str, dict[str, Any]], want: Expected) -> Verdict:
    """Right where it was to be expected, with the best code that the CPU can run, and the words are heard."""
    variant, heard = str(said["backend"]["variant"]), said.get("words", {}).get("text")
    if want.lacks:
        return Verdict(variant, problem=f"ran; it needs {', '.join(want.lacks)} and must be refused")
    if variant != want.variant:
        return Verdict(
            variant, problem=f"should run {want.variant or 'nothing'}: {said['backend']['reason']}"
        )
    if "encoder" in said:
        facts = said["encoder"]
        variant += f", OpenVINO {facts['version'].split('-')[0]} {facts['precision']}"
    if heard is None:
        return Verdict(variant)
    plain = " ".join(re.findall(r"[a-z]+", heard.lower()))
    if CLIP_WORDS not in plain:
        return Verdict(variant, "WRONG", f"should hear {CLIP_WORDS!r}, heard {heard!r}")
    return Verdict(variant, "right")

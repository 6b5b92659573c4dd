"""What a benchmark ran on, and how busy that was: nothing measured means much without it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

_DECISIVE = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimddp", "bf16", "i8mm")


def describe(threads: int) -> str:
    """One line: CPU, cores, threads used, load."""
    used = f"{threads} thread{'s' * (threads != 1)}"
    return f"{hardware()}, {used}, load {load():.1f}{_warning(load(), threads)}"


def hardware() -> str:
    """CPU and cores."""
    return f"{platform.machine()}, {_cpu()}, {os.cpu_count()} cores"


def load() -> float:
    """How many processes wanted to run in the last minute, ours among them."""
    return os.getloadavg()[0]


def has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16; elsewhere OpenVINO computes in float32."""
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(_features()))


def _cpu() -> str:
    """The CPU as Linux calls it, with what decides about speed here."""
    known = [feature for feature in _DECISIVE if feature in _features()]
    return " ".join([_line("model name|Model") or "unknown CPU", *(["with"] if known else []), *known])


def _features() -> list[str]:
    return _line("flags|Features").split()


def _line(names: str) -> str:
    """The value of the first of these lines that the kernel has for the CPU; empty where there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(rf"^(?:{names})\s*: (.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _warning(load: float, threads: int) -> str:
    busy = load - threads
    return (
        f" ({busy:.1f} of it not ours: the machine is busy, take no figure from here)" if busy > 0.5 else ""
    )

"""How many CPUs the process may use: in a container that is often fewer than the machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["usable"]

CGROUP = Path("/proc/self/cgroup")
CGROUPS = Path("/sys/fs/cgroup")


def usable(cgroup: Path = CGROUP, cgroups: Path = CGROUPS) -> int:
    """Return them by affinity (`docker run --cpuset-cpus`) and by quota (`--cpus`, CPUQuota=), 1 at least.

    A thread more than the quota has CPUs makes the others wait for it at every barrier of whisper.cpp's.
    Quotas are those of cgroups of version 2.
    """
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([here, *map(int, _quotas(cgroup, cgroups))]))


def _quotas(cgroup: Path, cgroups: Path) -> Iterator[float]:
    """The CPUs that the process's cgroup, and those above it, allow."""
    try:
        lines = cgroup.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for own in (line[3:].lstrip("/") for line in lines if line.startswith("0::")):
        for folder in (cgroups / own, *(cgroups / own).parents):
            if not folder.is_relative_to(cgroups):
                break
            try:
                quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
                yield float(quota) / float(period)
            except (OSError, ValueError):  # the root has none; `max` is no number
                continue

"""The service takes as many CPUs as it may use, not as many as there are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pywhispercpp.server.cpus import usable


def made(folder: Path, limits: dict[str, str], own: str) -> tuple[Path, Path]:
    """A process's note of its cgroup, and the tree of cgroups."""
    for name, limit in limits.items():
        (folder / "tree" / name).mkdir(parents=True, exist_ok=True)
        (folder / "tree" / name / "cpu.max").write_text(f"{limit}\n")
    (folder / "cgroup").write_text(f"1:cpu:/elsewhere\n0::{own}\n")
    return folder / "cgroup", folder / "tree"


@pytest.mark.parametrize(
    ("limits", "own", "cpus"),
    [
        ({}, "/", 64),
        ({"": "max 100000"}, "/", 64),
        ({"": "200000 100000"}, "/", 2),  # in a container its own is the root
        ({"a/b": "350000 100000"}, "/a/b", 3),
        ({"a": "150000 100000", "a/b": "max 100000"}, "/a/b", 1),
        ({"a": "10000 100000"}, "/a", 1),
        ({"a": "nonsense"}, "/a", 64),
    ],
)
def test_a_quota_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, str], own: str, cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert usable(*made(tmp_path, limits, own)) == cpus


def test_affinity_counts() -> None:
    code = (
        "import os; from pywhispercpp.server.cpus import usable; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(usable())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_where_there_are_no_cgroups_all_count(tmp_path: Path) -> None:
    assert usable(tmp_path / "none", tmp_path) == len(os.sched_getaffinity(0))

"""What a benchmark says about the machine it ran on."""

from __future__ import annotations

import os
import platform

import pytest

from wheels.bench import machine


def test_the_line_names_cpu_cores_threads_and_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1.2, 0.0, 0.0))
    line = machine.describe(1)
    assert line.startswith(f"{platform.machine()}, ")
    assert f"{os.cpu_count()} cores, 1 thread, load 1.2" in line
    assert "busy" not in line


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (5.0, 0.0, 0.0))
    assert "2 threads, load 5.0 (3.0 of it not ours: the machine is busy" in machine.describe(2)


def test_what_decides_about_speed_is_read_from_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {"model name|Model": "Some CPU", "flags|Features": "fpu avx2 avx512_bf16 ht"}
    monkeypatch.setattr(machine, "_line", lambda names: lines[names])
    assert machine.has_bf16()
    assert ", Some CPU with avx2 avx512_bf16, " in machine.describe(1)
    lines["flags|Features"] = "fpu avx2"
    assert not machine.has_bf16()

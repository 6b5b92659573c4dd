"""Who has nothing to do uses nothing: the model goes, and the process waits without asking."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pywhispercpp import Model
from pywhispercpp.server.engine import Engine
from tests.deployment import Deployment
from tests.service import wait_for


def test_an_idle_service_unloads_its_model_and_does_nothing(tmp_path: Path, tiny_en: Path) -> None:
    deployment = Deployment(tmp_path, model=tiny_en, unload_model_after_s=0)
    try:
        state = deployment.client.get("/api/v1/decoder_status").json()
        assert state["is_model_loaded"] is False and state["last_loaded_model_size"] == "tiny.en"
        before = _cpu_s(deployment.service.process.pid)
        time.sleep(1)  # the measured second
        assert _cpu_s(deployment.service.process.pid) - before <= 0.05
    finally:
        deployment.stop()


def test_a_model_that_is_idle_for_a_second_goes(tiny_en: Path) -> None:
    engine = Engine(lambda _: Model(tiny_en, n_threads=1), unload_after_s=1)
    begun = time.monotonic()
    for _ in range(2):  # loaded again after it went
        with engine.lent("tiny.en"):
            assert engine.name == "tiny.en"
        assert engine.name == "tiny.en"
        wait_for(lambda: engine.name is None)
        assert engine.last_name == "tiny.en"
    assert time.monotonic() - begun >= 2
    engine.close()


def _cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

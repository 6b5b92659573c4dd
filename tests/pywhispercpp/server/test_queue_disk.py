"""The disk of the embedded queue: full, damaged, and asked for by two."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pywhispercpp.server.queues.embedded.ledger import Ledger
from pywhispercpp.server.task import Task
from tests.deployment import Deployment
from tests.service import JFK_WORDS, Service, words

MB = 1_000_000
GB = 1_000_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for five megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={5 * MB}", "tmpfs", str(folder)]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"a disk of one's own is not permitted here: {tried.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_refuses_and_loses_nothing(
    tmp_path: Path, small_disk: Path, tiny_en: Path, jfk: Path, long_speech: Path
) -> None:
    deployment = Deployment(tmp_path, model=tiny_en, data_dir=small_disk)
    try:
        task = deployment.taken(jfk)
        earlier = deployment.wait(task, "finished")
        assert words(earlier["transcript"]) == JFK_WORDS

        _fill(small_disk / "filling")
        for speech in (jfk, long_speech):
            refused = deployment.send(speech)
            assert refused.status_code == 507, refused.text
            assert str(small_disk) not in refused.text
        assert deployment.status(task) == earlier
        assert _files(small_disk) == ["filling", "lock"]

        (small_disk / "filling").unlink()
        text = deployment.wait(deployment.taken(jfk), "finished")["transcript"]
        assert words(text) == JFK_WORDS
        deployment.service.kill()
        deployment.restart()
        assert deployment.status(task)["transcript"] == earlier["transcript"]
        assert _files(small_disk) == ["lock"]
        assert "Traceback" not in deployment.service.said()
    finally:
        deployment.stop()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (100_000, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def _files(folder: Path) -> list[str]:
    found = (path.name for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith("tasks.sqlite"))


@pytest.mark.parametrize("damage", ["database", "second service"])
def test_a_service_that_cannot_have_its_folder_does_not_start(
    damage: str, tmp_path: Path, tiny_en: Path, service: Service
) -> None:
    folder = tmp_path / "tasks"
    if damage == "database":
        folder.mkdir()
        (folder / "tasks.sqlite").write_bytes(b"no database " * 1000)
    else:
        folder = service.data_dir
    refused = Service(
        tmp_path / "refused", model=tiny_en, data_dir=folder, load_model_on_startup=False
    ).start(wait=False)
    code = refused.process.wait(60)
    said = refused.said()
    assert "Traceback" not in said
    if damage == "database":
        assert code == 1 and f"pywhispercpp: {folder}/tasks.sqlite: the tasks cannot be kept there" in said
    else:
        assert code == 2 and f"data_dir='{folder}': another service works there" in said


def test_what_an_earlier_process_left_is_judged_at_the_start(
    tmp_path: Path, tiny_en: Path, jfk: Path
) -> None:
    waiting, poison, awaited, without_audio, expired = (Task(model="tiny.en") for _ in range(5))
    poison = poison.started().again().started().again().started()
    awaited = Task(model="tiny.en", is_awaited=True)
    expired = Task(model="tiny.en", status="finished", time_expires=time.time() - 1)
    folder = tmp_path / "service" / "tasks"
    (folder / "uploads").mkdir(parents=True)
    (folder / "incoming").mkdir()
    ledger = Ledger(folder / "tasks.sqlite")
    for task in (poison, awaited, without_audio, expired, waiting):
        ledger.add(task)
        if task is not without_audio:
            os.link(jfk, folder / "uploads" / task.id)
    ledger.close()
    (folder / "incoming" / "half").write_bytes(b"RIFF")

    deployment = Deployment(tmp_path, model=tiny_en)
    try:
        assert words(deployment.wait(waiting.id, "finished")["transcript"]) == JFK_WORDS
        failed = [deployment.status(task.id) for task in (poison, without_audio)]
        assert [one["status"] for one in failed] == ["failed", "failed"]
        assert failed[0]["transcript"] == "the service ended 3 times while it worked on this"
        assert failed[1]["transcript"] == "its audio file is gone"
        for task in (awaited, expired):
            assert deployment.status(task.id) == {"detail": "task_id not valid"}
        assert _files(folder) == ["lock"]
    finally:
        deployment.stop()

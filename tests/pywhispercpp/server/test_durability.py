"""Processes come and go, tasks stay: the same promises where the service works and where two workers do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.service import JFK_WORDS, wait_for, words

ROOM = 3


@pytest.fixture(scope="module", params=["embedded", "redis"])
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny_en: Path
) -> Iterator[Deployment]:
    """A service with a small queue; each test leaves it without tasks that are not done."""
    redis = request.getfixturevalue("redis") if request.param == "redis" else None
    folder = tmp_path_factory.mktemp(request.param)
    running = Deployment(folder, redis, model=tiny_en, max_task_queue_size=ROOM)
    yield running
    running.stop()


def test_a_full_queue_refuses_and_a_cancelled_task_frees_its_session(
    deployment: Deployment, steady_speech: Path, brief_speech: Path
) -> None:
    working = _all_at_work(deployment, steady_speech)
    waiting = [deployment.taken(brief_speech) for _ in range(ROOM)]
    assert _positions(deployment, waiting) == [1, 2, 3]

    refused = deployment.send(brief_speech)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert "3 tasks are waiting" in refused.json()["detail"]

    deployment.cancel(waiting.pop(1))
    assert _positions(deployment, waiting) == [1, 2]
    waiting.append(deployment.taken(brief_speech))
    assert _positions(deployment, waiting) == [1, 2, 3]

    deployment.cancel(working[0])
    assert deployment.status(working[0]) == {"detail": "task_id not valid"}
    done = [deployment.wait(task, "finished") for task in waiting]
    moments = [one["time_processing_finished"] for one in done]
    assert moments == sorted(moments)
    _cancel_all(deployment, working[1:])


def test_what_an_orderly_end_breaks_off_is_given_back(deployment: Deployment, steady_speech: Path) -> None:
    working = _all_at_work(deployment, steady_speech)
    assert deployment.workers[0].stop() == 0
    if deployment.has_workers:
        # At once: nobody waits until the worker that ended would count as dead.
        given_back = wait_for(lambda: [t for t in working if deployment.status(t)["status"] == "pending"], 3)
        assert _positions(deployment, given_back) == [1]
    deployment.restart()
    wait_for(lambda: all(deployment.kept(task)["status"] == "processing" for task in working))
    # An orderly end is no attempt.
    assert [deployment.kept(task)["attempts"] for task in working] == [1] * len(working)
    _cancel_all(deployment, working)


def test_a_crash_in_mid_work_loses_nothing(
    deployment: Deployment, long_speech: Path, brief_speech: Path
) -> None:
    earlier = deployment.wait(deployment.taken(brief_speech), "finished")
    working = _all_at_work(deployment, long_speech)
    waiting = [deployment.taken(brief_speech) for _ in range(2)]

    deployment.workers[0].kill()
    if not deployment.has_workers:  # where there are two workers, the other one does it all
        deployment.restart()

    assert deployment.status(earlier["task_id"]) == earlier
    assert all(deployment.status(task)["status"] != "failed" for task in (*working, *waiting))
    texts = [deployment.wait(task, "finished")["transcript"] for task in working]
    assert [words(text) for text in texts] == [JFK_WORDS * 4] * len(working)
    first, second = (deployment.wait(task, "finished") for task in waiting)
    assert first["time_processing_finished"] < second["time_processing_finished"]
    assert sorted(deployment.kept(task)["attempts"] for task in working) == [1, 2][-len(working) :]
    assert [deployment.kept(task)["attempts"] for task in waiting] == [1, 1]
    assert wait_for(lambda: not deployment.leftovers())
    if deployment.has_workers:
        deployment.restart()


def _all_at_work(deployment: Deployment, speech: Path) -> list[str]:
    """One task for each who works, once work on all has begun."""
    tasks = [deployment.taken(speech) for _ in deployment.workers]
    for task in tasks:
        deployment.wait(task, "processing")
    return tasks


def _positions(deployment: Deployment, tasks: list[str]) -> list[int]:
    return [deployment.status(task)["position_in_queue"] for task in tasks]


def _cancel_all(deployment: Deployment, tasks: list[str]) -> None:
    for task in tasks:
        deployment.cancel(task)
    wait_for(lambda: not deployment.client.get("/api/v1/decoder_status").json()["currently_busy"])
    assert wait_for(lambda: not deployment.leftovers())

"""/metrics: what is counted, by routes and not by what clients make up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.pywhispercpp.server.conftest import StartService
from tests.pywhispercpp.server.test_live_socket import begin, opened
from tests.pywhispercpp.server.test_whisper_api import finished, upload
from tests.service import Service, wait_for

Sample = tuple[str, frozenset[tuple[str, str]]]


def read(client: httpx.Client) -> dict[Sample, float]:
    """All samples, by their names and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(client: httpx.Client, name: str, **labels: str) -> float:
    return read(client).get((f"pywhispercpp_{name}", frozenset(labels.items())), 0)


@pytest.fixture
def short(jfk: Path, tmp_path: Path) -> Iterator[Path]:
    """A second of it."""
    path = tmp_path / "short.wav"
    path.write_bytes(jfk.read_bytes()[: 44 + 32000])
    yield path


def test_tasks_and_requests_are_counted(client: httpx.Client, short: Path) -> None:
    accepted = value(client, "tasks_accepted_total", dialect="whisper_api")
    good = value(client, "http_requests_total", route="/api/v1/transcribe", status="200")
    bad = value(client, "http_requests_total", route="/api/v1/transcribe", status="400")
    finished(client, upload(client, short)["task_id"])
    assert client.post("/api/v1/transcribe", files={"file": b"no audio"}).status_code == 400
    assert value(client, "tasks_accepted_total", dialect="whisper_api") == accepted + 1
    assert value(client, "http_requests_total", route="/api/v1/transcribe", status="200") == good + 1
    assert value(client, "http_requests_total", route="/api/v1/transcribe", status="400") == bad + 1
    assert value(client, "http_request_seconds_count", route="/api/v1/transcribe") >= 2
    assert value(client, "tasks_pending") == value(client, "tasks_processing") == 0
    assert value(client, "model_loaded") == 1


def test_nothing_that_a_client_makes_up_becomes_a_label(client: httpx.Client) -> None:
    before = set(read(client))
    for number in range(20):
        client.get(f"/made-up-{number}")
        client.get(f"/v1/models/made-up-{number}")
        client.get("/api/v1/status", params={"task_id": f"made-up-{number}"})
        client.request(f"MADEUP{number}", "/health")
    new = set(read(client)) - before
    assert not [sample for sample in new if "made" in str(sample).lower()]
    assert len({labels for name, labels in new if name.endswith("http_requests_total")}) <= 5


def test_live_streams_are_counted(service: Service, client: httpx.Client) -> None:
    wait_for(lambda: value(client, "live_sessions") == 0)
    with opened(service) as socket:
        begin(socket)
        assert value(client, "live_sessions") == 1
    wait_for(lambda: value(client, "live_sessions") == 0)


def test_what_is_refused_is_counted(start_service: StartService, endless_speech: Path, short: Path) -> None:
    service = start_service(max_task_queue_size=0, n_sessions=1)
    with service.client() as client:
        busy = upload(client, endless_speech)["task_id"]
        wait_for(lambda: value(client, "tasks_processing") == 1)
        with short.open("rb") as file:
            answer = client.post("/api/v1/transcribe", files={"file": file})
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
        assert value(client, "tasks_refused_total") == 1
        assert client.delete("/api/v1/status", params={"task_id": busy}).status_code == 204

"""The dialect of whisper_api: its routes, fields, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.service import JFK_WORDS, wait_for, words


def upload(client: httpx.Client, path: Path, route: str = "transcribe", **query: str) -> dict[str, Any]:
    """Send a file; return the answer."""
    with path.open("rb") as file:
        answer = client.post(f"/api/v1/{route}", files={"file": (path.name, file)}, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def finished(client: httpx.Client, task_id: str) -> dict[str, Any]:
    """The answer of /status once the task is done."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get("/api/v1/status", params={"task_id": task_id}).json()
        return found if found["status"] in ("finished", "failed") else None

    return dict(wait_for(look))


def test_a_file_becomes_text(client: httpx.Client, jfk: Path) -> None:
    task = upload(client, jfk)
    assert task["status"] == "pending" and task["task_type"] == "transcribe"
    assert task["target_model_size"] == "tiny.en" and task["transcript"] is None
    done = finished(client, task["task_id"])
    assert done["status"] == "finished"
    assert words(done["transcript"]) == JFK_WORDS
    assert done["source_language"] == "en"
    assert done["used_model_size"] == "tiny.en" and done["used_device"] == "cpu"
    assert done["processing_duration"] > 0 and done["position_in_queue"] is None and done["progress"] == 100

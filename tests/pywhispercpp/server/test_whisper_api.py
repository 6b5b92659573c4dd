"""The dialect of whisper_api: its routes, fields, errors."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

import pywhispercpp
from pywhispercpp.models.paths import name_of
from pywhispercpp.server.routes.whisper_api import FormatName
from tests.pywhispercpp.server.conftest import StartService
from tests.service import JFK_WORDS, Service, wait_for, words

TIMES = ("time_uploaded", "time_processing_finished")


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


@pytest.fixture(scope="module")
def done(service: Service, jfk: Path) -> dict[str, Any]:
    """A task that is finished, as /status tells it."""
    with service.client() as client:
        return finished(client, upload(client, jfk)["task_id"])


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


def test_times_are_told_with_their_zone(done: dict[str, Any]) -> None:
    uploaded, ended = (datetime.fromisoformat(done[name].replace("Z", "+00:00")) for name in TIMES)
    assert uploaded.utcoffset() == ended.utcoffset() == timezone.utc.utcoffset(None)
    assert 0 < done["processing_duration"] <= (ended - uploaded).total_seconds()


def test_the_answer_has_the_documented_fields(done: dict[str, Any]) -> None:
    assert {
        "task_id",
        "task_type",
        "status",
        "time_uploaded",
        "transcript",
        "source_language",
        "position_in_queue",
        "processing_duration",
        "time_processing_finished",
        "target_model_size",
        "used_model_size",
        "used_device",
    } <= set(done)


def test_a_translation_wants_a_model_that_knows_languages(
    client: httpx.Client, base: Path, jfk: Path
) -> None:
    """What comes of one is seen where OpenAI's client asks for it."""
    task = upload(client, jfk, "translate", model=name_of(base))
    assert task["task_type"] == "translate" and task["target_model_size"] == "base"
    assert client.delete("/api/v1/status", params={"task_id": task["task_id"]}).status_code == 204
    with jfk.open("rb") as file:
        answer = client.post("/api/v1/translate", files={"file": file})
    assert answer.status_code == 400 and "to translate" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"language": "klingon"}, "klingon"),
        ({"language": "fr"}, "tiny.en knows English only"),
        ({"model": "large-v9"}, "no model 'large-v9' is served"),
        ({"model": "../tiny.en"}, "is served"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_wish_is_refused(
    client: httpx.Client, jfk: Path, query: dict[str, str], message: str
) -> None:
    with jfk.open("rb") as file:
        answer = client.post("/api/v1/transcribe", files={"file": file}, params=query)
    assert answer.status_code == (404 if "model" in query else 400)
    assert message in answer.json()["detail"]


def test_a_file_without_audio_is_refused(client: httpx.Client) -> None:
    answer = client.post("/api/v1/transcribe", files={"file": ("talk.wav", b"no audio")})
    assert (answer.status_code, answer.json()) == (400, {"detail": "File has no audio track."})


def test_a_file_that_is_missing_is_named(client: httpx.Client) -> None:
    answer = client.post("/api/v1/translate")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "file"]


@pytest.mark.parametrize("route", ["status", "srt", "result"])
@pytest.mark.parametrize("task_id", ["", "none", "../tasks.sqlite", "0" * 32, "x" * 5000])
def test_a_task_that_is_not_there_is_told_so(client: httpx.Client, route: str, task_id: str) -> None:
    answer = client.get(f"/api/v1/{route}", params={"task_id": task_id})
    assert (answer.status_code, answer.json()) == (400, {"detail": "task_id not valid"})
    assert client.get(f"/api/v1/{route}").status_code == 422


def test_subtitles(client: httpx.Client, done: dict[str, Any]) -> None:
    answer = client.get("/api/v1/srt", params={"task_id": done["task_id"]})
    assert answer.text.startswith("1\n00:00:00,000 --> 00:00:")
    assert answer.headers["content-type"] == "application/x-subrip"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''jfk.wav_en.srt"


@pytest.mark.parametrize(
    ("name", "beginning"),
    {
        "txt": r" And so",
        "srt": r"1\n00:00:00,000 --> ",
        "vtt": r"WEBVTT\n\n00:00:00\.000 --> ",
        "json": r'\{\n\t"systeminfo"',
        "json-full": r'\{\n\t"systeminfo"',
        "lrc": r"\[by:whisper\.cpp\]\n\[00:00\.00\]",
        "csv": r"start,end,text\n0,",
        "tsv": r"start\tend\ttext\n0\t",
        "verbose_json": r'\{"task":"transcribe","language":"english","duration":11',
    }.items(),
)
def test_every_format_of_a_result(
    client: httpx.Client, done: dict[str, Any], name: str, beginning: str
) -> None:
    answer = client.get("/api/v1/result", params={"task_id": done["task_id"], "format": name})
    assert answer.status_code == 200
    assert re.match(beginning, answer.text), answer.text[:100]
    assert "country" in answer.text
    if "json" in name:
        assert answer.headers["content-type"] == "application/json"
        assert isinstance(answer.json(), dict)


def test_the_formats_are_those_that_are_documented(client: httpx.Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/api/v1/result"]["get"]
    schema = next(one["schema"] for one in operation["parameters"] if one["name"] == "format")
    assert schema["enum"] == list(FormatName.__args__)  # type: ignore[attr-defined]
    answer = client.get("/api/v1/result", params={"task_id": "x", "format": "docx"})
    assert answer.status_code == 422


def test_words_have_times_and_probabilities(client: httpx.Client, done: dict[str, Any]) -> None:
    answer = client.get("/api/v1/result", params={"task_id": done["task_id"], "format": "verbose_json"})
    heard = answer.json()["words"]
    assert words(" ".join(one["word"] for one in heard)) == JFK_WORDS
    assert all(0 <= one["start"] <= one["end"] <= 11 and 0 < one["probability"] <= 1 for one in heard)


def test_a_name_of_a_file_is_no_path(client: httpx.Client, jfk: Path) -> None:
    name = '../../tmp/x\r\nSet-Cookie: a=b; "é.wav'
    with jfk.open("rb") as file:
        task = client.post("/api/v1/transcribe", files={"file": (name, file)}).json()
    finished(client, task["task_id"])
    answer = client.get("/api/v1/srt", params={"task_id": task["task_id"]})
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert "/" not in answer.headers["content-disposition"]


def test_those_that_wait_have_a_position_and_can_be_cancelled(
    start_service: StartService, endless_speech: Path, jfk: Path
) -> None:
    service = start_service(n_sessions=1)
    with service.client() as client:
        busy = upload(client, endless_speech)["task_id"]
        wait_for(lambda: client.get("/api/v1/decoder_status").json()["currently_busy"])
        waiting = [upload(client, jfk) for _ in range(3)]
        assert [one["position_in_queue"] for one in waiting] == [1, 2, 3]
        assert client.get("/api/v1/decoder_status").json()["tasks_in_queue"] == 3
        early = client.get("/api/v1/srt", params={"task_id": waiting[2]["task_id"]})
        assert (early.status_code, early.json()["detail"]) == (
            400,
            "the task is pending: there is no result",
        )

        for task_id in (waiting[0]["task_id"], busy):
            answer = client.delete("/api/v1/status", params={"task_id": task_id})
            assert (answer.status_code, answer.content) == (204, b"")
            answer = client.get("/api/v1/status", params={"task_id": task_id})
            assert answer.json() == {"detail": "task_id not valid"}
            assert client.delete("/api/v1/status", params={"task_id": task_id}).status_code == 400

        # The session is free for who waited.
        assert words(finished(client, waiting[1]["task_id"])["transcript"]) == JFK_WORDS
        finished(client, waiting[2]["task_id"])
        wait_for(lambda: not client.get("/api/v1/decoder_status").json()["currently_busy"])
    assert not list(service.data_dir.glob("uploads/*"))


@pytest.mark.parametrize("route", ["decoder_status", "decoder_status_refresh"])
def test_the_decoder_tells_what_it_does(client: httpx.Client, done: dict[str, Any], route: str) -> None:
    state = client.get(f"/api/v1/{route}").json()
    received = datetime.fromisoformat(state.pop("received_at").replace("Z", "+00:00"))
    assert abs((datetime.now(timezone.utc) - received).total_seconds()) < 60
    assert set(state) == {
        "gpu_mode",
        "max_model_to_use",
        "last_loaded_model_size",
        "is_model_loaded",
        "tasks_in_queue",
        "currently_busy",
    }
    assert state["gpu_mode"] is False and state["max_model_to_use"] == "tiny.en"
    assert state["is_model_loaded"] is True and state["last_loaded_model_size"] in ("tiny.en", "base")


@pytest.mark.parametrize(
    ("redirect", "where"),
    [
        (None, "/"),
        ("/docs", "/docs"),
        ("/a?b=c&d=%20#e", "/a?b=c&d=%20#e"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: b=c", "/"),
        ("/\t/evil.example", "/"),
        ("evil.example", "/"),
        ("", "/"),
    ],
)
def test_a_login_goes_on_to_pages_of_this_service_only(
    client: httpx.Client, redirect: str | None, where: str
) -> None:
    query = {} if redirect is None else {"redirect": redirect}
    answer = client.get("/api/v1/login", params=query, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, where)
    assert "set-cookie" not in answer.headers


def test_who_asks_is_told_as_a_proxy_says_it(client: httpx.Client) -> None:
    headers = {"X-Email": "ann@example.org", "X-User": "ann", "User-Agent": "a test"}
    answer = client.get("/api/v1/userinfo", headers=headers)
    assert answer.json() == {"email": "ann@example.org", "user": "ann", "user_agent": "a test"}
    assert "email" not in client.get("/api/v1/userinfo").json()


def test_versions(client: httpx.Client) -> None:
    found = client.get("/api/v1/version").json()
    assert found["version"] == pywhispercpp.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["whisper_cpp"])

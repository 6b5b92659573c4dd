"""A hundred bad uploads of ten kinds, in every dialect: each is refused, and nothing is lost or left over."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.pywhispercpp.server.bad_files import BAD, concat, encoded_speech, playlist
from tests.pywhispercpp.server.test_uploads import OPENAI, WHISPER_API, WHISPER_SERVER, nothing_is_left
from tests.pywhispercpp.server.test_whisper_api import finished, upload
from tests.service import JFK_WORDS, Service, words

DIALECTS = (WHISPER_API, OPENAI, WHISPER_SERVER)
TIMES = 10


def sent(client: httpx.Client, dialect: str, content: bytes, name: str = "talk.wav") -> httpx.Response:
    return client.post(dialect, files={"file": (name, content)}, data={"model": "whisper-1"})


def test_a_hundred_bad_uploads(service: Service, client: httpx.Client, jfk: Path) -> None:
    assert len(BAD) == 10
    before = upload(client, jfk)["task_id"]
    bad = [(number, content) for number in range(TIMES) for content in BAD.values()]
    halves = (bad[:50], bad[50:])
    answers: list[httpx.Response] = []
    tasks = [before]
    with ThreadPoolExecutor(4) as pool:
        for half in halves:
            answers += pool.map(lambda one: sent(client, DIALECTS[one[0] % 3], one[1]), half)
            tasks.append(upload(client, jfk)["task_id"])
    assert len(answers) == 100
    assert {answer.status_code for answer in answers} == {400}
    assert not [answer.text for answer in answers if str(service.folder) in answer.text]
    for task_id in tasks:
        assert words(finished(client, task_id)["transcript"]) == JFK_WORDS
    nothing_is_left(service)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", BAD)
def test_each_kind_is_told_what_is_wrong(client: httpx.Client, dialect: str, kind: str) -> None:
    answer = sent(client, dialect, BAD[kind], f"{kind}.mp3")
    assert answer.status_code == 400
    told = answer.json()
    if dialect == WHISPER_API:
        assert told == {"detail": "File has no audio track."}
    elif dialect == OPENAI:
        assert told["error"]["type"] == "invalid_request_error" and f"{kind}.mp3" in told["error"]["message"]
    else:
        assert f"{kind}.mp3" in told["error"]


def test_a_playlist_opens_nothing(client: httpx.Client, jfk: Path) -> None:
    """Neither a file of this machine, which would be heard, nor an address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked = threading.Event()
        waiting = threading.Thread(target=_tell_of_visitors, args=(listener, asked))
        waiting.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a.wav"
        for make in (playlist, concat):
            for place in (url, str(jfk), f"file://{jfk}", f"concat:{jfk}|{jfk}"):
                for name in ("list.m3u8", "list.ffconcat", "list"):
                    assert sent(client, OPENAI, make(place), name).status_code == 400
        assert not asked.is_set()
        with socket.create_connection(listener.getsockname()):  # the thread does tell
            waiting.join(10)
        assert asked.is_set()


def _tell_of_visitors(listener: socket.socket, asked: threading.Event) -> None:
    listener.accept()[0].close()
    asked.set()


@pytest.mark.parametrize("kind", ["mp3", "flac"])
def test_damaged_audio_is_heard_as_far_as_it_goes(client: httpx.Client, jfk: Path, kind: str) -> None:
    good = encoded_speech(jfk, kind)
    damaged = good[: len(good) // 4] + bytes(300) + good[len(good) // 4 + 300 : len(good) // 3]
    task = sent(client, WHISPER_API, damaged, f"half.{kind}").json()
    done = finished(client, task["task_id"])
    assert done["status"] == "finished" and words(done["transcript"])[:2] == JFK_WORDS[:2]


def test_audio_that_turns_out_to_be_none_fails_its_task(client: httpx.Client) -> None:
    """Its head is one of AAC; that nothing can be decoded shows when it is."""
    noise = b"\xff\xf1\x50\x80" + BAD["noise"]
    task = sent(client, WHISPER_API, noise, "noise.aac").json()
    done = finished(client, task["task_id"])
    assert done["status"] == "failed" and done["transcript"].startswith("noise.aac: ")
    assert "/" not in done["transcript"]
    answer = sent(client, OPENAI, noise, "noise.aac")
    assert answer.status_code == 400 and answer.json()["error"]["message"].startswith("noise.aac: ")

"""The dialect of OpenAI, asked by the real `openai` client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import openai
import pytest

from pywhispercpp.segment import Segment
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.routes.openai_events import Events, Item
from tests.pywhispercpp.server.conftest import StartService
from tests.service import JFK_WORDS, Service, wait_for, words

KEY = "a-key-of-the-tests"


def client_of(service: Service, key: str = KEY) -> openai.OpenAI:
    """OpenAI's client of a service; it does not try again."""
    own = httpx.Client(trust_env=False)
    return openai.OpenAI(base_url=f"{service.url}/v1", api_key=key, max_retries=0, http_client=own)


@pytest.fixture
def ai(service: Service) -> Iterator[openai.OpenAI]:
    """OpenAI's client of the service that all tests share."""
    with client_of(service) as client:
        yield client


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, tiny_en: Path) -> Iterator[Service]:
    """A service that wants a key, takes uploads of 1 MB, and lets nobody wait."""
    running = Service(
        tmp_path_factory.mktemp("strict"),
        {"PYWHISPERCPP_API_KEYS": f"somebody:{KEY}"},
        model=tiny_en,
        load_model_on_startup=False,
        max_upload_mb=1,
        max_task_queue_size=0,
        n_sessions=1,
    ).start()
    yield running
    assert running.stop() == 0


def test_json_is_the_default(ai: openai.OpenAI, jfk: Path) -> None:
    heard = ai.audio.transcriptions.create(file=jfk, model="whisper-1")
    assert words(heard.text) == JFK_WORDS
    assert heard.usage is not None and heard.usage.to_dict() == {"type": "duration", "seconds": 11}


@pytest.mark.parametrize(
    ("response_format", "beginning"),
    [
        ("text", "And so"),
        ("srt", "1\n00:00:00,000 --> 00:00:"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:"),
    ],
)
def test_formats_that_are_text(
    ai: openai.OpenAI, jfk: Path, response_format: Literal["text", "srt", "vtt"], beginning: str
) -> None:
    heard = ai.audio.transcriptions.create(
        file=jfk, model="whisper-1", response_format=response_format, language="en"
    )
    assert str(heard).startswith(beginning)
    assert "\nAnd so my fellow" in f"\n{heard}"  # OpenAI's have no blank before the text
    assert words(str(heard))[-6:] == JFK_WORDS[-6:]


def test_verbose_json_has_segments(ai: openai.OpenAI, jfk: Path) -> None:
    heard = ai.audio.transcriptions.create(
        file=jfk, model="tiny.en", response_format="verbose_json", temperature=0.1
    )
    assert words(heard.text) == JFK_WORDS
    assert heard.language == "english" and heard.duration == pytest.approx(11, abs=0.01)
    assert heard.usage is not None and heard.usage.seconds == 11
    assert heard.words is None
    assert heard.segments
    one = heard.segments[0]
    assert one.id == 0 and one.start == 0 and 0 < one.end <= 11 and one.temperature == pytest.approx(0.1)
    assert -1 < one.avg_logprob < 0 and one.compression_ratio > 0.5 and 0 <= one.no_speech_prob < 1
    assert one.tokens and all(token > 0 for token in one.tokens)


@pytest.mark.parametrize("granularities", [["word"], ["word", "segment"]], ids=["word", "both"])
def test_words_have_times(ai: openai.OpenAI, jfk: Path, granularities: list[Any]) -> None:
    heard = ai.audio.transcriptions.create(
        file=jfk,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=granularities,
    )
    assert heard.words
    assert words(" ".join(word.word for word in heard.words)) == JFK_WORDS
    assert all(0 <= word.start <= word.end <= 11 for word in heard.words)
    assert (heard.segments is not None) == ("segment" in granularities)


def test_a_prompt_is_gone_on_from(ai: openai.OpenAI, jfk: Path) -> None:
    """One in small letters without marks is what the text is like then, too."""
    prompt = "and now in lower case without any marks my fellow americans"
    heard = ai.audio.transcriptions.create(file=jfk, model="whisper-1", prompt=prompt)
    assert heard.text == f"{' '.join(JFK_WORDS)}."


def test_what_is_only_openai_s_is_ignored(ai: openai.OpenAI, jfk: Path) -> None:
    heard = ai.audio.transcriptions.create(
        file=jfk, model="gpt-4o-transcribe", include=["logprobs"], chunking_strategy="auto"
    )
    assert words(heard.text) == JFK_WORDS


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # OpenAI means to leave it
def test_french_is_translated(ai: openai.OpenAI, base: Path, french: Path) -> None:
    heard = ai.audio.translations.create(file=french, model="base", response_format="verbose_json")
    assert heard.language == "english"
    assert {"when", "only", "join"} <= set(words(heard.text))


def test_a_stream_is_the_text_as_it_is_heard(ai: openai.OpenAI, long_speech: Path) -> None:
    with ai.audio.transcriptions.create(file=long_speech, model="whisper-1", stream=True) as stream:
        events = list(stream)
    deltas = [event.delta for event in events[:-1] if event.type == "transcript.text.delta"]
    assert len(deltas) == len(events) - 1 > 2
    last = events[-1]
    assert last.type == "transcript.text.done"
    assert "".join(deltas) == last.text
    assert words(last.text)[: len(JFK_WORDS)] == JFK_WORDS


def test_a_stream_begins_with_a_status(ai: openai.OpenAI, jfk: Path) -> None:
    with pytest.raises(openai.BadRequestError, match=r"not-audio\.wav"):
        ai.audio.transcriptions.create(file=("not-audio.wav", b"no"), model="whisper-1", stream=True)


def events_of(heard: AsyncGenerator[Item, None]) -> list[str]:
    """What a client reads where the service gives this."""

    async def never() -> Any:  # noqa: ANN401 - an ASGI message
        await asyncio.Event().wait()

    async def read() -> list[str]:
        events = await Events.begun(heard, never)
        return [str(piece, "utf-8") async for piece in events.body_iterator if isinstance(piece, bytes)]

    return asyncio.run(read())


def test_an_error_in_mid_stream_is_an_event() -> None:
    async def heard() -> AsyncGenerator[Item, None]:
        yield Segment(0, 100, "Good morning.", raw=b" Good morning.")
        raise Problem(504, "it took longer than 1 s (max_task_s)", "time_error")

    assert events_of(heard()) == [
        'data: {"type":"transcript.text.delta","delta":"Good morning."}\n\n',
        'data: {"type":"error","error":{"message":"it took longer than 1 s (max_task_s)",'
        '"type":"server_error","param":null,"code":"time_error"}}\n\n',
    ]


def test_a_character_that_is_cut_between_segments_is_whole_in_the_stream() -> None:
    async def heard() -> AsyncGenerator[Item, None]:
        for raw in (b"  ", b" caf\xc3", b"\xa9 ", b" noir\xc3"):
            yield Segment(0, 100, "", raw=raw)
        raise Problem(503, "the task was cancelled", "cancelled")

    deltas = [event for event in events_of(heard()) if "delta" in event]
    assert "".join(event[event.index('"delta":"') + 9 : -4] for event in deltas) == "café  noir"


def test_models_begin_with_the_default(ai: openai.OpenAI, base: Path) -> None:
    names = [model.id for model in ai.models.list()]
    assert names[0] == "tiny.en" and "base" in names
    assert not any("silero" in name for name in names)
    assert ai.models.retrieve("base").id == "base"
    assert ai.models.retrieve("whisper-1").id == "tiny.en"


def test_a_model_that_is_not_served_is_not_found(ai: openai.OpenAI, jfk: Path) -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'large-v9' is served") as caught:
        ai.audio.transcriptions.create(file=jfk, model="large-v9")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(openai.NotFoundError):
        ai.models.retrieve("../tiny.en")


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"response_format": "docx"}, "response_format", "json"),
        ({"temperature": 2}, "temperature", "less than or equal to 1"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities[]", "verbose_json"),
        ({"timestamp_granularities": ["letter"]}, "timestamp_granularities[]", "word"),
        ({"language": "klingon"}, None, "klingon"),
        ({"language": "fr"}, "language", "English only"),
        ({"prompt": "a\0b"}, None, "zero byte"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_field_is_named(
    ai: openai.OpenAI, jfk: Path, fields: dict[str, Any], param: str | None, message: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=message) as caught:
        ai.audio.transcriptions.create(file=jfk, model="whisper-1", **fields)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


def test_a_form_without_a_file_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/audio/transcriptions", data={"model": "whisper-1"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "file"


def test_a_path_that_is_not_there_is_told_in_openai_s_words(client: httpx.Client) -> None:
    assert client.get("/v1/engines").json()["error"]["message"] == "Not Found"


def test_a_wrong_key_is_refused(strict: Service, jfk: Path) -> None:
    with client_of(strict, "another") as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.audio.transcriptions.create(file=jfk, model="whisper-1")
        assert caught.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    with client_of(strict) as client:
        assert words(client.audio.transcriptions.create(file=jfk, model="whisper-1").text) == JFK_WORDS


def test_too_large_a_file_is_refused(strict: Service, long_speech: Path) -> None:
    with client_of(strict) as client, pytest.raises(openai.APIStatusError, match="1 MB") as caught:
        client.audio.transcriptions.create(file=long_speech, model="whisper-1")
    assert caught.value.status_code == 413


def test_a_full_queue_says_when_to_come_again(
    start_service: StartService, endless_speech: Path, jfk: Path
) -> None:
    service = start_service(max_task_queue_size=0, n_sessions=1)
    with client_of(service) as client, service.client() as http:
        with endless_speech.open("rb") as file:
            task = http.post("/api/v1/transcribe", files={"file": file}).json()["task_id"]
        wait_for(lambda: http.get("/api/v1/decoder_status").json()["currently_busy"])
        with pytest.raises(openai.InternalServerError) as caught:
            client.audio.transcriptions.create(file=jfk, model="whisper-1")
        http.delete("/api/v1/status", params={"task_id": task})
    assert caught.value.status_code == 503 and caught.value.code == "queue_full"
    assert int(caught.value.response.headers["retry-after"]) >= 1

"""The dialect of whisper-server beside whisper-server itself: same sources, model, audio and fields.

Where the two differ it is said here, and why. Its refusals are not compared: whatever it means to say, its
error handler makes "Invalid request" of it, and a number that is none ends in a 500.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pywhispercpp.server.exchange import Exchange
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.service import Service as Core
from pywhispercpp.server.settings import load
from tests.pywhispercpp.server.conftest import StartService
from tests.service import JFK_WORDS, PATIENCE_S, Service, wait_for, words
from wheels.whisper_tool import SERVER, NotHereError

SHORT = {"audio_ctx": "512"}  # a smaller window of the encoder: half the time
# Without them: each server's own random numbers follow from what it was asked before.
VERBOSE = {**SHORT, "response_format": "verbose_json", "temperature_inc": "0"}
SOURCE = "sources/examples/server/server.cpp"
# What is called otherwise in whisper_params, and what its defaults do not say in numbers.
RENAMED = {"offset_t": "offset_t_ms", "duration": "duration_ms", "suppress_non_speech": "suppress_nst"}
SPECIAL = {"response_format", "token_timestamps", "vad_max_speech_duration_s", "suppress_nst"}


@pytest.fixture(scope="module")
def program() -> Path:
    """whisper-server, made once."""
    try:
        return SERVER.build()
    except NotHereError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def models(tiny_en: Path, base: Path, silero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models."""
    folder = tmp_path_factory.mktemp("models")
    for path in (tiny_en, base, silero):
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def theirs(program: Path, models: Path, silero: Path) -> Iterator[httpx.Client]:
    """A client of whisper-server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = str(models / "ggml-tiny.en.bin")
    process = subprocess.Popen(
        [program, "-m", model, "-vm", silero, "-t", "1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, trust_env=False) as client:
        wait_for(lambda: process.poll() is not None or _is_ready(client))
        yield client
    process.kill()
    process.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return bool(client.get("/health").json() == {"status": "ok"})
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def own(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the same models, one session and one thread."""
    folder = tmp_path_factory.mktemp("service")
    running = Service(folder, model="tiny.en", models_dir=models, n_sessions=1, n_threads=1).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def ours(own: Service) -> Iterator[httpx.Client]:
    """A client of that service."""
    with own.client() as client:
        yield client


def ask(client: httpx.Client, path: Path, **fields: str) -> httpx.Response:
    """Send a file to /inference."""
    with path.open("rb") as file:
        return client.post("/inference", data=fields, files={"file": ("talk.wav", file)})


class Both:
    """Asks whisper-server and the service the same, and compares what they answer."""

    def __init__(self, theirs: httpx.Client, ours: httpx.Client) -> None:
        self.clients = theirs, ours

    def compare(self, *paths: Path, **fields: str) -> httpx.Response:
        """Return our answer; paths: a file for both, or one for each."""
        theirs = ask(self.clients[0], paths[0], **fields)
        ours = ask(self.clients[1], paths[-1], **fields)
        assert (theirs.status_code, ours.status_code) == (200, 200), ours.text
        if fields["response_format"] == "verbose_json":
            # By values: now and then a number has two shortest ways to be written.
            assert in_order(ours) == in_order(theirs)
        else:
            assert ours.content == theirs.content
        return ours

    def load(self, path: Path) -> None:
        """Let both load a model, by the path of its file."""
        for client in self.clients:
            answer = client.post("/load", files={"model": (None, str(path))})
            assert (answer.status_code, answer.text) == (200, "Load was successful!")


def in_order(answer: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    """A JSON answer with its keys in their order."""
    return json.loads(answer.content, object_pairs_hook=list)


@pytest.fixture(scope="module")
def both(theirs: httpx.Client, ours: httpx.Client) -> Both:
    """Both servers."""
    return Both(theirs, ours)


@pytest.mark.parametrize(
    ("response_format", "media_type"),
    [
        ("json", "application/json"),
        ("text", "text/plain; charset=utf-8"),  # text/html there: what was said is no page
        ("srt", "application/x-subrip"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("verbose_json", "application/json"),
    ],
)
def test_every_format(both: Both, jfk: Path, response_format: str, media_type: str) -> None:
    """Without the probabilities of languages: see below what an English-only model makes of them there."""
    fields = {"response_format": response_format, "no_language_probabilities": "true"}
    answer = both.compare(jfk, **SHORT, **fields)
    assert answer.headers["content-type"] == media_type
    assert "fellow Americans" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"max_len": "16", "split_on_word": "true"},
        {"max_len": "1", "word_thold": "0.5"},
        {"offset_t": "3000", "duration": "5000", "token_timestamps": "no"},
        {"no_timestamps": "1", "max_context": "0"},
        {"beam_size": "2", "prompt": "The President:"},
        {"prompt": "JFK:", "carry_initial_prompt": "y", "suppress_nst": "1"},
        {"temperature": "0.4", "best_of": "3", "suppress_non_speech": "1"},
        {"entropy_thold": "3", "logprob_thold": "-0.1", "no_speech_thold": "0.1", "tinydiarize": "1"},
        {"language": "fr", "translate": "1", "no_context": "0"},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_fields(both: Both, jfk: Path, fields: dict[str, str]) -> None:
    both.compare(jfk, **{**VERBOSE, "no_language_probabilities": "1", **fields})


def test_numbers_of_subtitles_begin_anywhere(both: Both, jfk: Path) -> None:
    answer = both.compare(jfk, **SHORT, response_format="srt", offset_n="4", temperature_inc="0")
    assert answer.text.startswith("5\n00:00:0")


def test_speakers_of_two_channels(both: Both, jfk: Path, tmp_path: Path) -> None:
    """It hears the sum of the channels, and we their mean: we get the double here."""
    with wave.open(str(jfk)) as file:
        mono = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    frames = np.stack([mono, mono], axis=1) // 8
    frames[: mono.size // 2, 1] //= 4
    frames[mono.size // 2 :, 0] //= 4
    for name, factor in (("theirs", 1), ("ours", 2)):
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes((frames * factor).astype("<i2").tobytes())
    for response_format in ("verbose_json", "vtt"):
        fields = {**VERBOSE, "response_format": response_format, "diarize": "1"}
        answer = both.compare(tmp_path / "theirs", tmp_path / "ours", **fields, no_language_probabilities="1")
    assert "<v Speaker0>" in answer.text and "<v Speaker1>" in answer.text


def test_voice_activity(both: Both, models: Path, jfk: Path) -> None:
    """Not in verbose_json: the times of its words are those in what the VAD left, ours those in the audio."""
    fields = {"vad": "1", "vad_speech_pad_ms": "80", "vad_threshold": "0.4", "temperature_inc": "0"}
    both.compare(jfk, **SHORT, **fields, response_format="srt")
    # From then on its segments have wrong times, with and without VAD, until it loads a model.
    both.load(models / "ggml-tiny.en.bin")


def test_another_model_and_its_languages(both: Both, ours: httpx.Client, models: Path, french: Path) -> None:
    both.load(models / "ggml-base.bin")
    try:
        assert ours.get("/v1/models").json()["data"][0]["id"] == "base"
        # The language alone, first: it hears that with the audio_ctx of whoever asked before.
        answer = both.compare(french, **{**VERBOSE, "audio_ctx": "0"}, detect_language="1").json()
        assert (answer["language"], answer["segments"]) == ("french", [])
        assert answer["language_probabilities"]["fr"] == answer["detected_language_probability"] > 0.9
        fields = {**VERBOSE, "language": "auto", "translate": "1", "no_language_probabilities": "1"}
        fields = {**fields, "duration": "4000", "audio_ctx": "256"}
        answer = both.compare(french, **fields).json()
        assert (answer["task"], answer["language"]) == ("translate", "french")
        refused = ask(ours, french, language="klingon")
        assert refused.status_code == 400 and "klingon" in refused.json()["error"]
    finally:
        both.load(models / "ggml-tiny.en.bin")


def test_an_english_model_says_nothing_of_languages(ours: httpx.Client, jfk: Path) -> None:
    """whisper-server answers Welsh, with one percent for each language."""
    answer = ask(ours, jfk, **VERBOSE).json()
    assert answer["language"] == "english"
    assert not any("detected" in name or "probabilities" in name for name in answer)
    refused = ask(ours, jfk, detect_language="1")
    assert refused.status_code == 400 and "multilingual model" in refused.json()["error"]


def test_the_temperature_of_a_segment_is_its_own(ours: httpx.Client, jfk: Path) -> None:
    """There it is the one that was asked for, even where decoding failed with it."""
    answer = ask(ours, jfk, **VERBOSE | {"temperature_inc": "0.2", "entropy_thold": "9"}).json()
    assert {one["temperature"] for one in answer["segments"]} & {np.float32(0.2), np.float32(0.4)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"max_len": "many"}, "max_len: Input should be a valid integer"),
        ({"max_len": str(2**40)}, "max_len="),
        ({"temperature": "2"}, "temperature: Input should be less than or equal to 1"),
        ({"temperature": "nan"}, "temperature"),
        ({"beam_size": "9"}, "beam_size"),
        ({"audio_ctx": "1501"}, "audio_ctx=1501: this model's is 1500"),
        ({"response_format": "docx"}, "response_format"),
        ({"translate": "perhaps"}, "translate: Input should be a valid boolean"),
        ({"diarize": "1"}, "2 channels are needed, it has 1"),  # there: everybody is speaker "?"
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_field_is_named(ours: httpx.Client, jfk: Path, fields: dict[str, str], message: str) -> None:
    answer = ask(ours, jfk, **SHORT | fields)
    assert answer.status_code == 400 and message in answer.json()["error"]


def test_what_is_no_audio_is_refused(ours: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"no audio")
    answer = ask(ours, tmp_path / "talk.wav")
    assert answer.status_code == 400 and answer.json()["error"].startswith("talk.wav: this is no audio file")
    answer = ours.post("/inference", data={"temperature": "0"})
    assert (answer.status_code, answer.json()) == (400, {"error": "file: Field required"})


def test_debug_mode_writes_no_file(own: Service, ours: httpx.Client, jfk: Path) -> None:
    before = sorted(own.folder.rglob("*"))
    assert ask(ours, jfk, **SHORT, debug_mode="1").status_code == 200
    assert sorted(own.folder.rglob("*")) == before


@pytest.mark.parametrize(
    "asked",
    [
        "large-v9",
        "silero-vad",
        "ggml-silero-v6.2.0.bin",
        "/etc/passwd",
        "/nowhere/ggml-base.bin",
        "../ggml-base.bin",
        "sub/ggml-base.bin",
        "a\0b",
        "x" * 5000,
    ],
    ids=lambda asked: repr(asked)[:20],
)
def test_only_served_models_are_loaded(ours: httpx.Client, models: Path, asked: str) -> None:
    """In the same words for all: nobody hears which files there are."""
    (models / "sub").mkdir(exist_ok=True)
    (models / "sub" / "ggml-base.bin").touch()
    answer = ours.post("/load", files={"model": (None, asked)})
    assert answer.status_code == 400
    assert answer.json() == {"error": "no such model is served; served are: tiny.en, base"}


def test_the_loaded_model_is_what_no_name_means(ours: httpx.Client, jfk: Path) -> None:
    try:
        assert ours.post("/load", data={"model": "ggml-base.bin"}).status_code == 200
        with jfk.open("rb") as file:
            task = ours.post("/api/v1/transcribe", files={"file": file}).json()
        assert task["target_model_size"] == "base"
        ours.delete("/api/v1/status", params={"task_id": task["task_id"]})
    finally:
        assert ours.post("/load", data={"model": "tiny.en"}).text == "Load was successful!"
    assert ours.get("/api/v1/decoder_status").json()["last_loaded_model_size"] == "tiny.en"
    assert words(ask(ours, jfk, **SHORT).json()["text"])[:8] == JFK_WORDS[:8]


def test_workers_of_a_shared_queue_are_not_told(tmp_path: Path, tiny_en: Path) -> None:
    core = Core(load(data_dir=tmp_path, model=str(tiny_en)))
    with pytest.raises(Problem, match="name a model in each"):
        asyncio.run(Exchange(core.catalogue, core.engine, is_shared=True).to("tiny.en"))


def test_no_vad_model_is_downloaded_for_a_client(
    start_service: StartService, jfk: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with start_service(models_dir=empty, max_live_sessions=0).client() as client:
        answer = ask(client, jfk, vad="1")
    assert answer.status_code == 400 and "models download silero-vad" in answer.json()["error"]
    assert not list(empty.iterdir())


def test_every_field_of_whisper_server_is_known_with_its_default(program: Path, ours: httpx.Client) -> None:
    """As its source has them."""
    source = (program.parent / SOURCE).read_text(encoding="utf-8")
    read = set(re.findall(r'req\.has_file\("(\w+)"\)', source)) - {"file", "model"}
    struct = source[source.index("struct whisper_params") : source.index("void whisper_print_usage")]
    defaults = {name: value.strip('"') for name, value in re.findall(r"(\w+) += +([^;]+);", struct)}
    schemas = ours.get("/openapi.json").json()["components"]["schemas"]
    form = next(one for name, one in schemas.items() if name.startswith("Body_inference"))["properties"]
    assert read <= set(form) and len(read) > 30
    for name in read - SPECIAL:
        default = defaults[RENAMED.get(name, name)]
        number = re.fullmatch(r"-?\d+\.\d*f", default)
        wanted = repr(float(default.rstrip("f"))) if number else default
        assert str(form[name].get("default", "")).lower() == wanted, name

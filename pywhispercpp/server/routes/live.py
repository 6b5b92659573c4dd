"""WebSocket /v1/stream: audio while somebody speaks, answered with partial text, and with text that stays.

The client sends a message {"type": "start", …} (the fields of _Start), then binary messages of mono samples,
then {"type": "stop"}. The service sends {"type": "ready"}, any number of partial and final, and
{"type": "done"}; {"type": "lost"} where more came than could be heard; or {"type": "error"}, and closes.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, Optional, Union

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError, OptionError
from pywhispercpp.live.options import checked
from pywhispercpp.live.segment import LiveSegment
from pywhispercpp.option_rules import checked as checked_options
from pywhispercpp.server.live_stream import Ended, Gap, LiveStream, Ready, Request, Told
from pywhispercpp.server.pcm import LEAST_RATE, MOST_RATE, Pcm
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.routes.common import TheService
from pywhispercpp.server.service import Service

__all__ = ["router"]

logger = logging.getLogger("pywhispercpp.server")

router = APIRouter(tags=["live"])

IDLE_S = 30  # without a message the client is taken for gone; as long for one that takes no answer
MOST_TEXT = 20_000  # characters of a message of JSON
FAILED = "it failed inside: see the service's log"
POLICY, INTERNAL, LATER = 1008, 1011, 1013


class _Start(BaseModel):
    """The first message."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["start"]
    model: Optional[str] = None
    language: Optional[str] = None
    prompt: Optional[str] = None
    encoding: Literal["pcm_s16le", "pcm_f32le"] = "pcm_s16le"
    sample_rate: int = Field(SAMPLE_RATE, ge=LEAST_RATE, le=MOST_RATE)
    api_key: Optional[str] = None
    step_ms: int = 1000
    length_ms: int = 10_000


class _Stop(BaseModel):
    """The last message."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["stop"]


@router.websocket("/v1/stream")
async def stream(socket: WebSocket, service: TheService) -> None:
    """Hear one client until it stops, leaves, or does what it should not."""
    if not _is_from_here(socket, service.settings.cors_origins):
        await socket.close(POLICY)  # before accept(): the handshake is answered 403
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        try:
            await _heard(socket, service)
        except WebSocketDisconnect:
            raise
        except Problem as problem:
            await _refuse(socket, problem)
        except AudioError as error:
            await _refuse(socket, Problem(400, str(error), "invalid_audio"))
        except Exception:
            logger.exception("live: it failed")
            await _refuse(socket, Problem(500, FAILED, "internal_error"))


async def _heard(socket: WebSocket, service: Service) -> None:
    start = _parsed(_Start, await _received(socket))
    service.access.owner(socket, start.api_key)
    request = _request(service, start)
    told: asyncio.Queue[Told] = asyncio.Queue()
    pcm = Pcm(start.encoding.removeprefix("pcm_"), start.sample_rate)
    with _streaming(service, request, told) as live:
        answering = asyncio.create_task(_answer(socket, told, request.model))
        reading = asyncio.create_task(_read(socket, live, pcm, service.settings.max_audio_s))
        try:
            await asyncio.wait({answering, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, answering):
                if task.done():
                    await task  # raises what ended it
        finally:
            for task in (reading, answering):
                task.cancel()
            await asyncio.gather(reading, answering, return_exceptions=True)
    await _send(socket, {"type": "done"})
    await socket.close()


def _request(service: Service, start: _Start) -> Request:
    """What is asked for. Raises Problem."""
    name = service.model_name(start.model)
    service.check_language(name, start.language, translate=False)
    options: dict[str, Any] = {"language": start.language or "auto", "initial_prompt": start.prompt or ""}
    lengths = {"step_ms": start.step_ms, "length_ms": start.length_ms}
    try:
        checked(lengths)
        checked_options(options)
    except OptionError as error:
        raise Problem(400, str(error), "invalid_option") from None
    return Request(name, {**options, **lengths})


@contextmanager
def _streaming(service: Service, request: Request, told: asyncio.Queue[Told]) -> Iterator[LiveStream]:
    """A stream that ends with this block, however that is left. Raises Problem where there is no place."""
    loop = asyncio.get_running_loop()

    def tell(one: Told) -> None:
        with suppress(RuntimeError):  # the loop is closed: the service has ended
            loop.call_soon_threadsafe(told.put_nowait, one)

    service.live_places.take()
    live = LiveStream(service.engine, service.settings, request, tell)
    live.start(service.live_places.give_back)
    try:
        yield live
    finally:
        live.cancel()


async def _read(socket: WebSocket, live: LiveStream, pcm: Pcm, longest_s: int) -> None:
    """Take audio until the client stops; then see whether it stays for as long as the rest is heard."""
    count = 0
    while isinstance(message := await _received(socket), bytes):
        samples = pcm.push(message)
        count += samples.size
        if count > longest_s * SAMPLE_RATE:
            raise Problem(400, f"the stream is longer than {longest_s} s (max_audio_s)", "too_long")
        live.put(samples)
    _parsed(_Stop, message)
    live.put(pcm.finish())
    live.finish()
    await _received(socket, in_time=False)
    raise Problem(400, "nothing may come after stop", "invalid_message")


async def _answer(socket: WebSocket, told: asyncio.Queue[Told], model: str) -> None:
    """Send what the stream tells, until all was heard. Raises Problem."""
    while not isinstance(one := await told.get(), Ended):
        await _send(socket, _as_json(one, model))
    if isinstance(one.error, OptionError):
        raise Problem(400, str(one.error), "invalid_option")
    if one.error is not None:
        logger.error("live: it failed", exc_info=one.error)
        raise Problem(500, FAILED, "internal_error")


def _as_json(one: Union[Ready, Gap, LiveSegment], model: str) -> dict[str, Any]:
    if isinstance(one, Ready):
        return {"type": "ready", "model": model}
    if isinstance(one, Gap):
        return {"type": "lost", "start": one.start, "end": one.end}
    return {
        "type": "final" if one.is_final else "partial",
        "number": one.number,
        "text": one.text,
        "start": one.start,
        "end": one.end,
        "confirmed": one.confirmed,
        "words": [
            {"word": w.text, "start": w.start, "end": w.end, "probability": round(w.probability, 4)}
            for w in one.words
        ],
    }


async def _received(socket: WebSocket, in_time: bool = True) -> Union[str, bytes]:
    """The next message. Raises Problem for none in time, and WebSocketDisconnect."""
    try:
        message = await asyncio.wait_for(socket.receive(), IDLE_S if in_time else None)
    except asyncio.TimeoutError:
        raise Problem(408, f"nothing came for {IDLE_S} s", "idle") from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    data = message.get("bytes")
    text = message.get("text")
    if data is None and text is not None and len(text) > MOST_TEXT:
        raise Problem(413, f"a message of JSON is longer than {MOST_TEXT} characters", "too_large")
    return data if data is not None else text or ""


def _parsed(kind: type[BaseModel], message: Union[str, bytes]) -> Any:  # noqa: ANN401 - `kind`
    name = "start" if kind is _Start else "stop"
    try:
        if isinstance(message, bytes):
            raise ValueError
        values = json.loads(message)
        if not isinstance(values, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise Problem(
            400, f'a JSON object {{"type": "{name}", …}} is needed here', "invalid_message"
        ) from None
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise Problem(400, f"{name}: {field}: {first['msg']}", "invalid_message", field) from None


async def _send(socket: WebSocket, content: dict[str, Any]) -> None:
    try:
        # One that takes nothing would let the answers pile up here.
        await asyncio.wait_for(socket.send_text(json.dumps(content)), IDLE_S)
    except asyncio.TimeoutError:
        raise WebSocketDisconnect(POLICY) from None


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    await _send(socket, {"type": "error", "message": problem.message, "code": problem.code})
    await socket.close(LATER if problem.status == 503 else INTERNAL if problem.status >= 500 else POLICY)


def _is_from_here(socket: WebSocket, origins: list[str]) -> bool:
    """Whether no page of another host asks: browsers let any page open a WebSocket to anywhere."""
    origin = socket.headers.get("origin")
    if origin is None or origin in origins or "*" in origins:
        return True
    _, slashes, host = origin.partition("://")
    return bool(slashes and host) and host == socket.headers.get("host")

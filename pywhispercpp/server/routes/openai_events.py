"""A transcription as server-sent events, as OpenAI streams one: text while it is heard, then all of it."""

from __future__ import annotations

import codecs
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any, Union

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server.answers import openai_error
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.routes.common import until_disconnected
from pywhispercpp.server.task import Task

__all__ = ["Events"]

logger = logging.getLogger("pywhispercpp.server")

Item = Union[Segment, tuple[Task, Transcript]]  # the last one is the tuple
Heard = AsyncGenerator[Item, None]
FAILED = "it failed inside: see the service's log"
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # no proxy is to hold them back


class Events(StreamingResponse):
    """The answer: transcript.text.delta for each segment, transcript.text.done, or error."""

    def __init__(self, first: Item, heard: Heard) -> None:
        super().__init__(_told(first, heard), media_type="text/event-stream", headers=HEADERS)
        self._heard = heard

    @classmethod
    async def begun(cls, heard: Heard, receive: Receive) -> Events:
        """Return the answer once there is something to tell: a Problem until then is no event of it."""
        try:
            return cls(await until_disconnected(receive, _next(heard)), heard)
        except BaseException:
            await heard.aclose()
            raise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events while the client is there."""
        try:
            with suppress(Problem):  # the client went away
                await until_disconnected(receive, self.stream_response(send))
        finally:
            await self._heard.aclose()


async def _next(heard: Heard) -> Item:
    return await heard.__anext__()


async def _told(first: Item, heard: Heard) -> AsyncIterator[bytes]:
    deltas, item = _Deltas(), first
    try:
        while isinstance(item, Segment):
            if text := deltas.add(item):
                yield _event("transcript.text.delta", delta=text)
            item = await _next(heard)
        if text := deltas.end():
            yield _event("transcript.text.delta", delta=text)
        yield _event("transcript.text.done", text=item[1].text)
    except Problem as problem:
        yield _event("error", error=openai_error(problem))
    except Exception:
        logger.exception("a stream broke off")
        yield _event("error", error=openai_error(Problem(500, FAILED, "internal_error")))


def _event(kind: str, **values: Any) -> bytes:  # noqa: ANN401 - any JSON
    data = json.dumps({"type": kind, **values}, ensure_ascii=False, separators=(",", ":"))
    return f"data: {data}\n\n".encode()


class _Deltas:
    """Segments as pieces of text that make up Transcript.text, to the letter, when they are put together."""

    def __init__(self) -> None:
        # A character may be cut between two segments.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._blank = ""  # what follows the text so far: the end of the text has none
        self._has_begun = False

    def add(self, segment: Segment) -> str:
        """The text that one more segment makes certain."""
        return self._next(self._decoder.decode(segment.raw or b" " + segment.text.encode()))

    def end(self) -> str:
        """What is left when no more segments come."""
        return self._next(self._decoder.decode(b"", final=True))

    def _next(self, text: str) -> str:
        text = self._blank + text if self._has_begun else text.lstrip()
        shown = text.rstrip()
        self._blank = text[len(shown) :]
        self._has_begun = self._has_begun or bool(shown)
        return shown

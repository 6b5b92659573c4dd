"""Problem: why a request is refused; each dialect words it in its own way."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pywhispercpp.errors import OutputError, PywhispercppError
from pywhispercpp.server.queues.base import QueueFullError, QueueUnavailableError
from pywhispercpp.server.task import Failure

__all__ = ["KEEPING_ERRORS", "Problem", "of_failure", "of_full_queue", "of_keeping"]

logger = logging.getLogger("pywhispercpp.server")

KEEPING_ERRORS = (OutputError, QueueUnavailableError)  # what the queue raises when it cannot keep something
AWAY_S = 5  # seconds after which a queue that is away is asked again
STATUS = {"input": 400, "time": 504, "internal": 500}


class Problem(Exception):
    """A request that gets no answer but this.

    Attributes:
        status: of HTTP. message: for people.
        code: for programs, in OpenAI's words where it has some.
        param: the field that is wrong, where it is one.
        headers: more of them for the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = dict(headers or {})


def of_failure(failure: Failure) -> Problem:
    """The answer to a call whose task failed."""
    return Problem(STATUS[failure.kind], failure.message, f"{failure.kind}_error")


def of_keeping(error: PywhispercppError) -> Problem:
    """The answer where the queue cannot keep something, or is away; why is in the log, not for clients."""
    if isinstance(error, OutputError):
        logger.error("%s", error)
        return Problem(507, "the service has no room to keep this: see its log", "storage_full")
    message = "the queue of this service does not answer just now: try again"
    return Problem(503, message, "queue_unavailable", headers={"Retry-After": str(AWAY_S)})


def of_full_queue(error: QueueFullError) -> Problem:
    """The answer where no more tasks may wait."""
    return Problem(503, str(error), "queue_full", headers={"Retry-After": str(error.retry_after_s)})

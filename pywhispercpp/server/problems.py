"""Problem: why a request is refused; each dialect words it in its own way."""

from __future__ import annotations

from collections.abc import Mapping

from pywhispercpp.server.queues.base import QueueFullError
from pywhispercpp.server.task import Failure

__all__ = ["Problem", "of_failure", "of_full_queue"]

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


def of_full_queue(error: QueueFullError) -> Problem:
    """The answer where no more tasks may wait."""
    return Problem(503, str(error), "queue_full", headers={"Retry-After": str(error.retry_after_s)})

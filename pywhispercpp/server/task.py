"""Task: one recording that is to become text, from its upload to the expiry of its result."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["MAX_ATTEMPTS", "Failure", "Status", "Task"]

MAX_ATTEMPTS = 3  # a task that ends the process each time is not tried for ever

Status = Literal["pending", "processing", "finished", "failed"]
TaskType = Literal["transcribe", "translate"]


@dataclass(frozen=True)
class Failure:
    """Why a task failed: `kind` is input, time, or internal; `message` is for people."""

    kind: Literal["input", "time", "internal"]
    message: str


@dataclass(frozen=True)
class Task:
    """What is known of one recording; times are seconds since 1970.

    Attributes:
        id: 32 hexadecimal digits that nobody guesses.
        task_type: transcribe, or translate to English.
        model: the name of the model that was asked for.
        options: options of Model.transcribe().
        owner: whose key sent it; "" where there are no keys.
        file_name: what the client called it; never a path of ours.
        is_awaited: whether a client waits in its call: nobody else wants the result.
        progress: percent, 0 to 100.
        language: the code of what was heard, once that is known.
        duration: seconds of audio, once that is known.
        language_probabilities: of every language by its code, where the options ask for it.
        attempts: how often work on it has begun.
    """

    model: str
    task_type: TaskType = "transcribe"
    options: dict[str, Any] = field(default_factory=dict)
    owner: str = ""
    file_name: str = ""
    is_awaited: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    time_uploaded: float = field(default_factory=time.time)
    status: Status = "pending"
    progress: int = 0
    attempts: int = 0
    time_started: float | None = None
    time_finished: float | None = None
    time_expires: float | None = None
    used_model: str | None = None
    used_device: str | None = None
    language: str | None = None
    duration: float | None = None
    language_probabilities: dict[str, float] | None = None
    failure: Failure | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in ("finished", "failed")

    @property
    def processing_duration(self) -> float | None:
        """Seconds of work; None before it is done."""
        if self.time_started is None or self.time_finished is None:
            return None
        return self.time_finished - self.time_started

    def started(self) -> Task:
        """The same, with work on it begun now."""
        return dataclasses.replace(
            self, status="processing", progress=0, attempts=self.attempts + 1, time_started=time.time()
        )

    def again(self) -> Task:
        """The same, waiting again after work on it was broken off."""
        return dataclasses.replace(self, status="pending", progress=0, time_started=None)

    def given_back(self) -> Task:
        """The same, waiting again because who worked on it was told to end: that is no attempt of its own."""
        return dataclasses.replace(self.again(), attempts=self.attempts - 1)

    def finished(self, **found: Any) -> Task:  # noqa: ANN401 - fields of this class
        """The same, done, with what was found."""
        return dataclasses.replace(self, status="finished", progress=100, time_finished=time.time(), **found)

    def failed(self, failure: Failure) -> Task:
        """The same, failed."""
        return dataclasses.replace(self, status="failed", time_finished=time.time(), failure=failure)

    def to_json(self) -> str:
        """The task as JSON that from_json() reads."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Task:
        """The task that to_json() wrote."""
        values = json.loads(text)
        failure = values.pop("failure")
        return cls(**values, failure=Failure(**failure) if failure else None)

"""Clients: threads that send recordings to a service on this machine, and wait for their answers."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles

from scripts.errors import BuildError

__all__ = ["Answer", "Client", "Form", "Latencies", "probing", "together"]

PATIENCE_S = 600.0
BOUNDARY = "pywhispercpp-bench"
PAUSE_S = 0.05  # between two questions of one who only asks: more often, and asking is a load of its own


@dataclass(frozen=True)
class Form:
    """A body that is sent, and what it is said to be."""

    body: bytes
    kind: str = f"multipart/form-data; boundary={BOUNDARY}"

    @classmethod
    def of(cls, audio: bytes | None, name: str = "talk.wav", **fields: str) -> Form:
        """The form with a file and fields; without the file where `audio` is None."""
        parts = [f'form-data; name="{key}"\r\n\r\n{value}'.encode() for key, value in fields.items()]
        if audio is not None:
            parts.append(f'form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + audio)
        head = f"--{BOUNDARY}\r\nContent-Disposition: ".encode()
        return cls(b"".join(head + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode())


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: bytes
    seconds: float

    def text(self) -> str:
        """The transcript in it; BuildError where there is none."""
        if self.status != 200:
            raise BuildError(f"the service answered {self.status}: {self.body[:500]!r}")
        return str(json.loads(self.body)["text"])


class Client:
    """One connection to the service, kept."""

    def __init__(self, port: int) -> None:
        """port: on this machine. It connects with the first question."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)

    def send(self, path: str, form: Form) -> Answer:
        """POST a form."""
        return self._ask("POST", path, form.body, {"Content-Type": form.kind})

    def get(self, path: str) -> Answer:
        """GET."""
        return self._ask("GET", path, None, {})

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        start = time.perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        return Answer(response.status, content, time.perf_counter() - start)


def together(port: int, clients: int, path: str, forms: Iterable[Form]) -> list[Answer]:
    """The answers to all forms, in order; so many clients send them, each the next when it has its answer."""
    mine = threading.local()
    opened: list[Client] = []

    def send(form: Form) -> Answer:
        if not hasattr(mine, "client"):
            mine.client = Client(port)
            opened.append(mine.client)
        answer: Answer = mine.client.send(path, form)
        return answer

    try:
        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(send, forms))
    finally:
        for client in opened:
            client.close()


class Latencies:
    """Seconds that questions took, by their paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._seconds: dict[str, list[float]] = {path: [] for path in paths}

    def add(self, path: str, answer: Answer) -> None:
        """Note one; BuildError for an answer that is none."""
        if answer.status != 200:
            raise BuildError(f"GET {path} was answered {answer.status}: {answer.body[:500]!r}")
        self._seconds[path].append(answer.seconds)

    def rows(self) -> Iterator[tuple[str, int, float, float, float]]:
        """For each path: how often it was asked, and p50, p99 and the worst in ms."""
        for path, seconds in self._seconds.items():
            if len(seconds) > 1:
                p99 = quantiles(seconds, n=100, method="inclusive")[98]
                yield path, len(seconds), 1000 * median(seconds), 1000 * p99, 1000 * max(seconds)


@contextmanager
def probing(port: int, found: Mapping[str, str], latencies: Latencies) -> Iterator[None]:
    """Ask in turn while the block runs. found: name in `latencies` -> path that is asked."""
    is_over = threading.Event()
    client = Client(port)

    def ask() -> None:
        while not is_over.is_set():
            for name, path in found.items():
                latencies.add(name, client.get(path))
                is_over.wait(PAUSE_S)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield
        finally:
            is_over.set()
        asking.result()
    client.close()

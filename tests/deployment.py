"""A service with those who work for it, told apart in one place: itself, or workers by a Redis."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.redis_server import RedisServer
from tests.service import Process, Service, Worker, wait_for

__all__ = ["Deployment"]


class Deployment:
    """Its settings, its processes and what they left, asked over HTTP and looked up where it is kept."""

    def __init__(
        self, folder: Path, redis: RedisServer | None = None, n_workers: int = 2, **settings: object
    ) -> None:
        """Start it, with one session of one thread for each who works. n_workers: where there is a Redis."""
        self._redis = redis
        if redis is not None:
            settings["queue"] = redis.url
        self.service = Service(folder / "service", None, n_sessions=1, n_threads=1, **settings)
        self.workers: list[Process] = [self.service]
        if redis is not None:
            model = settings["model"]
            self.workers = [
                Worker(folder / f"worker-{number}", model=model, queue=redis.url, n_sessions=1, n_threads=1)
                for number in range(n_workers)
            ]
            for one in self.workers:
                one.begin()
        self.service.start()
        for one in self.workers:
            one.wait_until_ready()
        self.client = self.service.client()

    @property
    def has_workers(self) -> bool:
        """Whether others do the work, and the service outlives them."""
        return self._redis is not None

    def restart(self) -> None:
        """Start the first of those who work again."""
        self.workers[0].begin()
        self.workers[0].wait_until_ready()
        if not self.has_workers:
            self.client.close()
            self.client = self.service.client()

    def stop(self) -> None:
        """End all."""
        self.client.close()
        for one in {*self.workers, self.service}:
            one.stop()

    def send(self, path: Path) -> httpx.Response:
        """Send a file."""
        with path.open("rb") as file:
            return self.client.post("/api/v1/transcribe", files={"file": (path.name, file)})

    def taken(self, path: Path) -> str:
        """The id of the task of a file that is sent."""
        answer = self.send(path)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["task_id"])

    def status(self, task_id: str) -> dict[str, Any]:
        """How a task is now."""
        found: dict[str, Any] = self.client.get("/api/v1/status", params={"task_id": task_id}).json()
        return found

    def wait(self, task_id: str, status: str) -> dict[str, Any]:
        """How a task is once it has that status."""
        wait_for(lambda: self.status(task_id).get("status") == status)
        return self.status(task_id)

    def cancel(self, task_id: str) -> None:
        """Cancel a task."""
        answer = self.client.delete("/api/v1/status", params={"task_id": task_id})
        assert answer.status_code == 204, answer.text

    def kept(self, task_id: str) -> dict[str, Any]:
        """A task as it is kept in the database."""
        if self._redis is not None:
            text = self._redis.ask("HGET", f"pywhispercpp:task:{task_id}", "task")
        else:
            with closing(sqlite3.connect(self.service.data_dir / "tasks.sqlite")) as base:
                (text,) = base.execute("SELECT task FROM tasks WHERE id = ?", (task_id,)).fetchone()
        return dict(json.loads(text))

    def leftovers(self) -> list[str]:
        """Audio that lies about, and what the queue holds of tasks that are not done."""
        folders = (one.data_dir for one in {*self.workers, self.service})
        kept = {"lock", "tasks.sqlite", "tasks.sqlite-shm", "tasks.sqlite-wal"}
        files = [p.name for one in folders for p in one.rglob("*") if p.is_file() and p.name not in kept]
        return [*files, *(self._redis.keys_of_work() if self._redis is not None else ())]

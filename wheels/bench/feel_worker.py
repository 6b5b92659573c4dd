"""Runs inside a wheel's environment: loads a model, lets threads use it at once, prints a line of JSON.

Like package_worker.py it is handed over by path; build-land does not import it.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any


def memory() -> dict[str, int]:
    """Bytes by the kernel's count: the most that was resident so far, what is, the process's share of it."""
    wanted = {"VmHWM": "peak", "VmRSS": "rss", "Pss": "pss"}
    found = {}
    for name in ("status", "smaps_rollup"):
        for line in Path(f"/proc/self/{name}").read_text(encoding="utf-8").splitlines():
            key, _, rest = line.partition(":")
            if key in wanted:
                found[wanted[key]] = int(rest.split()[0]) * 1024
    return found


def transcribe_at_once(model: Any, audio: str, sessions: int, options: dict[str, Any]) -> None:  # noqa: ANN401
    """Let so many threads transcribe; all are ready before the first begins."""
    ready = threading.Barrier(sessions)

    def one() -> None:
        ready.wait()
        model.transcribe(audio, **options)

    threads = [threading.Thread(target=one) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(request: dict[str, Any]) -> None:
    """Load a model by `settings`; let `sessions` threads transcribe `audio`; say seconds and bytes."""
    model_class = importlib.import_module("pywhispercpp").Model
    importlib.import_module("pywhispercpp.models.ggml_file")  # what the class imports when it is first used
    start = time.perf_counter()
    model = model_class(**request["settings"])
    loaded = time.perf_counter() - start
    if request["sessions"]:
        transcribe_at_once(model, request["audio"], request["sessions"], request["options"])
    print(json.dumps({"load": loaded, "backend": model.backend_info().backend, **memory()}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

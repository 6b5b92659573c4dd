"""Runs inside a wheel's environment: transcribes one file many times, by transcribe_many, a request a line.

Handed over by path, like package_worker.py: it is what the service's throughput is measured against.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any


def answer(model: Any, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - another land's Model
    """The time of `count` transcriptions: `total` seconds, `cpu` seconds of all threads, and the texts."""
    options = dict(request["options"])
    paths = [request["audio"]] * options.pop("count")
    start, busy = time.perf_counter(), time.process_time()
    results = list(model.transcribe_many(paths, **options))
    total, cpu = time.perf_counter() - start, time.process_time() - busy
    failed = [str(one.error) for one in results if not one.ok]
    if failed:
        raise SystemExit(f"{len(failed)} of {len(paths)} transcriptions failed: {failed[0]}")
    return {"total": total, "cpu": cpu, "texts": sorted({one.transcript.text for one in results})}


def main(settings: str) -> None:
    """Load the model that `settings` (JSON: keywords of Model) describe, then answer every line of input.

    A line is JSON: {"audio": path, "options": {"count": …, and keywords of transcribe_many}}.
    """
    package = importlib.import_module("pywhispercpp")
    model = package.Model(print_progress=False, **json.loads(settings))
    print(json.dumps({"backend": str(model.backend_info())}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(model, json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

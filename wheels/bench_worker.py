"""Runs inside each wheel's environment: one transcription a line of standard input, its times as JSON.

Like smoke_script.py it is handed over by path; build-land does not import it.
"""

from __future__ import annotations

import importlib
import json
import sys
import time


def main(model_name: str, audio: str, n_threads: str) -> None:
    """Answer every input line with `{"encode": seconds, "total": seconds}` of one transcription."""
    package = importlib.import_module("pywhispercpp")
    model = package.Model(model_name, n_threads=int(n_threads), print_progress=False)
    for _ in sys.stdin:
        model.reset_timings()
        start = time.perf_counter()
        model.transcribe(audio)
        total = time.perf_counter() - start
        print(json.dumps({"encode": model.timings()["encode_ms"] / 1000, "total": total}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

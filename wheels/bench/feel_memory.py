"""How long a model takes to load, with either encoder, and how much memory one and eight sessions take."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scripts.command import capture
from scripts.errors import BuildError
from wheels.bench import felt
from wheels.bench.felt import Row
from wheels.bench.rounds import interleave
from wheels.bench.setups import GREEDY, Setups
from wheels.bench.worker import Setup
from wheels.staging import staging

WORKER = Path(__file__).with_name("feel_worker.py")
MODELS = ("tiny.en", "base")
SESSIONS = (1, 8)
MB = 1_000_000


def ask(
    setup: Setup,
    folder: Path,
    more: Mapping[str, Any] | None = None,
    audio: Path | None = None,
    sessions: int = 0,
) -> dict[str, Any]:
    """Let a new process load a model by the settings of a row, and `more`; what it says of that."""
    request = {
        "settings": {**setup.settings, **(more or {})},
        "options": dict(setup.options),
        "audio": str(audio),
        "sessions": sessions,
    }
    said = capture([setup.python, "-I", WORKER, json.dumps(request)], cwd=folder, env=setup.environment)
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    wanted = setup.settings.get("backend", "ggml")
    if answer["backend"] != wanted:
        raise BuildError(
            f"{setup.label}: the encoder that was loaded is {answer['backend']}'s, not {wanted}'s"
        )
    return answer


def loads(setups: Setups, given: argparse.Namespace) -> list[Row]:
    """Seconds until Model(…) is there: ggml's encoder; OpenVINO's compiled anew, and out of its cache."""
    rows = []
    with staging("pywhispercpp-bench-") as folder:
        for name in MODELS:
            own = replace(setups, model=name)
            ggml, openvino = (own.ours(f"{name}, {which}", which, GREEDY) for which in ("ggml", "openvino"))
            cached = {"openvino_cache_dir": str(folder / name)}
            ways = {
                "ggml's encoder": partial(ask, ggml, folder),
                "OpenVINO's, compiled anew": partial(ask, openvino, folder),
                "OpenVINO's, with `openvino_cache_dir`": partial(ask, openvino, folder, cached),
            }
            answers = interleave(list(ways.values()), given.rounds)  # the first, not kept, fills the cache
            for what, kept in zip(ways, answers):
                rows.append(felt.of("load", f"{name}, {what}", "s", [one["load"] for one in kept]))
    return rows


def memory(setups: Setups, given: argparse.Namespace) -> list[Row]:
    """Megabytes of a process whose sessions all work at once, each with one thread."""
    rows = []
    with staging("pywhispercpp-bench-") as folder:
        for name in MODELS:
            setup = replace(setups, model=name, threads=1).ours(name, "ggml", GREEDY)
            for sessions in SESSIONS:
                answer = ask(setup, folder, {"n_sessions": sessions}, given.audio.resolve(), sessions)
                what = f"{name}, {sessions} session{'s' * (sessions != 1)}"
                rows.append(felt.of("memory", f"{what}: most resident", "MB", [answer["peak"] / MB]))
                rows.append(
                    felt.of(
                        "memory", f"{what}: proportional share (PSS) after it", "MB", [answer["pss"] / MB]
                    )
                )
    return rows

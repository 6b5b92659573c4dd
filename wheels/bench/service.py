"""The service under load: throughput against the library, latency of its questions, memory, bad uploads.

A library's row is one process that transcribes a file again and again by transcribe_many; a service's row is
`pywhispercpp serve` as it comes, asked over HTTP by so many clients on the same cores. Options are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts import wav
from scripts.errors import BuildError
from wheels.bench import bad_uploads, machine
from wheels.bench.clients import Client, Form, Latencies, probing, together
from wheels.bench.rounds import interleave, spread, times_faster
from wheels.bench.served import Served, serve
from wheels.bench.setups import Setups
from wheels.bench.worker import Worker, start

CLIENTS = (1, 8, 64)
LEAST = 16  # files that one measurement takes
PATH = "/v1/audio/transcriptions"
QUESTIONS = ("/api/v1/status", "/api/v1/decoder_status", "/health")
#: As the service has them: the language is looked for, tokens have probabilities.
OPTIONS = {"language": "auto", "extract_probability": True}
UPLOAD_MB = 2
CLIP_S = 1.0
#: The dialect that can ask for less than a whole window of the encoder, and for no second try.
CLIP_PATH, CLIP_OPTIONS = "/inference", {"audio_ctx": "512", "temperature_inc": "0"}
MEMORY_CLIENTS = 8
MEMORY_AT = (0.1, 0.5, 1.0)  # of all requests


@dataclass(frozen=True)
class Took:
    """What one file took, of many that were done together: wall seconds and CPU seconds."""

    total: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """What is measured: a library or a service, and how."""

    label: str
    run: Callable[[], Took]


class Bench:
    """A service and a library that have their models loaded, and what they are given."""

    def __init__(self, served: Served, library: Worker, audio: Path, cores: int) -> None:
        self.served = served
        self.library = library
        self.cores = cores
        self.audio = audio
        self.form = Form.of(audio.read_bytes())
        self.latencies: dict[int, Latencies] = defaultdict(lambda: Latencies(QUESTIONS))
        self._texts: set[str] = set()

    def rows(self) -> list[Row]:
        """What is compared: the library's two ways to use the cores first."""
        ways = dict.fromkeys([(1, self.cores), (self.cores, 1)])
        return [
            *(Row(f"library, {w} at once, threads: {t}", partial(self.many, w, t)) for w, t in ways),
            *(Row(f"service, clients: {n}", partial(self.load, n)) for n in CLIENTS),
        ]

    def idle(self) -> None:
        """Ask the service while it has nothing to do."""
        with self._probing(0):
            time.sleep(2)

    def many(self, workers: int, threads: int) -> Took:
        """Let the library transcribe, so many files at once."""
        count = max(LEAST, 2 * workers)
        answer = self.library.ask(self.audio, count=count, workers=workers, n_threads=threads)
        self._check(answer["texts"])
        return Took(answer["total"] / count, answer["cpu"] / count)

    def load(self, clients: int) -> Took:
        """Let clients have files transcribed, and ask questions meanwhile."""
        count = max(LEAST, clients)
        with self._probing(clients):
            began, busy = time.perf_counter(), self.served.cpu()
            answers = together(self.served.port, clients, PATH, [self.form] * count)
            total, cpu = time.perf_counter() - began, self.served.cpu() - busy
        self._check(answer.text() for answer in answers)
        return Took(total / count, cpu / count)

    @contextmanager
    def _probing(self, clients: int) -> Iterator[None]:
        """Ask the questions meanwhile, about a task that is done."""
        found = dict(zip(QUESTIONS, QUESTIONS))
        found[QUESTIONS[0]] += f"?task_id={self._finished()}"
        with probing(self.served.port, found, self.latencies[clients]):
            yield

    def _finished(self) -> str:
        """The id of a task that is done."""
        client = Client(self.served.port)
        task: str = json.loads(client.send("/api/v1/transcribe", self.form).body)["task_id"]
        while (state := json.loads(client.get(f"/api/v1/status?task_id={task}").body))[
            "status"
        ] != "finished":
            if state["status"] == "failed":
                raise BuildError(f"the service failed: {state['transcript']}")
            time.sleep(0.05)
        client.close()
        return task

    def _check(self, texts: Iterable[str]) -> None:
        """Whoever transcribes the same hears the same."""
        self._texts |= {text.strip() for text in texts}
        if len(self._texts) != 1:
            raise BuildError(f"not the same text from everybody: {sorted(self._texts)}")


def throughput(labels: Sequence[str], results: Sequence[Sequence[Took]]) -> str:
    """Medians, and each row's throughput as a share of the library's, each of the two ways."""
    head = f"{'a file takes':<36}{'median':>8}{'quartiles':>14}{'of row 1':>10}{'of row 2':>10}"
    lines = [f"{head}{'by CPU time':>13}"]
    first, second = results[0], results[min(1, len(results) - 1)]
    for label, own in zip(labels, results):
        took = spread([one.total for one in own])
        shares = (_faster(first, own), _faster(second, own), _faster(second, own, "cpu"))
        lines.append(
            f"{label:<36}{took.middle:6.3f} s{f'{took.low:.2f}-{took.high:.2f}':>14}"
            f"{shares[0]:>10.2f}{shares[1]:>10.2f}{shares[2]:>13.2f}"
        )
    return "\n".join(lines)


def _faster(first: Sequence[Took], own: Sequence[Took], what: str = "total") -> float:
    return times_faster([getattr(a, what) for a in first], [getattr(a, what) for a in own]).middle


def questions(latencies: Mapping[int, Latencies]) -> str:
    """How long questions wait for their answers, by how many clients have recordings transcribed."""
    lines = [f"{'question':<26}{'clients':>8}{'asked':>8}{'p50':>10}{'p99':>10}{'worst':>10}"]
    for clients, found in latencies.items():
        for path, count, p50, p99, worst in found.rows():
            lines.append(f"{path:<26}{clients:>8}{count:>8}{p50:>7.1f} ms{p99:>7.1f} ms{worst:>7.1f} ms")
    return "\n".join(lines)


def memory(served: Served, clip: Form, requests: int) -> str:
    """What is resident of the service after parts of so many requests."""
    lines, done = [f"{'requests':<16}{'resident':>10}"], 0
    for part in MEMORY_AT:
        more = round(part * requests) - done
        for answer in together(served.port, MEMORY_CLIENTS, CLIP_PATH, [clip] * more):
            answer.text()
        done += more
        lines.append(f"{done:<16}{served.memory():>7.0f} MB")
    return "\n".join(lines)


def refused(bench: Bench, times: int, good: int = 8) -> str:
    """What bad uploads are answered while good ones come too, of which none is lost and nothing stays."""
    forms = bad_uploads.kinds(bench.audio.read_bytes(), UPLOAD_MB * 1_000_000)
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(together, bench.served.port, 2, PATH, [bench.form] * good)
        found = bad_uploads.refusals(bench.served.port, forms, times)
        texts = {answer.text().strip() for answer in answers.result()}
    if len(texts) != 1 or bench.served.uploads():
        raise BuildError(f"after bad uploads: texts {sorted(texts)}, files {bench.served.uploads()}")
    told = f"{good} good ones meanwhile: all answered, the same text; no file is left"
    return f"{bad_uploads.table(found)}\n{told}"


def clip(audio: Path, folder: Path) -> Form:
    """The beginning of a recording, to be heard quickly."""
    target = folder / "clip.wav"
    wav.write(target, [wav.read(audio)[: round(CLIP_S * wav.RATE) * 2]])
    return Form.of(target.read_bytes(), **CLIP_OPTIONS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of this benchmark alone."""
    parser.add_argument(
        "--requests", type=int, default=1000, help="after which memory is looked at (default: 1000)"
    )
    parser.set_defaults(rounds=5)


def run(setups: Setups, given: argparse.Namespace) -> None:
    """Print the four tables; every core of the machine is used, whatever --threads says."""
    cores = os.cpu_count() or 1
    settings = {"model": setups.model_path, "backend": "ggml", "max_upload_mb": UPLOAD_MB}
    library = setups.many("library", {"n_sessions": cores, "backend": "ggml"}, OPTIONS)
    with ExitStack() as stack:
        served = stack.enter_context(serve(setups.service_python, settings))
        bench = Bench(served, stack.enter_context(start(library)), given.audio, cores)
        rows = bench.rows()
        bench.idle()
        results = interleave([row.run for row in rows], given.rounds)
        seconds = wav.seconds([wav.read(given.audio)])
        print(f"\n{setups.model}, {given.audio.name} ({seconds:.0f} s), {cores} cores, ", end="")
        print(f"medians of {given.rounds} interleaved rounds")
        print(f"\n{throughput([row.label for row in rows], results)}")
        print(f"\n{questions(bench.latencies)}", flush=True)
        print(f"\n{refused(bench, 10)}", flush=True)
        with TemporaryDirectory() as folder:
            print(f"\n{memory(served, clip(given.audio, Path(folder)), given.requests)}")
    print(f"\n{machine.describe(cores)}")

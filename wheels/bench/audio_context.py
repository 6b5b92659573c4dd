"""What a smaller audio context does to the text: word error rates of cuts of speech, by length and margin."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from statistics import median

from scripts.fetch_speech import fetch as fetch_speech
from wheels.bench import cuts, words
from wheels.bench.cuts import Utterance
from wheels.bench.machine import describe
from wheels.bench.setups import Setups
from wheels.bench.worker import Worker, start
from wheels.staging import staging

SECONDS = (2, 5, 8, 11, 15, 20)
FRAMES = 50  # of the encoder, a second
MOST = 1500


@dataclass(frozen=True)
class Policy:
    """How many frames to encode: what the audio needs and a margin, rounded up, and never below `least`."""

    margin: int
    least: int = 0
    multiple: int = 64

    def frames(self, seconds: float) -> int:
        """The audio_ctx for audio of this length; 0, whisper.cpp's word for all, where it would be all."""
        needed = -(-round(seconds * FRAMES * 320) // 320) + self.margin
        rounded = max(self.least, -(-needed // self.multiple) * self.multiple)
        return rounded if rounded < MOST else 0

    def __str__(self) -> str:
        """As it stands in the table."""
        return f"+{self.margin}" + (f", least {self.least}" if self.least else "")


POLICIES = (
    Policy(0),
    Policy(64),
    Policy(128),
    Policy(192),
    Policy(256),
    Policy(192, least=768),
)


@dataclass(frozen=True)
class Result:
    """One cut, heard with one policy (None: with all 1500 frames)."""

    seconds: int
    policy: str
    audio_ctx: int
    said: str
    heard: str
    errors: words.Errors
    encode: float
    encodes: int
    fallbacks: int

    @property
    def loses(self) -> bool:
        """Whether a part of what was said is not there: at least five words."""
        return self.errors.missing >= 5

    @property
    def runs_on(self) -> bool:
        """Whether it goes on where speech has ended: at least five words too many."""
        return self.errors.added >= 5


def make_cuts(speech: Path, most: int, folder: Path) -> dict[int, list[Utterance]]:
    """Cut the speech; at most so many cuts of each length."""
    pieces = [piece for name in ("novel", "prompts") for piece in cuts.utterances(speech / name)]
    made = {}
    for seconds in SECONDS:
        runs = cuts.spread(list(cuts.groups(pieces, seconds)), most)
        made[seconds] = [
            cuts.write(run, folder / f"{seconds}-{number}.wav") for number, run in enumerate(runs)
        ]
    return made


def measure(worker: Worker, made: dict[int, list[Utterance]], policies: Sequence[Policy]) -> Iterator[Result]:
    """Hear every cut with all frames and with each policy; a cut of each length in turn."""
    for row in zip_longest(*made.values()):
        for seconds, cut in zip(made, row):
            for policy in (None, *policies) if cut else ():
                yield _hear(worker, seconds, cut, policy)


def _hear(worker: Worker, seconds: int, cut: Utterance, policy: Policy | None) -> Result:
    audio_ctx = policy.frames(cut.seconds) if policy else 0
    got = worker.ask(cut.audio, audio_ctx=audio_ctx)
    errors = words.compare(cut.text, got["text"])
    counts = (got["encode"], int(got["encodes"]), int(got["fallbacks"]))
    return Result(seconds, str(policy or MOST), audio_ctx, cut.text, got["text"], errors, *counts)


def table(results: Sequence[Result]) -> str:
    """Word error rates by length and how they differ, the failures, and the encoder's share of time."""
    lengths = sorted({result.seconds for result in results})
    head = "".join(f"{f'{seconds} s':>8}" for seconds in lengths)
    head += f"{'all':>8}{'difference':>16}{'loses':>7}{'runs on':>9}{'fallb.':>8}{'windows':>9}{'encode':>8}"
    by_policy = {
        name: [r for r in results if r.policy == name] for name in dict.fromkeys(r.policy for r in results)
    }
    whole = by_policy[str(MOST)]
    return "\n".join(
        [f"{'frames':<16}{head}", *(_row(name, rows, whole, lengths) for name, rows in by_policy.items())]
    )


def _row(name: str, rows: Sequence[Result], whole: Sequence[Result], lengths: Sequence[int]) -> str:
    every = [r.errors for r in rows]
    rates = [words.total(r.errors for r in rows if r.seconds == s).rate for s in lengths]
    cells = "".join(f"{100 * rate:7.2f}%" for rate in [*rates, words.total(every).rate])
    low, high = words.interval([r.errors for r in whole], every)
    time = median(r.encode * r.encodes / (w.encode * w.encodes) for r, w in zip(rows, whole))
    return (
        f"{name:<16}{cells}{f'{100 * low:+.2f}..{100 * high:+.2f}':>16}{sum(r.loses for r in rows):>7}"
        f"{sum(r.runs_on for r in rows):>9}{sum(r.fallbacks for r in rows):>8}"
        f"{sum(r.encodes for r in rows):>9}{time:>8.2f}"
    )


def legend(results: Sequence[Result]) -> str:
    """How much was heard."""
    whole = [r for r in results if r.policy == str(MOST)]
    counts = ", ".join(
        f"{sum(r.seconds == s for r in whole)} of {s} s" for s in sorted({r.seconds for r in whole})
    )
    return f"cuts: {counts}; {sum(r.errors.words for r in whole)} words for each row"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of this benchmark alone."""
    parser.add_argument("--cuts", type=int, default=40, help="most cuts of one length (default: 40)")
    parser.add_argument(
        "--encoder", choices=("ggml", "openvino", "f32", "bf16"), default="ggml", help="default: ggml"
    )
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="write every transcription there, a JSON object a line"
    )


def run(setups: Setups, given: argparse.Namespace) -> None:
    """Print the table for one encoder, decoding as the package does when it is left alone."""
    setup = setups.ours(f"{setups.model}, {given.encoder}", given.encoder, {})
    results = []
    with staging("pywhispercpp-cuts-") as folder, start(setup, setups.threads) as worker:
        for result in measure(worker, make_cuts(fetch_speech(), given.cuts, folder), POLICIES):
            results.append(result)
            if given.results:
                note(given.results.absolute(), setup.label, result)
    print(f"\n{setup.label}; {legend(results)}\n\n{table(results)}\n\n{describe(setups.threads)}")


def note(file: Path, label: str, result: Result) -> None:
    """Add one result to a file, as a line of JSON."""
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"setup": label, **asdict(result)}) + "\n")

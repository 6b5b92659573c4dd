"""How well and how fast a model hears: word errors, time and memory by backend and audio context.

from pywhispercpp.evaluate import evaluate

for row in evaluate("tiny.en", "LibriSpeech/test-clean", backends=["ggml", "openvino"]).results:
    print(row.setup, row.wer, row.rtf)
"""

from __future__ import annotations

from pywhispercpp.evaluate.backends import BACKENDS
from pywhispercpp.evaluate.dataset import Dataset, Recording, Skipped, read
from pywhispercpp.evaluate.result import Evaluation, Heard, Result
from pywhispercpp.evaluate.run import evaluate
from pywhispercpp.evaluate.setup import Setup
from pywhispercpp.evaluate.words import Errors, compare, normal

__all__ = [
    "BACKENDS",
    "Dataset",
    "Errors",
    "Evaluation",
    "Heard",
    "Recording",
    "Result",
    "Setup",
    "Skipped",
    "compare",
    "evaluate",
    "normal",
    "read",
]

"""What of Whisper goes into one TFLite file: sound to log-mel, to hidden states, to tokens, or some of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pywhispercpp.models.export import network
from pywhispercpp.models.export.choices import TFLITE_PARTS
from pywhispercpp.models.export.network import FRAMES_PER_STEP
from pywhispercpp.models.export.tflite.emitter import TfliteEmitter
from pywhispercpp.models.export.tflite.file import TfliteFile
from pywhispercpp.models.export.tflite.graph import Tensor, TfliteGraph
from pywhispercpp.models.export.tflite.loop import Task, greedy_tokens
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.log_mel import HOP
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["WIDTHS", "Plan", "build", "constant_bytes"]

INPUTS = {"features": "normalized_audio", "encoder": "input_features", "decoder": "encoder_hidden_states"}

WIDTHS = {"f32": 4, "f16": 2, "int8": 1}  # bytes for a number of a matrix


@dataclass(frozen=True)
class Plan:
    """What to write: the part, its weights ("f32", "f16", "int8"), steps of 20 ms, the decoder's task."""

    part: str
    weights: str
    context: int
    task: Task

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of this part."""
        return TFLITE_PARTS[self.part]

    @property
    def samples(self) -> int:
        """Samples of sound, at 16 kHz."""
        return self.context * FRAMES_PER_STEP * HOP

    def inputs(self, tensors: GgmlTensors) -> dict[str, tuple[int, ...]]:
        """Name and shape of the input."""
        header = tensors.header
        shapes = {
            "features": (1, self.samples),
            "encoder": (1, header.n_mels, FRAMES_PER_STEP * self.context),
            "decoder": (1, self.context, header.n_audio_state),
        }
        return {INPUTS[self.stages[0]]: shapes[self.stages[0]]}

    def outputs(self, tensors: GgmlTensors) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the outputs."""
        header = tensors.header
        shapes: dict[str, dict[str, tuple[int, ...]]] = {
            "features": {"input_features": (1, header.n_mels, FRAMES_PER_STEP * self.context)},
            "encoder": {"last_hidden_states": (1, self.context, header.n_audio_state)},
            "decoder": {"tokens": (1, self.task.most), "no_speech": (1,), "certainty": (1,)},
        }
        return shapes[self.stages[-1]]


def build(tensors: GgmlTensors, vocabulary: Vocabulary, plan: Plan) -> TfliteFile:
    """Return the file in memory, without its facts."""
    file = TfliteFile(constant_bytes(tensors, plan.stages, plan.weights))
    graph = TfliteGraph(file, "main")
    ((name, shape),) = plan.inputs(tensors).items()
    x = graph.input(name, shape)
    builder = _Builder(tensors, vocabulary, plan, TfliteEmitter(graph, plan.weights))
    for stage in plan.stages:
        results = builder.stages()[stage](x)
        x = next(iter(results.values()))
    for name, result in results.items():
        graph.output(name, result)
    file.sign(graph.inputs, graph.outputs)
    return file


def constant_bytes(tensors: GgmlTensors, stages: tuple[str, ...], weights: str) -> int:
    """About how large the constants of these stages are."""
    total = 0
    for name, place in tensors.places.items():
        if name.partition(".")[0] in stages:
            width = WIDTHS[weights] if len(place.shape) > 1 else WIDTHS["f32"]
            total += int(np.prod(place.shape, dtype=np.int64)) * width
    return total


@dataclass(frozen=True)
class _Builder:
    """Adds stages to a graph."""

    tensors: GgmlTensors
    vocabulary: Vocabulary
    plan: Plan
    emitter: TfliteEmitter

    def stages(self) -> dict[str, Callable[[Tensor], Mapping[str, Tensor]]]:
        return {"features": self._features, "encoder": self._encoder, "decoder": self._decoder}

    def _features(self, sound: Tensor) -> Mapping[str, Tensor]:
        samples, filters = self.emitter.reshape(sound, 1, *sound.shape), self.tensors.mel_filters()
        return {"input_features": network.log_mel(filters, self.emitter, samples, self.plan.samples)}

    def _encoder(self, mel: Tensor) -> Mapping[str, Tensor]:
        return {"last_hidden_states": network.encoder(self.tensors, self.emitter, mel)}

    def _decoder(self, features: Tensor) -> Mapping[str, Tensor]:
        return greedy_tokens(self.tensors, self.vocabulary, self.plan.task, self.emitter, features)

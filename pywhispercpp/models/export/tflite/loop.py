"""The decoder as TFLite runs it: a loop inside the graph that appends the likeliest token to the tokens.

The state that goes round: the place of the last token, the tokens, the keys and values of the steps before,
and, unchanged, those of the sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pywhispercpp.models.export import network
from pywhispercpp.models.export.emitter import Array, Extent
from pywhispercpp.models.export.int8 import per_channel
from pywhispercpp.models.export.network import KeyValue
from pywhispercpp.models.export.tflite.emitter import TfliteEmitter
from pywhispercpp.models.export.tflite.graph import Tensor, TfliteGraph
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["Task", "greedy_tokens"]

# As good as impossible, yet finite, even in float16: a logit is hardly ever beyond 100.
_NEVER = -3e4


@dataclass(frozen=True)
class Task:
    """What is written: the tokens it starts with, and at how many tokens, these included, it stops."""

    prompt: tuple[int, ...]
    most: int


def greedy_tokens(
    tensors: GgmlTensors, vocabulary: Vocabulary, task: Task, emitter: TfliteEmitter, features: Tensor
) -> Mapping[str, Tensor]:
    """`tokens` (1, most) int32 of features: the prompt, the text, then end-of-text tokens to the end.

    `no_speech` (1,) is the probability that nobody speaks, `certainty` (1,) the mean logarithm of the
    probabilities of the text's tokens.

    As whisper.cpp without times and fallbacks: the likeliest token follows, at first neither a blank nor the
    end.
    """
    attended = network.cross_attended(tensors, emitter, features)
    start = _State.beginning(emitter, tensors, vocabulary, task, attended)
    body = TfliteGraph(emitter.graph.file, "next_token")
    inside = start.repeated(body)
    _Step(tensors, vocabulary, task, _StepEmitter(body, inside, emitter.weights)).write()
    condition = TfliteGraph(emitter.graph.file, "more_tokens")
    _write_condition(condition, start.repeated(condition), vocabulary.eot)
    results = emitter.graph.loop(condition, body, start.tensors())
    silence, certainty = (_gathered(emitter.graph, results[2], emitter.graph.numbers([i])) for i in (0, 1))
    count = emitter.add(results[0], emitter.graph.numbers([1 - len(task.prompt)]))  # with the end
    mean = emitter.divide(certainty, emitter.graph.add("CAST", [count], (1,), options="Cast"))
    return {
        "tokens": emitter.reshape(results[1], 1, task.most),
        "no_speech": silence,
        "certainty": mean,
    }


@dataclass(frozen=True)
class _State:
    """What goes round. `own` is by the names the network gives what it remembers."""

    place: Tensor  # (1,) int32: of the last token
    tokens: Tensor  # (most,) int32
    scores: (
        Tensor  # (2,): how likely it is that nobody speaks; logarithms of the tokens' probabilities, summed
    )
    own: dict[str, Tensor]
    attended: list[KeyValue[Tensor]]

    @classmethod
    def beginning(
        cls,
        emitter: TfliteEmitter,
        tensors: GgmlTensors,
        vocabulary: Vocabulary,
        task: Task,
        attended: list[KeyValue[Tensor]],
    ) -> _State:
        graph = emitter.graph
        filled = [*task.prompt, *[vocabulary.eot] * (task.most - len(task.prompt))]
        shape = network.head_shape(tensors.header, task.most)
        sizes = [extent for extent in shape if isinstance(extent, int)]
        empty = graph.add("FILL", [graph.numbers(sizes), graph.numbers(0.0, "f4")], sizes, options="Fill")
        names = [f"{part}_{layer}" for layer in range(len(attended)) for part in ("key", "value")]
        scores = graph.numbers([0.0, 0.0], "f4")
        return cls(graph.numbers([0]), graph.numbers(filled), scores, dict.fromkeys(names, empty), attended)

    def tensors(self) -> list[Tensor]:
        cross = [x for pair in self.attended for x in (pair.key, pair.value)]
        return [self.place, self.tokens, self.scores, *self.own.values(), *cross]

    def repeated(self, graph: TfliteGraph) -> _State:
        """The same state as the inputs of a graph."""
        place = graph.input("place", self.place.shape, "i4")
        tokens = graph.input("tokens", self.tokens.shape, "i4")
        scores = graph.input("scores", self.scores.shape)
        own = {name: graph.input(name, x.shape) for name, x in self.own.items()}
        cross = [
            KeyValue(
                graph.input(f"cross_key_{i}", x.key.shape), graph.input(f"cross_value_{i}", x.value.shape)
            )
            for i, x in enumerate(self.attended)
        ]
        return _State(place, tokens, scores, own, cross)


def _write_condition(graph: TfliteGraph, state: _State, eot: int) -> None:
    """There is room for a token, and the last one was not the end."""
    last = _gathered(graph, state.tokens, state.place)
    room = _compared(graph, "LESS", state.place, state.tokens.shape[0] - 1)
    going_on = _compared(graph, "NOT_EQUAL", last, eot)
    graph.output("more", graph.add("LOGICAL_AND", [room, going_on], (1,), "b1", options="LogicalAnd"))


def _compared(graph: TfliteGraph, code: str, x: Tensor, number: int) -> Tensor:
    """Whether (1,) int32 is less than the number, or the like."""
    options = code.title().replace("_", "")
    return graph.add(code, [x, graph.numbers([number])], (1,), "b1", options=options)


def _gathered(graph: TfliteGraph, table: Tensor, rows: Tensor) -> Tensor:
    """Rows (or numbers) of a table."""
    shape = (*rows.shape, *table.shape[1:])
    return graph.add("GATHER", [table, rows], shape, table.kind, options="Gather", fields={"axis": 0})


class _StepEmitter(TfliteEmitter):
    """The decoder for one token, which knows what it made of those before."""

    def __init__(self, graph: TfliteGraph, state: _State, weights: str) -> None:
        super().__init__(graph, weights)
        self.state = state
        self.own = dict(state.own)
        self._later: Tensor | None = None

    def tokens(self, name: str, count: Extent) -> Tensor:
        """See DecoderEmitter; the last token."""
        return self.reshape(_gathered(self.graph, self.state.tokens, self.state.place), 1, 1)

    def embedding(self, name: str, tokens: Tensor, table: Array) -> Tensor:
        """See DecoderEmitter; the table is the matrix of the logits."""
        name = f"{name}.weight"
        if self.weights != "int8":
            return _gathered(self.graph, self._matrix(name, table), tokens)
        rows, scales = per_channel(table)
        row = _gathered(self.graph, self.graph.constant(f"{name}/int8", rows, scales), tokens)
        scale = _gathered(self.graph, self.graph.constant(f"{name}/scales", scales), tokens)
        return self._combine("MUL", self.graph.add("CAST", [row], row.shape, options="Cast"), scale)

    def next_positions(self, name: str, x: Tensor, table: Array) -> Tensor:
        """See DecoderEmitter."""
        row = _gathered(self.graph, self.graph.constant(name, table), self.state.place)
        return self.add(x, self.reshape(row, *x.shape))

    def remembered(self, name: str, x: Tensor) -> Tensor:
        """See DecoderEmitter; the step is put into its place among those that are still empty."""
        past = self.own[name]
        start = self._combine("MUL", self.state.place, self.graph.numbers([0, 0, 1, 0]))
        inputs = [past, x, start]
        self.own[name] = self.graph.add(
            "DYNAMIC_UPDATE_SLICE", inputs, past.shape, options="DynamicUpdateSlice", version=1
        )
        return self.own[name]

    def causal_attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See DecoderEmitter; what is behind the step is empty, and seen by nobody."""
        return self._mixed(self.add(self._scores(query, key), self._unseen(key.shape[2])), value)

    def _unseen(self, steps: int) -> Tensor:
        """(1, 1, 1, steps): 0 up to this step, then _NEVER."""
        if self._later is None:
            place = self.graph.add("CAST", [self.state.place], (1,), options="Cast")
            before = self._combine("SUB", place, self.graph.numbers(range(steps), "f4"))
            scaled = self._combine("MUL", before, self.graph.numbers(-_NEVER, "f4"))
            most = self._combine("MINIMUM", scaled, self.graph.numbers(0.0, "f4"))
            least = self._combine("MAXIMUM", most, self.graph.numbers(_NEVER, "f4"))
            self._later = self.reshape(least, 1, 1, 1, steps)
        return self._later


class _Step:
    """The body of the loop."""

    def __init__(
        self, tensors: GgmlTensors, vocabulary: Vocabulary, task: Task, emitter: _StepEmitter
    ) -> None:
        self.tensors = tensors
        self.vocabulary = vocabulary
        self.task = task
        self.emitter = emitter
        self.graph = emitter.graph

    def write(self) -> None:
        """Add the operations and the outputs, in the order of the state."""
        state = self.emitter.state
        following = self.emitter.add(state.place, self.graph.numbers([1]))
        logits = self._logits()
        allowed = self.emitter.add(logits, self._forbidden(following, logits.shape[1]))
        scores = self._scored(following, logits, allowed)
        self.graph.output("next_place", following)
        self.graph.output("next_tokens", self._with_next(following, self._likeliest(allowed)))
        self.graph.output("next_scores", self.emitter.add(state.scores, scores))
        for name, x in self.emitter.own.items():
            self.graph.output(f"next_{name}", x)
        for pair in state.attended:
            self.graph.output("cross_key", pair.key)
            self.graph.output("cross_value", pair.value)

    def _logits(self) -> Tensor:
        """(1, n_vocab) of what follows the last token."""
        token = self.emitter.tokens("token", 1)
        x = network.embedded(self.tensors, self.emitter, token)
        logits = network.decoder(self.tensors, self.emitter, x, self.emitter.state.attended)
        return self.emitter.reshape(logits, 1, logits.shape[2])

    def _likeliest(self, allowed: Tensor) -> Tensor:
        fields = {"outputType": self.graph.file.schema.TensorType.INT32}
        inputs = [allowed, self.graph.numbers(1)]
        return self.graph.add("ARG_MAX", inputs, (1,), "i4", options="ArgMax", fields=fields)

    def _scored(self, following: Tensor, logits: Tensor, allowed: Tensor) -> Tensor:
        """(2,): silence, after the first token only; the likeliest token's logarithm, in the text only."""
        shares = self.emitter.reshape(self.emitter.softmax(logits), logits.shape[1])
        silence = _gathered(self.graph, shares, self.graph.numbers([self.vocabulary.no_speech]))
        fields = {"keepDims": False}
        inputs = [self.emitter.softmax(allowed), self.graph.numbers([1])]
        most = self.graph.add("REDUCE_MAX", inputs, (1,), options="Reducer", fields=fields)
        certainty, zero = self.graph.add("LOG", [most], (1,)), self.graph.numbers([0.0], "f4")
        first = _compared(self.graph, "EQUAL", following, 1)
        text = _compared(self.graph, "GREATER_EQUAL", following, len(self.task.prompt))
        parts = [self._chosen(first, silence, zero), self._chosen(text, certainty, zero)]
        return self.graph.add("CONCATENATION", parts, (2,), options="Concatenation", fields={"axis": 0})

    def _chosen(self, condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        return self.graph.add("SELECT_V2", [condition, yes, no], (1,), yes.kind, options="SelectV2")

    def _forbidden(self, following: Tensor, count: int) -> Tensor:
        """(1, count): _NEVER for what cannot follow here; the first token after the prompt is special."""
        table = np.zeros((2, count), np.float32)
        table[:, self.vocabulary.suppressed()] = _NEVER
        table[1, self.vocabulary.suppressed_first()] = _NEVER
        first = _compared(self.graph, "EQUAL", following, len(self.task.prompt))
        row = self.graph.add("CAST", [first], (1,), "i4", options="Cast")
        return _gathered(self.graph, self.graph.constant("forbidden", table), row)

    def _with_next(self, following: Tensor, likeliest: Tensor) -> Tensor:
        """The tokens with the next one: that of the prompt, as long as there is one."""
        tokens = self.emitter.state.tokens
        prompted = _compared(self.graph, "LESS", following, len(self.task.prompt))
        given = _gathered(self.graph, tokens, following)
        inputs = [tokens, self._chosen(prompted, given, likeliest), following]
        return self.graph.add(
            "DYNAMIC_UPDATE_SLICE", inputs, tokens.shape, "i4", options="DynamicUpdateSlice"
        )

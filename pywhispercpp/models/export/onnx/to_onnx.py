"""ggml file -> a folder of ONNX networks with all that a device needs to make text of sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pywhispercpp import __version__, loading
from pywhispercpp.decode import SAMPLE_RATE
from pywhispercpp.errors import ExportError, OptionError
from pywhispercpp.models.export import device_folder, network
from pywhispercpp.models.export.choices import ONNX_PARTS, ONNX_WEIGHTS
from pywhispercpp.models.export.emitter import Extent
from pywhispercpp.models.export.network import KeyValue
from pywhispercpp.models.export.onnx.emitter import OnnxEmitter, require_onnx
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.export.terms import STEPS_PER_SECOND, model_facts, unwritable
from pywhispercpp.models.ggml_layout import GgmlHeader
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.progress import Progress, QuietProgress
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = [
    "context_steps",
    "export_onnx",
    "facts",
    "saved",
    "token_count",
]

_MOST_BYTES = 2_000_000_000  # a file of protobuf ends at 2 GiB


def export_onnx(
    model: str | os.PathLike[str],
    audio_seconds: float | None = None,
    sequence_length: int | None = None,
    parts: Sequence[str] | None = None,
    weights: str = "f32",
    output: str | os.PathLike[str] | None = None,
    *,
    external_data: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the networks of a ggml file as ONNX (opset 17), and return their folder.

    audio_seconds: how much sound the networks take at a time, a multiple of 0.02 up to 30 (what None is).
    sequence_length: how many tokens the decoder takes, always; any number from 1 on when None.
    parts: of ONNX_PARTS; None for all that a greedy decode needs: features, encoder, and decoder-with-past,
    or with a sequence length decoder.
    weights: how they are stored: "f32", "f16", "int8" (see OnnxEmitter).
    output: the folder; beside the model when None: `ggml-tiny.en-onnx`.
    external_data: put weights into files of their own (`encoder.onnx.data`); what is larger than a file of
    protobuf may be, 2 GiB, always gets one.
    All files appear together or not at all, checked by onnx; older ones of the same names are replaced then.
    Raises OptionError, ModelError (no usable ggml file), MissingPackageError (no onnx) and ExportError.
    """
    path, report = Path(model), progress or QuietProgress()
    folder = Path(output) if output is not None else path.with_name(f"{path.stem}-onnx")
    require_onnx()
    with GgmlTensors(path) as tensors:
        context = context_steps(audio_seconds, tensors.header)
        count = None if sequence_length is None else token_count(sequence_length, tensors.header)
        settings = _Settings(context, count, _weights(weights), external_data)
        job = _Job(tensors, settings, facts(path, tensors.header, context, count, weights), report)
        try:
            job.write(folder, _parts(parts, count))
        except OSError as error:
            raise ExportError(unwritable(folder, error)) from error
    return folder


@dataclass(frozen=True)
class _Settings:
    context: int
    count: int | None
    weights: str
    external: bool


@dataclass(frozen=True)
class _Job:
    """One export: builds each network, writes it, forgets it."""

    tensors: GgmlTensors
    settings: _Settings
    facts: dict[str, str]
    report: Progress

    def write(self, folder: Path, parts: Sequence[str]) -> None:
        networks = {part: f"{part}.onnx" for part in parts}
        own = [part for part in parts if self._external(part)]
        names = [*(f"{part}.onnx.data" for part in own), *networks.values(), device_folder.VOCABULARY_FILE]
        with replaced_together([folder / name for name in names], self.report) as new:
            for part in parts:
                self.report.note(f"{folder / networks[part]}: writing ({self.settings.weights})")
                self._part(part, new / networks[part], part in own)
            words = Vocabulary(self.tensors.header, self.tensors.words())
            text = device_folder.written(self.facts, networks, words)
            (new / device_folder.VOCABULARY_FILE).write_text(text, encoding="utf-8")

    def _external(self, part: str) -> bool:
        """A little more than the part's weights, by the sizes of the file's tensors."""
        side = "encoder." if part == "encoder" else "decoder."
        places = self.tensors.places
        count = sum(int(np.prod(places[name].shape)) for name in places if _used(name, side))
        size = {"f32": 4, "f16": 2, "int8": 1}[self.settings.weights] * count
        return part != "features" and (self.settings.external or size > _MOST_BYTES)

    def _part(self, part: str, file: Path, external: bool) -> None:
        emitter = OnnxEmitter(self.settings.weights, past=part == "decoder-with-past")
        _BUILD[part](self.tensors, self.settings, emitter)
        saved(emitter, part, self.facts, file, external)


def saved(emitter: OnnxEmitter, part: str, facts: dict[str, str], file: Path, external: bool = False) -> None:
    """Write a network, weights beside it where they are `external`, and have onnx check what was written."""
    facts = {**facts, "part": part}
    model = emitter.model(f"whisper_{part.replace('-', '_')}", facts)
    where = {"location": f"{file.name}.data", "save_as_external_data": True} if external else {}
    require_onnx().save_model(model, str(file), **where)
    del model
    _verify(file, facts)


def _used(name: str, side: str) -> bool:
    """Whether a tensor is in the networks of that side: the encoder has keys and values of the decoder."""
    cross = "cross_attn.key" in name or "cross_attn.value" in name
    return name.startswith(side) != cross if side == "decoder." else name.startswith(side) or cross


def _features(tensors: GgmlTensors, settings: _Settings, emitter: OnnxEmitter) -> None:
    count = settings.context * SAMPLE_RATE // STEPS_PER_SECOND
    samples = emitter.input("samples", (1, 1, count))
    emitter.output("mel", network.log_mel(tensors.mel_filters(), emitter, samples, count))


def _encoder(tensors: GgmlTensors, settings: _Settings, emitter: OnnxEmitter) -> None:
    mel = emitter.input("mel", network.mel_shape(tensors.header, settings.context))
    features = network.encoder(tensors, emitter, mel)
    emitter.output("output_features", features)
    for layer, cross in enumerate(network.cross_attended(tensors, emitter, features)):
        emitter.output(f"cross_key_{layer}", cross.key)
        emitter.output(f"cross_value_{layer}", cross.value)


def _decoder(tensors: GgmlTensors, settings: _Settings, emitter: OnnxEmitter) -> None:
    header = tensors.header
    count: Extent = settings.count or range(1, header.n_text_ctx + 1)
    tokens = emitter.tokens("tokens", count)
    shape = network.head_shape(header, settings.context)
    attended = [
        KeyValue(emitter.input(f"cross_key_{layer}", shape), emitter.input(f"cross_value_{layer}", shape))
        for layer in range(header.n_text_layer)
    ]
    x = network.embedded(tensors, emitter, tokens)
    emitter.output("logits", network.decoder(tensors, emitter, x, attended))


_BUILD: dict[str, Callable[[GgmlTensors, _Settings, OnnxEmitter], None]] = {
    "features": _features,
    "encoder": _encoder,
    "decoder": _decoder,
    "decoder-with-past": _decoder,
}


def _verify(file: Path, facts: dict[str, str]) -> None:
    """Have onnx check every node and shape of what was written, and read the facts back."""
    onnx = require_onnx()
    try:
        onnx.checker.check_model(str(file), full_check=True)
        found = onnx.load(str(file), load_external_data=False).metadata_props
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise ExportError(f"{file.name}: is not whole ({error}); nothing was replaced") from error
    if {entry.key: entry.value for entry in found} != facts:
        raise ExportError(f"{file.name}: read back as {found}; nothing was replaced")


def _weights(weights: str) -> str:
    if weights not in ONNX_WEIGHTS:
        raise OptionError(f"weights={weights!r}: one of {', '.join(ONNX_WEIGHTS)} is needed")
    return weights


def context_steps(seconds: float | None, header: GgmlHeader) -> int:
    """Steps of 20 ms for so many seconds, all that the model knows when None; raises OptionError."""
    most = header.n_audio_ctx
    if seconds is None:
        return most
    number = isinstance(seconds, (int, float, np.integer, np.floating)) and not isinstance(seconds, bool)
    steps = float(seconds) * STEPS_PER_SECOND if number else 0.0
    if not 1 <= steps <= most + 1e-6 or abs(steps - round(steps)) > 1e-6:
        wanted = f"a multiple of 0.02 up to {most / STEPS_PER_SECOND:g} is needed"
        raise OptionError(f"audio_seconds={seconds!r}: {wanted}")
    return round(steps)


def token_count(length: int, header: GgmlHeader) -> int:
    """Return a sequence length that can be; raises OptionError for another."""
    return loading.count("sequence_length", length, header.n_text_ctx, 5)


def _parts(asked: Sequence[str] | None, count: int | None) -> list[str]:
    if asked is None:
        return ["features", "encoder", "decoder-with-past" if count is None else "decoder"]
    unknown = [part for part in asked if part not in ONNX_PARTS]
    if isinstance(asked, str) or unknown or not asked:
        raise OptionError(f"parts={asked!r}: one or more of {', '.join(ONNX_PARTS)} are needed")
    if count is not None and "decoder-with-past" in asked:
        raise OptionError(
            "sequence_length: a decoder with past takes the tokens one by one; leave the length out, or take "
            "the part decoder"
        )
    return [part for part in ONNX_PARTS if part in asked]


def facts(path: Path, header: GgmlHeader, context: int, count: int | None, weights: str) -> dict[str, str]:
    """What each file says about itself."""
    return {
        **model_facts(path),
        "audio_context": str(context),
        "sequence_length": str(count or "any"),
        "weights": weights,
        "n_vocab": str(header.n_vocab),
        "multilingual": str(header.multilingual).lower(),
        "version": __version__,
    }

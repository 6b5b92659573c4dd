"""ggml file -> TFLite, for phones, boards and browsers: sound to tokens, or a part of that way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pywhispercpp import __version__
from pywhispercpp.errors import ExportError, ModelError, OptionError
from pywhispercpp.extras import require
from pywhispercpp.models import ggml_file
from pywhispercpp.models.export import device_folder
from pywhispercpp.models.export.choices import TFLITE_PARTS
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.export.terms import STEPS_PER_SECOND, model_facts, unwritable
from pywhispercpp.models.export.tflite.file import MOST_BYTES, require_schema
from pywhispercpp.models.export.tflite.loop import Task
from pywhispercpp.models.export.tflite.metadata import MEL_FILTERS, Metadata, vocabulary_beside
from pywhispercpp.models.export.tflite.parts import WIDTHS, Plan, build, constant_bytes
from pywhispercpp.models.ggml_layout import GgmlHeader
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.progress import Progress, QuietProgress
from pywhispercpp.models.vocabulary import TASKS, Vocabulary

__all__ = ["export_tflite"]

_OTHERS = 64 << 20  # bytes left for what is in a file beside its constants


def export_tflite(
    model: str | os.PathLike[str],
    part: str = "encoder-decoder",
    *,
    float16: bool = False,
    int8: bool = False,
    language: str | None = None,
    task: str = TASKS[0],
    max_tokens: int | None = None,
    audio_seconds: float | None = None,
    output: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a ggml file, or a part of it, as TFLite; return the path of the file.

    part: "encoder-decoder" (log-mel to tokens), "generator" (sound to tokens), "encoder", "decoder",
        "features" (sound to log-mel), "pcm-encoder" (sound to hidden states).
    float16, int8: how matrices are stored; float32 when neither.
    language, task: what the tokens start with; English, and "transcribe" or "translate".
    max_tokens: length of the tokens, with those they start with; half of what the model can, when None.
    audio_seconds: length of the sound, 0.02 to 30 in steps of 0.02; all that the model hears when None.
    output: the `.tflite` to write; beside the model when None. A part that gives tokens gets its words in a
        file beside it (`vocabulary_beside`).
    What is there is replaced only by files that are whole and were read back. Raises OptionError, ModelError
    (no usable ggml file), MissingPackageError (no ai-edge-litert) and ExportError.
    """
    path = Path(model)
    if part not in TFLITE_PARTS:
        raise OptionError(f"part={part!r}: one of {', '.join(TFLITE_PARTS)} is needed")
    weights = _weights(part, float16, int8)
    _require_tokens(part, language, task, max_tokens)
    target = _target(path, output, part, weights)
    require_schema()
    with GgmlTensors(path) as tensors:
        vocabulary = Vocabulary(tensors.header, tensors.words())
        prompt = tuple(vocabulary.prompt(language, task))
        length = Task(prompt, _most(max_tokens, len(prompt), tensors.header))
        plan = Plan(part, weights, _context(audio_seconds, tensors.header), length)
        _require_room(tensors, plan)
        facts = _facts(path, plan, language, task)
        _export(tensors, vocabulary, plan, facts, target, progress or QuietProgress())
    return target


def _export(
    tensors: GgmlTensors,
    vocabulary: Vocabulary,
    plan: Plan,
    facts: Mapping[str, str],
    target: Path,
    report: Progress,
) -> None:
    """Build, write beside, read back, put in place."""
    report.note(f"{tensors.path}: reading weights for the {plan.part}")
    file = build(tensors, vocabulary, plan)
    file.facts(facts)
    if "features" not in plan.stages:
        file.describe(MEL_FILTERS, tensors.mel_filters().astype("<f4").tobytes())
    report.note(f"{target}: writing {file.weight_bytes / 1e6:.1f} MB of weights ({plan.weights})")
    files = (vocabulary_beside(target), target) if "decoder" in plan.stages else (target,)
    try:
        with replaced_together(files, report) as folder:
            if len(files) > 1:
                text = device_folder.written(facts, {plan.part: target.name}, vocabulary)
                (folder / files[0].name).write_text(text, "utf-8")
            with (folder / target.name).open("wb") as out:
                file.write(out)
            _verify(folder / target.name, facts, plan, tensors)
    except OSError as error:
        raise ExportError(unwritable(target, error)) from error


def _weights(part: str, float16: bool, int8: bool) -> str:
    if float16 and int8:
        raise OptionError("float16 and int8: matrices are stored in one of them, not in both")
    if part == "features" and (float16 or int8):
        raise OptionError("part='features' has no weights that could be stored as float16 or int8")
    return "f16" if float16 else "int8" if int8 else "f32"


def _require_tokens(part: str, language: str | None, task: str, max_tokens: int | None) -> None:
    """Nothing is said about tokens to a part that gives none."""
    given = {"language": language, "task": task if task != TASKS[0] else None, "max_tokens": max_tokens}
    for name, value in given.items():
        if value is not None and "decoder" not in TFLITE_PARTS[part]:
            raise OptionError(f"{name}={value!r}: part={part!r} gives no tokens")


def _target(model: Path, output: str | os.PathLike[str] | None, part: str, weights: str) -> Path:
    """The `.tflite` to write; never one that is a model under a wrong name."""
    suffix = "" if weights == "f32" else f"-{weights}"
    target = Path(output) if output is not None else model.with_name(f"{model.stem}-{part}{suffix}.tflite")
    if target.suffix != ".tflite":
        raise OptionError(f"output={str(target)!r}: the name of a TFLite file ends in .tflite")
    if target.is_file() and ggml_file.has_magic(target):
        raise OptionError(f"output={str(target)!r}: would replace a ggml model")
    return target


def _most(asked: int | None, prompt: int, header: GgmlHeader) -> int:
    if asked is None:
        return header.n_text_ctx // 2  # as whisper.cpp: the other half is for the text before
    if isinstance(asked, bool) or not isinstance(asked, int) or not prompt < asked <= header.n_text_ctx:
        raise OptionError(
            f"max_tokens={asked!r}: a whole number from {prompt + 1} to {header.n_text_ctx} is needed: "
            f"{prompt} of them are what the text starts with"
        )
    return asked


def _context(seconds: float | None, header: GgmlHeader) -> int:
    """The sound's length in steps of 20 ms."""
    if seconds is None:
        return header.n_audio_ctx
    most = header.n_audio_ctx / STEPS_PER_SECOND
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    steps = round(seconds * STEPS_PER_SECOND) if number and 0 < seconds <= most else 0
    if not steps or abs(steps - seconds * STEPS_PER_SECOND) > 1e-6:
        raise OptionError(f"audio_seconds={seconds!r}: 0.02 to {most:g} in steps of 0.02 is needed")
    return steps


def _require_room(tensors: GgmlTensors, plan: Plan) -> None:
    """Raise ExportError for what does not fit into a flatbuffer, with what does."""
    sizes = {weights: constant_bytes(tensors, plan.stages, weights) for weights in WIDTHS}
    if sizes[plan.weights] + _OTHERS <= MOST_BYTES:
        return
    fitting = [weights for weights, size in sizes.items() if size + _OTHERS <= MOST_BYTES]
    names = {"f32": "float32", "f16": "float16", "int8": "int8"}
    options = " or ".join(f"{names[weights]} (--{names[weights]})" for weights in fitting)
    raise ExportError(
        f"{tensors.path}: {sizes[plan.weights] / 1e9:.1f} GB of {names[plan.weights]} do not fit into "
        f"a TFLite file, which ends at 2 GiB; {options or 'encoder and decoder in files of their own'} would"
    )


def _facts(path: Path, plan: Plan, language: str | None, task: str) -> dict[str, str]:
    """What the file says about itself."""
    facts = {
        **model_facts(path),
        "part": plan.part,
        "weights": plan.weights,
        "audio_seconds": f"{plan.context / STEPS_PER_SECOND:g}",
    }
    if "decoder" in plan.stages:
        facts.update(language=language or "en", task=task, max_tokens=str(plan.task.most))
    return {**facts, "version": __version__}


def _verify(path: Path, facts: Mapping[str, str], plan: Plan, tensors: GgmlTensors) -> None:
    """Read the file back: what it says of itself, and that the interpreter takes it as it was meant."""
    try:
        found = _signature(path)
        said = Metadata(path).facts
    except (ValueError, RuntimeError, ModelError) as error:
        raise ExportError(f"{path.name}: cannot be read back: {error}; nothing was replaced") from error
    wanted = plan.inputs(tensors), plan.outputs(tensors)
    if found != wanted or said != facts:
        raise ExportError(f"{path.name}: read back as {found}, {said}; nothing was replaced")


def _signature(path: Path) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Names and shapes of inputs and outputs, once the interpreter has made room for all tensors."""
    runtime = require("ai_edge_litert.interpreter", "tflite", "an export to TFLite")
    plain = runtime.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # XNNPACK would pack all weights
    interpreter = runtime.Interpreter(model_path=str(path), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    return _shapes(runner.get_input_details()), _shapes(runner.get_output_details())


def _shapes(details: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(int(n) for n in entry["shape"]) for name, entry in details.items()}

"""ggml file -> OpenVINO IR of the encoder, as whisper.cpp looks for it beside the model."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

from pywhispercpp import __version__, openvino_ir
from pywhispercpp.errors import ExportError, OptionError
from pywhispercpp.loading import count
from pywhispercpp.models import ggml_file
from pywhispercpp.models.export import network
from pywhispercpp.models.export.choices import WEIGHTS
from pywhispercpp.models.export.emitter import Extent
from pywhispercpp.models.export.openvino.emitter import OpenVinoEmitter, require_openvino
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.export.terms import model_facts, unwritable
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.progress import Progress, QuietProgress

__all__ = ["export_openvino"]


def export_openvino(
    model: str | os.PathLike[str],
    audio_context: int | None = None,
    weights: str = "f16",
    output: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Write the encoder of a ggml file as OpenVINO IR: the `.xml` returned, and a `.bin` beside it.

    audio_context: one context of 20 ms steps that the IR serves, 1 to 1500; every one when None.
    weights: how matrices are stored, "f16" or "int8" (one scale per output channel).
    output: the `.xml` to write; `openvino_ir.path_beside(model)` when None.
    Both files appear together or not at all; they replace older ones only when they are whole and were read
    back. Raises OptionError, ModelError (no usable ggml file), MissingPackageError (no openvino) and
    ExportError.
    """
    path = Path(model)
    target = _target(path, output)
    if weights not in WEIGHTS:
        raise OptionError(f"weights={weights!r}: one of {', '.join(WEIGHTS)} is needed")
    emitter = OpenVinoEmitter(int8=weights == "int8")
    report = progress or QuietProgress()
    with GgmlTensors(path) as tensors:
        contexts = _contexts(audio_context, tensors.header.n_audio_ctx)
        facts = _facts(path, contexts, weights)
        report.note(f"{path}: reading the encoder's weights")
        mel = emitter.input("mel", network.mel_shape(tensors.header, contexts))
        emitter.output("output_features", network.encoder(tensors, emitter, mel))
        shape = (contexts, tensors.header.n_audio_state)
    report.note(f"{target}: writing {emitter.weight_bytes / 1e6:.1f} MB of weights ({weights})")
    try:
        with replaced_together((target.with_suffix(".bin"), target), report) as folder:
            _write(emitter, facts, folder / target.name)
            _verify(folder / target.name, facts, *shape)
    except OSError as error:
        raise ExportError(unwritable(target, error)) from error
    # A full disk is a RuntimeError of OpenVINO; 2024's goes on without a word and leaves half an XML.
    except (RuntimeError, ElementTree.ParseError) as error:
        raise ExportError(unwritable(target, f"OpenVINO: {' '.join(str(error).split())}")) from error
    return target


def _target(model: Path, output: str | os.PathLike[str] | None) -> Path:
    """The `.xml` to write; never one whose `.bin` would replace a model."""
    if output is None:
        return openvino_ir.path_beside(model)
    target = Path(output)
    if target.suffix != ".xml":
        raise OptionError(f"output={str(target)!r}: the name of an IR ends in .xml")
    weights = target.with_suffix(".bin")
    if weights.is_file() and ggml_file.has_magic(weights):
        raise OptionError(
            f"output={str(target)!r}: its weights would replace {weights}, which is a ggml model"
        )
    return target


def _contexts(asked: int | None, most: int) -> Extent:
    if asked is None:
        return range(1, most + 1)
    return count("audio_context", asked, most)


def _facts(path: Path, contexts: Extent, weights: str) -> dict[str, str]:
    """What the IR says about itself."""
    served = str(contexts) if isinstance(contexts, int) else f"{contexts[0]}..{contexts[-1]}"
    return {
        **model_facts(path),
        "audio_context": served,
        "weights": weights,
        "version": __version__,
    }


def _write(emitter: OpenVinoEmitter, facts: dict[str, str], xml: Path) -> None:
    model = emitter.model("whisper_encoder")
    for name, value in facts.items():
        model.set_rt_info(value, [openvino_ir.SECTION, name])
    require_openvino().save_model(model, xml, compress_to_fp16=False)
    _mark_compressed_weights(xml)


def _mark_compressed_weights(xml: Path) -> None:
    """Mark each conversion of stored weights, as OpenVINO's own compression to f16 does.

    Plugins then keep the weights as they are stored: 75 MB less for base on a CPU in f32. OpenVINO's own
    compression needs every weight in f32 first, and rounds what f16 does not hold; its Python API cannot
    set the mark.
    """
    tree = ElementTree.parse(xml)
    for layer in tree.iterfind("layers/layer[@type='Convert']"):
        if layer.find("input/port[@precision='FP16']") is None:
            continue
        mark = ElementTree.Element("rt_info")
        ElementTree.SubElement(mark, "attribute", name="decompression", version="0")
        layer.insert(1, mark)  # after <data>
    tree.write(xml, encoding="utf-8", xml_declaration=True)


def _verify(xml: Path, facts: dict[str, str], contexts: Extent, n_state: int) -> None:
    """Read the IR back: what it says of itself, and the shape it gives for the least and the most context."""
    model = require_openvino().Core().read_model(xml)
    found = {name: model.get_rt_info([openvino_ir.SECTION, name]).astype(str) for name in facts}
    ends = (contexts, contexts) if isinstance(contexts, int) else (contexts[0], contexts[-1])
    said = openvino_ir.read(xml)
    if found != facts or said.audio_ctx != ends:
        raise ExportError(f"{xml.name}: read back as {found} and {said}; nothing was replaced")
    for context in ends:
        model.reshape([1, said.n_mels, network.FRAMES_PER_STEP * context])
        shape = list(model.output().get_shape())
        if shape != [1, context, n_state]:
            raise ExportError(f"{xml.name}: gives {shape} for context {context}; nothing was replaced")

"""ggml file -> all that a Hailo device needs: networks, tables of the host, calibration sets, .hef files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pywhispercpp.errors import ExportError, MissingPackageError, OptionError
from pywhispercpp.models.export import device_folder, network
from pywhispercpp.models.export.choices import HAILO_ARCHITECTURES
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.hailo import calibration as sets
from pywhispercpp.models.export.hailo import compiler, model_script
from pywhispercpp.models.export.hailo.emitter import LOGITS, HailoEmitter
from pywhispercpp.models.export.hailo.files import HailoFiles
from pywhispercpp.models.export.onnx import to_onnx
from pywhispercpp.models.export.onnx.emitter import require_onnx
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.export.terms import STEPS_PER_SECOND, unwritable
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.progress import Progress, QuietProgress
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["SEQUENCE_LENGTH", "HailoExport", "export_hailo"]

SEQUENCE_LENGTH = 32


@dataclass(frozen=True)
class HailoExport:
    """What was made. missing: why there is no .hef, and what to do; None when there is."""

    folder: Path
    files: tuple[Path, ...]
    missing: str | None


def export_hailo(
    model: str | os.PathLike[str],
    hw_arch: str = HAILO_ARCHITECTURES[0],
    calibration: str | os.PathLike[str] | None = None,
    num_samples: int | None = None,
    audio_seconds: float | None = None,
    sequence_length: int = SEQUENCE_LENGTH,
    output: str | os.PathLike[str] | None = None,
    *,
    language: str | None = None,
    encoder_script: str | os.PathLike[str] | None = None,
    decoder_script: str | os.PathLike[str] | None = None,
    require_hef: bool = False,
    progress: Progress | None = None,
) -> HailoExport:
    """Make all that can be made here for a Hailo device; with Hailo's compiler its .hef files too.

    model: a ggml file of the size tiny or base; larger ones Hailo's compiler does not take.
    hw_arch: "hailo8", "hailo8l" or "hailo10h".
    calibration: a folder of speech, of any depth, to make calibration sets of, at most `num_samples` each;
    None takes those that are there, made for the same model, length and count.
    audio_seconds: of sound at a time; 10 for tiny, 5 for base when None.
    sequence_length: how many tokens the decoder takes, those of the prompt among them.
    output: the folder; beside the model when None: `ggml-tiny.en-hailo`.
    language: of the speech in `calibration`; English when None.
    encoder_script, decoder_script: model scripts (.alls) to compile with instead of those written here.
    require_hef: raise MissingPackageError or ExportError where no .hef can be made, before any work.
    Each group of files appears together or not at all. Raises OptionError, ModelError, MissingPackageError
    (no onnx, no onnxruntime) and ExportError.
    """
    path, report = Path(model), progress or QuietProgress()
    folder = Path(output) if output is not None else path.with_name(f"{path.stem}-hailo")
    require_onnx("an export for Hailo")
    own = {"encoder": encoder_script, "decoder": decoder_script}
    scripts = {part: Path(script) for part, script in own.items() if script is not None}
    _check(hw_arch, num_samples, scripts)
    if require_hef:
        _require_compiler()
    with GgmlTensors(path) as tensors:
        job = _job(tensors, hw_arch, audio_seconds, sequence_length, folder, report)
        speech = Path(calibration) if calibration is not None else None
        if require_hef and speech is None and not job.calibrated():
            raise ExportError(_NO_SET.format(folder=folder))
        try:
            return job.make(speech, num_samples, language, scripts)
        except OSError as error:
            raise ExportError(unwritable(folder, error)) from error


_NO_SET = "{folder}: has no calibration set of this model; name a folder of speech (calibration)"


def _check(hw_arch: str, num_samples: int | None, scripts: dict[str, Path]) -> None:
    if hw_arch not in HAILO_ARCHITECTURES:
        raise OptionError(f"hw_arch={hw_arch!r}: one of {', '.join(HAILO_ARCHITECTURES)} is needed")
    whole = isinstance(num_samples, (int, np.integer)) and not isinstance(num_samples, bool)
    if num_samples is not None and not (whole and num_samples >= 1):
        raise OptionError(f"num_samples={num_samples!r}: a whole number from 1 on is needed")
    for part, script in scripts.items():
        if not script.is_file():
            raise OptionError(f"{part}_script={str(script)!r}: there is no such file")


def _require_compiler() -> None:
    why = compiler.installed()
    if why is not None:
        raise MissingPackageError(
            f"a .hef needs Hailo's compiler, which cannot be imported ({why}); {compiler.WHERE}"
        )


def _job(
    tensors: GgmlTensors, hw_arch: str, seconds: float | None, count: int, folder: Path, report: Progress
) -> _Job:
    header = tensors.header
    recipe = model_script.SIZES.get(header.size)
    if recipe is None:
        raise OptionError(
            f"{tensors.path}: is of the size {header.size}; Hailo's compiler takes tiny and base, "
            "and nothing that is larger"
        )
    context = to_onnx.context_steps(recipe.seconds if seconds is None else seconds, header)
    files = HailoFiles(
        header.size + ("" if header.multilingual else ".en"),
        context / STEPS_PER_SECOND,
        to_onnx.token_count(count, header),
    )
    facts = to_onnx.facts(tensors.path, header, context, files.count, "f32")
    return _Job(tensors, hw_arch, recipe, context, files, facts, folder, report)


@dataclass(frozen=True)
class _Job:
    tensors: GgmlTensors
    hw_arch: str
    recipe: model_script.Recipe
    context: int
    files: HailoFiles
    facts: dict[str, str]
    folder: Path
    report: Progress

    def make(
        self, speech: Path | None, samples: int | None, language: str | None, scripts: dict[str, Path]
    ) -> HailoExport:
        vocabulary = Vocabulary(self.tensors.header, self.tensors.words())
        vocabulary.prompt(language)
        if speech is not None:
            sets.sound_files(speech)  # what is wrong with either is told before any work
        self.networks(vocabulary)
        if speech is not None:
            most = samples or self.recipe.encoder_samples
            sha256 = self.facts["model_sha256"]
            sets.make_sets(self.folder, speech, self.files, sha256, most, language, self.report)
        known = self.calibrated()
        self.tell_if_few(known)
        self.scripts(known)
        missing = self.compile(known, scripts)
        return HailoExport(self.folder, tuple(sorted(self.folder.iterdir())), missing)

    def calibrated(self) -> sets.CalibrationFacts | None:
        """What is there of calibration sets for these networks."""
        known = sets.read_facts(self.folder)
        serves = known is not None and known.serves(self.facts["model_sha256"], self.files)
        return known if serves else None

    def tell_if_few(self, known: sets.CalibrationFacts | None) -> None:
        if known is not None and known.encoder_samples < self.recipe.encoder_calibrated:
            few = f"{known.encoder_samples} samples to calibrate with are few"
            more = f"Hailo's own scripts take {self.recipe.encoder_samples}; name a folder with more speech"
            self.report.note(f"{self.folder}: {few}: {more}")

    def networks(self, vocabulary: Vocabulary) -> None:
        """Write both networks and what the host needs."""
        named = {
            "encoder": f"{self.files.encoder}.onnx",
            "decoder": f"{self.files.decoder}.onnx",
            "embedding": self.files.embedding,
            "positions": self.files.positions,
            "filters": f"mel_filters_{self.files.variant}.npy",
        }
        names = [*named.values(), device_folder.VOCABULARY_FILE]
        with replaced_together([self.folder / name for name in names], self.report) as new:
            self.report.note(f"{self.folder}: writing {named['encoder']} and {named['decoder']}")
            to_onnx.saved(self.encoder(), "encoder", self.facts, new / named["encoder"])
            to_onnx.saved(self.decoder(), "decoder", self.facts, new / named["decoder"])
            for part, table in self.tables().items():
                np.save(new / named[part], table)
            text = device_folder.written(self.facts, named, vocabulary)
            (new / device_folder.VOCABULARY_FILE).write_text(text, encoding="utf-8")

    def encoder(self) -> HailoEmitter:
        emitter = HailoEmitter()
        mel = emitter.input("mel", network.mel_shape(self.tensors.header, self.context))
        emitter.output("output_features", network.encoder(self.tensors, emitter, mel))
        return emitter

    def decoder(self) -> HailoEmitter:
        """Keys and values of the features are computed inside: the device has no place to keep them."""
        header, emitter = self.tensors.header, HailoEmitter()
        features = emitter.input("encoder_features", (1, self.context, header.n_audio_state))
        x = emitter.embedded(self.files.count, header.n_text_state)
        attended = network.cross_attended(self.tensors, emitter, features)
        network.decoder(self.tensors, emitter, x, attended)  # its pieces are outputs already
        return emitter

    def tables(self) -> dict[str, Array]:
        return {
            "embedding": self.tensors["decoder.token_embedding.weight"],
            "positions": self.tensors["decoder.positional_embedding"][: self.files.count],
            "filters": self.tensors.mel_filters(),
        }

    def scripts(self, known: sets.CalibrationFacts | None) -> None:
        """Write the model scripts, for the calibration sets that there are, or those that should be."""
        heard = known.encoder_samples if known else self.recipe.encoder_samples
        said = known.decoder_samples if known else sets.DECODER_SAMPLES
        texts = {
            self.files.script("encoder", self.hw_arch): model_script.encoder_script(
                self.recipe, self.hw_arch, heard
            ),
            self.files.script("decoder", self.hw_arch): model_script.decoder_script(
                self.recipe, self.hw_arch, said
            ),
        }
        with replaced_together([self.folder / name for name in texts], self.report) as new:
            for name, text in texts.items():
                (new / name).write_text(text, encoding="utf-8")

    def compile(self, known: sets.CalibrationFacts | None, scripts: dict[str, Path]) -> str | None:
        """Make the .hef files, or say why not."""
        why = compiler.installed()
        if why is not None:
            return f"no .hef was made: its compiler cannot be imported ({why}); {compiler.WHERE}"
        if known is None:
            return f"no .hef was made: {_NO_SET.format(folder=self.folder)}"
        layers = {
            "encoder": {"input_layer1": self.files.encoder_set},
            "decoder": {f"input_layer{n}": self.files.decoder_set(n) for n in (1, 2)},
        }
        for part, one in self.to_compile(scripts).items():
            files = {layer: self.folder / name for layer, name in layers[part].items()}
            samples = {layer: np.load(file, mmap_mode="r") for layer, file in files.items()}
            compiler.compiled(one, samples, self.hw_arch, self.report)
        return None

    def to_compile(self, scripts: dict[str, Path]) -> dict[str, compiler.Network]:
        own = {part: self.folder / self.files.script(part, self.hw_arch) for part in ("encoder", "decoder")}
        used = {**own, **scripts}
        logits = [f"logits_{piece}" for piece in range(LOGITS)]
        encoder, decoder = (self.folder / f"{name}.onnx" for name in (self.files.encoder, self.files.decoder))
        return {
            "encoder": compiler.Network(encoder, used["encoder"], ["mel"], ["encoder.ln_post"]),
            "decoder": compiler.Network(
                decoder, used["decoder"], ["encoder_features", "embedded_tokens"], logits
            ),
        }

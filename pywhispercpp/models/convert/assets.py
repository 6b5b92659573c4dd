"""Whisper's vocabularies and mel filters: pinned by hash, fetched once, kept for the next conversion."""

from __future__ import annotations

import tempfile
from pathlib import Path

from platformdirs import user_cache_dir

from pywhispercpp.errors import DownloadError, ModelError
from pywhispercpp.models import verified_file
from pywhispercpp.models.hashes import matches
from pywhispercpp.models.pinned_wheel import PinnedWheel, download, extract
from pywhispercpp.models.progress import Progress

__all__ = ["ASSETS", "HASHES", "MEL_FILTERS", "asset", "vocabulary_name"]

MEL_FILTERS = "mel_filters.npz"
_ENGLISH, _MULTILINGUAL = "gpt2.tiktoken", "multilingual.tiktoken"
_ENGLISH_TOKENS = 51864

#: The files of OpenAI's repository, release v20250625; the same since they are there.
HASHES = {
    _ENGLISH: "sha256:306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
    _MULTILINGUAL: "sha256:b34b360dbb493e781e479794586d661700670d65564001f23024971d1f2fa126",
    MEL_FILTERS: "sha256:7450ae70723a5ef9d341e3cee628c7cb0177f36ce42c44b7ed2bf3325f0f6d4c",
}
_UPSTREAM = "https://raw.githubusercontent.com/openai/whisper/v20250625/whisper/assets"
_TIMEOUT = (5.0, 30.0)  # seconds to connect, seconds without a byte

#: The same files on the package index.
ASSETS = PinnedWheel(
    "mlx-whisper",
    "0.4.3",
    "6b82b6597a994643a3e5496c7bc229a672e5ca308458455bfe276e76ae024489",
    tuple(f"mlx_whisper/assets/{name}" for name in HASHES),
)


def vocabulary_name(n_vocab: int) -> str:
    """The file with the vocabulary of a network with so many outputs."""
    return _ENGLISH if n_vocab == _ENGLISH_TOKENS else _MULTILINGUAL


def asset(name: str, progress: Progress, folder: Path | None = None) -> Path:
    """Path of one of the files of HASHES: in `folder` when one is given, else where fetched ones are kept.

    A file in `folder` is taken as it is; a kept one has the pinned hash. What is missing is fetched from
    OpenAI's repository, or from the package index where that cannot be reached. Raises ModelError for a
    `folder` without it, DownloadError.
    """
    if folder is not None:
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: no {name}; it comes with OpenAI's Whisper as whisper/assets/{name}")
        return folder / name
    kept = Path(user_cache_dir("pywhispercpp")) / "assets" / name
    if not matches(kept, HASHES[name]):
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            _fetch(name, kept, progress)
        except OSError as error:
            raise DownloadError(
                f"{kept}: cannot be written: {error.strerror or error}. Make room, or give a folder that "
                f"holds {name} (assets, --assets)"
            ) from error
    return kept


def _fetch(name: str, kept: Path, progress: Progress) -> None:
    import requests  # here: a conversion that has its assets needs no HTTP client

    address = f"{_UPSTREAM}/{name}"
    try:
        with requests.get(address, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            content = answer.content
        verified_file.make(kept, Path(address), lambda out: out.write(content), HASHES[name])
    except (requests.RequestException, ModelError) as error:
        progress.note(f"{address} is not to be had; taking {name} from the package index")
        try:
            _from_the_index(kept.parent)
        except DownloadError as second:
            raise DownloadError(
                f"{name}: cannot be fetched; give a folder that holds it (assets, --assets).\n"
                f"{error}\n{second}"
            ) from second


def _from_the_index(folder: Path) -> None:
    """Put all the files into `folder`: the wheel has them all."""
    with tempfile.TemporaryDirectory(prefix=".assets-", dir=folder) as name:
        work = Path(name)
        download((ASSETS,), work)
        extract(ASSETS, work)
        for file, expected in HASHES.items():
            if not matches(work / file, expected):
                raise DownloadError(f"{ASSETS.project} {ASSETS.version}: {file} is not the pinned one")
            (work / file).replace(folder / file)

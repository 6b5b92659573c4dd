"""The sources of upstream's programs come by the roads of whisper.cpp, are verified, and are fetched once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts import fetch_whisper_tool
from scripts.errors import BuildError
from scripts.pins import WHISPER_TOOLS
from scripts.tree import tree_sha256
from tests.scripts.conftest import contents
from tests.scripts.test_fetch_whisper_cpp import TREE, Upstream

if TYPE_CHECKING:
    from tests.scripts.conftest import Index


@pytest.fixture
def upstream(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """A small whisper.cpp of which one file is pinned a second time."""
    upstream = Upstream(index, tmp_path, monkeypatch)
    pin = {"tree": ["src/one.c"], "tree_sha256": tree_sha256(tmp_path / "reference", ["src/one.c"])}
    monkeypatch.setattr(fetch_whisper_tool, "WHISPER_TOOLS", {"tool": pin})
    return upstream


@pytest.mark.parametrize("road", ["from_archive", "from_sdist"])
def test_only_what_is_pinned_is_there(upstream: Upstream, tmp_path: Path, road: str) -> None:
    upstream.roads(road)
    folder = fetch_whisper_tool.fetch("tool", tmp_path)
    assert folder == tmp_path / "tool" / "sources"
    found = contents(folder)
    assert found.pop(".fetched")
    assert found == {"src/one.c": TREE["src/one.c"].encode()}
    upstream.index.stop()
    assert fetch_whisper_tool.fetch("tool", tmp_path) == folder  # nothing is asked again


def test_another_file_is_refused(upstream: Upstream, tmp_path: Path) -> None:
    upstream.publish({**TREE, "src/one.c": "int evil;\n"})
    with pytest.raises(BuildError, match="tree sha256 expected"):
        fetch_whisper_tool.fetch("tool", tmp_path)
    assert not (tmp_path / "tool" / "sources").exists()


def test_a_tool_that_is_not_pinned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"'whisper-bench': one of whisper-cli, whisper-quantize, "):
        fetch_whisper_tool.fetch("whisper-bench", tmp_path)


@pytest.mark.parametrize("pin", WHISPER_TOOLS.values(), ids=WHISPER_TOOLS)
def test_the_pin_is_whole(pin: dict[str, Any]) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", pin["tree_sha256"])
    assert pin["license"] == "MIT"
    assert pin["tree"] == sorted(pin["tree"])

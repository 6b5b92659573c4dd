"""whisper.cpp by either road: one verified, patched tree, or the old one untouched."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts import fetch_whisper_cpp as fetcher
from scripts.errors import BuildError
from scripts.tree import tree_sha256
from scripts.whisper_cpp import patch_files
from tests.scripts.conftest import build_backend, contents, sha256, write_tar

if TYPE_CHECKING:
    from tests.scripts.conftest import Index

TREE = {
    "LICENSE": "do as you like\n",
    "src/one.c": "int one;\nint two;\nint three;\n",
    "src/deep/two.h": "#pragma once\n",
}
PATCH = "--- a/src/one.c\n+++ b/src/one.c\n@@ -1,3 +1,3 @@\n int one;\n-int two;\n+int {};\n int three;\n"


class Upstream:
    """Both places that carry the small tree, and a checkout's build folder to fetch into."""

    def __init__(self, index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.index, self.sources = index, folder / "build" / "whisper.cpp"
        self.downloads, self.monkeypatch = folder / "build" / "downloads", monkeypatch
        reference = folder / "reference"
        for name, text in TREE.items():
            (reference / name).parent.mkdir(parents=True, exist_ok=True)
            (reference / name).write_text(text)
        self.pins: dict[str, Any] = {
            "version": "9.9.9",
            "tree": ["LICENSE", "src"],
            "tree_sha256": tree_sha256(reference, ["LICENSE", "src"]),
            "archive": {"url": f"{index.url}/v9.9.9.tar.gz", "prefix": "tiny-9.9.9"},
        }
        monkeypatch.setattr(fetcher, "WHISPER_CPP", self.pins)
        monkeypatch.setattr(fetcher, "DOWNLOADS", self.downloads)
        self.publish(TREE)

    def publish(self, tree: dict[str, str]) -> None:
        """Offer a tree as the upstream archive and, with files of its own around, as the sdist."""
        write_tar(self.index.folder / "v9.9.9.tar.gz", {**tree, "README": "not wanted"}, "tiny-9.9.9")
        around = {**build_backend("tinysdist", "1.5"), "PKG-INFO": "Metadata-Version: 2.1\n"}
        inside = {f"vendored/{name}": text for name, text in tree.items()}
        path = self.index.page("tinysdist") / "tinysdist-1.5.tar.gz"
        write_tar(path, {**around, **inside}, "tinysdist-1.5")
        self.pins["sdist"] = {
            "requirement": "tinysdist==1.5",
            "sha256": sha256(path),
            "prefix": "tinysdist-1.5/vendored",
        }

    def roads(self, *names: str) -> None:
        """Leave only these roads open."""
        self.monkeypatch.setattr(fetcher, "ROADS", [getattr(fetcher, name) for name in names])

    def fetch(self, *patches: Path) -> dict[str, bytes]:
        """Fetch, and return what is there but for the stamp."""
        assert fetcher.fetch(self.sources, patches) == self.sources
        found = contents(self.sources)
        del found[".fetched"]
        return found


@pytest.fixture
def upstream(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """A small whisper.cpp, offered by both roads."""
    return Upstream(index, tmp_path, monkeypatch)


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    """A patch that fits."""
    path = tmp_path / "0001-rename.patch"
    path.write_text(PATCH.format("zwei"))
    return path


EXPECTED = {name: text.encode() for name, text in TREE.items()}


@pytest.mark.parametrize("road", ["from_archive", "from_sdist"])
def test_each_road_ends_in_the_same_tree(upstream: Upstream, road: str) -> None:
    upstream.roads(road)
    assert upstream.fetch() == EXPECTED


def test_the_second_road_is_taken_where_the_first_is_closed(
    upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    (upstream.index.folder / "v9.9.9.tar.gz").unlink()
    assert upstream.fetch() == EXPECTED
    said = capsys.readouterr().out
    assert "from_archive: 404" in said
    assert "from_sdist:" not in said


def test_the_first_road_is_enough(upstream: Upstream) -> None:
    (upstream.index.page("tinysdist") / "tinysdist-1.5.tar.gz").unlink()
    assert upstream.fetch() == EXPECTED


@pytest.mark.parametrize("road", ["from_archive", "from_sdist"])
def test_a_wrong_tree_is_refused_and_the_archive_deleted(upstream: Upstream, road: str) -> None:
    upstream.roads(road)
    upstream.publish({**TREE, "src/one.c": "int evil;\n"})
    expected = upstream.pins["tree_sha256"]
    with pytest.raises(
        BuildError, match=f"tree sha256 expected {expected}, got [0-9a-f]{{64}}; it was deleted"
    ):
        upstream.fetch()
    assert list(upstream.downloads.iterdir()) == []
    assert not upstream.sources.exists()
    upstream.publish(TREE)
    assert upstream.fetch() == EXPECTED


@pytest.mark.parametrize("damage", ["cut", "another file", "a path is missing"])
def test_a_bad_archive_is_deleted_so_that_the_next_try_can_succeed(upstream: Upstream, damage: str) -> None:
    upstream.roads("from_archive")
    archive = upstream.index.folder / "v9.9.9.tar.gz"
    if damage == "cut":
        archive.write_bytes(archive.read_bytes()[:-40])
    elif damage == "another file":
        archive.write_text("<html>please log in</html>")
    else:
        upstream.publish({"src/one.c": TREE["src/one.c"]})
    with pytest.raises(BuildError, match="from_archive: "):
        upstream.fetch()
    assert list(upstream.downloads.iterdir()) == []
    upstream.publish(TREE)
    assert upstream.fetch() == EXPECTED


def test_all_roads_closed_names_each(upstream: Upstream) -> None:
    upstream.index.stop()
    with pytest.raises(BuildError, match=r"(?s)from_archive: .*from_sdist: "):
        upstream.fetch()
    assert not upstream.sources.exists()


def test_nothing_is_asked_when_the_tree_is_current(upstream: Upstream, patch: Path) -> None:
    upstream.fetch(patch)
    upstream.index.stop()
    (upstream.sources / "kept").touch()
    assert "kept" in upstream.fetch(patch)


def test_patches_are_applied_in_order(upstream: Upstream, patch: Path, tmp_path: Path) -> None:
    second = tmp_path / "0002-again.patch"
    second.write_text(PATCH.format("due").replace("-int two;", "-int zwei;"))
    assert upstream.fetch(patch, second)["src/one.c"] == b"int one;\nint due;\nint three;\n"
    assert patch_files(tmp_path) == [patch, second]


def test_a_changed_patch_fetches_anew(upstream: Upstream, patch: Path) -> None:
    upstream.fetch(patch)
    patch.write_text(PATCH.format("deux"))
    assert upstream.fetch(patch)["src/one.c"] == b"int one;\nint deux;\nint three;\n"
    assert upstream.fetch() == EXPECTED


@pytest.mark.parametrize(
    "text",
    [
        PATCH.format("zwei").replace("-int two;", "-int four;"),
        PATCH.format("zwei").replace("src/one.c", "src/none.c"),
        "not a patch\n",
    ],
    ids=["other context", "other file", "no patch"],
)
def test_a_patch_that_does_not_apply_is_an_error(upstream: Upstream, patch: Path, text: str) -> None:
    before = upstream.fetch(patch)
    patch.write_text(text)
    with pytest.raises(BuildError, match=r"0001-rename\.patch does not apply to whisper\.cpp 9\.9\.9"):
        upstream.fetch(patch)
    found = contents(upstream.sources)
    assert {name: found[name] for name in before} == before


def test_an_interrupted_fetch_leaves_the_old_tree_and_nothing_else(
    upstream: Upstream, patch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.fetch()
    before = contents(upstream.sources)

    def interrupt(folder: Path, patches: object) -> None:
        assert (folder / "src" / "one.c").is_file()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(fetcher, "apply_patches", interrupt)
        upstream.fetch(patch)
    assert contents(upstream.sources) == before
    assert sorted(path.name for path in upstream.sources.parent.iterdir()) == ["downloads", "whisper.cpp"]


def test_files_are_as_new_as_their_unpacking(upstream: Upstream, patch: Path) -> None:
    # A build that goes by time must compile a file again when its patch is gone.
    before = time.time() - 1
    fetcher.fetch(upstream.sources, [patch])
    tree = fetcher.fetch(upstream.sources, [])
    assert (tree / "src" / "one.c").stat().st_mtime > before

"""The hash over a tree: names and contents count, times and modes do not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from scripts.tree import tree_sha256

PATHS = ["LICENSE", "src"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A licence and two sources, one of them two folders down."""
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "LICENSE").write_text("free")
    (tmp_path / "src" / "a.c").write_text("int a;")
    (tmp_path / "src" / "deep" / "b.c").write_text("int b;")
    return tmp_path


def test_it_is_the_hash_of_sha256sum_lines_sorted_by_name(tree: Path) -> None:
    names = ["LICENSE", "src/a.c", "src/deep/b.c"]
    lines = [f"{hashlib.sha256((tree / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    assert tree_sha256(tree, PATHS) == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_contents_count(tree: Path) -> None:
    before = tree_sha256(tree, PATHS)
    (tree / "src" / "deep" / "b.c").write_text("int c;")
    assert tree_sha256(tree, PATHS) != before


def test_names_count(tree: Path) -> None:
    before = tree_sha256(tree, PATHS)
    (tree / "src" / "a.c").rename(tree / "src" / "c.c")
    assert tree_sha256(tree, PATHS) != before


def test_a_new_file_counts_inside_the_paths_only(tree: Path) -> None:
    before = tree_sha256(tree, PATHS)
    (tree / "README").write_text("not pinned")
    assert tree_sha256(tree, PATHS) == before
    (tree / "src" / ".hidden").write_text("")
    assert tree_sha256(tree, PATHS) != before


def test_times_modes_and_the_order_of_paths_do_not_count(tree: Path) -> None:
    before = tree_sha256(tree, PATHS)
    os.utime(tree / "LICENSE", (1, 1))
    (tree / "src" / "a.c").chmod(0o755)
    assert tree_sha256(tree, PATHS[::-1]) == before


def test_a_missing_path_is_an_error(tree: Path) -> None:
    with pytest.raises(FileNotFoundError, match="include"):
        tree_sha256(tree, [*PATHS, "include"])

"""Which files of a tree a build reads: found through every include, and through nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import BuildError
from toolchains import subset

Files = dict[str, str]
TREE = {
    "LICENSE": "",
    "src/a.c": '#include "beside.h"\n  #  include <path.h>\n#include <stdio.h>\n',
    "src/arch/b.cpp": '#if defined(__arm__)\n#include "../up.h"\n#else\n#include "path.h" // both\n#endif\n',
    "src/beside.h": '#include "deep/deeper.h"\n',
    "src/deep/deeper.h": '#include "a_cycle.h"\n',
    "src/deep/a_cycle.h": '#include "deeper.h"\n#include "../../../outside.h"\n',
    "src/up.h": "",
    "src/path.h": "",
    "include/path.h": "",
    "include/ours.h": "",
    "src/unread.h": "",
    "src/cuda/kernel.cu": '#include "path.h"\n',
}
DATA = {
    "LIBRARIES": {
        "one": {"srcs": ["src/a.c"], "arch_srcs": {"arm": ["src/arch/b.cpp"]}, "defines": {"X": ""}}
    },
    "EXTENSIONS": {"_core": {"srcs": ["module.cpp"]}},
    "INCLUDES": ["include"],
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small tree, and a package whose module includes one header of it."""
    folder = tmp_path / "tree"
    for name, text in TREE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "outside.h").write_text("")
    (tmp_path / "csrc").mkdir()
    (tmp_path / "csrc" / "module.cpp").write_text('#include "ours.h"\n#include "unread.h"\n')
    monkeypatch.setattr(subset, "SOURCES", DATA)
    monkeypatch.setattr(subset, "CSRC", tmp_path / "csrc")
    return folder


def test_sources_headers_of_every_branch_and_the_licence(tree: Path) -> None:
    unread = {"src/path.h", "src/unread.h", "src/cuda/kernel.cu"}
    assert subset.needed(tree) == sorted(set(TREE) - unread)


def test_a_quoted_include_is_looked_for_beside_and_on_the_path(tree: Path) -> None:
    (tree / "src" / "a.c").write_text('#include "path.h"\n')
    assert {"src/path.h", "include/path.h"} < set(subset.needed(tree))


def test_an_include_that_cannot_be_followed_is_told(tree: Path) -> None:
    (tree / "src" / "up.h").write_text("#include HEADER\n")
    with pytest.raises(BuildError, match=r"src/up\.h includes 'HEADER', which toolchains/subset\.py"):
        subset.needed(tree)


def test_a_source_that_is_not_there_is_named(tree: Path) -> None:
    (tree / "src" / "a.c").unlink()
    with pytest.raises(BuildError, match=r"has no src/a\.c; run: nox -s fetch"):
        subset.needed(tree)


def test_the_real_list_has_every_architecture() -> None:
    sources = subset.sources()
    for arch in ("arm", "x86"):
        names = {name.rsplit("/", 1)[1] for name in sources if f"/arch/{arch}/" in name}
        assert {"quants.c", "repack.cpp"} <= names
    assert "module.cpp" not in sources

"""Finding a Bazel: tiny programs that answer --version, on a PATH of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts import bazel
from scripts.errors import BuildError


class Shelf:
    """A folder that is the whole PATH, with programs on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, says: str = "bazel 7.7.1", code: int = 0) -> str:
        """Add a program that prints one line for any arguments and notes them; return its path."""
        path = self.folder / name
        log = self.folder / f"{name}.log"
        path.write_text(f'#!/bin/sh\necho "$@" >> {log}\necho {says!r}\nexit {code}\n')
        path.chmod(0o755)
        return str(path)

    def calls(self, name: str) -> list[str]:
        """The argument lines that a program was called with."""
        log = self.folder / f"{name}.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """An empty PATH but for an apt-get that fails: no test installs anything."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("BAZEL", raising=False)
    shelf = Shelf(folder)
    shelf.put("apt-get", "no network", code=100)
    return shelf


def test_the_environment_comes_first(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bazel-4", "bazel", "bazelisk"):
        shelf.put(name)
    chosen = shelf.put("my-bazel")
    monkeypatch.setenv("BAZEL", chosen)
    assert bazel.find() == chosen


def test_a_bazel_of_the_environment_that_does_not_answer_is_an_error(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put("bazel-4")
    for wrong in (shelf.put("broken", code=1), shelf.put("other", "make 4.3"), "/no/such/bazel"):
        monkeypatch.setenv("BAZEL", wrong)
        with pytest.raises(BuildError, match=f"BAZEL={wrong} does not answer to --version; unset it"):
            bazel.find()


def test_bazel_4_comes_before_bazel(shelf: Shelf) -> None:
    first, _ = shelf.put("bazel-4", "bazel no_version"), shelf.put("bazel")
    assert bazel.find() == first


def test_a_bazel_that_refuses_is_passed_over(shelf: Shelf) -> None:
    shelf.put("bazel-4", code=1)
    second = shelf.put("bazel")
    assert bazel.find() == second
    assert shelf.calls("bazel-4") == ["--version"]
    assert shelf.calls("apt-get") == []


def test_bazelisk_comes_last(shelf: Shelf) -> None:
    shelf.put("bazel", "command not found", code=127)
    last = shelf.put("bazelisk")
    assert bazel.find() == last


def test_root_on_debian_asks_apt_before_bazelisk(shelf: Shelf) -> None:
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        pytest.skip("apt-get is only asked by root on Debian or Ubuntu")
    shelf.put("bazelisk")
    bazel.find()
    assert shelf.calls("apt-get") == ["update -qq"]
    shelf.put("apt-get", "done")
    bazel.find()
    assert shelf.calls("apt-get")[-1] == "install --yes --no-install-recommends bazel-bootstrap"


def test_nothing_found_names_every_way(shelf: Shelf) -> None:
    with pytest.raises(BuildError) as caught:
        bazel.find()
    ways = [
        "BAZEL=",
        "bazel-4 or bazel on PATH",
        "apt-get install bazel-bootstrap",
        "bazelisk",
        "--backend cmake",
    ]
    assert [way for way in ways if way not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("says", "flags"),
    [
        ("bazel 7.7.1", ["--config=bazel7"]),
        ("bazel 10.0.0", ["--config=bazel7"]),
        ("bazel 6.5.0", []),
        ("bazel 4.2.3", []),
        ("bazel no_version", []),
    ],
)
def test_a_workspace_has_to_be_asked_for_from_bazel_7_on(shelf: Shelf, says: str, flags: list[str]) -> None:
    program = shelf.put("bazel", says)
    assert bazel.version_flags(program) == flags
    assert bazel.command(program, "build") == [program, "build", *flags]


def test_the_config_that_bazel_7_gets_is_in_bazelrc(root: Path) -> None:
    lines = (root / ".bazelrc").read_text(encoding="utf-8").splitlines()
    assert "build:bazel7 --noenable_bzlmod --enable_workspace" in lines

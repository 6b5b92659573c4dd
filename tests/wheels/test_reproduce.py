"""Comparing: equal wheels are called identical, every kind of difference is named with its place."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.command import capture
from scripts.errors import BuildError
from wheels import reproduce
from wheels.compare import differences, first_difference

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop


@pytest.fixture
def twin(wheel: Path, tmp_path: Path) -> Path:
    """A copy of the good wheel under its own name, to be changed."""
    return Path(shutil.copy(wheel, tmp_path))


def write(path: Path, members: dict[str, bytes], minute: int = 0) -> Path:
    """A small archive, its members in the given order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as opened:
        for name, data in members.items():
            opened.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, minute, 0)), data)
    return path


def test_a_copy_is_identical(wheel: Path, twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert differences(wheel, twin) == []
    assert reproduce.report(wheel, twin)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert capsys.readouterr().out == f"{wheel.name}: identical, sha256 {digest}\n"


def test_one_byte_of_a_library_is_found(wheel: Path, workshop: Workshop) -> None:
    name = workshop.library("_core")
    data = bytearray(workshop.wheel.members[name])
    data[5000] ^= 1
    found = differences(wheel, workshop.save({**workshop.members(), name: bytes(data)}))
    assert found[0] == f"{name}: first differs at byte 5000 ({len(data)} and {len(data)} bytes)"
    assert [line.split(":")[0] for line in found[1:]] == [workshop.info("RECORD")]


def test_a_file_of_only_one_is_found(wheel: Path, workshop: Workshop) -> None:
    other = workshop.add("pywhispercpp/extra.py", b"\n")
    assert "pywhispercpp/extra.py: only in the second" in differences(wheel, other)
    assert "pywhispercpp/extra.py: only in the first" in differences(other, wheel)


def test_the_time_in_the_archive_is_found(tmp_path: Path) -> None:
    one, other = (write(tmp_path / str(m) / "x.whl", {"a": b"1"}, m) for m in (0, 2))
    assert differences(one, other) == ["a: date_time is (2026, 1, 1, 0, 0, 0) and (2026, 1, 1, 0, 2, 0)"]


def test_the_order_of_the_members_is_found(tmp_path: Path) -> None:
    one = write(tmp_path / "1" / "x.whl", {"a": b"1", "b": b"2"})
    other = write(tmp_path / "2" / "x.whl", {"b": b"2", "a": b"1"})
    assert differences(one, other) == ["the members stand in another order"]


def test_a_comment_of_the_archive_is_found(wheel: Path, twin: Path) -> None:
    with zipfile.ZipFile(twin, "a") as opened:
        opened.comment = b"made on a Monday"
    (found,) = differences(wheel, twin)
    assert found.startswith("the archives differ outside their members, first at byte ")


def test_another_tag_is_found(wheel: Path, workshop: Workshop) -> None:
    (found,) = differences(wheel, workshop.retag("cp399-cp399-any"))
    assert found.startswith(f"the names differ: {wheel.name}, ")


@pytest.mark.parametrize(
    ("one", "other", "offset"), [(b"abc", b"abd", 2), (b"", b"a", 0), (b"ab", b"abc", 2), (b"x", b"abc", 0)]
)
def test_the_first_differing_byte(one: bytes, other: bytes, offset: int) -> None:
    assert first_difference(one, other) == first_difference(other, one) == offset


def test_diffoscope_explains_where_it_is_on_path(
    wheel: Path,
    workshop: Workshop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    other = workshop.add("pywhispercpp/extra.py", b"\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not reproduce.report(wheel, other)
    assert "diffoscope would tell more" in capfd.readouterr().out
    program = tmp_path / "diffoscope"
    program.write_text('#!/bin/sh\necho "asked about $1 and $2"\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert not reproduce.report(wheel, other)
    said = capfd.readouterr().out
    assert f"asked about {wheel} and {other}" in said
    assert "pywhispercpp/extra.py: only in the second" in said


def test_a_difference_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproduce, "capture", lambda *_, **__: "")
    monkeypatch.setattr(reproduce, "reproduce", lambda backend, arguments: backend == "bazel")
    reproduce.main(["--backend", "bazel"])
    with pytest.raises(SystemExit) as left:
        reproduce.main([])
    assert left.value.code == 1


def test_a_clone_is_of_head_and_has_the_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    (root / "build" / "downloads").mkdir(parents=True)
    (root / "build" / "downloads" / "input.whl").write_bytes(b"1")
    (root / ".gitignore").write_text("/build/\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(root)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["checkout", "-q", "--detach"]):
        subprocess.run([*git, *words], check=True)
    (root / "later.txt").write_text("not committed")
    monkeypatch.setattr(reproduce, "ROOT", root)
    monkeypatch.setattr(reproduce, "BUILD", root / "build")
    head = reproduce.head()
    for words in (["add", "."], ["commit", "-qm", "two"]):
        subprocess.run([*git, *words], check=True)
    made = reproduce.clone(tmp_path / "deep" / "er" / "clone", head)
    assert capture(["git", "rev-parse", "HEAD"], cwd=made) == head
    assert not (made / "later.txt").exists()
    assert (made / "build" / "downloads" / "input.whl").read_bytes() == b"1"


def test_an_unknown_profile_fails_in_the_clone(tmp_path: Path, root: Path) -> None:
    options = ["--backend", "cmake", "--profile", "x86-64-v9", "--dist", str(tmp_path)]
    with pytest.raises(BuildError, match="x86-64-v9"):
        capture([sys.executable, "-c", reproduce._BUILD, *options], cwd=root)


def test_the_two_places_differ_in_depth_and_clock() -> None:
    assert len({len(Path(place).parts) for place in reproduce.PLACES}) == len(reproduce.PLACES) == 2
    assert len({env.get("SOURCE_DATE_EPOCH") for env in reproduce.PLACES.values()}) == 2

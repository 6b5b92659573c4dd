"""The release: what would be built and why not, all or nothing, the order of the last moves."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.errors import BuildError
from toolchains.profiles import machine
from wheels import release, seal, sums
from wheels.matrix import promised
from wheels.plan import Step, plan

if TYPE_CHECKING:
    from .conftest import Workshop

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OTHER = "3.12" if HERE != "3.12" else "3.11"
PYTHONS = ["3.11", "3.12"]


@pytest.fixture
def no_pyenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with no Python but the running one."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "no-pyenv"))


@pytest.fixture
def steps() -> list[Step]:
    """Two wheels for this machine and one that it lacks something for."""
    native = [Step(promise) for promise in promised(PYTHONS, [machine()])]
    return [*native, Step(promised(["3.14t"], [machine()])[0], "no Python 3.14t here")]


@pytest.fixture
def maker(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of the compilers: puts the wheel of this run under the promised name; notes the Pythons.

    The checks would refuse it under that name, and have tests of their own.
    """
    made: list[str] = []

    def make(step: Step, way: release.Way, folder: Path) -> release.Row:
        shutil.copy(workshop.retag(step.promise.tag, for_every_cpu=True), folder)
        made.append(step.promise.python)
        return release.Row(step.promise.tag, "built")

    monkeypatch.setattr(release, "make", make)
    monkeypatch.setattr(seal, "verify", lambda path: [])
    monkeypatch.setattr(seal, "says", lambda wheel, state: True)
    return made


@pytest.mark.usefixtures("no_pyenv")
def test_a_missing_python_is_named_with_its_cure() -> None:
    reasons = {step.promise.python: step.reason for step in plan(promised(names=["x86_64"]))}
    assert reasons.pop(HERE, "") == ""
    assert reasons[OTHER] == f"no Python {OTHER} here: pyenv install {OTHER}"
    assert reasons["3.14t"] == "no Python 3.14t here: pyenv install 3.14t"


@pytest.mark.usefixtures("no_pyenv")
def test_a_dry_run_prints_the_table_and_builds_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, maker: list[str]
) -> None:
    release.main(["--dry-run", "--target", "aarch64", "--dist", str(tmp_path / "dist")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    tag = "cp" + OTHER.replace(".", "")
    assert any(line.split()[:2] == [f"{tag}-{tag}-manylinux_2_17_aarch64", "skip"] for line in lines)
    assert maker == []
    assert not (tmp_path / "dist").exists()


def test_a_release_is_sealed(steps: list[Step], maker: list[str], tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    rows = release.release(steps, release.Way(), dist)
    assert maker == PYTHONS
    assert [row.state for row in rows] == ["built", "built", "skipped"]
    assert rows[-1].remark == "no Python 3.14t here"
    assert seal.problems(dist) == []
    assert len(seal.products(dist)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_a_failure_leaves_everything_as_it_was(
    steps: list[Step], maker: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dist = tmp_path / "dist"
    release.release(steps[:1], release.Way(), dist)
    before = {file.name: file.read_bytes() for file in dist.iterdir()}
    make = release.make

    def fail_at_the_second(step: Step, way: release.Way, folder: Path) -> release.Row:
        if step.promise.python == PYTHONS[1]:
            raise BuildError("the compiler is tired")
        return make(step, way, folder)

    monkeypatch.setattr(release, "make", fail_at_the_second)
    with pytest.raises(BuildError, match="tired"):
        release.release(steps, release.Way(), dist)
    assert {file.name: file.read_bytes() for file in dist.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_a_stopped_move_leaves_no_sums(
    steps: list[Step], maker: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dist = tmp_path / "dist"
    release.release(steps, release.Way(), dist)
    replace = Path.replace

    def stop_before_the_provenance(self: Path, target: Path) -> Path:
        if Path(target).parent == dist and self.suffix == ".json":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stop_before_the_provenance)
    with pytest.raises(KeyboardInterrupt):
        release.release(steps, release.Way(), dist)
    assert not (dist / sums.NAME).exists()


def test_nothing_to_build_is_an_error_with_the_reasons(steps: list[Step], tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no Python 3\.14t here"):
        release.release(steps[2:], release.Way(), tmp_path / "dist")

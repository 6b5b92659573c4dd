"""Collecting: the tag is computed, the bytes repeat, dist holds a good wheel or nothing new."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels
from scripts.errors import BuildError
from tests.wheels.conftest import FIND_OPENVINO
from wheels import archive
from wheels.collect import collect, main
from wheels.openvino import pins
from wheels.verify import verify

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop

ROOT = Path(wheels.__file__).resolve().parents[1]


@pytest.fixture
def raw(workshop: Workshop) -> Path:
    """The good wheel as a build leaves it: plain linux tag, members in any order, times of today."""
    machine = next(iter(workshop.wheel.platforms)).split("_", 3)[-1]
    python = next(iter(workshop.wheel.name.tags)).interpreter
    tidy: Path = workshop.retag(f"{python}-{python}-linux_{machine}")
    members = list(archive.load(tidy).members.items())
    random.Random(2).shuffle(members)
    path: Path = workshop.fresh() / tidy.name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as opened:
        for name, data in members:
            opened.writestr(zipfile.ZipInfo(name, time.localtime()[:6]), data)
    return path


def contents(folder: Path) -> list[str]:
    """Everything below a folder, hidden names too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_tag_is_computed_and_the_wheel_good(
    raw: Path, wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dist = tmp_path / "new" / "dist"
    main([str(raw), "--dist", str(dist)])
    final = dist / wheel.name
    assert capsys.readouterr().out.splitlines()[-1] == str(final)
    assert contents(tmp_path / "new") == ["dist", f"dist/{wheel.name}"]
    assert verify(final) == []


def test_equal_content_gives_equal_bytes(raw: Path, wheel: Path, tmp_path: Path) -> None:
    first = collect(raw, tmp_path / "a").read_bytes()
    again = collect(tmp_path / "a" / wheel.name, tmp_path / "b").read_bytes()
    assert first == again


def test_the_openvino_that_is_linked_gets_pinned(workshop: Workshop, tmp_path: Path) -> None:
    raw = workshop.linked(FIND_OPENVINO, version="2024.6.0", pin="")
    final = collect(raw, tmp_path / "a")
    assert pins(archive.load(final).text("METADATA")) == ["==2024.6.0"]
    assert verify(final) == []
    assert collect(final, tmp_path / "b").read_bytes() == final.read_bytes()


def test_members_have_plain_times_and_permissions(raw: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(collect(raw, tmp_path)) as opened:
        infos = opened.infolist()
    assert infos[-1].filename.endswith(".dist-info/RECORD")
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    modes = {info.filename.endswith(".so"): info.external_attr >> 16 for info in infos}
    assert modes == {True: 0o100755, False: 0o100644}


def test_a_good_equal_wheel_is_left_untouched(raw: Path, tmp_path: Path) -> None:
    final = collect(raw, tmp_path)
    os.utime(final, (1, 1))
    assert collect(raw, tmp_path) == final
    assert final.stat().st_mtime == 1


def test_a_damaged_wheel_in_dist_is_replaced(raw: Path, tmp_path: Path) -> None:
    final = collect(raw, tmp_path)
    good = final.read_bytes()
    final.write_bytes(good[:100])
    collect(raw, tmp_path)
    assert final.read_bytes() == good


def test_a_bad_wheel_changes_nothing_in_dist(workshop: Workshop, raw: Path, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    final = collect(raw, dist)
    before = final.read_bytes()
    with pytest.raises(BuildError, match=r"PW042: pywhispercpp/py\.typed"):
        collect(workshop.drop("pywhispercpp/py.typed"), dist)
    assert contents(tmp_path) == ["dist", f"dist/{final.name}"]
    assert final.read_bytes() == before


def test_an_unreadable_wheel_is_named(tmp_path: Path) -> None:
    raw = tmp_path / "pywhispercpp-1.6.0-cp311-cp311-linux_x86_64.whl"
    raw.write_bytes(b"no zip")
    with pytest.raises(BuildError, match=r"pywhispercpp-1\.6\.0.*PW001"):
        collect(raw, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


# SIGINT as a terminal gives it: a process in the background of a plain shell would ignore it.
_SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import wheels.collect
def slow(path):
    print("written", flush=True)
    time.sleep(60)
wheels.collect.verify = slow
wheels.collect.collect(Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_collect_leaves_nothing(raw: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Stopped after the wheel is written and before it is verified."""
    dist = tmp_path / "dist"
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW, str(ROOT), str(raw), str(dist)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        assert any(path.suffix == ".whl" for path in tmp_path.rglob("*"))
        process.send_signal(number)
        assert process.wait(20) != 0
    assert contents(tmp_path) == ["dist"]

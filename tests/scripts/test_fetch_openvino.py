"""An OpenVINO runtime is laid out from either kind of file, verified, once, and so that CMake can find it."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts import fetch_openvino
from scripts.errors import BuildError
from scripts.fetch_openvino import fetch, lay_out, main
from scripts.openvino import c_library, version_of
from scripts.pins import OPENVINO
from tests.scripts.conftest import contents, sha256
from toolchains.profiles import machine

if TYPE_CHECKING:
    from tests.scripts.conftest import Index

ARCHS = ("x86_64", "aarch64")
PINS = [
    (kind, version, arch, pin)
    for kind in ("wheels", "toolkits")
    for version, archs in OPENVINO[kind].items()
    for arch, pin in archs.items()
]


@pytest.mark.parametrize(("kind", "version", "arch", "pin"), PINS, ids=lambda value: str(value)[:8])
def test_every_pin_is_whole(kind: str, version: str, arch: str, pin: dict[str, str]) -> None:
    assert arch in ARCHS
    assert re.fullmatch(r"[0-9a-f]{64}", pin["sha256"])
    assert version_of(c_library(version)) == version
    if kind == "wheels":
        assert re.fullmatch(rf"manylinux[\w]+_{arch}", pin["platform"])
    else:
        end = {"x86_64": "_x86_64.tgz", "aarch64": "_arm64.tgz"}[arch]
        assert version in pin["url"] and pin["url"].endswith(end)


def test_both_architectures_have_the_version_that_is_taken_and_an_older_one() -> None:
    assert OPENVINO["version"] in OPENVINO["wheels"]
    assert len(OPENVINO["wheels"]) >= 2
    assert all(set(archs) == set(ARCHS) for archs in OPENVINO["wheels"].values())
    assert OPENVINO["license"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("version", "library"),
    [
        ("2023.2.0", "libopenvino_c.so.2320"),
        ("2024.6.0", "libopenvino_c.so.2460"),
        ("2026.4.1", "libopenvino_c.so.2641"),
    ],
)
def test_the_library_s_name_tells_the_version(version: str, library: str) -> None:
    assert c_library(version) == library
    assert version_of(library) == version


@pytest.mark.parametrize(
    "name", ["libopenvino.so.2641", "libopenvino_c.so", "libopenvino_c.so.12", "libc.so.6"]
)
def test_another_library_tells_none(name: str) -> None:
    assert version_of(name) == ""


def test_a_word_that_is_no_version_is_refused() -> None:
    with pytest.raises(BuildError, match=r"'2024' is no version of OpenVINO, such as "):
        c_library("2024")


WHEEL = {
    "openvino/__init__.py": "import nothing\n",
    "openvino/libs/libopenvino_c.so.2641": "the C library",
    "openvino/libs/libopenvino.so.2641": "the library",
    "openvino/include/openvino/c/openvino.h": "#pragma once\n",
    "openvino/cmake/OpenVINOConfig.cmake": "set(OpenVINO_FOUND 1)\n",
    "openvino-2026.4.1.dist-info/licenses/LICENSE": "Apache License",
    "openvino-2026.4.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: openvino\nVersion: 2026.4.1\n",
    "openvino-2026.4.1.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n",
    "openvino-2026.4.1.dist-info/RECORD": "",
}
# A toolkit archive has one folder, links between its libraries, and TBB in a place of its own.
TOP = "l_openvino_toolkit_ubuntu22_2026.4.1.1.abc_x86_64"
TOOLKIT = {
    "runtime/lib/intel64/libopenvino_c.so.2026.4.1": "the C library",
    "runtime/3rdparty/tbb/lib/libtbb.so.12": "threads",
    "runtime/include/openvino/c/openvino.h": "#pragma once\n",
    "runtime/cmake/OpenVINOConfig.cmake": "set(OpenVINO_FOUND 1)\n",
    "docs/licensing/LICENSE": "Apache License",
    "samples/hello.cpp": "int main() {}\n",
    "setupvars.sh": "export LD_LIBRARY_PATH\n",
}
LINKS = {
    "runtime/lib/intel64/libopenvino_c.so.2641": "libopenvino_c.so.2026.4.1",
    "runtime/lib/intel64/libopenvino_c.so": "libopenvino_c.so.2641",
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with one small file of each kind that the real one has."""
    path = tmp_path / "openvino-2026.4.1-1-cp311-cp311-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    return path


def write_toolkit(path: Path, links: dict[str, str]) -> Path:
    """Write a toolkit archive of upstream's shape, with these links in it."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text in TOOLKIT.items():
            member = tarfile.TarInfo(f"{TOP}/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        for name, target in links.items():
            member = tarfile.TarInfo(f"{TOP}/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path


@pytest.fixture
def toolkit(tmp_path: Path) -> Path:
    """A toolkit archive with one small file of each kind."""
    return write_toolkit(tmp_path / f"{TOP}.tgz", LINKS)


def test_a_wheel_and_a_toolkit_are_laid_out_alike(wheel: Path, toolkit: Path, tmp_path: Path) -> None:
    for file in (wheel, toolkit):
        folder = tmp_path / f"of-{file.suffix}"
        lay_out(file, sha256(file), "2026.4.1", folder)
        assert (folder / "libs" / "libopenvino_c.so.2641").read_text() == "the C library"
        assert (folder / "include" / "openvino" / "c" / "openvino.h").is_file()
        assert (folder / "cmake" / "OpenVINOConfig.cmake").is_file()
        assert (folder / "LICENSE").read_text() == "Apache License"


def test_nothing_else_of_a_wheel_is_kept(wheel: Path, tmp_path: Path) -> None:
    lay_out(wheel, sha256(wheel), "2026.4.1", tmp_path / "out")
    kept = {f"openvino/{name}" for name in contents(tmp_path / "out" / "openvino")}
    assert kept == {name for name in WHEEL if name.count("/") > 1 and "dist-info" not in name}


def test_a_toolkit_s_own_layout_stays_and_its_libraries_lie_together(toolkit: Path, tmp_path: Path) -> None:
    lay_out(toolkit, sha256(toolkit), "2026.4.1", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / "libs").iterdir())
    assert names == ["libopenvino_c.so", "libopenvino_c.so.2026.4.1", "libopenvino_c.so.2641", "libtbb.so.12"]
    assert (tmp_path / "out" / "cmake").resolve() == tmp_path / "out" / "runtime" / "cmake"
    assert not (tmp_path / "out" / "samples").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../outside"])
def test_a_link_that_leads_out_of_a_toolkit_is_left_out(tmp_path: Path, target: str) -> None:
    evil = write_toolkit(tmp_path / "evil.tgz", {**LINKS, "runtime/lib/intel64/libevil.so": target})
    lay_out(evil, sha256(evil), "2026.4.1", tmp_path / "out")
    assert not (tmp_path / "out" / "runtime" / "lib" / "intel64" / "libevil.so").is_symlink()


def test_a_wrong_hash_changes_nothing(wheel: Path, toolkit: Path, tmp_path: Path) -> None:
    lay_out(wheel, sha256(wheel), "2026.4.1", tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(BuildError, match=rf"sha256 expected {'0' * 64}, got {sha256(toolkit)}"):
        lay_out(toolkit, "0" * 64, "2026.4.1", tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_a_runtime_of_another_version_is_refused(toolkit: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"is not OpenVINO 2024\.6\.0: there is no libopenvino_c\.so\.2460"):
        lay_out(toolkit, sha256(toolkit), "2024.6.0", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tgz"
    broken.write_bytes(b"no archive")
    with pytest.raises(BuildError, match=r"broken\.tgz is no toolkit archive of OpenVINO"):
        lay_out(broken, sha256(broken), "2026.4.1", tmp_path / "out")


@pytest.fixture
def served(index: Index, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The wheel on an index of our own, and pinned."""
    published = index.page("openvino") / wheel.name
    wheel.rename(published)
    pin: dict[str, Any] = {"platform": "manylinux_2_28_x86_64", "sha256": sha256(published)}
    wheels = {"2026.4.1": {"x86_64": pin}}
    monkeypatch.setattr(fetch_openvino, "OPENVINO", {**OPENVINO, "wheels": wheels})
    monkeypatch.setattr(fetch_openvino, "DOWNLOADS", tmp_path / "downloads")
    return index


def test_the_wheel_is_fetched_once_for_any_machine_and_not_kept(served: Index, tmp_path: Path) -> None:
    folder = tmp_path / "openvino"
    assert fetch("2026.4.1", "x86_64", folder=folder) == folder / "2026.4.1" / "x86_64"
    assert list((tmp_path / "downloads").iterdir()) == []
    served.stop()
    (folder / "2026.4.1" / "x86_64" / "kept").touch()
    assert fetch("2026.4.1", "x86_64", road="wheel", folder=folder).joinpath("kept").is_file()


def test_a_toolkit_given_by_hand_stays_until_another_road_is_asked_for(
    served: Index, toolkit: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "openvino"
    lay_out(toolkit, sha256(toolkit), "2026.4.1", folder / "2026.4.1" / "x86_64")
    assert (fetch("2026.4.1", "x86_64", folder=folder) / "runtime").is_dir()
    assert not (fetch("2026.4.1", "x86_64", "wheel", folder) / "runtime").exists()


@pytest.mark.parametrize(("road", "version"), [("wheel", "2023.2.0"), ("toolkit", "2024.6.0")])
def test_what_is_not_pinned_says_what_is(tmp_path: Path, road: str, version: str) -> None:
    with pytest.raises(BuildError, match=rf"no {road} of OpenVINO {version} for x86_64 is pinned") as raised:
        fetch(version, "x86_64", road, tmp_path)
    assert "2026.4.1 for x86_64" in str(raised.value)
    assert "--archive FILE --sha256 HEX" in str(raised.value)


def test_an_unreachable_server_says_which_road_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: Index
) -> None:
    pin = {"url": f"{index.url}/none/openvino_toolkit.tgz", "sha256": "0" * 64}
    monkeypatch.setattr(fetch_openvino, "OPENVINO", {"toolkits": {"2026.4.1": {"x86_64": pin}}})
    monkeypatch.setattr(fetch_openvino, "DOWNLOADS", tmp_path / "downloads")
    with pytest.raises(BuildError, match=r"openvino_toolkit\.tgz: .*\n.* --from wheel"):
        fetch("2026.4.1", "x86_64", "toolkit", tmp_path)


def test_an_archive_without_a_hash_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--archive", "x.tgz"])
    assert raised.value.code == 2
    assert "--archive and --sha256 belong together" in capsys.readouterr().err


def test_the_command_lays_out_an_archive_for_this_machine(
    toolkit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetch_openvino, "place", lambda version, arch: tmp_path / "out" / version / arch)
    main(["--archive", str(toolkit), "--sha256", sha256(toolkit).upper()])
    assert capsys.readouterr().out == f"{tmp_path / 'out' / OPENVINO['version'] / machine()}\n"
    with pytest.raises(BuildError, match=r"none\.tgz is not a file"):
        main(["--archive", str(tmp_path / "none.tgz"), "--sha256", "0"])

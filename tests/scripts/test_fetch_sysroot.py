"""The sysroot: made by the real apt from a small repository of real packages, whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import fetch_sysroot
from scripts.errors import BuildError

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ["apt-get", "dpkg-deb"])), reason="needs apt-get and dpkg-deb, as on Debian"
)
BLAS = "usr/lib/arm-linux-gnueabihf/blas/libblas.so.3"


class Repository:
    """A folder of packages that apt takes as its only source."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make it empty, and point apt at it."""
        self.folder = folder
        folder.mkdir()
        (folder / "Packages").touch()
        # copy, not file: with file, apt would leave the packages where they are.
        (folder / "sources.list").write_text(f"deb [trusted=yes] copy:{folder} ./\n")
        settings = f'Dir::Etc::sourcelist "{folder}/sources.list";\nDir::Etc::sourceparts "-";\n'
        (folder / "apt.conf").write_text(settings)
        monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))

    def add(self, name: str, arch: str, *files: str, depends: str = "") -> None:
        """Build a package of files that hold their own names."""
        tree = self.folder / f"{name}-{arch}"
        (tree / "DEBIAN").mkdir(parents=True)
        control = f"Package: {name}\nVersion: 1\nArchitecture: {arch}\nMaintainer: test <t@example.org>\n"
        control += f"Description: test\n{f'Depends: {depends}' if depends else ''}".rstrip() + "\n"
        (tree / "DEBIAN" / "control").write_text(control)
        for file in files:
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_text(file)
        package = self.folder / f"{name}_{arch}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, package], check=True)
        data = package.read_bytes()
        entry = (
            f"Filename: ./{package.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n"
        )
        with (self.folder / "Packages").open("a") as listing:
            listing.write(control + entry)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a Python for 64-bit Arm, and another that must not be taken."""
    made = Repository(tmp_path / "repository", monkeypatch)
    made.add("libc6", "arm64", "lib/ld-linux-aarch64.so.1")
    made.add("libstdc++6", "arm64", "usr/lib/libstdc++.so.6")
    made.add("python3", "arm64", "usr/bin/python3.11", "usr/bin/python3.11-config", depends="libc6")
    made.add("python3", "amd64", "usr/bin/python3.12")
    return made


def test_python_and_what_it_depends_on_are_unpacked(repository: Repository, tmp_path: Path) -> None:
    sysroot = fetch_sysroot.fetch("aarch64", tmp_path / "made")
    files = {path.relative_to(sysroot).as_posix() for path in sysroot.rglob("*") if path.is_file()}
    python = {"usr/bin/python3.11", "usr/bin/python3.11-config"}
    assert files == {".fetched", "lib/ld-linux-aarch64.so.1", "usr/lib/libstdc++.so.6", *python}
    assert fetch_sysroot.python(sysroot) == sysroot / "usr/bin/python3.11"
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["aarch64"]


def test_what_is_there_is_kept_without_asking(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fetch_sysroot.fetch("aarch64", tmp_path)
    monkeypatch.setenv("PATH", "")
    assert fetch_sysroot.fetch("aarch64", tmp_path) == made


def test_the_links_that_debian_would_make_are_made(repository: Repository, tmp_path: Path) -> None:
    repository.add("libstdc++6", "armhf")
    repository.add("libblas3", "armhf", BLAS)
    repository.add("python3-numpy", "armhf", depends="libblas3")
    repository.add("python3", "armhf", "usr/bin/python3.11")
    sysroot = fetch_sysroot.fetch("armv7l", tmp_path / "made")
    assert (sysroot / "usr/lib/arm-linux-gnueabihf/libblas.so.3").read_text() == BLAS


def test_a_package_that_is_not_to_be_had_is_named_and_nothing_is_left(
    repository: Repository, tmp_path: Path
) -> None:
    with pytest.raises(
        BuildError, match=r"apt has no python3 .*python3-numpy for armhf: (.|\n)*Ubuntu keeps"
    ):
        fetch_sysroot.fetch("armv7l", tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_damage_on_the_way_leaves_the_old_one(repository: Repository, tmp_path: Path) -> None:
    made = fetch_sysroot.fetch("aarch64", tmp_path / "made")
    (made / ".fetched").write_text("older")
    with (repository.folder / "libc6_arm64.deb").open("ab") as package:
        package.write(b"damage")
    with pytest.raises(BuildError, match="apt has no"):
        fetch_sysroot.fetch("aarch64", tmp_path / "made")
    assert (made / "usr/bin/python3.11").is_file()
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["aarch64"]


def test_a_sysroot_without_a_python_is_not_kept(repository: Repository, tmp_path: Path) -> None:
    repository.add("libstdc++6", "armhf")
    repository.add("python3-numpy", "armhf")
    repository.add("python3", "armhf", "usr/bin/python3")
    with pytest.raises(BuildError, match="holds 0 Pythons in usr/bin"):
        fetch_sysroot.fetch("armv7l", tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_an_architecture_without_a_sysroot_gets_the_list(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no sysroot for riscv64; there is one for: x86_64, aarch64, armv7l"):
        fetch_sysroot.fetch("riscv64", tmp_path)


@pytest.mark.parametrize("tool", ["apt-get", "dpkg-deb"])
def test_a_missing_tool_is_named(tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    present = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == tool else present(name))
    with pytest.raises(BuildError, match=f"made with {tool}, which is not on PATH: use Debian or Ubuntu"):
        fetch_sysroot.fetch("aarch64", tmp_path)
    assert list(tmp_path.iterdir()) == []

"""Each code is found, alone, in a real sdist that breaks exactly that promise."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import Callable

import pytest

from scripts.pins import ROOT
from wheels import promises, sdist_checks
from wheels.sdist_checks import SdistCode, verify

STEM = "pywhispercpp-1.6.0"
METADATA = b"Metadata-Version: 2.4\nName: pywhispercpp\nVersion: 1.6.0\n\n"
EXPECTED = {"pyproject.toml": b"[project]\n", "build/whisper.cpp/LICENSE": b"MIT\n"}
Members = dict[str, bytes]
Mark = Callable[[tarfile.TarInfo], None]
Breaker = Callable[[Path], Path]

BREAKERS: list[tuple[SdistCode, Breaker]] = []


def pack(
    folder: Path,
    change: Members | None = None,
    mark: Mark | None = None,
    name: str = f"{STEM}.tar.gz",
) -> Path:
    """A small good sdist with some members changed, or each member marked."""
    path = folder / name
    with tarfile.open(path, "w:gz") as archive:
        for member, data in {**EXPECTED, "PKG-INFO": METADATA, **(change or {})}.items():
            info = tarfile.TarInfo(f"{STEM}/{member}")
            info.size, info.mtime, info.mode = len(data), promises.SDIST_MEMBER_TIME, 0o644
            if mark:
                mark(info)
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return path


def breaks(code: SdistCode) -> Callable[[Breaker], Breaker]:
    """Register a factory of sdists that break one promise."""

    def register(breaker: Breaker) -> Breaker:
        BREAKERS.append((code, breaker))
        return breaker

    return register


@breaks(SdistCode.PS001)
def truncated(folder: Path) -> Path:
    path = pack(folder)
    path.write_bytes(path.read_bytes()[:-40])
    return path


@breaks(SdistCode.PS001)
def another_name(folder: Path) -> Path:
    return pack(folder, name="Py.Whispercpp.tgz")


@breaks(SdistCode.PS001)
def missing(folder: Path) -> Path:
    return folder / f"{STEM}.tar.gz"


@breaks(SdistCode.PS002)
def outside(folder: Path) -> Path:
    return pack(folder, {"../evil": b""})


@breaks(SdistCode.PS002)
def beside_the_folder(folder: Path) -> Path:
    def move(info: tarfile.TarInfo) -> None:
        info.name = info.name.replace(STEM, "other")

    return pack(folder, mark=move)


@breaks(SdistCode.PS002)
def link(folder: Path) -> Path:
    def turn(info: tarfile.TarInfo) -> None:
        if info.name.endswith("LICENSE"):
            info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0

    return pack(folder, mark=turn)


@breaks(SdistCode.PS003)
def untracked(folder: Path) -> Path:
    return pack(folder, {"notes.orig": b""})


@breaks(SdistCode.PS004)
def forgotten(folder: Path) -> Path:
    path = folder / f"{STEM}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in {"pyproject.toml": EXPECTED["pyproject.toml"], "PKG-INFO": METADATA}.items():
            info = tarfile.TarInfo(f"{STEM}/{name}")
            info.size, info.mtime = len(data), promises.SDIST_MEMBER_TIME
            archive.addfile(info, io.BytesIO(data))
    return path


@breaks(SdistCode.PS005)
def changed(folder: Path) -> Path:
    return pack(folder, {"build/whisper.cpp/LICENSE": b"mine\n"})


@breaks(SdistCode.PS006)
def with_an_owner(folder: Path) -> Path:
    def own(info: tarfile.TarInfo) -> None:
        info.uid, info.uname = 1000, "somebody"

    return pack(folder, mark=own)


@breaks(SdistCode.PS006)
def with_a_time(folder: Path) -> Path:
    def date(info: tarfile.TarInfo) -> None:
        info.mtime = 1_700_000_000

    return pack(folder, mark=date)


@breaks(SdistCode.PS006)
def for_the_packer_alone(folder: Path) -> Path:
    def close(info: tarfile.TarInfo) -> None:
        info.mode = 0o600

    return pack(folder, mark=close)


@breaks(SdistCode.PS007)
def with_the_path_of_the_checkout(folder: Path) -> Path:
    return pack(folder, {"PKG-INFO": METADATA + f"see {ROOT}/docs\n".encode()})


@breaks(SdistCode.PS008)
def another_version(folder: Path) -> Path:
    return pack(folder, {"PKG-INFO": METADATA.replace(b"1.6.0", b"1.6.1")})


@breaks(SdistCode.PS008)
def bad_requirement(folder: Path) -> Path:
    return pack(folder, {"PKG-INFO": METADATA.replace(b"\n\n", b"\nRequires-Dist: numpy ><1\n\n")})


@breaks(SdistCode.PS009)
def too_large(folder: Path) -> Path:
    path = pack(folder)
    with path.open("ab") as file:  # zeros after the end of a gzip file are padding
        file.write(bytes(promises.SDIST_SIZE_LIMIT))
    return path


@pytest.mark.parametrize(("code", "breaker"), BREAKERS)
def test_the_code_is_found_alone(code: SdistCode, breaker: Breaker, tmp_path: Path) -> None:
    findings = verify(breaker(tmp_path), EXPECTED)
    assert {finding.code for finding in findings} == {code}, "\n".join(map(str, findings))
    assert str(findings[0]).startswith(f"{code.name}: ")


def test_every_code_has_an_sdist_that_breaks_it() -> None:
    assert {code for code, _ in BREAKERS} == set(SdistCode)


def test_a_good_sdist_has_no_findings(tmp_path: Path) -> None:
    assert verify(pack(tmp_path), EXPECTED) == []


def test_readme_lists_the_codes_as_they_are() -> None:
    readme = (Path(sdist_checks.__file__).parent / "README.md").read_text()
    rows = dict(re.findall(r"^\| (PS\d+) \| (.+) \|$", readme, re.MULTILINE))
    assert rows == {code.name: code.value for code in SdistCode}

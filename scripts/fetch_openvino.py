"""Lays out an OpenVINO runtime in build/openvino/<version>/<architecture>: libs, include, cmake, LICENSE.

It comes out of the pinned `openvino` wheel of the package index, the one that people install, or out of a
toolkit archive of upstream's. Either keeps its own layout, so that its CMake files work; `libs`, `include`
and `cmake` point into it.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pooch

from scripts import index
from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.openvino import FOLDER, VERSION, c_library, place
from scripts.pins import BUILD, OPENVINO
from scripts.replace_tree import STAMP, replacing
from toolchains.profiles import machine

DOWNLOADS = BUILD / "downloads"
CONNECT_TIMEOUT_S = 10
ROADS = ("wheel", "toolkit")
#: What is taken out of a wheel, and out of a toolkit (below its one folder).
_OF_WHEEL = ("openvino/libs/", "openvino/include/", "openvino/cmake/")
_OF_TOOLKIT = ("runtime/", "docs/licensing/")
#: Where a toolkit has its libraries; the newer have no TBB of their own elsewhere.
_TOOLKIT_LIBS = ("runtime/lib/*", "runtime/3rdparty/tbb/lib")


def fetch(version: str = VERSION, arch: str = "", road: str = "", folder: Path = FOLDER) -> Path:
    """Make sure that the runtime of a version and architecture (this machine's) is laid out; return where.

    Without a road, one that is there stays, also one that was given by hand; else the wheel is fetched.
    """
    arch = arch or machine()
    target = place(version, arch, folder)
    if not road and (target / STAMP).is_file():
        return target
    road = road or "wheel"
    pin = _pin(road, version, arch)
    if _stamp_of(target) == pin["sha256"]:
        return target
    print(f"fetching OpenVINO {version} for {arch}", flush=True)
    file = _wheel(version, pin) if road == "wheel" else _toolkit(pin)
    lay_out(file, pin["sha256"], version, target)
    file.unlink()  # as large as what came out of it
    return target


def _stamp_of(target: Path) -> str:
    file = target / STAMP
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _pin(road: str, version: str, arch: str) -> dict[str, str]:
    """The pin of a road; BuildError lists what is pinned where it is not."""
    pins: dict[str, dict[str, dict[str, str]]] = OPENVINO[f"{road}s"]
    if arch not in pins.get(version, {}):
        known = ", ".join(f"{v} for {a}" for v, archs in pins.items() for a in archs)
        raise BuildError(
            f"no {road} of OpenVINO {version} for {arch} is pinned in scripts/pins.bzl; there are: {known}. "
            "For any other runtime give a toolkit archive: --archive FILE --sha256 HEX"
        )
    return pins[version][arch]


def _wheel(version: str, pin: dict[str, str]) -> Path:
    kind = ["--only-binary", ":all:", "--platform", pin["platform"]]
    python = ["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"]
    return index.download(f"openvino=={version}", pin["sha256"], DOWNLOADS, [*kind, *python])


def _toolkit(pin: dict[str, str]) -> Path:
    """Download upstream's archive; BuildError where its server does not give the pinned file."""
    name = pin["url"].rsplit("/", 1)[1]
    downloader = pooch.HTTPDownloader(timeout=CONNECT_TIMEOUT_S)
    known = f"sha256:{pin['sha256']}"
    try:
        return Path(pooch.retrieve(pin["url"], known, fname=name, path=DOWNLOADS, downloader=downloader))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash is a ValueError
        raise BuildError(
            f"{pin['url']}: {error}\nThe same libraries come with the package index's wheel: --from wheel"
        ) from error


def lay_out(file: Path, sha256: str, version: str, target: Path) -> None:
    """Verify a wheel or a toolkit archive and put what it holds in the place of `target`."""
    got = hashlib.sha256(file.read_bytes()).hexdigest()
    if got != sha256:
        raise BuildError(f"{file} is not what was asked for: sha256 expected {sha256}, got {got}")
    with replacing(target, sha256) as fresh:
        if file.suffix == ".whl":
            _unpack_wheel(file, fresh)
        else:
            _unpack_toolkit(file, fresh)
        wanted = c_library(version)
        if not (fresh / "libs" / wanted).is_file():
            raise BuildError(f"{file.name} is not OpenVINO {version}: there is no {wanted} in it")


def _unpack_wheel(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(_OF_WHEEL):
                archive.extract(name, folder)
            elif PurePosixPath(name).match("*.dist-info/**/LICENSE") or name.endswith(".dist-info/LICENSE"):
                (folder / "LICENSE").write_bytes(archive.read(name))
    for name in ("libs", "include", "cmake"):
        (folder / name).symlink_to(f"openvino/{name}")


def _unpack_toolkit(archive: Path, folder: Path) -> None:
    """Unpack what a build and a run need; show all libraries in one folder, where they find each other."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                _extract(tar, member, folder)
    except tarfile.TarError as error:
        raise BuildError(f"{archive} is no toolkit archive of OpenVINO: {error}") from error
    (folder / "libs").mkdir()
    for pattern in _TOOLKIT_LIBS:
        for library in folder.glob(f"{pattern}/*.so*"):
            (folder / "libs" / library.name).symlink_to(Path("..", library.relative_to(folder)))
    for name in ("include", "cmake"):
        (folder / name).symlink_to(f"runtime/{name}")
    if (licence := folder / "docs" / "licensing" / "LICENSE").is_file():
        shutil.copy(licence, folder / "LICENSE")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one regular file, or a link to a neighbour, below the archive's one folder; skip all else."""
    name = "/".join(PurePosixPath(member.name).parts[1:])
    if not name.startswith(_OF_TOOLKIT) or ".." in PurePosixPath(name).parts:
        return
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.issym() and "/" not in member.linkname and member.linkname != "..":
        target.symlink_to(member.linkname)
    elif member.isfile():
        data = tar.extractfile(member)
        assert data is not None  # a regular file
        with data, target.open("xb") as out:
            shutil.copyfileobj(data, out)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s fetch_openvino --", description=__doc__)
    parser.add_argument("--version", default=VERSION, help=f"default: {VERSION}")
    parser.add_argument("--arch", default=machine(), help=f"default: {machine()}, this machine's")
    parser.add_argument(
        "--from", dest="road", choices=ROADS, default="", help="where from (default: what is there, or wheel)"
    )
    parser.add_argument("--archive", type=Path, help="a toolkit archive that you have; with --sha256")
    parser.add_argument("--sha256", default="", help="the hash that upstream publishes beside the archive")
    given = parser.parse_args(argv)
    if bool(given.archive) != bool(given.sha256):
        parser.error("--archive and --sha256 belong together: what is not verified is not used")
    return given


def main(argv: Sequence[str]) -> None:
    """Lay out one runtime and say where."""
    given = _arguments(argv)
    if given.archive is None:
        print(fetch(given.version, given.arch, given.road))
        return
    if not given.archive.is_file():
        raise BuildError(f"{given.archive} is not a file; give the path of a toolkit archive")
    target = place(given.version, given.arch)
    lay_out(given.archive, given.sha256.lower(), given.version, target)
    print(target)


if __name__ == "__main__":
    entry_point(main)

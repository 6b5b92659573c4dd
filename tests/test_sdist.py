"""The sdist has exactly git's files and what is compiled, and builds a wheel without a network."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Callable

import pytest

from scripts import fetch_whisper_cpp
from scripts.command import Argument, capture
from scripts.errors import BuildError
from scripts.pins import BUILD, ROOT
from scripts.replace_tree import STAMP
from scripts.whisper_cpp import SOURCES, patch_files, stamp
from toolchains import profiles, subset
from toolchains.profiles import machine
from wheels import cmake_backend
from wheels.collect import collect
from wheels.request import Request, parse
from wheels.sdist import build, expected, main, make
from wheels.sdist_checks import verify
from wheels.sums import sha256

PROFILE = "x86-64-v2" if machine() == "x86_64" else "armv8-a"
# What ignored and untracked files look like after a day's work.
MESS = (
    "build/cmake/cp311/CMakeCache.txt",
    "build/downloads/archive.tar.gz",
    "build/whisper.cpp/ggml/src/ggml-cuda/common.cuh",
    "wheels/dist/old.whl",
    "scripts/__pycache__/pins.cpython-311.pyc",
    ".nox/tests/bin/python",
)
COMPILERS = {"x86_64": "x86_64-linux-gnu-gcc", "aarch64": "aarch64-linux-gnu-gcc"}


@pytest.fixture(scope="module")
def request_() -> Request:
    """The request behind the CMake wheel of this run."""
    return parse(["--backend", "cmake"], BUILD)


@pytest.fixture(scope="module")
def sdist(request_: Request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's sdist."""
    return make(tmp_path_factory.mktemp("sdist"), request_)


Unpack = Callable[[], Path]


@pytest.fixture
def unpack(sdist: Path, tmp_path: Path) -> Unpack:
    """Unpack the sdist into a folder of this test."""

    def unpacked() -> Path:
        capture(["tar", "-xzf", sdist, "-C", tmp_path])
        return tmp_path / sdist.name.removesuffix(".tar.gz")

    return unpacked


@pytest.fixture
def checkout(unpack: Unpack) -> Path:
    """A checkout with the same files as this one, fetched: git's own, not yet committed."""
    folder = unpack()
    (folder / "PKG-INFO").unlink()
    capture(["git", "init", "--quiet"], cwd=folder)
    capture(["git", "add", "--all"], cwd=folder)
    (folder / "build" / "whisper.cpp" / STAMP).write_text(stamp(patch_files()))
    return folder


def litter(folder: Path, *names: str) -> None:
    """Leave files behind."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mess")


def test_it_has_exactly_the_files_of_git_and_those_that_are_compiled(root: Path, sdist: Path) -> None:
    of_git = capture(["git", "ls-files"], cwd=root).splitlines()
    compiled = [f"build/whisper.cpp/{name}" for name in subset.needed(SOURCES)]
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    top = sdist.name.removesuffix(".tar.gz")
    assert sorted(names) == sorted(f"{top}/{name}" for name in [*of_git, *compiled, "PKG-INFO"])
    assert {".ci/run", ".github/workflows/ci.yml", ".bazelrc", "build/whisper.cpp/LICENSE"} < {
        name.removeprefix(f"{top}/") for name in names
    }


def test_it_passes_its_checks(sdist: Path) -> None:
    assert verify(sdist, expected(SOURCES)) == []


def test_an_sdist_of_the_sdist_is_the_same_byte_for_byte(
    sdist: Path, unpack: Unpack, request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    folder = unpack()
    folder.chmod(0o700)
    litter(folder, *MESS)
    assert sha256(make(tmp_path / "again", request_, folder)) == sha256(sdist)


def test_nothing_that_git_does_not_track_slips_in(
    sdist: Path, checkout: Path, request_: Request, tmp_path: Path
) -> None:
    litter(checkout, *MESS, "README.md.orig", "pywhispercpp/_core.so", "toolchains/notes [old].bzl", ".envrc")
    assert sha256(make(tmp_path / "again", request_, checkout)) == sha256(sdist)


def test_odd_names_match_themselves_alone(checkout: Path, request_: Request, tmp_path: Path) -> None:
    odd = ["docs/a[bc]*.md", "docs/!x.md", "docs/#y.md", "docs/ü \\.md"]
    litter(checkout, *odd)
    capture(["git", "add", "--all"], cwd=checkout)
    litter(checkout, "docs/ab.md", "docs/abc.md")
    with tarfile.open(make(tmp_path / "again", request_, checkout)) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    tracked = capture(["git", "ls-files", "docs"], cwd=ROOT).splitlines()
    assert {name for name in names if name.startswith("docs/")} == {*tracked, *odd}


def without_tree(checkout: Path) -> None:
    shutil.rmtree(checkout / "build")


def with_a_new_patch(checkout: Path) -> None:
    (checkout / "patches" / "0099-new.patch").write_text("--- a/src/x\n+++ b/src/x\n")


def without_the_sources(checkout: Path) -> None:
    shutil.rmtree(checkout / "build" / "whisper.cpp" / "src")


@pytest.mark.parametrize("broken", [without_tree, with_a_new_patch, without_the_sources])
def test_without_the_right_sources_it_says_what_to_run(
    broken: Callable[[Path], None], checkout: Path, request_: Request, tmp_path: Path
) -> None:
    broken(checkout)
    with pytest.raises(BuildError, match=r"error: .*whisper\.cpp.*run: nox -s fetch"):
        make(tmp_path / "none", request_, checkout)
    assert not (tmp_path / "none").exists()


def test_an_unpacked_sdist_without_sources_says_so_too(
    unpack: Unpack, request_: Request, tmp_path: Path
) -> None:
    folder = unpack()
    shutil.rmtree(folder / "build")
    with pytest.raises(BuildError, match=r"run: nox -s fetch"):
        make(tmp_path / "none", request_, folder)


def test_a_tracked_file_that_is_gone_is_named(checkout: Path, request_: Request, tmp_path: Path) -> None:
    (checkout / "wheels" / "README.md").unlink()
    with pytest.raises(BuildError, match=r"wheels/README\.md; restore or remove"):
        make(tmp_path / "none", request_, checkout)


@pytest.fixture
def downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the archive that `nox -s fetch` brought, where it is the index's: no network is asked."""
    if list(fetch_whisper_cpp.DOWNLOADS.glob("pywhispercpp-*.tar.gz")):
        monkeypatch.setattr(fetch_whisper_cpp, "ROADS", [fetch_whisper_cpp.from_sdist])


@pytest.mark.usefixtures("downloaded")
def test_the_session_checks_against_the_pin_and_prints_the_path(
    sdist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--dist", str(tmp_path / "dist")])
    said = capsys.readouterr().out.splitlines()
    made = tmp_path / "dist" / sdist.name
    assert said[-3:] == [f"size    {made.stat().st_size:,} bytes", f"sha256  {sha256(sdist)}", str(made)]
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


@pytest.mark.usefixtures("downloaded")
def test_a_bad_sdist_never_reaches_dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wheels.sdist_checks.SDIST_SIZE_LIMIT", 1)
    with pytest.raises(BuildError, match="PS009"):
        build(parse(["--backend", "cmake"], tmp_path / "dist"))
    assert list((tmp_path / "dist").iterdir()) == []


def defines(kind: str) -> list[str]:
    """The switches of all libraries together, those with a text for a value left out."""
    libraries = subset.SOURCES["LIBRARIES"].values()
    return sorted({f"-D{name}" for library in libraries for name, text in library[kind].items() if not text})


@pytest.mark.parametrize("arch", sorted(COMPILERS))
def test_every_source_finds_its_headers(arch: str, unpack: Unpack) -> None:
    compiler = shutil.which(COMPILERS[arch])
    if compiler is None:
        pytest.skip(f"needs {COMPILERS[arch]} (Debian: gcc-{arch.replace('_', '-')}-linux-gnu)")
    tree = unpack() / "build" / "whisper.cpp"
    other = {"x86_64": "/arm/", "aarch64": "/x86/"}[arch]
    sources = [name for name in subset.sources() if other not in name]
    includes = [f"-I{folder}" for folder in subset.SOURCES["INCLUDES"]]
    best = list(profiles.variants(profiles.PORTABLE, arch, "gcc").values())[-1]
    for kind, flags in (("defines", profiles.BASELINE[arch]["gcc"]), ("portable_defines", best)):
        command = [compiler, "-M", "-w", *flags, *defines(kind), *includes, *sources]
        done = subprocess.run(command, cwd=tree, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(".o:") == len(sources) > 25


@pytest.fixture
def builder(request_: Request, tmp_path: Path) -> Path:
    """A Python with what build-system.requires names, installed: the CMake path's tools, and pybind11."""
    tools = cmake_backend.environment(request_)
    capture([request_.python["executable"], "-I", "-m", "venv", "--without-pip", tmp_path / "env"])
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    shutil.copytree(BUILD / "pybind11", site, dirs_exist_ok=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    (site / "tools.pth").write_text(capture([tools, "-I", "-c", ask]) + "\n")
    return tmp_path / "env" / "bin" / "python"


def test_pip_builds_a_wheel_from_it_with_the_network_off(
    sdist: Path, builder: Path, request_: Request, without_network: list[str], tmp_path: Path
) -> None:
    tools = cmake_backend.environment(request_).parent
    pip: list[Argument] = [builder, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps"]
    options: list[Argument] = ["--no-cache-dir", f"--config-settings=cmake.define.PROFILE={PROFILE}"]
    env = {"PATH": f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)}
    capture([*without_network, *pip, *options, "--wheel-dir", tmp_path, sdist], env=env)
    (raw,) = tmp_path.glob("*.whl")
    # collect() checks everything: files, tag, licences, metadata, no path of the builder.
    wheel = collect(raw, tmp_path / "dist", f"1{PROFILE.replace('-', '_')}")
    with zipfile.ZipFile(wheel) as archive:
        (guard,) = [name for name in archive.namelist() if name.startswith("pywhispercpp/_cpu.c")]
        spec = spec_from_file_location("_cpu", archive.extract(guard, tmp_path))
    assert spec is not None
    facts = module_from_spec(spec).build_info()
    assert (facts["profile"], facts["backend"], facts["git_state"]) == (PROFILE, "cmake", "unknown")

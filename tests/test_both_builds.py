"""Bazel and CMake compile the same files with the same defines and flags, and pack the same wheel."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from scripts import bazel, fetch_openvino
from scripts.command import capture
from scripts.errors import BuildError
from scripts.openvino import c_library
from scripts.pins import BUILD, ROOT
from toolchains import profiles
from toolchains.emit_cmake import SOURCES
from wheels import bazel_backend, cmake_backend, elf
from wheels.request import Request, parse

Flags = dict[str, str]

# Options whose value is the next word; none of them changes the code that comes out.
WITH_VALUE = {"-o", "-c", "-MF", "-MT", "-MQ", "-I", "-iquote", "-isystem", "-idirafter"}
# What the rest would be: where files are, what is warned about, what makes a build repeatable.
NO_CODE = re.compile(
    r"-W(?!l,|p,|a,).*|-w|-MD|-MMD|-I.+|-B.+|-g0|-frandom-seed=.*|-ffile-prefix-map=.*|-fdiagnostics-color=.*"
    # A define that no source reads: it brings the CPU into the keys of Bazel's caches.
    r"|-DCOMPILED_ON_CPU=.*|-fno-canonical-system-headers|-D__(DATE|TIME|TIMESTAMP)__=.*|-pass-exit-codes"
)
# Where gcc takes the last of several, as name -> value.
GROUPS = re.compile(r"(-O|-std=|-march=|-mtune=|-mcpu=|-fuse-ld=|-f\w[\w-]*=)(.*)")


def effective(words: Iterable[str]) -> Flags:
    """The flags that change code, each by its name with the value that is in force at the end."""
    flags: Flags = {}
    for word in words:
        if NO_CODE.fullmatch(word):
            continue
        if define := re.fullmatch(r"-([DU])(\w+)(=.*)?", word):
            flags[define[2]] = define[3] or "=1" if define[1] == "D" else "undefined"
        elif group := GROUPS.fullmatch(word):
            flags[group[1]] = group[2]
        elif switch := re.fullmatch(r"-([fm])(no-)?(.+)", word):
            flags[f"-{switch[1]}{switch[3]}"] = "off" if switch[2] else "on"
        else:
            flags[word] = ""
    return flags


def without_values(words: list[str]) -> Iterator[str]:
    """The words after the compiler, less the options that take a file or folder."""
    rest = iter(words[1:])
    for word in rest:
        if word in WITH_VALUE:
            next(rest)
        else:
            yield word


def source_of(words: list[str]) -> str:
    """The compiled file, by its name inside the checkout or the whisper.cpp tree."""
    path = words[words.index("-c") + 1]
    for place in (f"{BUILD / 'whisper.cpp'}/", f"{ROOT}/", "external/whisper_cpp/"):
        if path.startswith(place):
            return path[len(place) :]
    return path


def unit_of(words: list[str]) -> str:
    """The compiled file, behind the name of its CPU variant where it is compiled for several."""
    variant = re.search(r"(?:_objs|CMakeFiles)/ggml_cpu_([^/]+?)(?:\.dir)?/", words[words.index("-o") + 1])
    return f"{variant[1]}:{source_of(words)}" if variant else source_of(words)


def listed(request: Request) -> set[str]:
    """The files that the shared list names for a build, named as unit_of() does."""
    variants = profiles.variants(request.profile, request.arch, request.compiler)
    names = set()
    for library, data in SOURCES["LIBRARIES"].items():
        places = [f"{name}:" for name in variants] if variants and library == "ggml_cpu" else [""]
        srcs = data["srcs"] + data["arch_srcs"].get(request.arch, [])
        names |= {place + src for place in places for src in srcs}
    extensions = SOURCES["EXTENSIONS"].values()
    own = [name for extension in extensions for name in extension["srcs"] + extension["baseline_srcs"]]
    return names | {f"pywhispercpp/csrc/{name}" for name in own}


def by_source(commands: Iterable[list[str]]) -> dict[str, Flags]:
    """Each compiled file with its flags; a file that is compiled twice must be so alike."""
    found: dict[str, Flags] = {}
    for words in commands:
        flags = effective(word for word in without_values(words) if not word.endswith((".c", ".cpp")))
        assert found.setdefault(unit_of(words), flags) == flags, unit_of(words)
    return found


@pytest.fixture(scope="module")
def request_(root: Path) -> Request:
    """The build that `wheels.build_for_tests` makes."""
    return parse([], root)


def actions_of(root: Path, request: Request) -> dict[str, list[list[str]]]:
    """The command lines behind //:wheel as Bazel plans them, by their kind."""
    try:
        found = bazel.find()
    except BuildError as error:
        pytest.skip(str(error).splitlines()[0])
    query = 'mnemonic("CppCompile|CppLink", deps(//:wheel))'
    command = [*bazel.command(found, "aquery"), *bazel_backend.options(request), "--output=jsonproto", query]
    actions: dict[str, list[list[str]]] = {}
    for action in json.loads(capture(command, cwd=root))["actions"]:
        actions.setdefault(action["mnemonic"], []).append(action["arguments"])
    return actions


@pytest.fixture(scope="module")
def bazel_actions(root: Path, request_: Request) -> dict[str, list[list[str]]]:
    """What Bazel plans for the wheel of the tests."""
    return actions_of(root, request_)


@pytest.fixture(scope="module")
def cmake_folder(request_: Request) -> Path:
    """Where CMake built the wheel of the tests."""
    return cmake_backend.build_folder(request_)


def compiled_by_cmake(folder: Path) -> dict[str, Flags]:
    """Source -> flags of a folder that CMake has configured."""
    commands = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
    return by_source(shlex.split(entry["command"]) for entry in commands)


@pytest.fixture(scope="module")
def compiled(bazel_actions: dict[str, list[list[str]]], cmake_folder: Path) -> tuple[dict[str, Flags], ...]:
    """Source -> flags, of Bazel and of CMake."""
    return by_source(bazel_actions["CppCompile"]), compiled_by_cmake(cmake_folder)


def test_both_compile_the_same_files(compiled: tuple[dict[str, Flags], ...], request_: Request) -> None:
    of_bazel, of_cmake = compiled
    assert sorted(of_bazel) == sorted(of_cmake) == sorted(listed(request_))
    assert len(of_bazel) > 30


def test_each_file_has_the_same_defines_and_flags(compiled: tuple[dict[str, Flags], ...]) -> None:
    of_bazel, of_cmake = compiled
    for source in of_bazel:
        assert of_bazel[source] == of_cmake[source], source
    assert of_bazel["ggml/src/ggml-cpu/ops.cpp"]["GGML_USE_LLAMAFILE"] == "=1"
    assert of_bazel["ggml/src/ggml-cpu/ops.cpp"]["-O"] == "3"


OTHERS = [
    ["--profile", "portable"],
    ["--target", "aarch64"],
    ["--target", "aarch64", "--profile", "pi4"],
    # zig makes a C++ library for each system first: a minute and a half each with a cold cache.
    pytest.param(["--target", "armv7l"], marks=pytest.mark.long),
    pytest.param(["--target", "aarch64-musl"], marks=pytest.mark.long),
]


@pytest.mark.parametrize("argv", OTHERS, ids=" ".join)
def test_both_would_compile_other_wheels_alike(root: Path, tmp_path: Path, argv: list[str]) -> None:
    request = parse(argv, root)
    of_bazel = by_source(actions_of(root, request)["CppCompile"])
    cmake_backend.configure(request, tmp_path)
    of_cmake = compiled_by_cmake(tmp_path)
    assert sorted(of_bazel) == sorted(of_cmake) == sorted(listed(request))
    for source in of_bazel:
        assert of_bazel[source] == of_cmake[source], source


LINKED = [
    ["--openvino=linked"],
    pytest.param(
        [
            "--openvino=linked",
            "--target",
            "aarch64",
            "--profile",
            "portable",
            "--openvino-version",
            "2024.6.0",
        ],
        marks=pytest.mark.long,
    ),
]


@pytest.mark.parametrize("argv", LINKED, ids=" ".join)
def test_both_would_link_openvino_alike(root: Path, tmp_path: Path, argv: list[str]) -> None:
    request = parse(argv, root)
    fetch_openvino.fetch(request.openvino_version, request.arch)
    actions = actions_of(root, request)
    cmake_backend.configure(request, tmp_path)
    of_bazel, of_cmake = by_source(actions["CppCompile"]), compiled_by_cmake(tmp_path)
    assert of_bazel == of_cmake
    told = [source for source, flags in of_bazel.items() if SOURCES["OPENVINO_LINKED_DEFINE"] in flags]
    assert told == [f"pywhispercpp/csrc/{source}" for source in SOURCES["EXTENSIONS"]["_core"]["srcs"]]
    bazel_link, cmake_link = link_of_bazel(actions, "_core"), link_of_cmake(tmp_path, request, "_core")
    assert link_flags(as_needed(bazel_link)) == link_flags(cmake_link)
    assert f"-Wl,-rpath,{SOURCES['OPENVINO_RUN_PATH']}" in bazel_link
    (library,) = [word for word in cmake_link if "openvino_c" in word]
    assert library == str(
        request.openvino_runtime.resolve() / "openvino/libs" / c_library(request.openvino_version)
    )
    (linked,) = [word for word in bazel_link if "openvino_c" in word]
    assert linked == f"external/openvino_{request.arch}/libopenvino_c.so"


def test_openvino_is_part_of_no_other_build(
    bazel_actions: dict[str, list[list[str]]], cmake_folder: Path
) -> None:
    """Every other wheel compiles the source that loads OpenVINO, and asks for nothing of OpenVINO."""
    own = [words for words in bazel_actions["CppCompile"] if source_of(words).endswith("/openvino_api.cpp")]
    assert own
    commands = [*own, link_of_bazel(bazel_actions, "_core")]
    assert [word for words in commands for word in words if "external/openvino" in word] == []
    assert "OpenVINO_DIR:" not in (cmake_folder / "CMakeCache.txt").read_text(encoding="utf-8")


def link_flags(words: list[str]) -> Flags:
    """The flags of a link; what g++ adds by itself and what names a file does not count."""
    one = [part for word in without_values(words) for part in _linker_words(word)]
    return effective(word for word in one if word.startswith("-") and word not in {"-lstdc++", "-fPIC"})


def _linker_words(word: str) -> list[str]:
    """-Wl,-z,relro,-z,now -> -z relro and -z now, so that grouping does not count."""
    if not word.startswith("-Wl,"):
        return [word]
    text = word[len("-Wl,") :].replace("-z,", "-z ").replace("-no-as-needed", "--no-as-needed")
    parts = [re.sub(r"^--version-script=.*/", "--version-script=", part) for part in text.split(",")]
    return [f"-Xlinker {part}" for part in parts]


def as_needed(words: list[str]) -> list[str]:
    """Drop the --no-as-needed that a later --as-needed takes back before any library is named."""
    last = max(i for i, word in enumerate(words) if word == "-Wl,--as-needed")
    return [word for i, word in enumerate(words) if i > last or word != "-Wl,-no-as-needed"]


def link_of_bazel(actions: dict[str, list[list[str]]], module: str) -> list[str]:
    """Bazel's command line that links a module."""
    (found,) = [words for words in actions["CppLink"] if f"pywhispercpp/{module}.so" in " ".join(words[:4])]
    return found


def link_of_cmake(folder: Path, request: Request, module: str) -> list[str]:
    """CMake's command line that links a module, in a folder that is configured."""
    ninja = BUILD / f"cmake-env-{request.python['version']}" / "bin" / "ninja"
    said = capture([ninja, "-C", folder, "-t", "commands", f"{module}{request.ext_suffix}"]).splitlines()[-1]
    # shlex keeps the backslash that CMake puts before a $ between quotes; a shell does not.
    return shlex.split(said.split("&&")[1].replace("\\$", "$"))


@pytest.mark.parametrize("module", ["_core", "_cpu"])
def test_each_module_is_linked_with_the_same_flags(
    bazel_actions: dict[str, list[list[str]]], cmake_folder: Path, request_: Request, module: str
) -> None:
    flags = link_flags(as_needed(link_of_bazel(bazel_actions, module)))
    assert flags == link_flags(link_of_cmake(cmake_folder, request_, module))
    assert flags["-Xlinker --version-script=exports.lds"] == ""
    assert flags["-Xlinker --as-needed"] == ""


def dist_info(wheel: Path) -> dict[str, str]:
    """METADATA and entry_points.txt of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if n.endswith(("/METADATA", "/entry_points.txt"))]
        return {name: archive.read(name).decode() for name in names}


def test_the_wheels_hold_the_same_files(wheel: Path, cmake_wheel: Path) -> None:
    one, other = zipfile.ZipFile(wheel), zipfile.ZipFile(cmake_wheel)
    assert sorted(one.namelist()) == sorted(other.namelist())
    assert wheel.name == cmake_wheel.name
    differ = {name for name in one.namelist() if one.read(name) != other.read(name)}
    # The modules know their build path; WHEEL names the packer.
    assert {name.rsplit("/", 1)[1].split(".")[0] for name in differ} <= {"_core", "_cpu", "WHEEL", "RECORD"}


def test_the_wheels_have_the_same_metadata_and_entry_points(wheel: Path, cmake_wheel: Path) -> None:
    assert dist_info(wheel) == dist_info(cmake_wheel)
    assert len(dist_info(wheel)) == 2


@pytest.fixture(scope="module")
def modules(wheel: Path, cmake_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[Path]]:
    """The extension modules of both wheels, unpacked and in the same order."""
    unpacked = []
    for path in (wheel, cmake_wheel):
        folder = tmp_path_factory.mktemp("wheel")
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".so"))
            unpacked.append([Path(archive.extract(name, folder)) for name in names])
    return unpacked


def nm(module: Path) -> list[str]:
    """The symbols that a module shows the dynamic linker."""
    command = ["nm", "-D", "--defined-only", "--format=posix", str(module)]
    said = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    return [line.split()[0] for line in said.splitlines()]


def test_a_module_shows_its_init_function_and_nothing_else(modules: list[list[Path]]) -> None:
    for module in [path for unpacked in modules for path in unpacked]:
        assert nm(module) == [f"PyInit_{module.name.split('.')[0]}"], os.fspath(module)


def test_the_modules_need_the_same_libraries_and_symbol_versions(modules: list[list[Path]]) -> None:
    for one, other in zip(*modules):
        facts = [elf.parse_elf(module.name, module.read_bytes()) for module in (one, other)]
        assert len({fact.name for fact in facts}) == 1
        assert set(facts[0].needed) == set(facts[1].needed)
        assert facts[0].versions == facts[1].versions
    assert "libstdc++.so.6" in elf.parse_elf("_core", modules[0][0].read_bytes()).needed


@pytest.mark.parametrize(
    "flag", ["-ffast-math", "-O2", "-mavx2", "-march=haswell", "-DEXTRA", "-UNDEBUG", "-std=c++20"]
)
def test_a_difference_in_one_flag_would_be_seen(flag: str) -> None:
    words = [
        "gcc",
        "-O3",
        "-march=native",
        "-std=c++17",
        "-DNDEBUG",
        "-c",
        "src/whisper.cpp",
        "-o",
        "whisper.o",
    ]
    assert by_source([words]) != by_source([[*words, flag]])
    with pytest.raises(AssertionError, match=r"src/whisper\.cpp"):
        by_source([words, [*words, flag]])


def test_what_changes_no_code_does_not_count() -> None:
    words = ["gcc", "-O3", "-DNDEBUG", "-c", "src/whisper.cpp", "-o", "whisper.o"]
    noise = [
        "-O2",
        "-Wall",
        "-UNDEBUG",
        "-MD",
        "-MF",
        "x.d",
        "-I/else",
        "-isystem",
        "x",
        '-D__DATE__="redacted"',
    ]
    assert by_source([words]) == by_source([["gcc", *noise, *words[1:]]])

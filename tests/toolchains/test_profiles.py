"""ISA profiles: every one can be asked for, and promises what the compiler makes of its flags."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from scripts.errors import BuildError
from scripts.pins import BUILD
from toolchains import emit_cmake, profiles, targets

TRIPLES = {arch: targets.find(arch)["gcc"] for arch in ("x86_64", "aarch64", "armv7l")}
FIXED = [
    (name, arch, compiler)
    for name, profile in profiles.PROFILES.items()
    for arch in profile["archs"]
    for compiler in targets.COMPILERS
    if profile["features"] is not None and name != profiles.PORTABLE
]
VARIANTS = [
    (arch, compiler, name, tuple(flags))
    for arch in profiles.VARIANTS
    for compiler in targets.COMPILERS
    for name, flags in profiles.variants(profiles.PORTABLE, arch, compiler).items()
]


def find(arch: str, compiler: str = "gcc") -> str:
    """A C compiler for an architecture; skips the test where there is none."""
    if compiler == "zig":
        program = BUILD / "zig" / arch / "cc"
        if not program.is_file():
            pytest.skip("zig was not fetched; run: python -m scripts.fetch_zig")
        return str(program)
    own = "gcc" if platform.machine() == arch else ""
    for name in filter(None, (f"{TRIPLES[arch]}-gcc", own)):
        if found := shutil.which(name):
            return found
    pytest.skip(f"no gcc for {arch}; on Debian: apt-get install gcc-{TRIPLES[arch].replace('_', '-')}")


def rows(cc: str, csrc: Path) -> list[str]:
    """The names in isa_features.h, in order, as the preprocessor sees them for this architecture."""
    text = '#include "isa_features.h"\n#define NAME(name, macro, probe) name\nISA_FEATURES(NAME)\n'
    command = [cc, "-E", "-P", f"-I{csrc}", "-x", "c", "-"]
    said = subprocess.run(command, input=text, text=True, capture_output=True, check=True).stdout
    return re.findall(r'"([^"]+)"', said)


def table(cc: str, csrc: Path, flags: Sequence[str], folder: Path) -> list[str]:
    """The features whose byte is 1 in csrc/compiled_features.c compiled with these flags."""
    built = folder / "table.o"
    subprocess.run([cc, *flags, "-c", str(csrc / "compiled_features.c"), "-o", str(built)], check=True)
    with built.open("rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        assert isinstance(symbols, SymbolTableSection)
        (symbol,) = symbols.get_symbol_by_name("compiled_features") or []
        section = elf.get_section(symbol["st_shndx"])
        data = section.data()[symbol["st_value"] : symbol["st_value"] + symbol["st_size"]]
    names = rows(cc, csrc)
    assert len(data) == len(names) > 1
    return [name for name, compiled_in in zip(names, data) if compiled_in]


@pytest.fixture(scope="session")
def csrc(root: Path) -> Path:
    """The sources of the guard."""
    return root / "pywhispercpp" / "csrc"


@pytest.mark.parametrize(("name", "arch", "compiler"), FIXED)
def test_the_features_of_a_profile_are_what_its_flags_compile_in(
    csrc: Path, tmp_path: Path, name: str, arch: str, compiler: str
) -> None:
    compiled_in = table(find(arch, compiler), csrc, profiles.flags(name, arch, compiler), tmp_path)
    assert sorted(compiled_in) == sorted(profiles.PROFILES[name]["features"])


@pytest.mark.parametrize(("arch", "compiler", "name", "flags"), VARIANTS)
def test_the_features_of_a_variant_are_what_its_flags_compile_in(
    csrc: Path, tmp_path: Path, arch: str, compiler: str, name: str, flags: tuple[str, ...]
) -> None:
    compiled_in = table(find(arch, compiler), csrc, flags, tmp_path)
    assert sorted(compiled_in) == sorted(profiles.VARIANTS[arch][name]["features"])


def test_zig_compiles_every_variant_and_gcc_those_it_knows() -> None:
    for arch, known in profiles.VARIANTS.items():
        assert list(profiles.variants(profiles.PORTABLE, arch, "zig")) == list(known)
    by_gcc = profiles.variants(profiles.PORTABLE, "aarch64", "gcc")
    assert set(profiles.VARIANTS["aarch64"]) - set(by_gcc) == {"armv9.2_1", "armv9.2_2"}


def test_the_variants_are_ggmls_own(root: Path) -> None:
    text = (root / "build" / "whisper.cpp" / "ggml" / "src" / "CMakeLists.txt").read_text(encoding="utf-8")
    named = re.findall(r"ggml_add_cpu_backend_variant\(([a-z0-9._]+)", text)
    android_and_apple = re.compile(r"android_.*|apple_.*|power.*|z1\d|riscv64_.*")
    ours = [name for variants in profiles.VARIANTS.values() for name in variants]
    assert sorted(ours) == sorted({name for name in named if not android_and_apple.fullmatch(name)})


def test_only_the_portable_profile_has_variants() -> None:
    assert profiles.variants("x86-64-v3", "x86_64", "gcc") == {}


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
def test_an_x86_64_level_is_the_compilers_own(csrc: Path, tmp_path: Path, level: str) -> None:
    gcc = find("x86_64")
    asked = subprocess.run(
        [gcc, f"-march={level}", "-E", "-"], input="", text=True, capture_output=True, check=False
    )
    if asked.returncode:
        pytest.skip(f"{gcc} does not know -march={level}")
    ours = table(gcc, csrc, profiles.flags(level, "x86_64"), tmp_path)
    assert ours == table(gcc, csrc, [f"-march={level}"], tmp_path)


@pytest.mark.parametrize("compiler", targets.COMPILERS)
@pytest.mark.parametrize(("arch", "features"), [("x86_64", []), ("aarch64", ["neon"]), ("armv7l", [])])
def test_the_guard_is_compiled_for_every_cpu(
    csrc: Path, tmp_path: Path, arch: str, features: list[str], compiler: str
) -> None:
    assert table(find(arch, compiler), csrc, profiles.BASELINE[arch][compiler], tmp_path) == features


def test_native_is_what_the_installed_package_was_built_for(csrc: Path, tmp_path: Path) -> None:
    from pywhispercpp import build_info

    info = build_info()
    if info.profile != "native" or not info.compiler.startswith("gcc "):
        pytest.skip(f"the package was built for {info.profile} by {info.compiler}")
    arch = profiles.machine()
    assert table(find(arch), csrc, profiles.flags("native", arch), tmp_path) == list(info.features)


def test_every_profile_is_a_bazel_config_of_the_same_name(root: Path) -> None:
    text = (root / ".bazelrc").read_text(encoding="utf-8")
    configs = dict(re.findall(r"^build:(\S+) --define=profile=(\S+)$", text, re.MULTILINE))
    assert configs == {name: name for name in profiles.PROFILES}


def test_the_profiles_that_were_promised_are_there() -> None:
    assert {"native", "x86-64-v2", "x86-64-v3", "x86-64-v4"} <= set(profiles.names_for("x86_64"))
    assert {"native", "armv8-a", "pi3", "pi4", "pi5"} <= set(profiles.names_for("aarch64"))
    assert "portable" in profiles.names_for("x86_64")
    assert "portable" in profiles.names_for("aarch64")


def test_no_profile_but_native_leaves_anything_to_the_machine() -> None:
    for name, arch, compiler in FIXED:
        assert not [flag for flag in profiles.flags(name, arch, compiler) if "native" in flag]


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(BuildError, match=r"'x86-64-v5' is unknown; for x86_64 there are:") as caught:
        profiles.flags("x86-64-v5", "x86_64")
    listed = {line.split()[0] for line in str(caught.value).splitlines()[1:]}
    assert listed == {"native", "portable", "x86-64-v2", "x86-64-v3", "x86-64-v4"}


def test_a_profile_of_another_machine_says_so() -> None:
    with pytest.raises(BuildError, match=r"'pi5' is for another machine; for x86_64 there are:"):
        profiles.flags("pi5", "x86_64")
    with pytest.raises(BuildError, match=r"'x86-64-v3' is for another machine; for aarch64 there are:"):
        profiles.flags("x86-64-v3", "aarch64")


def test_the_machine_has_the_name_that_profiles_use(monkeypatch: pytest.MonkeyPatch) -> None:
    for reported, name in [("AMD64", "x86_64"), ("arm64", "aarch64"), ("aarch64", "aarch64")]:
        monkeypatch.setattr(platform, "machine", lambda reported=reported: reported)
        assert profiles.machine() == name


def test_an_unknown_target_lists_the_known_ones() -> None:
    with pytest.raises(BuildError, match=r"'sparc' is unknown; there are: x86_64, aarch64, armv7l,"):
        targets.find("sparc")


def test_this_machine_is_a_target() -> None:
    assert targets.host() in targets.TARGETS


def test_cmake_is_told_the_flags_of_the_profile() -> None:
    lines = list(emit_cmake.lines("pi4", "aarch64", "gcc"))
    assert 'set(PROFILE_FLAGS "-mcpu=cortex-a72+crc")' in lines
    assert 'set(BASELINE_FLAGS "-march=armv8-a")' in lines
    assert "set(CPU_VARIANTS )" in lines
    assert any("arch/arm/quants.c" in line for line in lines if line.startswith("set(ggml_cpu_SRCS "))
    assert not any("arch/x86" in line for line in lines)
    assert r'"GGML_VERSION=\"0.13.1\""' in next(
        line for line in lines if line.startswith("set(ggml_base_DEFINES ")
    )


def test_cmake_is_told_the_variants_of_a_portable_wheel() -> None:
    lines = list(emit_cmake.lines("portable", "aarch64-musl", "zig"))
    assert 'set(armv8.2_1_FLAGS "-mcpu=generic+v8_2a+dotprod")' in lines
    assert 'set(armv8.2_1_LIBRARY "libggml-cpu-armv8.2_1.so")' in lines
    (described,) = [line for line in lines if line.startswith("set(VARIANTS ")]
    assert described.startswith('set(VARIANTS "armv9.2_2 neon crc32 lse rdm dotprod fp16')
    assert described.endswith('\\;armv8.0_1 neon")')

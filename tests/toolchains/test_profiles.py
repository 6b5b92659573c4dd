"""ISA profiles: every one can be asked for, and promises what the compiler makes of its flags."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from scripts.errors import BuildError
from toolchains import emit_cmake, profiles

COMPILERS = {
    "x86_64": ("x86_64-linux-gnu-gcc", "gcc" if platform.machine() == "x86_64" else ""),
    "aarch64": ("aarch64-linux-gnu-gcc", "gcc" if platform.machine() == "aarch64" else ""),
}
FIXED = [
    (name, arch)
    for name, profile in profiles.PROFILES.items()
    for arch in profile["flags"]
    if profile["features"] is not None
]


def compiler(arch: str) -> str:
    """A gcc for an architecture; skips the test where there is none."""
    for name in filter(None, COMPILERS[arch]):
        if found := shutil.which(name):
            return found
    pytest.skip(f"no gcc for {arch}; on Debian: apt-get install gcc-{arch.replace('_', '-')}-linux-gnu")


def rows(gcc: str, csrc: Path) -> list[str]:
    """The names in isa_features.h, in order, as the preprocessor sees them for this architecture."""
    text = '#include "isa_features.h"\n#define NAME(name, macro, probe) name\nISA_FEATURES(NAME)\n'
    command = [gcc, "-E", "-P", f"-I{csrc}", "-x", "c", "-"]
    said = subprocess.run(command, input=text, text=True, capture_output=True, check=True).stdout
    return re.findall(r'"([^"]+)"', said)


def table(gcc: str, csrc: Path, flags: list[str], folder: Path) -> list[str]:
    """The features whose byte is 1 in csrc/compiled_features.c compiled with these flags."""
    built = folder / "table.o"
    subprocess.run([gcc, *flags, "-c", str(csrc / "compiled_features.c"), "-o", str(built)], check=True)
    with built.open("rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        assert isinstance(symbols, SymbolTableSection)
        (symbol,) = symbols.get_symbol_by_name("compiled_features") or []
        section = elf.get_section(symbol["st_shndx"])
        data = section.data()[symbol["st_value"] : symbol["st_value"] + symbol["st_size"]]
    names = rows(gcc, csrc)
    assert len(data) == len(names) > 5
    return [name for name, compiled_in in zip(names, data) if compiled_in]


@pytest.fixture(scope="session")
def csrc(root: Path) -> Path:
    """The sources of the guard."""
    return root / "pywhispercpp" / "csrc"


@pytest.mark.parametrize(("name", "arch"), FIXED)
def test_the_features_of_a_profile_are_what_its_flags_compile_in(
    csrc: Path, tmp_path: Path, name: str, arch: str
) -> None:
    compiled_in = table(compiler(arch), csrc, profiles.flags(name, arch), tmp_path)
    assert sorted(compiled_in) == sorted(profiles.PROFILES[name]["features"])


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
def test_an_x86_64_level_is_the_compilers_own(csrc: Path, tmp_path: Path, level: str) -> None:
    gcc = compiler("x86_64")
    asked = subprocess.run(
        [gcc, f"-march={level}", "-E", "-"], input="", text=True, capture_output=True, check=False
    )
    if asked.returncode:
        pytest.skip(f"{gcc} does not know -march={level}")
    ours = table(gcc, csrc, profiles.flags(level, "x86_64"), tmp_path)
    assert ours == table(gcc, csrc, [f"-march={level}"], tmp_path)


def test_the_guard_is_compiled_for_every_cpu(csrc: Path, tmp_path: Path) -> None:
    assert table(compiler("x86_64"), csrc, profiles.BASELINE["x86_64"], tmp_path) == []


def test_the_arm_guard_is_compiled_for_every_cpu(csrc: Path, tmp_path: Path) -> None:
    assert table(compiler("aarch64"), csrc, profiles.BASELINE["aarch64"], tmp_path) == ["neon"]


def test_native_is_what_the_installed_package_was_built_for(csrc: Path, tmp_path: Path) -> None:
    from pywhispercpp import build_info

    info = build_info()
    if info.profile != "native" or not info.compiler.startswith("gcc "):
        pytest.skip(f"the package was built for {info.profile} by {info.compiler}")
    arch = profiles.machine()
    assert table(compiler(arch), csrc, profiles.flags("native", arch), tmp_path) == list(info.features)


def test_every_profile_is_a_bazel_config_of_the_same_name(root: Path) -> None:
    text = (root / ".bazelrc").read_text(encoding="utf-8")
    configs = dict(re.findall(r"^build:(\S+) --define=profile=(\S+)$", text, re.MULTILINE))
    assert configs == {name: name for name in profiles.PROFILES}


def test_the_profiles_that_were_promised_are_there() -> None:
    assert {"native", "x86-64-v2", "x86-64-v3", "x86-64-v4"} <= set(profiles.names_for("x86_64"))
    assert {"native", "armv8-a", "pi4", "pi5"} <= set(profiles.names_for("aarch64"))


def test_no_profile_but_native_leaves_anything_to_the_machine() -> None:
    for name, arch in FIXED:
        assert not [flag for flag in profiles.flags(name, arch) if "native" in flag]


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(BuildError, match=r"'x86-64-v5' is unknown; for x86_64 there are:") as caught:
        profiles.flags("x86-64-v5", "x86_64")
    listed = {line.split()[0] for line in str(caught.value).splitlines()[1:]}
    assert listed == {"native", "x86-64-v2", "x86-64-v3", "x86-64-v4"}


def test_a_profile_of_another_machine_says_so() -> None:
    with pytest.raises(BuildError, match=r"'pi5' is for another machine; for x86_64 there are:"):
        profiles.flags("pi5", "x86_64")
    with pytest.raises(BuildError, match=r"'x86-64-v3' is for another machine; for aarch64 there are:"):
        profiles.flags("x86-64-v3", "aarch64")


def test_the_machine_has_the_name_that_profiles_use(monkeypatch: pytest.MonkeyPatch) -> None:
    for reported, name in [("AMD64", "x86_64"), ("arm64", "aarch64"), ("aarch64", "aarch64")]:
        monkeypatch.setattr(platform, "machine", lambda reported=reported: reported)
        assert profiles.machine() == name


def test_cmake_is_told_the_flags_of_the_profile() -> None:
    lines = list(emit_cmake.lines("pi4", "aarch64"))
    assert 'set(PROFILE_FLAGS "-mcpu=cortex-a72+crc")' in lines
    assert 'set(BASELINE_FLAGS "-march=armv8-a")' in lines
    assert any("arch/arm/quants.c" in line for line in lines if line.startswith("set(ggml_cpu_SRCS "))
    assert not any("arch/x86" in line for line in lines)
    assert r'"GGML_VERSION=\"0.13.1\""' in next(
        line for line in lines if line.startswith("set(ggml_base_DEFINES ")
    )

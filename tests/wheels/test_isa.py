"""What the audit sees in code that real compilers made for known features."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheels import archive
from wheels.elf import ElfError
from wheels.isa import a64_dispatch, arm64, promise, x86
from wheels.isa.__main__ import main
from wheels.isa.audit import READERS, audit
from wheels.isa.code import Code, read_code
from wheels.isa.reach import walk

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop

COMPILERS = {"x86_64": "x86_64-linux-gnu-gcc", "aarch64": "aarch64-linux-gnu-gcc"}
EXPORT = '__attribute__((visibility("default")))'
ADD = f"{EXPORT} int add(int *p) {{ return __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); }}"
FUSE = f"{EXPORT} void fuse(float *a, float *b) {{ for (int i = 0; i < 999; ++i) a[i] += a[i] * b[i]; }}"


def build(machine: str, text: str, folder: Path, *flags: str) -> Code:
    """The code of a small stripped library, made by the machine's own or Debian's cross compiler."""
    compiler = shutil.which(COMPILERS[machine]) or ("gcc" if machine == platform.machine() else None)
    if compiler is None:
        package = COMPILERS[machine].replace("_", "-")
        pytest.skip(f"needs {COMPILERS[machine]}; on Debian: apt-get install gcc-{package[:-4]}")
    (folder / "a.c").write_text(text)
    command = [compiler, "-shared", "-fPIC", "-O3", "-s", *flags, "a.c", "-o", "a.so"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    return read_code("a.so", (folder / "a.so").read_bytes())


def needs(machine: str, code: Code) -> set[str]:
    """All features that the code asks for."""
    found: set[str] = set()
    for section in code.sections:
        found.update(*READERS[machine].survey(section.data, section.address).values())
    return found


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], set()),
        (["-msse4.2", "-mpopcnt"], {"popcnt"}),
        (["-mavx2", "-mfma"], {"avx", "fma"}),
        (["-mavx512f", "-mprefer-vector-width=512"], {"avx512f"}),
        (["-mavx512f", "-mavx512vl", "-mavx512fp16", "-DHALF"], {"avx512fp16"}),
        (["-mamx-tile", "-mamx-int8", "-DAMX"], {"amx-tile", "amx-int8"}),
        (["-mlzcnt"], {"lzcnt"}),
        (["-mbmi"], set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_x86_features_are_seen(flags: list[str], expected: set[str], tmp_path: Path) -> None:
    text = f"""
    #ifdef AMX
    {EXPORT} void tiles(void) {{ __asm__ volatile("tilezero %tmm0\\ntdpbssd %tmm1, %tmm2, %tmm0"); }}
    #elif defined(HALF)
    {EXPORT} void half(_Float16 *a) {{ for (int i = 0; i < 999; ++i) a[i] += a[i]; }}
    #else
    {FUSE}
    {EXPORT} int ones(unsigned long n) {{ return __builtin_popcountl(n); }}
    {EXPORT} int ctz(unsigned long n) {{ return __builtin_ctzl(n); }}
    {EXPORT} int clz(unsigned long n) {{ return __builtin_clzl(n); }}
    {EXPORT} void state(unsigned a, unsigned d) {{ __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0)); }}
    #endif
    """
    found = needs("x86_64", build("x86_64", text, tmp_path, *flags))
    assert expected <= found
    # What a vector loop brings besides is no part of the question.
    assert bool(expected) == bool(found)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["-march=armv8-a"], set()),
        (["-march=armv8-a", "-moutline-atomics", "-static-libgcc"], set()),
        (["-march=armv8-a", "-mbranch-protection=pac-ret+leaf+bti"], set()),
        (["-march=armv8.1-a", "-mno-outline-atomics"], {"lse"}),
        (["-march=armv8-a+crc", "-DCRC"], {"crc32"}),
        (["-march=armv8.2-a+fp16", "-DHALF"], {"fp16"}),
        (["-march=armv8.2-a+sve"], {"sve", "lse"}),
        (["-march=armv8.3-a", "-mbranch-protection=pac-ret+leaf"], {"pauth", "lse"}),
        (["-march=armv8-a", "-DASM=sdot v0.4s, v1.16b, v2.16b", "-DARCH=armv8.2-a+dotprod"], {"dotprod"}),
        (["-march=armv8-a", "-DASM=smmla v0.4s, v1.16b, v2.16b", "-DARCH=armv8.6-a"], {"i8mm"}),
        (["-march=armv8-a", "-DASM=bfdot v0.4s, v1.8h, v2.8h", "-DARCH=armv8.6-a"], {"bf16"}),
        (["-march=armv8-a", "-DASM=smstart", "-DARCH=armv9-a+sme"], {"sme"}),
        (["-march=armv8-a", "-DASM=aese v0.16b, v1.16b", "-DARCH=armv8-a+aes"], {"aes"}),
        (["-march=armv8-a", "-DASM=ldapr w0, [x1]", "-DARCH=armv8.3-a"], {"rcpc"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_arm_features_are_seen(flags: list[str], expected: set[str], tmp_path: Path) -> None:
    text = f"""
    {ADD}
    {FUSE}
    #ifdef CRC
    {EXPORT} unsigned crc(unsigned a, unsigned b) {{ return __builtin_aarch64_crc32w(a, b); }}
    #elif defined(HALF)
    {EXPORT} void half(_Float16 *a) {{ for (int i = 0; i < 999; ++i) a[i] += a[i]; }}
    #elif defined(ASM)
    #define TEXT(...) #__VA_ARGS__
    #define QUOTE(...) TEXT(__VA_ARGS__)
    {EXPORT} void one(void) {{ __asm__ volatile(".arch " QUOTE(ARCH) "\\n" QUOTE(ASM)); }}
    #endif
    """
    found = needs("aarch64", build("aarch64", text, tmp_path, *flags))
    assert expected <= found
    assert found - {"lse", "crc32"} <= expected


@pytest.mark.parametrize("sequence", a64_dispatch.SEQUENCES, ids=range(len(a64_dispatch.SEQUENCES)))
def test_what_asks_first_is_excused_and_nothing_else(sequence: tuple[a64_dispatch.Word, ...]) -> None:
    # Any atomic will do where the sequence leaves the word open.
    words = [word[0] or 0xB8E10020 for word in sequence]
    places = [i for i, word in enumerate(sequence) if a64_dispatch.ASKED in word[2:]]
    other = next(i for i in range(len(words)) if i not in places)
    spoilt = [0xD503201F if i == other else word for i, word in enumerate(words)]
    for code, found in ((words, set()), (spoilt, {words[i] for i in places})):
        data = b"".join(word.to_bytes(4, "little") for word in code)
        assert {code[address // 4] for address in arm64.survey(data, 0)} == found
        assert all(bool(arm64.step(data, 0, 4 * i).features) == bool(found) for i in places)


@pytest.mark.parametrize("machine", sorted(READERS))
@pytest.mark.parametrize("visibility", ["default", "hidden"])
def test_a_walk_follows_calls_and_exports(machine: str, visibility: str, tmp_path: Path) -> None:
    flags = {"x86_64": ["-mlzcnt"], "aarch64": ["-march=armv8.1-a", "-mno-outline-atomics"]}[machine]
    text = f"""
    __attribute__((noinline, visibility("{visibility}"))) int deep(int *p) {{
        return __builtin_clzl(*p) + __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST);
    }}
    int value;
    {EXPORT} int ggml_backend_score(void) {{ return value; }}
    static __attribute__((constructor)) void start(void) {{ value = deep(&value); }}
    """
    code = build(machine, text, tmp_path, *flags)
    reader = READERS[machine]
    reached = {
        name: set().union(*(step.features for step in walk(code, [start], reader.step).values()))
        for name, start in code.starts.items()
    }
    assert code.scores
    assert reached.pop("ggml_backend_score") == set()
    assert {"x86_64": "lzcnt", "aarch64": "lse"}[machine] in set().union(*reached.values())


def test_every_feature_of_the_guard_can_be_seen() -> None:
    from wheels.isa import a64, x86_cpuid

    seen = {name for names in a64.FEATURES for name in names.split("+")}
    assert set(promise.guarded("aarch64")) - {"neon"} <= seen
    assert set(promise.guarded("x86_64")) <= set(x86_cpuid.FEATURES.values())
    assert promise.guarded("x86_64")


def test_what_is_no_instruction_is_unknown() -> None:
    assert x86.survey(b"\x90\x06\x90", 0x10) == {0x11: {"unknown"}}
    assert arm64.survey(b"\xff\xff\xff\xff", 0) == {0: {"unknown"}}


def test_a_file_without_code_is_refused() -> None:
    with pytest.raises(ElfError):
        read_code("x.so", b"\x7fELF" + bytes(60))


def test_the_good_wheels_keep_their_promises(
    wheel: Path, cmake_wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(wheel), str(cmake_wheel)]) == 0
    table = capsys.readouterr().out
    assert table.count("every CPU") >= 2
    assert "BROKEN" not in table


def test_a_broken_promise_is_shown(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    machine = platform.machine()
    # The whole package, under the name of one that runs everywhere.
    core = workshop.wheel.members[workshop.library("_core")]
    path = workshop.add(workshop.library("_cpu"), core)
    report = next(r for r in audit(archive.load(path)) if "_cpu." in r.library)
    assert report.outside
    assert not report.kept
    assert main([str(path)]) == 1
    assert "BROKEN" in capsys.readouterr().out
    assert machine in READERS


def test_a_missing_wheel_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "pywhispercpp-1.6.0-py3-none-any.whl")]) == 1
    assert "PW001" in capsys.readouterr().out

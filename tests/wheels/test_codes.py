"""Each code is found, alone, in a real wheel that breaks exactly that promise."""

from __future__ import annotations

import json
import os
import platform
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

from tests.wheels.conftest import FIND_OPENVINO
from wheels import archive, codes, promises
from wheels.codes import Code
from wheels.openvino import with_pin
from wheels.verify import main, verify

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

    from tests.wheels.conftest import Workshop

    Breaker = Callable[[Workshop], Path]

BREAKERS: list[tuple[Code, Breaker]] = []

x86_only = pytest.mark.skipif(platform.machine() != "x86_64", reason="needs an x86-64 linker note")


# What only newer CPUs run, whatever the compiler's version: AVX2 or the atomics of Armv8.1.
LOOP_C = """
__attribute__((visibility("default"))) int add(int *sums, const int *terms) {
    for (int i = 0; i < 1024; ++i) sums[i] += terms[i];
    return __atomic_fetch_add(sums, 1, __ATOMIC_SEQ_CST);
}
"""
SCORE_C = """
__attribute__((visibility("default"))) int ggml_backend_score(void) {
    static int sums[1024], terms[1024];
    return add(sums, terms);
}
"""
NEWER_CPU = {"x86_64": ["-O3", "-mavx2"], "aarch64": ["-O3", "-march=armv8.2-a+dotprod"]}.get(
    platform.machine(), []
)


def breaks(code: Code) -> Callable[[Breaker], Breaker]:
    """Register a factory of wheels that break one promise."""

    def register(breaker: Breaker) -> Breaker:
        BREAKERS.append((code, breaker))
        return breaker

    return register


@breaks(Code.PW001)
def truncated(shop: Workshop) -> Path:
    path = shop.fresh() / shop.good.name
    path.write_bytes(shop.good.read_bytes()[:-1000])
    return path


@breaks(Code.PW001)
def flipped_bits(shop: Workshop) -> Path:
    data = bytearray(shop.good.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(value ^ 0x55 for value in data[middle : middle + 64])
    path = shop.fresh() / shop.good.name
    path.write_bytes(data)
    return path


@breaks(Code.PW001)
def missing(shop: Workshop) -> Path:
    return shop.fresh() / shop.good.name


@breaks(Code.PW001)
def a_folder(shop: Workshop) -> Path:
    path = shop.fresh() / shop.good.name
    path.mkdir()
    return path


@breaks(Code.PW002)
def no_tag_in_name(shop: Workshop) -> Path:
    return shop.save(shop.members(), name="pywhispercpp-1.6.0.whl")


@breaks(Code.PW003)
def climbing_member(shop: Workshop) -> Path:
    return shop.raw_zip(lambda opened: opened.writestr("../outside.py", b""))


@breaks(Code.PW003)
def absolute_member(shop: Workshop) -> Path:
    return shop.raw_zip(lambda opened: opened.writestr("/etc/profile.d/x.sh", b""))


@breaks(Code.PW003)
def link_member(shop: Workshop) -> Path:
    info = zipfile.ZipInfo("pywhispercpp/link")
    info.external_attr = 0o120777 << 16
    return shop.raw_zip(lambda opened: opened.writestr(info, b"/etc/passwd"))


@breaks(Code.PW003)
def member_twice(shop: Workshop) -> Path:
    def change(opened: zipfile.ZipFile) -> None:
        with pytest.warns(UserWarning, match="Duplicate name"):
            opened.writestr("pywhispercpp/py.typed", b"")

    return shop.raw_zip(change)


@breaks(Code.PW004)
def no_wheel_file(shop: Workshop) -> Path:
    return shop.drop(shop.info("WHEEL"))


@breaks(Code.PW004)
def other_version_in_name(shop: Workshop) -> Path:
    return shop.save(shop.members(), name=re.sub(r"-[^-]+", "-9.9.9", shop.good.name, count=1))


@breaks(Code.PW010)
def no_record(shop: Workshop) -> Path:
    members = shop.members()
    del members[shop.info("RECORD")]
    return shop.save(members, new_record=False)


@breaks(Code.PW010)
def record_with_two_fields(shop: Workshop) -> Path:
    members = shop.members()
    members[shop.info("RECORD")] += b"only,two\n"
    return shop.save(members, new_record=False)


@breaks(Code.PW011)
def unrecorded_file(shop: Workshop) -> Path:
    return shop.save({**shop.members(), "pywhispercpp/extra.py": b"\n"}, new_record=False)


@breaks(Code.PW012)
def recorded_ghost(shop: Workshop) -> Path:
    members = shop.members()
    members[shop.info("RECORD")] += b"pywhispercpp/ghost.py,sha256=abc,1\n"
    return shop.save(members, new_record=False)


@breaks(Code.PW013)
def changed_file(shop: Workshop) -> Path:
    members = shop.members()
    members["pywhispercpp/__init__.py"] += b"\n"
    return shop.save(members, new_record=False)


@breaks(Code.PW013)
def wrong_size(shop: Workshop) -> Path:
    members = shop.members()
    name = shop.info("RECORD")
    members[name] = re.sub(rb"(__init__\.py,[^,]+,)\d+", rb"\g<1>999999", members[name], count=1)
    return shop.save(members, new_record=False)


@breaks(Code.PW020)
def tag_only_in_file_name(shop: Workshop) -> Path:
    return shop.replace(shop.info("WHEEL"), "Tag: cp", "Tag: cp310.cp")


@breaks(Code.PW021)
def plain_linux(shop: Workshop) -> Path:
    python, abi = next(iter(shop.wheel.name.tags)).interpreter, next(iter(shop.wheel.name.tags)).abi
    return shop.retag(f"{python}-{abi}-linux_{platform.machine()}")


@breaks(Code.PW022)
def tagged_for_another_machine(shop: Workshop) -> Path:
    tag = str(next(iter(shop.wheel.name.tags)))
    machine = platform.machine()
    other = "aarch64" if machine == "x86_64" else "x86_64"
    return shop.retag(tag.replace(machine, other))


@breaks(Code.PW023)
def suffix_of_another_machine(shop: Workshop) -> Path:
    members = shop.members()
    name = shop.library("_core")
    machine = platform.machine()
    other = "aarch64" if machine == "x86_64" else "x86_64"
    members[name.replace(machine, other)] = members.pop(name)
    return shop.save(members)


@breaks(Code.PW023)
def tagged_for_another_python(shop: Workshop) -> Path:
    return shop.retag(f"cp399-cp399-{next(iter(shop.wheel.platforms))}")


@breaks(Code.PW023)
def module_without_its_function(shop: Workshop) -> Path:
    return shop.add(shop.library("_cpu"), shop.compile(module="other"))


@breaks(Code.PW024)
def tag_claims_an_older_system(shop: Workshop) -> Path:
    python, _, _ = str(next(iter(shop.wheel.name.tags))).split("-")
    return shop.retag(f"{python}-{python}-manylinux_2_17_{platform.machine()}")


@breaks(Code.PW024)
def tag_claims_a_newer_system(shop: Workshop) -> Path:
    python, _, _ = str(next(iter(shop.wheel.name.tags))).split("-")
    return shop.retag(f"{python}-{python}-manylinux_2_41_{platform.machine()}")


@breaks(Code.PW025)
def needs_a_newer_cpu_by_its_note(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-z,x86-64-v3")


@breaks(Code.PW026)
def pure_with_libraries(shop: Workshop) -> Path:
    return shop.replace(shop.info("WHEEL"), "Root-Is-Purelib: false", "Root-Is-Purelib: true")


@breaks(Code.PW030)
def needs_zlib(shop: Workshop) -> Path:
    stand_in = shop.fresh() / "libz.so.1"
    stand_in.write_bytes(shop.compile("-Wl,-soname,libz.so.1", module="stand_in"))
    return shop.with_library("-Wl,--no-as-needed", str(stand_in))


@breaks(Code.PW031)
def searches_opt(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-rpath,$ORIGIN:/opt/lib")


@breaks(Code.PW031)
def searches_above_the_wheel(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-rpath,$ORIGIN/../../other")


@breaks(Code.PW031)
def searches_a_neighbour(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-rpath,$ORIGIN/../numpy.libs")


@breaks(Code.PW031)
def searches_openvino_without_need(shop: Workshop) -> Path:
    return shop.with_library(FIND_OPENVINO)


@breaks(Code.PW031)
def searches_more_than_openvino(shop: Workshop) -> Path:
    return shop.linked(f"{FIND_OPENVINO}:$ORIGIN/../openvino")


@breaks(Code.PW032)
def not_stripped(shop: Workshop) -> Path:
    return shop.add(shop.library("_cpu"), shop.compile(strip=False))


@breaks(Code.PW033)
def executable_stack(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-z,execstack")


@breaks(Code.PW034)
def no_relro(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-z,norelro")


@breaks(Code.PW035)
def text_called_a_library(shop: Workshop) -> Path:
    return shop.add("pywhispercpp/libnote.so", b"not a library")


@breaks(Code.PW035)
def half_a_library(shop: Workshop) -> Path:
    name = shop.library("_cpu")
    return shop.add(name, shop.wheel.members[name][:200])


@breaks(Code.PW036)
def guard_for_newer_cpus(shop: Workshop) -> Path:
    return shop.with_library(*NEWER_CPU, shop.source(LOOP_C))


@breaks(Code.PW037)
def guard_with_data_between_functions(shop: Workshop) -> Path:
    # An opcode that 64-bit x86 dropped, and a word that no version of A64 gives a meaning.
    data = {"x86_64": ".byte 0x06", "aarch64": ".inst 0xffffffff"}[platform.machine()]
    return shop.with_library(shop.source(f'__asm__(".text\\n{data}\\n");'))


@breaks(Code.PW037)
def build_tag_that_is_no_profile(shop: Workshop) -> Path:
    return shop.save(shop.members(), name=re.sub(r"-(1\w+-)?cp", "-1nosuch-cp", shop.good.name, count=1))


@breaks(Code.PW038)
def score_for_newer_cpus(shop: Workshop) -> Path:
    name = {"x86_64": "haswell", "aarch64": "armv8.2_1"}[platform.machine()]
    variant = shop.compile(*NEWER_CPU, shop.source(LOOP_C + SCORE_C), module="")
    return shop.portable({f"pywhispercpp/libggml-cpu-{name}.so": variant})


@breaks(Code.PW039)
def linked_and_not_found_again(shop: Workshop) -> Path:
    return shop.linked()


@breaks(Code.PW040)
def source_inside(shop: Workshop) -> Path:
    return shop.add("pywhispercpp/module.cpp", b"int x;\n")


@breaks(Code.PW040)
def cache_inside(shop: Workshop) -> Path:
    return shop.add("pywhispercpp/__pycache__/model.cpython-311.pyc", b"\0")


@breaks(Code.PW040)
def archive_inside(shop: Workshop) -> Path:
    return shop.add("pywhispercpp/libwhisper.a", b"!<arch>\n")


@breaks(Code.PW041)
def home_in_text(shop: Workshop) -> Path:
    return shop.add("pywhispercpp/config.py", b'FLAGS = "-I/home/ann/src"\n')


@breaks(Code.PW041)
def sandbox_in_library(shop: Workshop) -> Path:
    return shop.with_library("-Wl,-soname,/x/execroot/_main/_cpu.so")


@breaks(Code.PW041)
def checkout_in_text(shop: Workshop) -> Path:
    checkout = Path(codes.__file__).resolve().parents[1]
    if len(checkout.parts) < 3:
        pytest.skip(f"the checkout's own path, {checkout}, is too short to be looked for")
    return shop.add("pywhispercpp/where.py", f"WHERE = {str(checkout)!r}\n".encode())


@breaks(Code.PW042)
def no_type_marker(shop: Workshop) -> Path:
    return shop.drop("pywhispercpp/py.typed")


@breaks(Code.PW043)
def stray_top_level(shop: Workshop) -> Path:
    return shop.add("helpers/__init__.py", b"\n")


@breaks(Code.PW050)
def empty_licence(shop: Workshop) -> Path:
    name = next(n for n in shop.wheel.members if "/licenses/" in n and "pybind11" in n)
    return shop.add(name, b"\n")


@breaks(Code.PW051)
def undeclared_licence(shop: Workshop) -> Path:
    return shop.add(shop.info("licenses/OTHER"), b"words\n")


@breaks(Code.PW052)
def no_bill(shop: Workshop) -> Path:
    return shop.drop(shop.info(promises.SBOM))


@breaks(Code.PW052)
def bill_that_is_no_json(shop: Workshop) -> Path:
    return shop.add(shop.info(promises.SBOM), b"{")


@breaks(Code.PW052)
def bill_that_is_a_list(shop: Workshop) -> Path:
    return shop.add(shop.info(promises.SBOM), b"[]")


@breaks(Code.PW052)
def bill_of_another_version(shop: Workshop) -> Path:
    bill = json.loads(shop.wheel.text(promises.SBOM))
    bill["metadata"]["component"]["version"] = "9.9.9"
    return shop.add(shop.info(promises.SBOM), json.dumps(bill).encode())


@breaks(Code.PW052)
def bill_without_a_part(shop: Workshop) -> Path:
    return shop.replace(shop.info(promises.SBOM), '"name": "ggml"', '"name": "other"')


@breaks(Code.PW052)
def part_without_a_licence(shop: Workshop) -> Path:
    bill = json.loads(shop.wheel.text(promises.SBOM))
    bill["components"][0]["licenses"] = []
    return shop.add(shop.info(promises.SBOM), json.dumps(bill).encode())


@breaks(Code.PW060)
def no_description(shop: Workshop) -> Path:
    head = shop.wheel.text("METADATA").split("\n\n")[0]
    return shop.add(shop.info("METADATA"), head.encode() + b"\n\n")


@breaks(Code.PW060)
def bad_requirement(shop: Workshop) -> Path:
    return shop.replace(shop.info("METADATA"), "\nVersion:", "\nRequires-Dist: numpy ><1\nVersion:")


@breaks(Code.PW061)
def entry_point_to_no_module(shop: Workshop) -> Path:
    return shop.add(shop.info("entry_points.txt"), b"[console_scripts]\nx = pywhispercpp.nowhere:main\n")


@breaks(Code.PW061)
def entry_point_to_no_function(shop: Workshop) -> Path:
    return shop.add(shop.info("entry_points.txt"), b"[console_scripts]\nx = pywhispercpp.cli:no_such_thing\n")


@breaks(Code.PW062)
def another_name_in_metadata(shop: Workshop) -> Path:
    return shop.replace(shop.info("METADATA"), "\nName: pywhispercpp", "\nName: otherpackage")


@breaks(Code.PW063)
def linked_and_not_pinned(shop: Workshop) -> Path:
    return shop.linked(FIND_OPENVINO, pin="")


@breaks(Code.PW063)
def linked_with_another_version_than_pinned(shop: Workshop) -> Path:
    return shop.linked(FIND_OPENVINO, version="2024.6.0")


@breaks(Code.PW063)
def linked_and_pinned_loosely(shop: Workshop) -> Path:
    metadata = with_pin(shop.wheel.text("METADATA"), "2026.4.1").replace("openvino==", "openvino>=")
    members = archive.load(shop.linked(FIND_OPENVINO, pin="")).members
    return shop.save(
        {**members, shop.info("METADATA"): metadata.encode()},
        name=re.sub(r"-(1\w+)-cp", r"-\1_openvino-cp", shop.good.name),
    )


@breaks(Code.PW063)
def pinned_and_not_linked(shop: Workshop) -> Path:
    return shop.add(shop.info("METADATA"), with_pin(shop.wheel.text("METADATA"), "2026.4.1").encode())


@breaks(Code.PW064)
def linked_and_not_told(shop: Workshop) -> Path:
    return shop.linked(FIND_OPENVINO, build="")


@breaks(Code.PW064)
def told_and_not_linked(shop: Workshop) -> Path:
    return shop.save(shop.members(), name=re.sub(r"-(1\w+)-cp", r"-\1_openvino-cp", shop.good.name))


@breaks(Code.PW070)
def too_large(shop: Workshop) -> Path:
    return shop.add("pywhispercpp/noise.bin", os.urandom(max(promises.SIZE_LIMITS.values())))


def _parameters() -> list[ParameterSet]:
    return [
        pytest.param(
            code,
            breaker,
            id=f"{code.name}-{breaker.__name__}",
            marks=[x86_only] if code is Code.PW025 else [],
        )
        for code, breaker in BREAKERS
    ]


@pytest.mark.parametrize(("code", "breaker"), _parameters())
def test_the_code_is_found_alone(
    code: Code, breaker: Breaker, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    path = breaker(workshop)
    assert {finding.code for finding in verify(path)} == {code}, "\n".join(map(str, verify(path)))
    assert main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith(f"{path.name}: {code.name}: ") for line in lines)


def test_every_code_has_a_wheel_that_breaks_it() -> None:
    assert {code for code, _ in BREAKERS} == set(Code)


def test_the_good_wheel_is_good(wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(wheel)]) == 0
    assert capsys.readouterr().out == f"{wheel.name}: OK\n"


def test_a_wheel_that_is_linked_with_the_openvino_it_pins_is_good(workshop: Workshop) -> None:
    assert verify(workshop.linked(FIND_OPENVINO)) == []
    assert verify(workshop.linked(FIND_OPENVINO, version="2024.6.0", pin="2024.6.0")) == []


def test_one_bad_wheel_among_good_ones_is_told(wheel: Path, workshop: Workshop) -> None:
    assert main([str(wheel), str(truncated(workshop)), str(wheel)]) == 1


def test_readme_lists_the_codes_as_they_are() -> None:
    readme = (Path(codes.__file__).parent / "README.md").read_text()
    rows = dict(re.findall(r"^\| (PW\d+) \| (.+) \|$", readme, re.MULTILINE))
    assert rows == {code.name: code.value for code in Code}

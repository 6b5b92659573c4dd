"""The bill of materials: valid by the schema of CycloneDX, true about the pins, the same every time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.pins import ROOT, WHEELS, WHISPER_CPP, ZIG
from scripts.whisper_cpp import patch_files
from wheels.promises import SBOM, SBOM_PARTS, ZIG_SBOM_PARTS

Bill = dict[str, Any]


def inside(wheel: Path) -> bytes:
    """The bill in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(f".dist-info/{SBOM}")]
        return archive.read(name)


@pytest.fixture(scope="module")
def bill(wheel: Path) -> Bill:
    """The bill in Bazel's wheel."""
    content: Bill = json.loads(inside(wheel))
    return content


def part(bill: Bill, name: str) -> Bill:
    """The one component of that name."""
    (found,) = [component for component in bill["components"] if component["name"] == name]
    content: Bill = found
    return content


def generate(out: Path, patches: list[Path], **environment: str) -> bytes:
    """Run the generator as the builds do."""
    inputs = ["--pins", ROOT / "scripts" / "pins.bzl", "--pyproject", ROOT / "pyproject.toml"]
    command = [sys.executable, "-m", "toolchains.sbom", *inputs, "--patch", *patches, "--out", out]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, env={**os.environ, **environment})
    return out.read_bytes()


def test_it_keeps_to_the_schema(wheel: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(inside(wheel).decode()) is None
    assert validator.validate_str('{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": 1}') is not None


def test_both_build_paths_write_the_same(wheel: Path, cmake_wheel: Path) -> None:
    assert inside(wheel) == inside(cmake_wheel)


def test_it_names_every_part_whose_licence_travels_along(bill: Bill) -> None:
    assert {component["name"] for component in bill["components"]} == set(SBOM_PARTS)


def test_of_a_wheel_by_zig_it_names_the_runtime_linked_in(portable_wheel: Path, bill: Bill) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = inside(portable_wheel).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    by_zig: Bill = json.loads(text)
    names = {component["name"] for component in by_zig["components"]}
    assert names == {*SBOM_PARTS, *ZIG_SBOM_PARTS}
    assert part(by_zig, "libc++")["licenses"] == [{"expression": ZIG["llvm_license"]}]
    assert by_zig["serialNumber"] != bill["serialNumber"]


def test_versions_licences_and_hashes_are_those_of_the_pins(bill: Bill) -> None:
    whisper, pybind11 = part(bill, "whisper.cpp"), part(bill, "pybind11")
    assert whisper["version"] == WHISPER_CPP["version"]
    assert part(bill, "ggml")["version"] == WHISPER_CPP["ggml_version"]
    facts = [entry["value"] for entry in whisper["properties"]]
    assert facts == [WHISPER_CPP["tree_sha256"], *WHISPER_CPP["tree"]]
    assert pybind11["version"] == WHEELS["pybind11"]["version"]
    assert pybind11["hashes"] == [{"alg": "SHA-256", "content": WHEELS["pybind11"]["sha256"]}]
    assert pybind11["licenses"] == [{"license": {"id": WHEELS["pybind11"]["license"]}}]


def test_every_patch_is_told_once_with_its_hash(bill: Bill) -> None:
    references = [entry for c in bill["components"] for entry in c.get("externalReferences", [])]
    told = {entry["url"]: entry["hashes"] for entry in references if "hashes" in entry}
    digests = {f"patches/{p.name}": hashlib.sha256(p.read_bytes()).hexdigest() for p in patch_files()}
    assert told == {url: [{"alg": "SHA-256", "content": digest}] for url, digest in digests.items()}
    pedigrees = [
        d["diff"]["url"] for c in bill["components"] for d in c.get("pedigree", {}).get("patches", [])
    ]
    assert sorted(pedigrees) == sorted(digests)


def test_every_reference_leads_to_a_part(bill: Bill) -> None:
    known = {component["bom-ref"] for component in [bill["metadata"]["component"], *bill["components"]]}
    assert len(known) == len(bill["components"]) + 1
    reached = {ref for entry in bill["dependencies"] for ref in [entry["ref"], *entry["dependsOn"]]}
    assert reached == known


def test_the_same_inputs_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    patches = patch_files()
    one = generate(tmp_path / "1.json", patches, SOURCE_DATE_EPOCH="1", PYTHONHASHSEED="1")
    other = generate(tmp_path / "2.json", patches[::-1], TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    assert one == other == inside(wheel)


def test_another_patch_gives_another_number_and_stands_where_it_changes(tmp_path: Path, bill: Bill) -> None:
    patch = tmp_path / "9999-more.patch"
    patch.write_text("Why.\n\n--- a/src/whisper.cpp\n+++ b/src/whisper.cpp\n@@ -1 +1 @@\n-a\n+b\n")
    changed: Bill = json.loads(generate(tmp_path / "bill.json", [*patch_files(), patch]))
    assert changed["serialNumber"] != bill["serialNumber"]
    told = [entry["url"] for entry in part(changed, "whisper.cpp")["externalReferences"]]
    known = [entry["url"] for entry in part(bill, "whisper.cpp").get("externalReferences", [])]
    assert told == [*known, "patches/9999-more.patch"]
    assert part(changed, "ggml") == part(bill, "ggml")

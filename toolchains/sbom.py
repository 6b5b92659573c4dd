"""Writes the software bill of materials that travels in the wheel (PEP 770), as CycloneDX 1.6 JSON.

`python -m toolchains.sbom --pins … --pyproject … --patch … --compiler … --out FILE`: an action of Bazel, a step of CMake.
It tells what is compiled in, out of the pins and the patches alone: no clock, no random number, no path of
the builder, nothing of the build path. What is only linked dynamically (gcc's libstdc++, glibc, musl) is not
inside and not listed; zig links its C++ library statically.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolchains.literals import read_literals

Json = dict[str, Any]
GITHUB = "pkg:github/"
# The packages whose files end up in the binary; the other pinned wheels only write METADATA.
COMPILED_AGAINST = ("pybind11",)


def _sha256(data: bytes) -> list[Json]:
    return [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]


def _component(name: str, version: str, purl: str, license_id: str, **more: Any) -> Json:  # noqa: ANN401
    """A library; a part without releases of its own has no version."""
    versioned = {"version": version} if version else {}
    # An id is one licence; with an exception it is an expression.
    licenses = [{"expression": license_id} if " " in license_id else {"license": {"id": license_id}}]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        **versioned,
        "licenses": licenses,
        "purl": purl,
        **more,
    }


def _changes(patches: Sequence[Path]) -> Json:
    """What was changed in a part before it was compiled: the patches, with the hash of each."""
    if not patches:
        return {}
    diffs = [{"type": "unofficial", "diff": {"url": f"patches/{patch.name}"}} for patch in patches]
    files = [
        {
            "type": "other",
            "url": f"patches/{patch.name}",
            "comment": "patch, applied to the source tree",
            "hashes": _sha256(patch.read_bytes()),
        }
        for patch in patches
    ]
    return {"pedigree": {"patches": diffs}, "externalReferences": files}


def _touches_ggml(patch: Path) -> bool:
    return b"\n+++ b/ggml/" in b"\n" + patch.read_bytes()


def _whisper_cpp(pin: Json, patches: Sequence[Path]) -> list[Json]:
    """whisper.cpp, the ggml in its tree, and the matrix product of llamafile in that."""
    whisper = _component(
        "whisper.cpp",
        pin["version"],
        f"{GITHUB}ggml-org/whisper.cpp@v{pin['version']}",
        pin["license"],
        **_changes([patch for patch in patches if not _touches_ggml(patch)]),
    )
    source = {"type": "source-distribution", "url": pin["archive"]["url"]}
    whisper["externalReferences"] = [source, *whisper.get("externalReferences", [])]
    # A hash over paths and contents (scripts/tree.py), not over a file: so no entry of `hashes`.
    whisper["properties"] = [
        {"name": "pywhispercpp:unpatched_tree_sha256", "value": pin["tree_sha256"]},
        *({"name": "pywhispercpp:tree_path", "value": path} for path in pin["tree"]),
    ]
    ggml = _component(
        "ggml",
        pin["ggml_version"],
        f"{GITHUB}ggml-org/ggml@v{pin['ggml_version']}",
        pin["license"],
        **_changes([patch for patch in patches if _touches_ggml(patch)]),
    )
    sgemm = {"description": "tinyBLAS: ggml/src/ggml-cpu/llamafile/sgemm.cpp of the same tree"}
    return [whisper, ggml, _component("llamafile", "", f"{GITHUB}mozilla-ocho/llamafile", "MIT", **sgemm)]


def _package(name: str, pin: Json) -> Json:
    hashes = [{"alg": "SHA-256", "content": pin["sha256"]}]
    purl = f"pkg:pypi/{name}@{pin['version']}"
    return _component(
        name, pin["version"], purl, pin["license"], hashes=hashes, description="headers, compiled in"
    )


def _runtime(zig: Json, compiler: str) -> list[Json]:
    """What the compiler links in: zig's C++ library, unwinder and helpers; gcc's stay outside."""
    if compiler != "zig":
        return []
    version, license_id = zig["llvm_version"], zig["llvm_license"]
    llvm = [
        _component(name, version, f"{GITHUB}llvm/llvm-project@llvmorg-{version}#{folder}", license_id)
        for name, folder in [("libc++", "libcxx"), ("libc++abi", "libcxxabi"), ("libunwind", "libunwind")]
    ]
    # One of these wheels was it, depending on the machine: no hash of the part itself.
    wheels = [
        {"name": f"pywhispercpp:ziglang_{arch}_wheel_sha256", "value": zig["sha256"][arch]}
        for arch in sorted(zig["sha256"])
    ]
    more = {"description": "compiler-rt, linked in", "properties": wheels}
    return [*llvm, _component("zig", zig["version"], f"pkg:pypi/ziglang@{zig['version']}", zig["license"], **more)]


def bill(pins: Json, project: Json, patches: Sequence[Path], compiler: str = "gcc") -> Json:
    """Return the bill of the wheel of `project` (the table of pyproject.toml); equal inputs, equal bill."""
    patches = sorted(patches, key=lambda patch: patch.name)
    purl = f"pkg:pypi/{project['name']}@{project['version']}"
    root = {
        "type": "library",
        "bom-ref": purl,
        "name": project["name"],
        "version": project["version"],
        "licenses": [{"expression": project["license"]}],
        "purl": purl,
    }
    whisper, ggml, sgemm = _whisper_cpp(pins["WHISPER_CPP"], patches)
    packages = [_package(name, pins["WHEELS"][name]) for name in COMPILED_AGAINST]
    runtime = _runtime(pins["ZIG"], compiler)
    uses = [(root, [whisper, *packages, *runtime]), (whisper, [ggml]), (ggml, [sgemm])]
    content: Json = {
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": root},
        "components": [whisper, ggml, sgemm, *packages, *runtime],
        "dependencies": [
            {"ref": one["bom-ref"], "dependsOn": sorted(other["bom-ref"] for other in others)}
            for one, others in uses
        ],
    }
    # A bill should have a number: the same one for the same content.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": number.urn,
        **content,
    }


def _project(pyproject: Path) -> Json:
    if sys.version_info >= (3, 11):
        import tomllib
    else:  # scikit-build-core needs it there as well; Bazel hands in the pinned one
        import tomli as tomllib
    project: Json = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return project


def main(argv: Sequence[str] | None = None) -> None:
    """Read the pins, pyproject.toml and the patches; write the bill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pins", type=Path, required=True, help="scripts/pins.bzl")
    parser.add_argument("--pyproject", type=Path, required=True)
    parser.add_argument("--patch", type=Path, nargs="*", default=[])
    parser.add_argument("--compiler", choices=("gcc", "zig"), default="gcc", help="decides what it links in")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(argv)
    content = bill(read_literals(given.pins), _project(given.pyproject), given.patch, given.compiler)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Provenance beside the wheels: an in-toto Statement with SLSA's predicate, what was made from what.

It is written from the files themselves, the pins and the commit: equal inputs give equal bytes. There is no
clock in it. It is not signed: the attestations that the release workflow makes are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from scripts.command import capture
from scripts.errors import BuildError
from scripts.pins import ROOT, WHEELS, WHISPER_CPP, ZIG
from scripts.whisper_cpp import patch_files
from wheels.bazel_backend import git_state
from wheels.maker import facts
from wheels.sums import sha256

Json = dict[str, Any]

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
#: What the parameters mean: the section "Provenance" of docs/release.md, named as a package URL.
BUILD_TYPE = "pkg:pypi/pywhispercpp#docs/release.md"
#: The builder where no workflow runs: `nox -s release` by whoever called it.
LOCAL_BUILDER = "pkg:pypi/pywhispercpp#noxfile.py"
SUFFIX = ".provenance.json"


def file_name(products: Sequence[Path]) -> str:
    """The name of the provenance of these wheels and sdists; they must be of one version."""
    versions = {_version(product) for product in products}
    if len(versions) != 1:
        found = ", ".join(sorted(product.name for product in products)) or "none"
        raise BuildError(f"a release holds files of exactly one version, here are: {found}")
    return f"pywhispercpp-{versions.pop()}{SUFFIX}"


def _version(product: Path) -> str:
    if product.suffix == ".whl":
        return str(parse_wheel_filename(product.name)[1])
    return str(parse_sdist_filename(product.name)[1])


def render(products: Sequence[Path]) -> str:
    """The text of the provenance of some wheels and sdists."""
    return json.dumps(statement(products), indent=2, sort_keys=True) + "\n"


def statement(products: Sequence[Path], env: Mapping[str, str] = os.environ) -> Json:
    """The statement about some wheels and sdists; `env` tells whether a workflow of GitHub is at work."""
    products = sorted(products, key=lambda product: product.name)
    wheels = {product.name: facts(product) for product in products if product.suffix == ".whl"}
    return {
        "_type": STATEMENT,
        "subject": [{"name": file.name, "digest": {"sha256": sha256(file)}} for file in products],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"wheels": wheels},
                "resolvedDependencies": [_source(env), *_sources(), *_patches()],
            },
            "runDetails": {"builder": _builder(env)},
        },
    }


def _source(env: Mapping[str, str]) -> Json:
    """The commit of this checkout; BuildError where it is none."""
    try:
        commit = capture(["git", "rev-parse", "HEAD"], cwd=ROOT)
    except BuildError as error:
        raise BuildError(f"provenance names a commit, and {ROOT} is no git checkout: {error}") from error
    source: Json = {
        "name": "pywhispercpp",
        "digest": {"gitCommit": commit},
        "annotations": {"describe": git_state()},
    }
    if {"GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_REF"} <= env.keys():
        repository = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}"
        source["uri"] = f"git+{repository}@{env['GITHUB_REF']}"
    return source


def _sources() -> list[Json]:
    """The pinned inputs. whisper.cpp's hash is over its tree (scripts/tree.py), not over an archive."""
    whisper = {
        "name": "whisper.cpp",
        "uri": WHISPER_CPP["archive"]["url"],
        "digest": {"treeSha256": WHISPER_CPP["tree_sha256"]},
        "annotations": {"version": WHISPER_CPP["version"], "paths": WHISPER_CPP["tree"]},
    }
    packages = [
        {"name": name, "uri": f"pkg:pypi/{name}@{pin['version']}", "digest": {"sha256": pin["sha256"]}}
        for name, pin in sorted(WHEELS.items())
    ]
    zig = {
        "name": "ziglang",
        "uri": f"pkg:pypi/ziglang@{ZIG['version']}",
        # One wheel for each kind of machine that compiles; which one did is not told in the products.
        "annotations": {"sha256": ZIG["sha256"]},
    }
    return [whisper, *packages, zig]


def _patches() -> list[Json]:
    return [{"name": f"patches/{file.name}", "digest": {"sha256": sha256(file)}} for file in patch_files()]


def _builder(env: Mapping[str, str]) -> Json:
    """Who built: the workflow by its full reference, else the local session; as SLSA wants it, a URI."""
    if {"GITHUB_SERVER_URL", "GITHUB_WORKFLOW_REF"} <= env.keys():
        return {"id": f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_WORKFLOW_REF']}"}
    return {"id": LOCAL_BUILDER}


def problems(file: Path, products: Sequence[Path]) -> list[str]:
    """What does not fit between a provenance file and the wheels and sdists beside it, a line each."""
    try:
        said: Json = json.loads(file.read_text(encoding="utf-8"))
        types = said["_type"], said["predicateType"]
        subjects = {subject["name"]: subject["digest"]["sha256"] for subject in said["subject"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{file.name}: is no readable provenance ({type(error).__name__}: {error}); fetch it again"]
    if types != (STATEMENT, PREDICATE):
        return [f"{file.name}: is {types[0]} with {types[1]}, not {STATEMENT} with {PREDICATE}"]
    hashes = {product.name: sha256(product) for product in products if product.is_file()}
    gone = sorted(subjects.keys() - hashes)
    missing = [f"{name}: is in {file.name} and not in the folder" for name in gone]
    unknown = [f"{name}: {file.name} says nothing about it" for name in sorted(hashes.keys() - subjects)]
    differing = [
        f"{name}: sha256 {hashes[name]}, {file.name} says {subjects[name]}; do not use it"
        for name in sorted(hashes.keys() & subjects.keys())
        if hashes[name] != subjects[name]
    ]
    return missing + unknown + differing

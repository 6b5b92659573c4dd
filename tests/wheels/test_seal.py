"""A sealed folder: sums for sha256sum, provenance by the schema, and what is said of a broken seal."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.command import capture
from scripts.errors import BuildError
from scripts.pins import ROOT, WHISPER_CPP
from toolchains.profiles import machine
from wheels import provenance, seal, sums

if TYPE_CHECKING:
    from .conftest import Workshop

PLATFORM = f"manylinux_2_17_{machine()}"
WORKFLOW = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "someone/pywhispercpp",
    "GITHUB_REF": "refs/tags/v1.6.0",
    "GITHUB_WORKFLOW_REF": "someone/pywhispercpp/.github/workflows/wheels.yml@refs/tags/v1.6.0",
}


@pytest.fixture
def folder(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two wheels, named as a release names them, and an sdist.

    They are the native wheel inside, so the checks would rightly refuse them; those have tests of their own.
    """
    for tag in (f"cp311-cp311-{PLATFORM}", f"cp312-cp312-{PLATFORM}"):
        shutil.copy(workshop.retag(tag, for_every_cpu=True), tmp_path)
    name = next(tmp_path.glob("*.whl")).name.split("-cp")[0]
    with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(ROOT / "LICENSE", f"{name}/LICENSE")
    monkeypatch.setattr(seal, "verify", lambda path: [])
    monkeypatch.setattr(seal, "git_state", lambda: built_from(workshop))
    return tmp_path


def built_from(workshop: Workshop) -> str:
    """The git state in the guard of the native wheel."""
    import importlib.util

    place = workshop.fresh() / Path(workshop.library("_cpu")).name
    place.write_bytes(workshop.wheel.members[workshop.library("_cpu")])
    spec = importlib.util.spec_from_file_location("_cpu", place)
    assert spec is not None
    return str(importlib.util.module_from_spec(spec).build_info()["git_state"])


@pytest.fixture
def sealed(folder: Path) -> Path:
    """The same, sealed."""
    seal.seal(folder)
    assert seal.problems(folder) == []
    return folder


def told(folder: Path) -> Path:
    """The provenance file."""
    (file,) = folder.glob(f"*{provenance.SUFFIX}")
    return file


def said(folder: Path) -> dict[str, Any]:
    """The statement in it."""
    statement: dict[str, Any] = json.loads(told(folder).read_text())
    return statement


def test_sha256sum_reads_the_sums(sealed: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", sums.NAME], cwd=sealed, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 4


def test_sealing_again_changes_no_byte(sealed: Path) -> None:
    before = {file.name: file.read_bytes() for file in sealed.iterdir()}
    seal.seal(sealed)
    assert {file.name: file.read_bytes() for file in sealed.iterdir()} == before


def test_the_provenance_is_a_valid_statement(sealed: Path) -> None:
    json_format = pytest.importorskip("google.protobuf.json_format")
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
    from in_toto_attestation.v1 import statement, statement_pb2

    # Parse() refuses a field that the schema does not have.
    whole = json_format.Parse(told(sealed).read_text(), statement_pb2.Statement())
    statement.Statement.copy_from_pb(whole).validate()
    predicate = json_format.ParseDict(said(sealed)["predicate"], provenance_pb2.Provenance())
    assert whole.predicate_type == "https://slsa.dev/provenance/v1"
    assert ":" in predicate.build_definition.build_type
    assert ":" in predicate.run_details.builder.id
    with pytest.raises(json_format.ParseError, match="nonsense"):
        json_format.ParseDict({"nonsense": 1}, provenance_pb2.Provenance())


def test_the_provenance_names_commit_pins_patches_and_how_each_wheel_was_made(sealed: Path) -> None:
    definition = said(sealed)["predicate"]["buildDefinition"]
    parts = {part["name"]: part for part in definition["resolvedDependencies"]}
    assert parts["pywhispercpp"]["digest"] == {"gitCommit": capture(["git", "rev-parse", "HEAD"], cwd=ROOT)}
    assert parts["whisper.cpp"]["digest"] == {"treeSha256": WHISPER_CPP["tree_sha256"]}
    patches = {f"patches/{file.name}" for file in (ROOT / "patches").glob("*.patch")}
    assert {name for name in parts if name.startswith("patches/")} == patches
    made = definition["externalParameters"]["wheels"]
    assert {facts["python"] for facts in made.values()} == {"3.11", "3.12"}
    assert {facts["target"] for facts in made.values()} == {machine()}
    (packer,) = {facts["packer"] for facts in made.values()}
    assert packer.startswith(("pywhispercpp //:wheel", "scikit-build-core"))
    assert all(any(c.startswith(("GCC", "clang")) for c in facts["compilers"]) for facts in made.values())


def test_a_workflow_is_named_as_the_builder(sealed: Path) -> None:
    products = seal.products(sealed)
    here, there = provenance.statement(products, {}), provenance.statement(products, WORKFLOW)
    assert here["predicate"]["runDetails"]["builder"]["id"] == provenance.LOCAL_BUILDER
    workflow = "https://github.com/someone/pywhispercpp/.github/workflows/wheels.yml@refs/tags/v1.6.0"
    assert there["predicate"]["runDetails"]["builder"]["id"] == workflow
    source = there["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    assert source["uri"] == "git+https://github.com/someone/pywhispercpp@refs/tags/v1.6.0"


def change_a_byte(folder: Path) -> str:
    """Spoil a wheel."""
    wheel = min(folder.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"\n")
    return rf"{wheel.name}: sha256 \w+, SHA256SUMS says \w+; do not use it"


def take_a_wheel(folder: Path) -> str:
    """Lose a wheel."""
    wheel = min(folder.glob("*.whl"))
    wheel.unlink()
    return f"{wheel.name}: is in SHA256SUMS and not in the folder; fetch it again"


def bring_a_wheel(folder: Path) -> str:
    """Put a wheel of another build beside them."""
    name = min(folder.glob("*cp312*.whl")).name.replace("cp312", "cp313")
    shutil.copy(min(folder.glob("*.whl")), folder / name)
    return f"{name}: is not in SHA256SUMS; it is of another build, take it away"


def exchange_a_wheel(folder: Path) -> str:
    """Spoil a wheel and write sums that fit: only the provenance tells."""
    change_a_byte(folder)
    (folder / sums.NAME).write_text(sums.render([*seal.products(folder), told(folder)]))
    wheel = min(folder.glob("*.whl"))
    return rf"{wheel.name}: sha256 \w+, {told(folder).name} says \w+; do not use it"


def damage_the_provenance(folder: Path) -> str:
    """Write half of a provenance file, and sums that fit."""
    file = told(folder)
    file.write_text(file.read_text()[:200])
    (folder / sums.NAME).write_text(sums.render([*seal.products(folder), file]))
    return f"{file.name}: is no readable provenance"


def name_no_provenance(folder: Path) -> str:
    """Leave the provenance out of the sums."""
    (folder / sums.NAME).write_text(sums.render(seal.products(folder)))
    return "SHA256SUMS: names 0 provenance files, not one"


BREAKS: list[Callable[[Path], str]] = [
    change_a_byte,
    take_a_wheel,
    bring_a_wheel,
    exchange_a_wheel,
    damage_the_provenance,
    name_no_provenance,
]


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda function: function.__name__)
def test_a_broken_seal_is_told_in_one_line(break_it: Callable[[Path], str], sealed: Path) -> None:
    import re

    expected = break_it(sealed)
    (line,) = seal.problems(sealed)
    assert re.match(expected, line), line
    with pytest.raises(BuildError, match="is not what it was sealed as"):
        seal.main(["--check", str(sealed)])


def test_no_sums_are_no_release(folder: Path) -> None:
    with pytest.raises(BuildError, match="SHA256SUMS is missing: the folder holds no finished release"):
        seal.problems(folder)


@pytest.mark.parametrize("line", ["nonsense", "0" * 64 + "  ../up.whl", "0" * 63 + "  a.whl"])
def test_a_damaged_line_of_the_sums_is_named(sealed: Path, line: str) -> None:
    file = sealed / sums.NAME
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(BuildError, match="SHA256SUMS:5: not a hash and a new file name"):
        seal.problems(sealed)


def test_a_wheel_with_findings_is_not_sealed(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(BuildError, match=r"not good enough to be released:\n  pywhispercpp-.*: PW0"):
        seal.seal(sealed)
    assert not (sealed / sums.NAME).exists()


def test_a_wheel_of_another_commit_is_not_sealed(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "git_state", lambda: "v9.9.9-1-g0123456789ab")
    with pytest.raises(BuildError, match=r"another commit than v9\.9\.9.*:\n  pywhispercpp-.*cp311"):
        seal.seal(sealed)
    assert not (sealed / sums.NAME).exists()


def test_wheels_for_some_cpus_are_no_part_of_it(sealed: Path, workshop: Workshop) -> None:
    name = min(sealed.glob("*.whl")).name.replace("-cp", "-1native-cp", 1)
    shutil.copy(workshop.good, sealed / name)
    assert seal.problems(sealed) == []
    seal.seal(sealed)
    assert name not in (sealed / sums.NAME).read_text()


def test_a_release_that_is_not_whole_is_told_what_is_missing(folder: Path) -> None:
    with pytest.raises(BuildError, match="is not the whole release") as caught:
        seal.main(["--complete", str(folder)])
    lines = str(caught.value).splitlines()
    assert "  cp314-cp314t-musllinux_1_2_aarch64" in lines
    assert f"  cp311-cp311-{PLATFORM}" not in lines
    assert not (folder / sums.NAME).exists()
    for file in folder.glob("*.tar.gz"):
        file.unlink()
    with pytest.raises(BuildError, match="the sdist"):
        seal.require_complete(folder)


def test_two_versions_are_no_release(folder: Path) -> None:
    one = min(folder.glob("*.whl"))
    one.rename(one.with_name(one.name.replace("-1.", "-2.", 1)))
    with pytest.raises(BuildError, match="exactly one version"):
        provenance.file_name(seal.products(folder))

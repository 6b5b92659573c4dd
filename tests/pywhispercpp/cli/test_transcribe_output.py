"""`pywhispercpp transcribe`: where results go, what may go wrong on the way there, colours, bars, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest

from pywhispercpp.cli import COMMANDS, build_parser, main
from pywhispercpp.cli.line import commands, ordered, with_command
from pywhispercpp.cli.transcribe import colours, decoding, loading
from pywhispercpp.options import DERIVED, OPTIONS, Option

FAST = ["-t", "1", "-ac", "512", "-bs", "1"]
COMMAND = [sys.executable, "-m", "pywhispercpp"]


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def talk(jfk: Path, tmp_path: Path) -> Path:
    """A copy of jfk.wav in a folder that may be written to."""
    folder = tmp_path / "talks"
    folder.mkdir()
    return Path(shutil.copy(jfk, folder / "talk.wav"))


@pytest.fixture
def fast(tiny_en: Path) -> list[str]:
    """What every command line has."""
    return ["-m", str(tiny_en), *FAST]


def parsed(*given: str) -> dict[str, object]:
    """The options that a command line asks for."""
    parser = build_parser()
    return decoding.options(parser.parse_args(ordered(parser, ["transcribe", *given])))


# --- the command line -------------------------------------------------------------------------------


def test_every_option_is_a_flag_under_its_own_name() -> None:
    known = commands(build_parser())["transcribe"]._option_string_actions
    wanted = {f"--{option.name.replace('_', '-')}" for option in OPTIONS if not option.fields}
    wanted |= {
        f"--{field.name.replace('_', '-')}" for name in ("greedy", "beam_search") for field in fields(name)
    }
    wanted |= {f"--vad-{field.name.replace('_', '-')}" for field in fields("vad_params")}
    assert len(wanted) > 50
    assert wanted - {f"--{name.replace('_', '-')}" for name in DERIVED} - set(known) == set()


def fields(name: str) -> tuple[Option, ...]:
    """The fields of an option that is a dict."""
    return next(option.fields for option in OPTIONS if option.name == name)


def test_the_defaults_are_those_of_whisper_cli() -> None:
    assert parsed() == {"beam_search": {"beam_size": 5}, "strategy": "beam_search"}
    assert parsed("-bs", "1") == {"beam_search": {"beam_size": 1}, "strategy": "greedy"}
    assert parsed("-mc", "-1", "-nf", "-l", "DE")["language"] == "de"
    assert parsed("-mc", "-1", "-nf")["temperature_inc"] == 0.0
    assert "n_max_text_ctx" not in parsed("-mc", "-1")
    assert parsed("-vt", "0.3", "-vp", "60")["vad_params"] == {"threshold": 0.3, "speech_pad_ms": 60}
    assert parsed("--no-suppress-blank")["suppress_blank"] is False


def test_a_grammar_is_a_text_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.gbnf"
    file.write_text('root ::= "yes"\n')
    assert parsed("--grammar", str(file), "-bs", "1")["grammar"] == 'root ::= "yes"\n'
    assert parsed("--grammar", str(file), "-bs", "1")["strategy"] == "beam_search"
    text = 'root ::= "no"' + " " * 5000
    assert parsed("--grammar", text)["grammar"] == text


def test_a_device_is_a_gpu_by_number_and_openvino_s_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*given: str) -> tuple[dict[str, object], str | None]:
        args = build_parser().parse_args(["transcribe", *given])
        return loading._context(args), loading._openvino_device(args)

    monkeypatch.delenv("WHISPER_ARG_DEVICE", raising=False)
    assert asked() == ({}, None)
    assert asked("-dev", "1", "-ng", "-nfa") == (
        {"gpu_device": 1, "use_gpu": False, "flash_attn": False},
        None,
    )
    assert asked("--device", "NPU") == ({}, "NPU")
    assert asked("-oved", "GPU", "-fa") == ({"flash_attn": True}, "GPU")
    monkeypatch.setenv("WHISPER_ARG_DEVICE", "2")
    assert asked() == ({"gpu_device": 2}, None)


def test_files_and_options_in_any_order(tmp_path: Path) -> None:
    parser = build_parser()
    (tmp_path / "args").write_text("-f\na b.wav\n-osrt\n")
    given = {
        ("a.wav", "-t", "1", "b.wav", "-f", "c.wav"): ["a.wav", "b.wav", "c.wav"],
        ("-of", "-", "-osrt", "-"): ["-"],
        ("--prompt", "-x", "--", "-osrt"): ["-osrt"],
        (f"@{tmp_path / 'args'}",): ["a b.wav"],
    }
    for line, files in given.items():
        full = line if line[0].startswith("@") else ("transcribe", *line)
        assert parser.parse_args(ordered(parser, with_command(full, COMMANDS))).more == files


def test_the_command_may_be_left_out(talk: Path, fast: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for line in ([*fast, "-f", str(talk), "-nt"], [str(talk), *fast, "-nt"]):
        assert main(line) == 0
        assert "country" in capsys.readouterr().out


@pytest.mark.parametrize(
    "given",
    [
        ["-di", "-tdrz", "a.wav"],
        ["-of", "a", "-of", "b", "a.wav"],
        ["-of", "-", "a.wav"],
        ["--device", "GPU", "-oved", "NPU", "a.wav"],
        ["@/no/such/file"],
        ["--color", "blue", "a.wav"],
        ["a.wav", "--no-such-option"],
        ["--prompt"],
    ],
)
def test_usage_is_2(given: list[str], tiny_en: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = given if given[0].startswith("@") else ["transcribe", "-m", str(tiny_en), *given]
    try:
        code: object = main(line)
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert "pywhispercpp" in capsys.readouterr().err


# --- files ------------------------------------------------------------------------------------------


def test_files_lie_beside_the_input_or_where_of_says(
    talk: Path, fast: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = Path(shutil.copy(talk, talk.with_name("two.wav")))
    line = [*fast, str(talk), str(second), "-osrt", "--output-tsv", "-of", str(tmp_path / "first")]
    assert main(["transcribe", *line]) == 0
    assert names(tmp_path) == ["first.srt", "first.tsv", "talks"]
    assert names(talk.parent) == ["talk.wav", "two.wav", "two.wav.srt", "two.wav.tsv"]
    assert (tmp_path / "first.srt").read_bytes() == (talk.parent / "two.wav.srt").read_bytes()
    out, err = capsys.readouterr()
    assert out.count("country") >= 2
    assert out.index("talk.wav:") < out.index("two.wav:")
    assert err == ""


def test_a_page_names_the_audio_as_seen_from_there(talk: Path, fast: list[str], tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    assert main(["transcribe", *fast, str(talk), "--html", "-of", str(tmp_path / "pages" / "p"), "-np"]) == 0
    page = (tmp_path / "pages" / "p.html").read_text(encoding="utf-8")
    assert 'src="./../talks/talk.wav"' in page
    assert page.count('class="word') > 15


def test_standard_input_and_output_are_a_pipe(talk: Path, fast: list[str]) -> None:
    line = [*COMMAND, *fast, "-", "-of", "-", "-oj"]
    done = subprocess.run(line, input=talk.read_bytes(), capture_output=True, timeout=300, check=True)
    assert done.stderr == b""
    text = "".join(one["text"] for one in json.loads(done.stdout)["transcription"])
    assert "country" in text
    lines = subprocess.run(
        [*COMMAND, *fast, "-"], input=talk.read_bytes(), capture_output=True, timeout=300, check=True
    )
    assert lines.stdout.startswith(b"[00:00:0")
    assert lines.stderr == b""


def test_an_empty_standard_input_is_an_error(
    fast: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert main(["transcribe", *fast, "-"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_of_several_formats_one_goes_to_standard_output(
    talk: Path, fast: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["transcribe", *fast, str(talk), "-of", "-", "-osrt", "-otxt"]) == 0
    out, err = capsysbinary.readouterr()
    assert out.startswith(b" And so")
    assert b"only txt goes to standard output, not also srt" in err
    assert names(talk.parent) == ["talk.wav"]


def test_what_cannot_be_written_is_said_before_the_work(
    talk: Path, fast: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.srt").mkdir()
    good = Path(shutil.copy(talk, tmp_path / "good.wav"))
    line = ["transcribe", *fast, "-nt", "-otxt", "-osrt", str(talk), str(talk), str(good)]
    assert main([*line, "-of", str(tmp_path / "out"), "-of", str(tmp_path / "no" / "a")]) == 1
    out, err = capsys.readouterr()
    assert "this is a folder" in err and "the folder is not there" in err
    assert err.count("\n") == 2
    assert out.count("And so") == 1  # only the good one was worked on
    assert {"good.wav.srt", "good.wav.txt"} < set(names(tmp_path))
    assert not (tmp_path / "out.txt").exists()


def test_a_full_disk_leaves_no_half_file(talk: Path, fast: list[str]) -> None:
    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    (talk.parent / "talk.wav.html").write_text("old")
    line = [*COMMAND, *fast, str(talk), "-osrt", "--html", "--html-embed"]
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=300, check=False, preexec_fn=small_files
    )
    assert done.returncode == 1
    assert "talk.wav.html: cannot be written: File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert names(talk.parent) == ["talk.wav", "talk.wav.html", "talk.wav.srt"]
    assert (talk.parent / "talk.wav.html").read_text() == "old"


def test_ctrl_c_is_130_and_leaves_no_file(fast: list[str], jfk: Path, tmp_path: Path) -> None:
    with wave.open(str(jfk)) as file:
        second = file.readframes(file.getnframes())
    with wave.open(str(tmp_path / "long.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(second * 60)
    line = [*COMMAND, *fast, "-osrt", "-ojf", "--html", str(tmp_path / "long.wav")]
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline().startswith(b"[00:00:00")  # the work goes on
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=300)
    assert (running.returncode, err) == (130, b"pywhispercpp: interrupted\n")
    assert names(tmp_path) == ["long.wav"]


def test_a_file_name_that_is_no_text(jfk: Path, fast: list[str], tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    shutil.copy(jfk, tmp_path / os.fsdecode(b"\xff\xfe.wav"))
    line = [*map(os.fsencode, [*COMMAND, *fast, "-otxt", "-oj", "--html"]), name, name]
    done = subprocess.run(line, capture_output=True, timeout=300, check=True)
    assert name + b":\n" in done.stdout
    assert done.stderr == b""
    assert b"country" in (tmp_path / os.fsdecode(b"\xff\xfe.wav.txt")).read_bytes()
    assert b"%FF%FE.wav" in (tmp_path / os.fsdecode(b"\xff\xfe.wav.html")).read_bytes()


def test_a_karaoke_video(talk: Path, fast: list[str], tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="the extra karaoke")
    av = pytest.importorskip("av", reason="the package's own dependency")
    assert main(["transcribe", *fast, str(talk), "--karaoke", str(tmp_path / "k.mp4"), "-np"]) == 0
    with av.open(str(tmp_path / "k.mp4")) as container:
        assert abs(container.duration / 1e6 - 11) < 0.2
        assert {stream.type for stream in container.streams} == {"audio", "video"}


def test_a_karaoke_script_needs_a_font(
    talk: Path, fast: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transcribe", *fast, str(talk), "-owts", "-fp", "/no/font.ttf"]) == 1
    assert "--font-path" in capsys.readouterr().err


# --- what is printed --------------------------------------------------------------------------------


def test_colours_are_for_terminals() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert colours.wanted("auto", Terminal(), {})
    assert not colours.wanted("auto", io.StringIO(), {})
    assert not colours.wanted("auto", Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"})
    assert not colours.wanted("auto", Terminal(), {"TERM": "dumb"})
    assert colours.wanted("auto", io.StringIO(), {"FORCE_COLOR": "1"})
    assert colours.wanted("always", io.StringIO(), {"NO_COLOR": "1"})
    assert not colours.wanted("never", Terminal(), {"FORCE_COLOR": "1"})
    assert [colours.colour(p) for p in (0.0, 1.0)] == [b"\033[38;5;160m", b"\033[38;5;71m"]


def test_colours_in_a_pipe_only_when_forced(
    talk: Path, fast: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transcribe", *fast, str(talk), "-pc"]) == 0
    plain = capsys.readouterr().out
    assert "\033" not in plain
    assert main(["transcribe", *fast, str(talk), "-pc", "--color", "always"]) == 0
    coloured = capsys.readouterr().out
    assert "\033[38;5;71m" in coloured
    for code in (*colours.COLOURS, colours.PLAIN):
        coloured = coloured.replace(code.decode(), "")
    assert coloured == plain


def on_a_terminal(line: list[str], stdout: int | None = None) -> tuple[bytes, bytes]:
    """Run with standard error on a terminal; return (standard output, what the terminal got)."""
    master, terminal = pty.openpty()
    running = subprocess.Popen(
        line,
        stdout=subprocess.PIPE if stdout is None else terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(terminal)
    said = b""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        said += part
        if not part:
            break
    out, _ = running.communicate(timeout=300)
    os.close(master)
    assert running.returncode == 0
    return out or b"", said


def test_a_bar_on_a_terminal_and_none_in_a_pipe(talk: Path, fast: list[str]) -> None:
    out, said = on_a_terminal([*COMMAND, *fast, str(talk)])
    assert b"talk.wav" in said and b"100%" in said
    assert out.startswith(b"[00:00:0")
    assert b"\033" not in out
    _, quiet = on_a_terminal([*COMMAND, *fast, str(talk), "-np"])
    assert quiet == b""


def test_lines_and_bar_on_one_terminal(talk: Path, fast: list[str]) -> None:
    _, said = on_a_terminal([*COMMAND, *fast, str(talk), "-pc"], stdout=1)
    assert b"country" in said
    assert b"talk.wav" in said


def test_verbose_and_quiet(talk: Path, fast: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", *fast, str(talk), "-v", "-otxt"]) == 0
    err = capsys.readouterr().err
    for part in ("loading model from", "system_info: ", "saving output to", "total time"):
        assert part in err
    assert main(["transcribe", *fast, str(talk), "-l", "de"]) == 0
    assert capsys.readouterr().err == (
        "pywhispercpp: this model knows English only: language and translate are ignored\n"
    )
    assert main(["transcribe", *fast, str(talk), "-l", "de", "-np"]) == 0
    assert capsys.readouterr().err == ""


def test_a_language_is_detected(talk: Path, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", "-m", str(base), "-t", "1", "-dl", str(talk), "-osrt"]) == 0
    assert capsys.readouterr().out.startswith("auto-detected language: en (p = 0.9")
    assert names(talk.parent) == ["talk.wav"]

"""`pywhispercpp bench`: the table, the JSON, the plot, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp import _core, benchmark, build_info
from pywhispercpp.cli import main
from pywhispercpp.errors import OptionError
from tests.small_model import write

HEADS = ["Model", "Type", "Backend", "Th", "Load", "Enc.", "Dec.", "Bch5", "PP"]
STEPS = list(benchmark.STEPS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is measured in milliseconds."""
    return write(tmp_path_factory.mktemp("bench") / "ggml-small-one.bin")


@pytest.fixture(scope="module")
def saved(small: Path) -> list[Path]:
    """Two saved measurements of two models in turns; the second is the first, twice as slow."""
    other = write(small.parent / "ggml-wide.bin", 128)
    files = [small.parent / "here.json", small.parent / "there.json"]
    words = ["-m", str(small), "-m", str(other), "-t", "1", "-r", "2", "--json", "-o", str(files[0])]
    assert main(["bench", *words]) == 0
    told = json.loads(files[0].read_text(encoding="utf-8"))
    for row in told["results"]:
        row.update({step: 2 * row[step] for step in STEPS})
    files[1].write_text(json.dumps(told), encoding="utf-8")
    return files


def test_real_weights_in_a_table(tiny_en: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "-m", str(tiny_en), "-t", "1", "-r", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    cpu, versions, _, heads, line, row = out.splitlines()
    assert "cores" in cpu and f"whisper.cpp {build_info().whisper_cpp_version}" in versions
    assert heads.split() == ["|", *" | ".join(HEADS).split(), "|"]
    assert len({len(heads), len(line), len(row)}) == 1
    name, weights, backend, threads, *figures = row.strip("| ").split("|")
    assert [word.strip() for word in (name, weights, backend, threads)] == ["tiny.en", "f16", "ggml", "1"]
    load, encode, decode, batch, prompt = map(float, figures)
    # What no machine can turn round: 1500 frames cost more than a token; a token of many is cheaper than one.
    assert encode > 10 * decode > 10 * prompt > 0 and load > 0 and batch < 2 * decode


def test_every_setup_is_measured_in_every_round(saved: list[Path]) -> None:
    told = json.loads(saved[0].read_text(encoding="utf-8"))
    assert told["machine"]["variant"] and told["machine"]["cores"] >= 1
    rows = told["results"]
    setups = [(row["model"], row["backend"], row["n_threads"]) for row in rows]
    assert setups == [("small-one", "ggml", 1), ("wide", "ggml", 1)]
    for row in rows:
        assert all(len(row["rounds"][step]) == 2 for step in STEPS)
        assert all(row[step] == pytest.approx(np.median(row["rounds"][step])) for step in STEPS)
        assert all(value > 0 for step in STEPS for value in row["rounds"][step])


def test_rounds_are_interleaved(small: Path) -> None:
    other = small.parent / "ggml-small-two.bin"
    other.symlink_to(small)
    order: list[str] = []
    benchmark.measure([str(small), str(other)], [1], ["ggml"], 2, note=order.append)
    names = ("small-one", "small-two")
    assert order[-4:] == [f"round {n} of 2: {name} ggml 1t" for n in (1, 2) for name in names]


def test_openvino_is_a_row_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openvino")
    model = write(tmp_path / "ggml-mine.bin")
    assert main(["models", "export", "openvino", str(model)]) == 0
    capsys.readouterr()
    assert (
        main(["bench", "-m", str(model), "-t", "1", "-r", "1", "--backend", "ggml,openvino", "--json"]) == 0
    )
    rows = json.loads(capsys.readouterr().out)["results"]
    assert [row["backend"] for row in rows] == ["ggml", "openvino"]


def test_a_backend_that_cannot_be_used_is_told(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "-m", str(small), "--backend", "openvino"]) == 1
    assert "there is no IR of the encoder" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_plot_of_two_files(
    saved: list[Path], tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / f"compared.{suffix}"
    assert main(["bench", "--compare", *map(str, saved), "-o", str(picture)]) == 0
    assert capsys.readouterr().out == f"{picture}\n"
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert picture.read_bytes().startswith(start) and picture.stat().st_size > 5000


def test_a_plot_shows_what_was_measured(saved: list[Path]) -> None:
    pytest.importorskip("matplotlib")
    from pywhispercpp import benchmark_plot

    read = [benchmark_plot.read(path) for path in saved]
    figure = benchmark_plot._figure(read)
    for axes, step in zip(figure.axes, STEPS):
        drawn = [bar.get_width() for bars in axes.containers for bar in bars]
        assert drawn == [row[step] for one in read for row in one["results"]]
        labels = [text.get_text() for text in axes.get_yticklabels()]
        assert labels == ["small-one ggml 1t", "wide ggml 1t"]
    assert [text.get_text().split(":")[0] for text in figure.legends[0].get_texts()] == ["here", "there"]


def test_what_cannot_be_drawn_is_told(
    saved: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"results": [{}]}')
    for files, output, message in (
        ([wrong], "x.png", "not what `pywhispercpp bench --json` writes"),
        ([tmp_path / "none.json"], "x.png", "cannot be read"),
        ([saved[0]], "x.gif", "ends in .png, .svg or .pdf"),
    ):
        assert main(["bench", "--compare", *map(str, files), "-o", str(tmp_path / output)]) == 1
        assert message in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_memory_and_matrices(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.memcpy(2, size=1_000_000, runs=2) > 0
    assert main(["bench", "-w", "1", "-t", "1"]) == 0
    assert float(capsys.readouterr().out.splitlines()[-1].split("|")[2]) > 0
    assert main(["bench", "-w", "2", "-t", "1", "--sizes", "256", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]
    assert [row["type"] for row in rows] == list(benchmark.MATRIX_TYPES)
    assert all(row["n"] == 256 and row["gflops"] > 0 and 3 <= row["runs"] <= 128 for row in rows)
    assert main(["bench", "-w", "2", "-t", "1", "--sizes", "256"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3 + 2 + 7


def test_a_place_that_takes_no_file_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-m", "no-such-model", "-o", str(tmp_path / "none" / "x.json")]
    assert main(["bench", *words]) == 1
    err = capsys.readouterr().err
    assert "none" in err and "no-such-model" not in err


@pytest.mark.parametrize(("kind", "n"), [("q4_0", 33), ("q9_9", 64)])
def test_no_such_matrix(kind: str, n: int) -> None:
    with pytest.raises(OptionError, match="no matrix of"):
        benchmark.mul_mat(kind, n, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-t", "513"], "n_threads=513: a whole number from 1 to 512"),
        (["-w", "1", "-t", "9999"], "n_threads=9999"),
        (["-w", "2", "--sizes", "99999"], "n=99999: a whole number from 1 to 16384"),
    ],
)
def test_numbers_that_would_end_the_process_are_refused(
    small: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "-m", str(small), *words]) == 1
    assert message in capsys.readouterr().err


def test_a_measurement_leaves_the_model_as_it_was(small: Path) -> None:
    from pywhispercpp import Model

    model = Model(small, n_threads=1)
    before = model.encode(np.zeros(16000, np.float32))
    assert list(_core.bench(model._ctx, 1, heat=False)) == STEPS
    assert np.array_equal(before, model.encode(np.zeros(16000, np.float32)))


@pytest.mark.parametrize(
    "words", [["-t", "0"], ["-t", "1,x"], ["-t", ""], ["--backend", "cuda"], ["-w", "3"], ["--rounds", "0"]]
)
def test_usage_is_2(small: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["bench", "-m", str(small), *words])
    except SystemExit as ended:
        code = int(str(ended.code))
    assert code == 2 and words[-1] in capsys.readouterr().err


def test_ctrl_c_ends_it(tiny_en: Path) -> None:
    command = [sys.executable, "-m", "pywhispercpp", "bench", "-m", str(tiny_en), "-t", "1", "-r", "1000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        time.sleep(2)
        os.kill(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, "pywhispercpp: interrupted\n")

"""`pywhispercpp models evaluate`: the table, the files it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("jiwer")
pytest.importorskip("whisper_normalizer")

from pywhispercpp.cli import main
from tests.pywhispercpp.evaluate.small_speaker import write

HEADS = "Model Type Backend Context Th WER % CER % RTF CPU Load MB Files"


@pytest.fixture(scope="module")
def small(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that hears nothing right, in milliseconds."""
    return write(tmp_path_factory.mktemp("evaluate") / "ggml-mine.bin", tiny_en)


def test_a_table_json_and_a_plot(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    words = ["models", "evaluate", "mine", "--models-dir", str(small.parent), "--num-samples", "2", "-t", "1"]
    files = ["--json", str(tmp_path / "x.json"), "--plot", str(tmp_path / "x.png")]
    backends = ["--backend", "ggml", "onnx", "--exported", str(tmp_path)]
    assert main([*words, *files, *backends, "-ac", "275", "auto"]) == 0
    out = capsys.readouterr().out
    assert "cores" in out.splitlines()[0]
    assert "the recordings of the package, language en: 2 of 13 recordings, by seed 0: " in out
    told = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert all(name in out for name in told["dataset"]["chosen"])
    lines = out.splitlines()
    at = lines.index(next(line for line in lines if line.split() == HEADS.split()))
    rows = [line.split() for line in lines[at + 1 : at + 4]]
    assert [row[2:4] for row in rows] == [["ggml", "275"], ["ggml", "auto"], ["onnx", "275"]]
    assert float(rows[0][5]) == pytest.approx(100 * told["results"][0]["wer"], abs=0.01)
    assert rows[2][5:] == ["-"] * 6 + ["0"] and "mine onnx 275: " in out  # the folder holds no networks
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_shows_what_was_measured(small: Path) -> None:
    pytest.importorskip("matplotlib")
    from pywhispercpp.evaluate import evaluate, plot

    found = evaluate(small, audio_contexts=[275, 300], num_samples=1, n_threads=1)
    figure = plot._figure(found)
    shown = [[bar.get_width() for bar in axes.containers[0]] for axes in figure.axes]
    rows = found.results
    assert shown == [
        [100 * row.wer for row in rows],
        [100 * row.cer for row in rows],
        [row.rtf for row in rows],
        [row.peak_bytes / 1e6 for row in rows],
    ]
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["mine ggml 275", "mine ggml 300"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["mine", "--dataset", "none"], 1, "none: there is no such folder"),
        (["nobody"], 1, "no model is called 'nobody'"),
        (["mine", "--json", "none/x.json"], 1, "the folder is not there"),
        (["mine", "--plot", "x.gif"], 1, "ends in .png, .svg or .pdf"),
        (["mine", "-ac", "0"], 1, "audio_context=0"),
        (["mine", "-t", "0"], 1, "n_threads=0"),
        (["mine", "-l", "german-ish"], 1, "give --language"),
    ],
)
def test_failures_are_told_before_the_work(
    small: Path, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "evaluate", *words, "--models-dir", str(small.parent)]) == code
    said = capsys.readouterr()
    assert message in said.err and not said.out


def test_no_figure_at_all_is_a_failure(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(small), "--backend", "openvino", "--exported", str(small)]
    assert main(["models", "evaluate", *words, "--num-samples", "1", "-t", "1"]) == 1
    assert "mine openvino 1500: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [[], ["mine", "--backend", "cuda"], ["mine", "-ac", "x"], ["mine", "--num-samples", "x"]]
)
def test_a_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "evaluate", *words])
    assert ended.value.code == 2

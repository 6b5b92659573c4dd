"""The five programs of examples/ run on real speech; the notebook is executed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("karaoke.py", "live_captions.py", "subtitles_for_folder.py", "voice_commands.py")


@pytest.fixture
def folder(root: Path) -> Path:
    """Where the examples are."""
    return root / "examples"


def run(program: Path, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run an example as a user does; warnings are errors there too."""
    command = [sys.executable, "-W", "error", str(program), *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def test_all_are_in_the_readme_short_and_explained(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    found = sorted(path.name for path in folder.iterdir() if path.suffix in (".py", ".ipynb"))
    assert found == sorted([*PROGRAMS, "notebook.ipynb"])
    for name in found:
        text = (folder / name).read_text(encoding="utf-8")
        assert f"]({name})" in readme
        if name.endswith(".py"):
            assert f"python {name}" in (ast.get_docstring(ast.parse(text)) or ""), name
            assert len(text.splitlines()) <= 60, name


def test_subtitles_for_a_folder(folder: Path, jfk: Path, tiny_en: Path, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    shutil.copy(jfk, tmp_path / "inner" / "talk.wav")
    (tmp_path / "broken.mp3").write_bytes(b"no sound")
    done = run(folder / "subtitles_for_folder.py", tmp_path, "-m", tiny_en)
    assert done.returncode == 1 and "broken.mp3" in done.stderr
    assert done.stdout.startswith("2 recordings without subtitles\n")
    text = (tmp_path / "inner" / "talk.srt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and "-->" not in line and not line.isdigit()]
    assert "country" in text and max(map(len, lines)) <= 50
    assert not (tmp_path / "broken.srt").exists()
    (tmp_path / "broken.mp3").unlink()
    again = run(folder / "subtitles_for_folder.py", tmp_path, "-m", tiny_en)
    assert (again.returncode, again.stdout) == (0, "0 recordings without subtitles\n")


def test_live_captions(folder: Path, jfk: Path, tiny_en: Path, silero: Path) -> None:
    done = run(folder / "live_captions.py", jfk, "-m", tiny_en)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) >= 2 and all(re.match(r"\[ +\d+\.\d\d\] \w", line) for line in lines)
    assert "fellow" in lines[0].lower() and "country" in lines[-1].lower()


def test_voice_commands(folder: Path, jfk: Path, tiny_en: Path, silero: Path) -> None:
    commands = ["-c", "my fellow americans", "-c", "lights on"]
    done = run(folder / "voice_commands.py", jfk, "-m", tiny_en, *commands)
    assert (done.returncode, done.stderr) == (0, "")
    first, *others = done.stdout.splitlines()
    assert first == "-> my fellow americans"
    assert others and all(line.startswith("   not a command: ") for line in others)


def test_karaoke(folder: Path, jfk: Path, tiny_en: Path, tmp_path: Path) -> None:
    output = tmp_path / "song.ass"
    done = run(folder / "karaoke.py", jfk, "-m", tiny_en, "-o", output)
    assert (done.returncode, done.stderr) == (0, "")
    dialogues = [
        line for line in output.read_text(encoding="utf-8").splitlines() if line.startswith("Dialogue")
    ]
    assert len(dialogues) >= 2
    sung = " ".join(re.sub(r"\{.*?\}", "", line.split(",Karaoke,")[1]) for line in dialogues)
    assert sung.startswith("And so my fellow Americans") and sung.rstrip(".").endswith("country")
    for line in dialogues:
        start, end = (
            60 * int(minutes) + float(seconds)
            for _, minutes, seconds in (time.split(":") for time in line[len("Dialogue: ") :].split(",")[:2])
        )
        lit = sum(map(int, re.findall(r"\\k(\d+)", line))) / 100
        assert 0 < lit <= end - start + 0.05


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter's own packages
def test_the_notebook(
    folder: Path, jfk: Path, tiny_en: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    for name, value in {"AUDIO": jfk, "MODEL": tiny_en, "JUPYTER_RUNTIME_DIR": tmp_path}.items():
        monkeypatch.setitem(os.environ, name, str(value))
    notebook: Any = nbformat.read(folder / "notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    streams = "".join(out.get("text", "") for out in outputs)
    results = [out["data"] for out in outputs if "data" in out]
    assert "And so my fellow Americans" in streams and "en, 11.0 s" in streams and "-->" in streams
    assert any("<span style" in one.get("text/html", "") and "country" in one["text/html"] for one in results)
    places = next(one["text/plain"] for one in results if one["text/plain"].startswith("[("))
    assert [word.strip(" .,").lower() for _, word in ast.literal_eval(places)] == ["country", "country"]

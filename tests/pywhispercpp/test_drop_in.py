"""pywhispercpp 1.5.1's own tests of its Model, out of its sdist, against this package."""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SDIST = "build/downloads/pywhispercpp-1.5.1.tar.gz"
LOW_LEVEL = "pw"  # what the file calls its extension, which is no part of the promise


def _high_level(source: str) -> str:
    """The file without the import of the extension and without the tests that use it."""
    module = ast.parse(source)
    module.body = [node for node in module.body if "_pywhispercpp" not in ast.unparse(node)]
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            node.body = [one for one in node.body if f"{LOW_LEVEL}." not in ast.unparse(one)]
    return ast.unparse(module)


@pytest.fixture
def project(root: Path, tmp_path: Path, jfk: Path, base: Path) -> Path:
    """1.5.1's folders, as its tests look for them; a multilingual model by the name that they use."""
    sdist = root / SDIST
    if not sdist.is_file():
        pytest.skip(f"{sdist} is not there: whisper.cpp came by another road")
    for name in ("tests", "whisper.cpp/models", "whisper.cpp/samples"):
        (tmp_path / name).mkdir(parents=True)
    with tarfile.open(sdist) as tar:
        file = tar.extractfile("pywhispercpp-1.5.1/tests/test_model.py")
        assert file is not None
        (tmp_path / "tests/test_model.py").write_text(_high_level(file.read().decode()), encoding="utf-8")
    (tmp_path / "whisper.cpp/models/ggml-tiny.bin").symlink_to(base)
    (tmp_path / "whisper.cpp/samples/jfk.wav").symlink_to(jfk)
    return tmp_path


def test_the_high_level_tests_of_1_5_pass(project: Path) -> None:
    command = [sys.executable, "-m", "unittest", "-v", str(project / "tests" / "test_model.py")]
    done = subprocess.run(command, cwd=project, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Ran 8 tests" in done.stderr

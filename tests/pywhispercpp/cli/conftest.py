"""What tests of commands on models share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_model import write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with one small one."""
    made = tmp_path_factory.mktemp("models")
    write(made / "ggml-mine.bin")
    return made

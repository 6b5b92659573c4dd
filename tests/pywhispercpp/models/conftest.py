"""What tests of conversions share."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp.models.convert.assets import HASHES, asset
from pywhispercpp.models.progress import QuietProgress


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OpenAI's vocabularies and mel filters, fetched once."""
    folder = tmp_path_factory.mktemp("assets")
    for name in HASHES:
        (folder / name).symlink_to(asset(name, QuietProgress()))
    return folder

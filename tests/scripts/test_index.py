"""Downloads through pip: a pinned file comes with its hash or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts import index as package_index
from scripts.errors import BuildError

if TYPE_CHECKING:
    from tests.scripts.conftest import Index

WHEEL = ["--only-binary", ":all:"]
CODE = "answer = 42\n"


def test_a_wheel_comes_from_the_index(index: Index, tmp_path: Path) -> None:
    pin = index.add_wheel("tiny", "1.0", CODE)
    file = package_index.download("tiny==1.0", pin, tmp_path / "new" / "downloads", WHEEL)
    assert file == tmp_path / "new" / "downloads" / "tiny-1.0-py3-none-any.whl"
    assert zipfile.ZipFile(file).read("tiny/__init__.py").decode() == CODE
    assert list(file.parent.iterdir()) == [file]


def test_the_pinned_version_is_taken_not_the_newest(index: Index, tmp_path: Path) -> None:
    pin = index.add_wheel("tiny", "1.0", CODE)
    index.add_wheel("tiny", "2.0", CODE)
    assert package_index.download("tiny==1.0", pin, tmp_path / "d", WHEEL).name.startswith("tiny-1.0-")


def test_pip_refuses_a_wrong_hash(index: Index, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    got = index.add_wheel("tiny", "1.0", CODE)
    expected = "0" * 64
    with pytest.raises(BuildError, match="pip download"):
        package_index.download("tiny==1.0", expected, tmp_path / "downloads", WHEEL)
    said = capfd.readouterr().err
    assert expected in said
    assert got in said
    assert not (tmp_path / "downloads").exists()


def test_what_the_index_does_not_have_is_an_error(index: Index, tmp_path: Path) -> None:
    pin = index.add_wheel("tiny", "1.0", CODE)
    with pytest.raises(BuildError, match="pip download"):
        package_index.download("tiny==3.0", pin, tmp_path / "downloads", WHEEL)

"""Python's headers for another machine: only sizes differ, and those are the compiler's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts.pins import BUILD
from toolchains.python import cross_headers, interpreter
from toolchains.targets import TARGETS
from wheels.request import PYTHON_VERSION

SIZES = """
#include <Python.h>
_Static_assert(sizeof(void *) == SIZEOF_VOID_P, "void *");
_Static_assert(sizeof(long) == SIZEOF_LONG, "long");
_Static_assert(sizeof(size_t) == SIZEOF_SIZE_T, "size_t");
_Static_assert(sizeof(long double) == SIZEOF_LONG_DOUBLE, "long double");
_Static_assert(sizeof(wchar_t) == SIZEOF_WCHAR_T, "wchar_t");
_Static_assert(sizeof(Py_ssize_t) == sizeof(void *), "Py_ssize_t");
PyObject *made(void) { return PyLong_FromLong(1); }
"""


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The headers of the pinned Python, for every machine."""
    facts = interpreter.find(PYTHON_VERSION)
    return cross_headers.make(
        Path(facts["include"]), facts["multiarch"], tmp_path_factory.mktemp("h") / "out"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_the_sizes_are_those_of_the_target(headers: Path, tmp_path: Path, target: str) -> None:
    cc = BUILD / "zig" / target / "cc"
    if not cc.is_file():
        pytest.skip("zig was not fetched; run: python -m scripts.fetch_zig")
    source = tmp_path / "sizes.c"
    source.write_text(SIZES)
    subprocess.run(
        [str(cc), "-w", f"-I{headers}", "-c", str(source), "-o", str(tmp_path / "sizes.o")], check=True
    )


def test_without_the_change_32_bits_would_not_fit(headers: Path, tmp_path: Path) -> None:
    text = (headers / "pyconfig.h").read_text(encoding="utf-8")
    assert re.search(r"^#define SIZEOF_VOID_P __SIZEOF_POINTER__$", text, re.MULTILINE)
    assert not re.search(r"^#define SIZEOF_(LONG|SIZE_T|VOID_P) \d", text, re.MULTILINE)


def test_of_debians_two_headers_the_one_with_the_settings_is_taken(tmp_path: Path) -> None:
    include = tmp_path / "include" / "python3.11"
    chosen = tmp_path / "include" / "x86_64-linux-gnu" / "python3.11"
    for folder, text in ((include, "#include <one/of/several>\n"), (chosen, "#define SIZEOF_LONG 8\n")):
        folder.mkdir(parents=True)
        (folder / "pyconfig.h").write_text(text)
    (include / "Python.h").write_text("")
    out = cross_headers.make(include, "x86_64-linux-gnu", tmp_path / "out")
    assert (out / "pyconfig.h").read_text() == "#define SIZEOF_LONG __SIZEOF_LONG__\n"
    assert (out / "Python.h").is_symlink()


def test_the_folder_is_made_anew(tmp_path: Path) -> None:
    include = tmp_path / "python3.11"
    include.mkdir()
    (include / "pyconfig.h").write_text("")
    out = tmp_path / "out"
    out.mkdir()
    (out / "stale.h").touch()
    cross_headers.make(include, "", out)
    assert [path.name for path in out.iterdir()] == ["pyconfig.h"]

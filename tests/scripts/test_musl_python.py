"""The Python for musl: what is missing is named; where it was made, it runs what zig links for musl."""

from __future__ import annotations

import platform
import subprocess
import sysconfig
from pathlib import Path

import pytest

from scripts import debian_archive, musl_python
from scripts.errors import BuildError
from scripts.pins import BUILD
from toolchains.python import cross_headers
from wheels.elf import parse_elf

HELLO = """
#include <Python.h>
#include <stdio.h>
static PyObject *say(PyObject *self, PyObject *name) {
    char text[64];
    snprintf(text, sizeof text, "%s %.3f", PyUnicode_AsUTF8(name), PyFloat_AsDouble(PyFloat_FromDouble(0.5)));
    return PyUnicode_FromString(text);
}
static PyMethodDef methods[] = {{"say", say, METH_O, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "hello", "", -1, methods};
PyMODINIT_FUNC PyInit_hello(void) { return PyModule_Create(&module); }
"""


@pytest.fixture
def nothing_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program can be found."""
    monkeypatch.setenv("PATH", str(tmp_path))


def made(arch: str, folder: Path) -> Path:
    """A sysroot that looks finished."""
    python = musl_python.python(folder / arch)
    python.parent.mkdir(parents=True)
    python.touch()
    return folder


def test_an_unknown_architecture_is_answered_with_the_known() -> None:
    with pytest.raises(BuildError, match=r"no Python for musl on sparc; there is one for: x86_64, aarch64"):
        musl_python.interpreter("sparc")


def test_one_that_was_not_made_is_offered(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"make it with: python -m scripts\.musl_python aarch64"):
        musl_python.interpreter("aarch64", folder=tmp_path)


def test_this_machine_needs_no_emulator(tmp_path: Path, nothing_on_path: None) -> None:
    here = platform.machine()
    loader, python = musl_python.interpreter(here, folder=made(here, tmp_path))
    assert loader == str(tmp_path / here / "lib" / f"ld-musl-{here}.so.1")
    assert python == str(tmp_path / here / "usr" / "bin" / "python3.11")


def test_a_missing_emulator_is_named(tmp_path: Path, nothing_on_path: None) -> None:
    with pytest.raises(BuildError, match=r"qemu-aarch64 is not on PATH; install qemu-user-static"):
        musl_python.interpreter("aarch64", cpu="cortex-a72", folder=made("aarch64", tmp_path))


def test_another_cpu_goes_through_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    qemu = tmp_path / "qemu-x86_64-static"
    qemu.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = musl_python.interpreter("x86_64", cpu="Nehalem", folder=made("x86_64", tmp_path))
    assert command[:5] == [str(qemu), "-cpu", "Nehalem", "-L", str(tmp_path / "x86_64")]


def test_missing_tools_are_named_before_any_work(tmp_path: Path, nothing_on_path: None) -> None:
    with pytest.raises(BuildError, match="make, which is not on PATH"):
        musl_python.make("aarch64", tmp_path)
    with pytest.raises(BuildError, match="apt-get, which is not on PATH"):
        debian_archive.open_archive(["bookworm"], "aarch64", tmp_path / "apt")
    assert list(tmp_path.iterdir()) == []


def test_another_source_than_the_pinned_is_refused(tmp_path: Path) -> None:
    class Other(debian_archive.Archive):
        def source(self, name: str, suite: str, folder: Path) -> Path:
            (folder / f"{name}.orig.tar.gz").write_bytes(b"something else")
            return folder / f"{name}.orig.tar.gz"

    with pytest.raises(BuildError, match=r"zlib\.orig\.tar\.gz is not the pinned zlib 1"):
        musl_python._unpack(Other({}), "zlib", tmp_path)


@pytest.mark.parametrize("arch", musl_python.ARCHITECTURES)
def test_it_runs_an_extension_that_zig_linked_for_musl(arch: str, tmp_path: Path) -> None:
    compiler = BUILD / "zig" / f"{arch}-musl" / "cc"
    try:
        command = musl_python.interpreter(arch)
    except BuildError as error:
        pytest.skip(str(error))
    if not compiler.is_file():
        pytest.skip(f"{compiler} is not there; make it with: python -m scripts.fetch_zig")
    (tmp_path / "hello.c").write_text(HELLO)
    library = tmp_path / f"hello.cpython-311-{arch}-linux-musl.so"
    include, multiarch = sysconfig.get_path("include"), sysconfig.get_config_var("MULTIARCH")
    headers = cross_headers.make(Path(include), str(multiarch or ""), tmp_path / "headers")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-s", f"-I{headers}", tmp_path / "hello.c", "-o", library], check=True
    )
    assert parse_elf(library.name, library.read_bytes()).needed == (f"libc.musl-{arch}.so.1",)
    code = "import hello, sysconfig, zlib; print(hello.say('musl'), zlib.crc32(b'123456789'))"
    said = subprocess.run(
        [*command, "-c", code], env={"PYTHONPATH": str(tmp_path)}, check=True, capture_output=True, text=True
    )
    assert said.stdout == "musl 0.500 3421780262\n"

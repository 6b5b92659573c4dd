"""A package index of our own: a folder over HTTP in PEP 503's shape, with tiny real wheels and sdists."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

import pytest


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Index:
    """A folder that is served; `folder/simple/<name>/` is the page of a package."""

    folder: Path
    url: str
    server: ThreadingHTTPServer

    def page(self, name: str) -> Path:
        """The folder of a package's files."""
        folder = self.folder / "simple" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stop(self) -> None:
        """Become unreachable."""
        self.server.shutdown()
        self.server.server_close()

    def add_wheel(
        self, name: str, version: str, code: str, more: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        """Publish a wheel that holds one module, and files by their path; return its sha256."""
        stem, info = f"{name}-{version}", f"{name}-{version}.dist-info"
        files = {
            f"{name}/__init__.py": code,
            **more,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(_record(n, t) for n, t in files.items()) + f"{info}/RECORD,,\n"
        path = self.page(name) / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in files.items():
                archive.writestr(member, text)
        return sha256(path)


def _record(name: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(text.encode())}\n"


def sha256(path: Path) -> str:
    """The hash that a pin holds."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_tar(path: Path, files: Mapping[str, str], prefix: str) -> Path:
    """Write `prefix/name` members into a gzipped tar archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{prefix}/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def build_backend(name: str, version: str) -> dict[str, str]:
    """The files that let pip ask a sdist for its name, with nothing to install for that."""
    backend = f"""
import os
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = os.path.join(directory, "{name}-{version}.dist-info")
    os.mkdir(info)
    with open(os.path.join(info, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return os.path.basename(info)
def build_wheel(*_, **__): raise SystemExit("nobody asked for a wheel")
"""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    return {"pyproject.toml": project, "backend.py": backend}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, by its relative name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """A local index that pip is told to use, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple/")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    yield Index(folder, url, server)
    server.shutdown()
    server.server_close()
    thread.join()

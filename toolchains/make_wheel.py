"""Packs a wheel: Bazel's action behind //:wheel, run by the pinned interpreter.

METADATA comes out of pyproject.toml through the library that scikit-build-core uses for it, so that both
build paths write the same text. Entries are sorted and timeless: the same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import configparser
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproject_metadata import StandardMetadata

TIMELESS = (1980, 1, 1, 0, 0, 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pyproject", type=Path, required=True)
    parser.add_argument("--sbom", type=Path, required=True, help="goes below dist-info/sboms (PEP 770)")
    parser.add_argument("--tag", required=True, help="cp311-cp311-linux_x86_64")
    parser.add_argument("--out", type=Path, required=True, help="folder that the wheel is written into")
    parser.add_argument("--library", nargs="*", default=[], help="folders to import from")
    parser.add_argument("--file", action="append", default=[], metavar="NAME=PATH")
    return parser.parse_args()


def _wheel_text(tag: str) -> str:
    lines = [
        "Wheel-Version: 1.0",
        "Generator: pywhispercpp //:wheel",
        "Root-Is-Purelib: false",
        f"Tag: {tag}",
    ]
    return "\n".join(lines) + "\n\n"


def _entry_points_text(metadata: StandardMetadata) -> str:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser["console_scripts"] = metadata.scripts
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _record_line(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def _contents(arguments: argparse.Namespace, metadata: StandardMetadata, info: str) -> dict[str, bytes]:
    """Return every file of the wheel but RECORD, by its name inside."""
    files = {}
    for pair in arguments.file:
        name, _, path = pair.partition("=")
        files[name] = Path(path).read_bytes()
    root = arguments.pyproject.parent
    for license_file in metadata.license_files:
        files[f"{info}/licenses/{license_file.as_posix()}"] = (root / license_file).read_bytes()
    files[f"{info}/sboms/{arguments.sbom.name}"] = arguments.sbom.read_bytes()
    files[f"{info}/METADATA"] = bytes(metadata.as_rfc822())
    files[f"{info}/WHEEL"] = _wheel_text(arguments.tag).encode()
    files[f"{info}/entry_points.txt"] = _entry_points_text(metadata).encode()
    return files


def _write(path: Path, files: dict[str, bytes], info: str) -> None:
    # RECORD comes last, everything in dist-info after the package: installers read the end first.
    names = sorted(files, key=lambda name: (name.startswith(info), name))
    record = "".join(_record_line(name, files[name]) for name in names) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in [*names, f"{info}/RECORD"]:
            entry = zipfile.ZipInfo(name, TIMELESS)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name.endswith(".so") else 0o100644) << 16
            archive.writestr(entry, files.get(name, record.encode()))


def main() -> None:
    """Read pyproject.toml, collect the files, write the wheel."""
    arguments = _arguments()
    sys.path[:0] = arguments.library
    import pyproject_metadata
    import tomli

    project = tomli.loads(arguments.pyproject.read_text(encoding="utf-8"))
    metadata = pyproject_metadata.StandardMetadata.from_pyproject(project, arguments.pyproject.parent)
    stem = f"{metadata.canonical_name.replace('-', '_')}-{metadata.version}"
    info = f"{stem}.dist-info"
    arguments.out.mkdir(parents=True, exist_ok=True)
    _write(arguments.out / f"{stem}-{arguments.tag}.whl", _contents(arguments, metadata, info), info)


if __name__ == "__main__":
    main()

"""Checks of the metadata: valid for an index, true about the file, entry points that exist."""

from __future__ import annotations

import ast
import configparser
import contextlib
import io
import logging
from collections.abc import Iterator
from email.parser import HeaderParser

from packaging.metadata import ExceptionGroup, Metadata
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from twine.commands.check import check as twine_check
from twine.exceptions import TwineException

from wheels.archive import Wheel
from wheels.codes import Code, Finding


def check_valid(wheel: Wheel) -> Iterator[Finding]:
    """The core metadata standard holds, and `twine check --strict` passes."""
    try:
        Metadata.from_email(wheel.text("METADATA"), validate=True)
    except ExceptionGroup as group:
        yield Finding(Code.PW060, "; ".join(str(error) for error in group.exceptions))
        return
    complaint = _twine_complaint(wheel)
    if complaint:
        yield Finding(Code.PW060, f"twine: {complaint}")


def _twine_complaint(wheel: Wheel) -> str:
    """What twine says against the metadata, in one line; empty when it passes."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logger = logging.getLogger("twine.commands.check")
    logger.addHandler(handler)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            failed = twine_check([str(wheel.path)], strict=True)
    except (TwineException, ValueError) as error:
        return str(error)
    finally:
        logger.removeHandler(handler)
    return " ".join(said.getvalue().split()) or "rejected without a reason" if failed else ""


def check_entry_points(wheel: Wheel) -> Iterator[Finding]:
    """Each entry point names a module of the wheel and something that the module defines."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(wheel.text("entry_points.txt"))
    except configparser.Error as error:
        yield Finding(Code.PW061, f"entry_points.txt: {error}")
        return
    for group in parser.sections():
        for name, target in parser.items(group):
            module, _, attribute = target.split("[")[0].strip().partition(":")
            source = _module_source(wheel, module.strip())
            if source is None or (attribute and attribute.strip() not in _names_in(source)):
                yield Finding(Code.PW061, f"{name} = {target}")


def _module_source(wheel: Wheel, module: str) -> bytes | None:
    """The source of a module of the wheel, None where there is no such module."""
    path = module.replace(".", "/")
    return wheel.members.get(f"{path}.py", wheel.members.get(f"{path}/__init__.py"))


def _names_in(source: bytes) -> set[str]:
    """The names a module defines or imports at its top level; none where it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name) for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def check_identity(wheel: Wheel) -> Iterator[Finding]:
    """Name and version in METADATA are those of the file name."""
    headers = HeaderParser().parsestr(wheel.text("METADATA"))
    name, version = headers.get("Name", ""), headers.get("Version", "")
    if canonicalize_name(name) != canonicalize_name(wheel.name.raw_name):
        yield Finding(Code.PW062, f"METADATA says {name or 'no name'}, the file {wheel.name.raw_name}")
    try:
        same = Version(version) == Version(wheel.name.raw_version)
    except InvalidVersion:
        same = False
    if not same:
        yield Finding(
            Code.PW062, f"METADATA says {version or 'no version'}, the file {wheel.name.raw_version}"
        )

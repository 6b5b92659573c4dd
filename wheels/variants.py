"""The libraries of the CPU variants in a portable wheel, by the name that the builds give them."""

from __future__ import annotations

import re

from toolchains.emit_cmake import SOURCES
from wheels.promises import PACKAGE


def member(variant: str) -> str:
    """The path of a variant's library in a wheel."""
    return f"{PACKAGE}/{SOURCES['VARIANT_LIBRARY'] % variant}"


_PATTERN = re.compile(re.escape(member("@")).replace("@", "(.+)"))


def variant_of(name: str) -> str:
    """The variant whose library a path in a wheel is; empty where it is none."""
    match = _PATTERN.fullmatch(name)
    return match[1] if match else ""

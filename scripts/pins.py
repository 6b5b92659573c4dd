"""Reads the pins (pins.bzl) into Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolchains.literals import read_literals

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"

_PINS = read_literals(ROOT / "scripts" / "pins.bzl")
WHISPER_CPP: dict[str, Any] = _PINS["WHISPER_CPP"]
WHEELS: dict[str, dict[str, str]] = _PINS["WHEELS"]
ZIG: dict[str, Any] = _PINS["ZIG"]
OPENVINO: dict[str, Any] = _PINS["OPENVINO"]
MUSL_PYTHON: dict[str, dict[str, str]] = _PINS["MUSL_PYTHON"]
SPEECH: dict[str, dict[str, Any]] = _PINS["SPEECH"]
CTRANSLATE2: dict[str, dict[str, Any]] = _PINS["CTRANSLATE2"]
FASTER_WHISPER: dict[str, str] = _PINS["FASTER_WHISPER"]
OPENAI_WHISPER: dict[str, Any] = _PINS["OPENAI_WHISPER"]
WHISPER_TOOLS: dict[str, dict[str, Any]] = _PINS["WHISPER_TOOLS"]
FLITE: dict[str, str] = _PINS["FLITE"]

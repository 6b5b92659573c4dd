"""pywhispercpp 1.5's constants, for programs that read them."""

from __future__ import annotations

from typing import Any

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.models import MODELS
from pywhispercpp.models.paths import default_models_dir
from pywhispercpp.options import OPTIONS

PACKAGE_NAME = "pywhispercpp"
WHISPER_SAMPLE_RATE = SAMPLE_RATE
MODELS_DIR = default_models_dir()
AVAILABLE_MODELS = [model.name for model in MODELS.values() if model.is_whisper]

PARAMS_SCHEMA: dict[str, dict[str, Any]] = {
    option.name: {
        "type": option.kind,
        "description": option.doc,
        "options": None,
        "default": option.default,
    }
    for option in OPTIONS
}

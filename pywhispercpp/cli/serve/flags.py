"""A flag for each setting of the service, out of the settings class."""

from __future__ import annotations

import argparse
from collections.abc import Container
from typing import Any

from pydantic.fields import FieldInfo

from pywhispercpp.server.settings import Settings, environment_name, is_switch, shown_default

__all__ = ["ONLY_SERVICE", "add", "given"]

# What a worker has nothing to do with: it listens to nobody.
ONLY_SERVICE = frozenset(
    {
        "port",
        "listen",
        "api_keys",
        "api_keys_file",
        "cors_origins",
        "max_upload_mb",
        "max_live_sessions",
        "max_task_queue_size",
        "delete_results_after_m",
        "run_result_expiry_check_m",
        "refresh_expiration_time_on_usage",
    }
)
SHORT = {"model": "-m"}
SECRET = frozenset({"api_keys"})  # a command line is everybody's to read: by the environment or a file only


def add(parser: argparse.ArgumentParser, without: Container[str] = ()) -> None:
    """Add the flags, but for those of some settings; one that is not given stays None."""
    group = parser.add_argument_group("settings")
    for name, field in Settings.model_fields.items():
        if name in SECRET or name in without:
            continue
        names = [*([SHORT[name]] if name in SHORT else []), "--" + name.replace("_", "-")]
        group.add_argument(*names, dest=name, default=None, help=_help(name, field), **_kind(field))


def given(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that flags name."""
    found = {name: getattr(args, name, None) for name in Settings.model_fields}
    return {name: value for name, value in found.items() if value is not None}


def _help(name: str, field: FieldInfo) -> str:
    text = f"{field.description}; {environment_name(name, field)} (default: {shown_default(name, field)})"
    return text.replace("%", "%%")


def _kind(field: FieldInfo) -> dict[str, Any]:
    if is_switch(field):
        return {"action": argparse.BooleanOptionalAction}
    return {"metavar": "VALUE"}

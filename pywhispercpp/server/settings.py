"""Settings of the service: every name, default and meaning once, for environment, command line and Python.

What whisper_api documents has environment variables of those very names (PORT, MAX_MODEL); the names of the
others begin with PYWHISPERCPP_ (PYWHISPERCPP_QUEUE). On the command line all are flags: --port, --queue.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

from platformdirs import user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pywhispercpp.errors import SettingsError
from pywhispercpp.models.registry import MODELS
from pywhispercpp.server import cpus

__all__ = ["Settings", "environment_name", "is_switch", "load", "shown_default"]

PREFIX = "PYWHISPERCPP_"
UNSET = "unset"
LOG_FORMAT = "[{asctime}] [{levelname}][{processName}][{threadName}][{module}.{funcName}] {message}"
MOST = 2**31 - 1  # 68 years in seconds: no clock overflows
SHORT_NAMES = {"large": "large-v3", "turbo": "large-v3-turbo"}  # as OpenAI's own whisper has them
ROTATIONS = ("S", "M", "H", "D", *(f"W{day}" for day in range(7)), "midnight")

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and value.strip() in ("", UNSET) else value


def _official(name: str | None) -> str | None:
    name = SHORT_NAMES.get(name or "", name)
    if name is not None and not (name in MODELS and MODELS[name].is_whisper):
        raise ValueError(f"no official model is called {name!r}; see: pywhispercpp models list")
    return name


def _log_format(text: str) -> str:
    record = logging.LogRecord("", logging.INFO, "", 1, "", (), None)
    try:
        logging.Formatter(text, style="{").format(record)
    except (LookupError, AttributeError) as error:  # logging itself would say so with each message
        raise ValueError(f"a message has no such field: {error}") from None
    return text


def _rotation(text: str) -> str:
    if text not in ROTATIONS:
        raise ValueError(f"one of {', '.join(ROTATIONS)} is needed")
    return text


def _listed(value: object) -> object:
    return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value


Unsigned = Annotated[int, Field(ge=0, le=MOST)]
Positive = Annotated[int, Field(ge=1, le=MOST)]
OfficialModel = Annotated[Optional[str], BeforeValidator(_or_none), AfterValidator(_official)]
MaybeUnsigned = Annotated[Optional[Unsigned], BeforeValidator(_or_none)]
MaybeCount = Annotated[Optional[Annotated[int, Field(ge=1, le=512)]], BeforeValidator(_or_none)]
MaybeText = Annotated[Optional[str], BeforeValidator(_or_none)]


def _bare(default: Any, name: str, description: str, **more: Any) -> Any:  # noqa: ANN401 - as Field itself
    """A setting of whisper_api: its environment variable has no prefix."""
    return Field(default, validation_alias=name, description=description, **more)


class Settings(BaseSettings):
    """Settings of `pywhispercpp serve` and `pywhispercpp worker`; load() reads them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, populate_by_name=True, frozen=True, extra="forbid", protected_namespaces=()
    )

    port: Annotated[int, Field(ge=0, le=65535)] = _bare(3001, "PORT", "port; 0 for any that is free")
    listen: Annotated[str, Field(min_length=1)] = _bare(  # an empty one would be every network
        "127.0.0.1", "LISTEN", "address to listen on; 0.0.0.0 for every network"
    )
    load_model_on_startup: bool = _bare(True, "LOAD_MODEL_ON_STARTUP", "load the model before the first task")
    develop_mode: bool = _bare(False, "DEVELOP_MODE", "use the smallest model (tiny), to save time")
    unload_model_after_s: MaybeUnsigned = _bare(
        None, "UNLOAD_MODEL_AFTER_S", "unload the model after so many idle seconds; 0 at once, unset never"
    )
    delete_results_after_m: Unsigned = _bare(
        60, "DELETE_RESULTS_AFTER_M", "minutes after which results are deleted"
    )
    refresh_expiration_time_on_usage: bool = _bare(
        True, "REFRESH_EXPIRATION_TIME_ON_USAGE", "a result that is read lives on for as long again"
    )
    run_result_expiry_check_m: Unsigned = _bare(
        5, "RUN_RESULT_EXPIRY_CHECK_M", "minutes between looks for expired results; 0 only when asked for"
    )
    use_gpu_if_available: bool = _bare(
        True, "USE_GPU_IF_AVAILABLE", "use a GPU where the wheel has code for one"
    )
    max_model: OfficialModel = _bare(None, "MAX_MODEL", "largest model that is used; unset for the best")
    max_task_queue_size: Unsigned = _bare(
        128, "MAX_TASK_QUEUE_SIZE", "tasks that may wait; more are refused with 503"
    )
    cpu_fallback_model: OfficialModel = _bare(
        "medium", "CPU_FALLBACK_MODEL", "model on a CPU where MAX_MODEL is unset"
    )
    log_dir: str = _bare("data/", "LOG_DIR", 'folder of log files, made when missing; "" for this one')
    log_file: Annotated[str, Field(min_length=1)] = _bare(
        "whisper_api.log", "LOG_FILE", "name of the log file"
    )
    log_level_console: LogLevel = _bare("INFO", "LOG_LEVEL_CONSOLE", "least level on the console")
    log_level_file: LogLevel = _bare("INFO", "LOG_LEVEL_FILE", "least level in the file")
    log_format: Annotated[str, AfterValidator(_log_format)] = _bare(
        LOG_FORMAT, "LOG_FORMAT", "format of messages, in logging's { style"
    )
    log_date_format: str = _bare("%d.%m. %H:%M:%S", "LOG_DATE_FORMAT", "format of dates in messages")
    log_rotation_when: Annotated[str, AfterValidator(_rotation)] = _bare(
        "H", "LOG_ROTATION_WHEN", "unit of rotation: S, M, H, D, W0 to W6, midnight"
    )
    log_rotation_interval: Positive = _bare(2, "LOG_ROTATION_INTERVAL", "rotate after so many units")
    log_rotation_backup_count: Unsigned = _bare(
        48, "LOG_ROTATION_BACKUP_COUNT", "rotated files that are kept"
    )

    model: MaybeText = Field(
        None, description="model by name or file; unset: by MAX_MODEL, CPU_FALLBACK_MODEL and DEVELOP_MODE"
    )
    models_dir: MaybeText = Field(None, description="folder of models; unset for the user's data folder")
    backend: Literal["auto", "ggml", "openvino"] = Field("auto", description="whose encoder runs")
    n_sessions: MaybeCount = Field(
        None, description="tasks that are worked on at once; unset for as many as there are CPUs"
    )
    n_threads: MaybeCount = Field(
        None, description="threads of a task; unset: the CPUs, shared among the tasks at work"
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("pywhispercpp") / "service",
        description="folder of the tasks' database and of uploads; unset for one in the user's data folder",
    )
    queue: MaybeText = Field(
        None, description="redis://… for a queue that several machines share; unset for one in data_dir"
    )
    api_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_listed)] = Field(
        [], description="keys that are let in, name:key, with commas between; none: everybody is"
    )
    api_keys_file: MaybeText = Field(None, description="file with such keys, one a line")
    cors_origins: Annotated[list[str], NoDecode, BeforeValidator(_listed)] = Field(
        [], description="origins whose pages may call the service, with commas between"
    )
    max_upload_mb: Positive = Field(512, description="largest upload, in MB")
    max_audio_s: Positive = Field(14400, description="longest audio, in seconds")
    max_task_s: Positive = Field(3600, description="longest time for one task, in seconds")
    max_live_sessions: Unsigned = Field(2, description="live streams at once")

    @property
    def sessions(self) -> int:
        """How many tasks are worked on at once."""
        return self.n_sessions or cpus.usable()


def environment_name(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    return str(field.validation_alias or f"{PREFIX}{name.upper()}")


def is_switch(field: FieldInfo) -> bool:
    """Whether a setting is on or off."""
    return field.annotation is bool


def shown_default(name: str, field: FieldInfo) -> str:
    """The default of a setting, for people."""
    if name == "data_dir":
        return "service in the user's data folder"
    value = field.default
    if value in (None, []):
        return UNSET
    return str(int(value)) if isinstance(value, bool) else '""' if value == "" else str(value)


def load(**given: Any) -> Settings:  # noqa: ANN401 - each setting has its own type
    """Return the settings: what is given, else the environment's, else the defaults.

    Raises SettingsError, which names each setting that is wrong.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        fields = Settings.model_fields
        lines = []
        for one in error.errors():
            name = str(one["loc"][0]) if one["loc"] else "settings"
            shown = environment_name(name, fields[name]) if name in fields else name
            # No value: it may be a key.
            value = "" if "api_keys" in name.lower() else f"={one['input']!r}"
            lines.append(f"{shown}{value}: {one['msg'].removeprefix('Value error, ')}")
        raise SettingsError("\n".join(lines)) from None

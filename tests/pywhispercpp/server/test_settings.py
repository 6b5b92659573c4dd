"""Settings: whisper_api's, by its names and defaults; wrong values are refused at start, by name."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from pywhispercpp.errors import SettingsError
from pywhispercpp.server import log_setup
from pywhispercpp.server.settings import Settings, environment_name, load, shown_default
from tests.pywhispercpp.server.conftest import StartService

# The table of whisper_api's own document: the name of a variable, and its default.
DOCUMENTED: dict[str, object] = {
    "PORT": 3001,
    "LISTEN": "127.0.0.1",
    "LOAD_MODEL_ON_STARTUP": True,
    "DEVELOP_MODE": False,
    "UNLOAD_MODEL_AFTER_S": None,
    "DELETE_RESULTS_AFTER_M": 60,
    "REFRESH_EXPIRATION_TIME_ON_USAGE": True,
    "RUN_RESULT_EXPIRY_CHECK_M": 5,
    "USE_GPU_IF_AVAILABLE": True,
    "MAX_MODEL": None,
    "MAX_TASK_QUEUE_SIZE": 128,
    "CPU_FALLBACK_MODEL": "medium",
    "LOG_DIR": "data/",
    "LOG_FILE": "whisper_api.log",
    "LOG_LEVEL_CONSOLE": "INFO",
    "LOG_LEVEL_FILE": "INFO",
    "LOG_FORMAT": "[{asctime}] [{levelname}][{processName}][{threadName}][{module}.{funcName}] {message}",
    "LOG_DATE_FORMAT": "%d.%m. %H:%M:%S",
    "LOG_ROTATION_WHEN": "H",
    "LOG_ROTATION_INTERVAL": 2,
    "LOG_ROTATION_BACKUP_COUNT": 48,
}
OTHER_VALUES: dict[str, tuple[str, object]] = {
    "PORT": ("8080", 8080),
    "LISTEN": ("0.0.0.0", "0.0.0.0"),
    "LOAD_MODEL_ON_STARTUP": ("0", False),
    "DEVELOP_MODE": ("1", True),
    "UNLOAD_MODEL_AFTER_S": ("0", 0),
    "DELETE_RESULTS_AFTER_M": ("7", 7),
    "REFRESH_EXPIRATION_TIME_ON_USAGE": ("0", False),
    "RUN_RESULT_EXPIRY_CHECK_M": ("0", 0),
    "USE_GPU_IF_AVAILABLE": ("0", False),
    "MAX_MODEL": ("large", "large-v3"),
    "MAX_TASK_QUEUE_SIZE": ("0", 0),
    "CPU_FALLBACK_MODEL": ("small.en", "small.en"),
    "LOG_DIR": ("", ""),
    "LOG_FILE": ("other.log", "other.log"),
    "LOG_LEVEL_CONSOLE": ("ERROR", "ERROR"),
    "LOG_LEVEL_FILE": ("DEBUG", "DEBUG"),
    "LOG_FORMAT": ("{levelname:>9}{message}", "{levelname:>9}{message}"),
    "LOG_DATE_FORMAT": ("%H", "%H"),
    "LOG_ROTATION_WHEN": ("W6", "W6"),
    "LOG_ROTATION_INTERVAL": ("1", 1),
    "LOG_ROTATION_BACKUP_COUNT": ("0", 0),
}
WRONG = {
    "PORT": ["-1", "65536", "http", ""],
    "LISTEN": [""],
    "LOAD_MODEL_ON_STARTUP": ["2", "perhaps", ""],
    "UNLOAD_MODEL_AFTER_S": ["-1", "1.5", "soon", "1" + 400 * "0"],
    "DELETE_RESULTS_AFTER_M": ["-1", "", "unset"],
    "RUN_RESULT_EXPIRY_CHECK_M": ["-5", str(2**31)],
    "MAX_MODEL": ["enormous", "silero-vad", "../../etc/passwd"],
    "MAX_TASK_QUEUE_SIZE": ["-1", "all"],
    "CPU_FALLBACK_MODEL": ["gpt"],
    "LOG_FILE": [""],
    "LOG_LEVEL_CONSOLE": ["LOUD", "info", "10"],
    "LOG_LEVEL_FILE": [""],
    "LOG_FORMAT": ["%(message)s", "{nonsense}", "{", "{0}", "{message.x}", "{message:d}"],
    "LOG_ROTATION_WHEN": ["W7", "hourly", ""],
    "LOG_ROTATION_INTERVAL": ["0", "-2"],
    "LOG_ROTATION_BACKUP_COUNT": ["-1"],
    "PYWHISPERCPP_BACKEND": ["cuda"],
    "PYWHISPERCPP_N_SESSIONS": ["0", "1000000"],
    "PYWHISPERCPP_N_THREADS": ["0", "513"],
    "PYWHISPERCPP_MAX_UPLOAD_MB": ["0"],
    "PYWHISPERCPP_MAX_LIVE_SESSIONS": ["-1"],
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(environment_name(name, field), raising=False)


def value(name: str) -> object:
    """The value of a setting, by the name of its variable."""
    by_variable = {environment_name(own, field): own for own, field in Settings.model_fields.items()}
    return getattr(load(), by_variable[name])


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert value(name) == DOCUMENTED[name]
    text, other = OTHER_VALUES[name]
    monkeypatch.setenv(name, text)
    assert value(name) == other != DOCUMENTED[name]


def test_the_others_have_a_prefix() -> None:
    others = {environment_name(name, field) for name, field in Settings.model_fields.items()} - set(
        DOCUMENTED
    )
    assert others and all(name.startswith("PYWHISPERCPP_") for name in others)


@pytest.mark.parametrize("name", [name for name, default in DOCUMENTED.items() if default is None])
@pytest.mark.parametrize("text", ["", "unset", " "])
def test_unset(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    assert value(name) is None


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError, match=f"^{name}="):
        load()


def test_what_is_given_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("PYWHISPERCPP_MAX_TASK_S", "1")
    settings = load(port="2", max_task_s="2")
    assert (settings.port, settings.max_task_s) == (2, 2)
    with pytest.raises(SettingsError, match="PORT='x'"):
        load(port="x")
    with pytest.raises(SettingsError, match="nonsense"):
        load(nonsense=1)


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYWHISPERCPP_API_KEYS", "ann:a-secret bob:a-secret-too")
    assert len(load().api_keys) == 2
    assert "secret-too" not in repr(load()) + str(load().model_dump())
    with pytest.raises(SettingsError, match="PYWHISPERCPP_API_KEYS: ") as caught:
        load(api_keys=["a-secret", 5])
    assert "secret" not in str(caught.value)


def test_defaults_are_shown_for_people() -> None:
    shown = {environment_name(name, field): shown_default(name, field) for name, field in _fields()}
    assert shown["PORT"] == "3001" and shown["MAX_MODEL"] == "unset" and shown["DEVELOP_MODE"] == "0"


def _fields() -> Iterator[tuple[str, Any]]:
    yield from Settings.model_fields.items()


def test_the_command_names_every_wrong_setting(tmp_path: Path) -> None:
    """And ends with 2, without a traceback, before it loads anything."""
    names = [name for name in WRONG if name != "PORT"]
    environment = {**os.environ, **{name: WRONG[name][0] for name in names}}
    command = [sys.executable, "-m", "pywhispercpp", "serve", "--port=http"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "Traceback" not in done.stderr
    assert [name for name in (*names, "PORT") if f"{name}=" not in done.stderr] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"log_dir": "/proc/nowhere"}, "LOG_DIR='/proc/nowhere'"),
        ({"data_dir": "/proc/nowhere"}, "data_dir='/proc/nowhere'"),
        ({"listen": "no.such.host.invalid"}, "LISTEN=no.such.host.invalid"),
        ({"api_keys_file": "/nowhere"}, "api_keys_file='/nowhere'"),
        ({"model": "no-such-model"}, "no-such-model"),
    ],
)
def test_what_shows_only_at_start(start_service: StartService, settings: dict[str, str], told: str) -> None:
    service = start_service(wait=False, **settings)
    assert service.process.wait(60) in (1, 2)
    text = service.log.read_text()
    assert told in text and "Traceback" not in text


def test_a_port_that_is_taken(start_service: StartService) -> None:
    port = start_service(load_model_on_startup=False).url.rsplit(":", 1)[1]
    second = start_service(wait=False, load_model_on_startup=False, port=port)
    assert second.process.wait(60) == 2
    assert f"PORT={port}" in second.log.read_text()


def test_logs_as_asked_for(start_service: StartService) -> None:
    """The flag of the log's folder is the fixture's; the rest comes from the environment."""
    environment = {
        "LOG_FILE": "mine.log",
        "LOG_FORMAT": "<{levelname}> {asctime} {message}",
        "LOG_DATE_FORMAT": "at %Y o'clock",
        "LOG_LEVEL_FILE": "WARNING",
    }
    service = start_service(environment=environment, load_model_on_startup=False)
    console = service.log.read_text()
    assert "<INFO> at 20" in console and " o'clock ready: http://" in console
    assert (service.folder / "logs" / "mine.log").read_text() == ""


def test_a_quiet_console_and_a_talkative_file(start_service: StartService) -> None:
    """With all that is told at DEBUG, neither what a WebSocket carries nor a key is."""
    from tests.pywhispercpp.server.test_live_socket import begin, opened
    from tests.service import wait_for

    environment = {
        "LOG_LEVEL_CONSOLE": "CRITICAL",
        "LOG_LEVEL_FILE": "DEBUG",
        "PYWHISPERCPP_API_KEYS": "ann:a-secret",
    }
    service = start_service(wait=False, environment=environment)
    file = service.folder / "logs" / "whisper_api.log"
    ready = wait_for(lambda: file.exists() and "Started server process" in file.read_text())
    assert ready
    service.url = file.read_text().split("ready: ")[1].split("/\n")[0]
    with opened(service) as socket:
        assert begin(socket, api_key="a-secret")["type"] == "ready"
    assert service.stop() == 0
    assert service.log.read_text() == ""
    assert "a-secret" not in file.read_text() and "/v1/stream" in file.read_text()


@pytest.mark.parametrize(
    ("when", "seconds"), [("S", 3), ("M", 180), ("midnight", 86400 * 3), ("W0", 7 * 86400 * 3)]
)
def test_rotation(tmp_path: Path, when: str, seconds: int) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        log_setup.set_up(
            load(
                log_dir=str(tmp_path / "new"),
                log_rotation_when=when,
                log_rotation_interval=3,
                log_rotation_backup_count=5,
            )
        )
        rotating = next(one for one in root.handlers if isinstance(one, TimedRotatingFileHandler))
        assert (rotating.when, rotating.interval, rotating.backupCount) == (when.upper(), seconds, 5)
        assert Path(rotating.baseFilename) == tmp_path / "new" / "whisper_api.log"
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)

"""deploy/: what stands there for Docker, compose and systemd is well-formed, names what exists, and runs."""

from __future__ import annotations

import ctypes
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.container import Container, Stage, require_namespaces
from tests.service import JFK_WORDS, Service, wait_for, words
from wheels.request import parse

NOT_SETTINGS = {"PYTHONUNBUFFERED"}
UNIT = "pywhispercpp.service"
PR_SET_MDWE = 65


@pytest.fixture(scope="session")
def deploy(root: Path) -> Path:
    """The folder."""
    return root / "deploy"


@pytest.fixture(scope="session")
def stage(deploy: Path) -> Stage:
    """The image."""
    return Stage(deploy / "Dockerfile")


@pytest.fixture(scope="session")
def compose(deploy: Path) -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))
    return read


def tool(name: str) -> str:
    """A program of the tests' environment, or of the system; skips where it is nowhere."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def said(*command: str | Path) -> tuple[int, str]:
    """Exit code and output of a command."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def setting_names() -> set[str]:
    """The environment variables that are settings."""
    from pywhispercpp.server.settings import Settings, environment_name

    return {environment_name(name, field) for name, field in Settings.model_fields.items()}


# --- Docker ---------------------------------------------------------------------------------------


def test_hadolint_has_nothing_against_the_dockerfile(deploy: Path, tmp_path: Path) -> None:
    assert said(tool("hadolint"), deploy / "Dockerfile") == (0, "")
    bad = tmp_path / "Dockerfile"
    bad.write_text((deploy / "Dockerfile").read_text(encoding="utf-8").replace(":3.11-bookworm", ""))
    assert said(tool("hadolint"), bad)[0] == 1


def test_the_image_is_made_of_the_wheel_that_the_first_stage_builds(stage: Stage) -> None:
    (build,) = [run for run in stage.first if "build_wheel" in run]
    request = parse(shlex.split(build.split(" -- ", 1)[1]), Path("elsewhere"))
    assert (request.profile, request.compiler, request.dist) == ("portable", "zig", Path("/wheels"))
    (install,) = [run for run in stage.values("RUN") if "pip install" in run]
    assert f"from=build,source={request.dist}" in install and "[server,redis]" in install
    # A wheel is for the Python that it was built with.
    version = re.escape(sysconfig.get_python_version())
    assert all(re.match(rf"python:{version}(-slim)?-bookworm\b", image) for image in stage.stages)


def test_the_build_gets_every_file_that_git_tracks(deploy: Path, root: Path) -> None:
    ignored = ["ls-files", "--cached", "--ignored", "--exclude-from=deploy/Dockerfile.dockerignore"]
    assert said("git", "-C", str(root), *ignored) == (0, "")


def test_variables_of_the_image_are_settings(stage: Stage) -> None:
    assert set(stage.environment) - NOT_SETTINGS <= setting_names()
    folder = stage.value("VOLUME")
    inside = [value for name, value in stage.environment.items() if name.endswith("_DIR")]
    assert len(inside) == 3 and all(value.startswith(f"{folder}/") for value in inside)
    assert stage.value("EXPOSE") == stage.environment["PORT"]


def test_the_image_transcribes_as_nobody_and_ends_in_order(
    stage: Stage, tmp_path: Path, tiny_en: Path, jfk: Path
) -> None:
    require_namespaces(tmp_path)
    container = Container(stage, tmp_path, {"MAX_MODEL": "tiny.en"}, tiny_en)
    try:
        container.wait_until_healthy()
        folder = stage.value("VOLUME")
        user = Path(f"/proc/{container.pid}").stat().st_uid
        assert str(user) == stage.value("USER").split(":")[0] != "0"
        assert container.run(["touch", "/etc/mine"]).returncode
        form = ["-F", f"file=@{jfk}", "-F", "model=whisper-1"]
        heard = container.run(["curl", "-sS", "http://127.0.0.1:3001/v1/audio/transcriptions", *form])
        assert words(json.loads(heard.stdout)["text"]) == JFK_WORDS, heard
        kept = container.run(["sh", "-c", f"ls {folder} {folder}/*"]).stdout.split()
        assert {"whisper_api.log", "tasks.sqlite", "ggml-tiny.en.bin"} <= set(kept)
    finally:
        code = container.stop()
    assert code == 0, container.log.read_text()


def test_what_does_not_answer_is_not_healthy(stage: Stage) -> None:
    python, *rest = stage.healthcheck
    assert python == "python"
    # Port 1 is tcpmux's: nobody is there.
    done = subprocess.run([sys.executable, *rest], env={"PORT": "1"}, capture_output=True, check=False)
    assert done.returncode == 1


# --- compose --------------------------------------------------------------------------------------


def test_compose_fits_its_schema(deploy: Path) -> None:
    check = (tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec")
    assert said(*check, deploy / "compose.yaml")[0] == 0


def test_compose_names_what_exists(compose: dict[str, Any], deploy: Path, stage: Stage) -> None:
    services = compose["services"]
    assert set(services) == {"service", "worker", "redis"}
    for name in ("service", "worker"):
        one = services[name]
        assert set(one["environment"]) <= setting_names()
        assert one["environment"]["PYWHISPERCPP_QUEUE"] == "redis://redis:6379"
        build = one["build"]
        assert (deploy / build["context"] / build["dockerfile"]).resolve() == deploy / "Dockerfile"
        mounted = [volume.split(":") for volume in one["volumes"]]
        assert all(kept in compose["volumes"] for kept, _ in mounted)
        assert all(path.startswith(stage.value("VOLUME")) for _, path in mounted)
    assert services["service"]["ports"] == [f"127.0.0.1:{stage.value('EXPOSE')}:{stage.value('EXPOSE')}"]
    assert services["worker"]["command"] == ["worker"]
    assert "ports" not in services["worker"] and "ports" not in services["redis"]


def test_its_redis_starts_and_keeps_tasks(compose: dict[str, Any], tmp_path: Path) -> None:
    program, *options = compose["services"]["redis"]["command"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    redis = subprocess.Popen(
        [tool(program), *options, "--bind", "127.0.0.1", "--port", str(port)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    try:
        from redis import Redis
        from redis.exceptions import ConnectionError as NotYet

        with Redis(port=port) as client:

            def answers() -> bool:
                with suppress(NotYet):
                    return bool(client.ping())
                return False

            wait_for(answers)
            assert client.config_get("append*")["appendfsync"] == "always"
            assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
            client.set("kept", "yes")
        assert next(tmp_path.glob("appendonlydir/*.incr.aof")).stat().st_size
    finally:
        redis.terminate()
        assert redis.wait(20) == 0


# --- systemd --------------------------------------------------------------------------------------


@pytest.fixture
def unit(deploy: Path, tmp_path: Path) -> Path:
    """The unit, for the installed command."""
    text = (deploy / UNIT).read_text(encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "pywhispercpp"
    copy = tmp_path / UNIT
    copy.write_text(text.replace("/opt/pywhispercpp/bin/pywhispercpp", str(command)), encoding="utf-8")
    return copy


def test_systemd_takes_the_unit_and_finds_it_closed(unit: Path) -> None:
    analyze = tool("systemd-analyze")
    assert said(analyze, "verify", "--man=no", unit) == (0, "")
    # 10 is a service that may do everything, 9.6 what systemd gives by default.
    code, text = said(analyze, "security", "--offline=true", "--no-pager", "--threshold=20", unit)
    assert code == 0, text
    unit.write_text(unit.read_text(encoding="utf-8").replace("ProtectSystem=", "ProtectSystm="))
    assert "Unknown key" in said(analyze, "verify", "--man=no", unit)[1]


def settings_of(unit: Path) -> Iterator[tuple[str, str]]:
    """The variables that a unit sets."""
    for line in re.findall(r"^Environment=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        for part in shlex.split(line):
            name, _, value = part.partition("=")
            yield name, value


def test_variables_of_the_unit_are_settings(unit: Path) -> None:
    found = dict(settings_of(unit))
    assert set(found) - NOT_SETTINGS <= setting_names()
    assert {"LOG_DIR", "PYWHISPERCPP_DATA_DIR", "PYWHISPERCPP_MODELS_DIR"} <= set(found)


def test_the_service_works_without_memory_that_is_written_and_run(
    tmp_path: Path, tiny_en: Path, jfk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the unit's MemoryDenyWriteExecute forbids; NoNewPrivileges and no capabilities besides."""
    if ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) < 0:
        pytest.skip("this kernel has no PR_SET_MDWE (6.3 has)")
    code = f"import ctypes, os, sys; assert not ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0); "
    wrapper = tmp_path / "restricted"
    wrapper.write_text(
        f"#!/bin/sh\nexec setpriv --no-new-privs --bounding-set=-all {sys.executable} -c "
        f'{shlex.quote(code + "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])")} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapper))
    running = Service(tmp_path / "service", model=tiny_en).start()
    with running.client() as client:
        answer = client.post(
            "/v1/audio/transcriptions", files={"file": jfk.read_bytes()}, data={"model": "whisper-1"}
        )
    assert words(answer.json()["text"]) == JFK_WORDS
    assert running.stop() == 0

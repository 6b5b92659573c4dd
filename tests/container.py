"""The last stage of a Dockerfile, run without Docker: its user, its environment, its command as process 1.

Its Python is the tests' own, at the place where the image has it, with the installed wheel; the RUN lines
that make the user are run over a copy of /etc. What it may see of this machine is not restricted.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from tests.service import PATIENCE_S, wait_for

__all__ = ["Container", "Stage", "require_namespaces"]

NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
# As the images of python:3 have it: Python below /usr/local, found by the dynamic linker. The volume is new.
ROOTFS = """
set -eu
mkdir "$T/python" "$T/python-work" "$T/etc" "$T/etc-work"
mount -t overlay -o "lowerdir=$PREFIX,upperdir=$T/python,workdir=$T/python-work" overlay /usr/local
mount --bind "$SITE" "/usr/local/lib/python$VERSION/site-packages"
mount -t overlay -o "lowerdir=/etc,upperdir=$T/etc,workdir=$T/etc-work" overlay /etc
mount -t tmpfs -o mode=755 tmpfs /var/lib
ln -sf "python$VERSION" /usr/local/bin/python
sed '1c #!/usr/local/bin/python' "$SCRIPT" > "$T/pywhispercpp"
install -m 755 "$T/pywhispercpp" /usr/local/bin/pywhispercpp
ldconfig
ip link set lo up
"""


class Stage:
    """What the last stage of a Dockerfile says."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        with path.open("rb") as file:
            steps = [(one["instruction"], one["value"]) for one in DockerfileParser(fileobj=file).structure]
        self.stages = [value for name, value in steps if name == "FROM"]
        start = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
        self.first = [value for name, value in steps[:start] if name == "RUN"]
        self._steps = steps[start:]

    def values(self, name: str) -> list[str]:
        """What stands after an instruction, each time that it is there."""
        return [value for instruction, value in self._steps if instruction == name]

    def value(self, name: str) -> str:
        """The same, of one that is there once."""
        (found,) = self.values(name)
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        pairs = (part.split("=", 1) for line in self.values("ENV") for part in shlex.split(line))
        return {name: value for name, value in pairs}

    @property
    def command(self) -> list[str]:
        """What is started."""
        return [*json.loads(self.value("ENTRYPOINT")), *json.loads(self.value("CMD"))]

    @property
    def healthcheck(self) -> list[str]:
        """What asks whether it works."""
        words: list[str] = json.loads(self.value("HEALTHCHECK").split("CMD", 1)[1])
        return words


class Container:
    """One that runs, in a network of its own."""

    def __init__(self, stage: Stage, folder: Path, given: dict[str, str], model: Path) -> None:
        """given: variables of its user, as `docker run -e` takes them. The model lies in the volume."""
        self._stage = stage
        self._environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            **stage.environment,
            **given,
        }
        self.log = folder / "log.txt"
        self._uid, _, self._gid = stage.value("USER").partition(":")
        models = stage.environment["PYWHISPERCPP_MODELS_DIR"]
        making = [run for run in stage.values("RUN") if "pip install" not in run]
        lines = [
            ROOTFS,
            *making,
            shlex.join(["cp", str(model), models]),
            f"cd {stage.value('WORKDIR')}",
            'exec "$@"',
        ]
        with self.log.open("wb") as log:
            self._outer = subprocess.Popen(
                [*NAMESPACES, "sh", "-c", "\n".join(lines), "sh", *self._as_user(stage.command)],
                env=self._of_rootfs(folder),
                stdout=log,
                stderr=log,
            )

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as `docker exec` does."""
        inside = ["nsenter", "--mount", "--net", "--pid", "--target", str(self.pid), *self._as_user(command)]
        return subprocess.run(inside, capture_output=True, text=True, check=False, timeout=PATIENCE_S)

    @property
    def pid(self) -> int:
        """Of its process 1."""
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        return int(wait_for(lambda: children.read_text()).split()[0])

    def wait_until_healthy(self) -> None:
        """Wait as Docker does."""
        wait_for(lambda: self._outer.poll() is not None or not self.run(self._stage.healthcheck).returncode)
        assert self._outer.poll() is None, self.log.read_text()

    def stop(self) -> int:
        """End it as `docker stop` does; return its exit code."""
        if self._outer.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        return self._outer.wait(PATIENCE_S)

    def _as_user(self, command: Sequence[str]) -> list[str]:
        user = ["setpriv", f"--reuid={self._uid}", f"--regid={self._gid}", "--clear-groups", "--no-new-privs"]
        variables = [f"{name}={value}" for name, value in self._environment.items()]
        return [*user, "--bounding-set=-all", "env", "-i", *variables, *command]

    def _of_rootfs(self, folder: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "T": str(folder),
            "PREFIX": sys.base_prefix,
            "SITE": sysconfig.get_path("purelib"),
            "VERSION": sysconfig.get_python_version(),
            "SCRIPT": str(Path(sysconfig.get_path("scripts")) / "pywhispercpp"),
        }


def require_namespaces(folder: Path) -> None:
    """Skip where this machine permits no namespaces, or lacks a tool."""
    look = 'mount -t tmpfs tmpfs "$1" && ip link && command -v setpriv nsenter curl'
    tried = subprocess.run(
        [*NAMESPACES, "sh", "-c", look, "sh", str(folder)], capture_output=True, text=True, check=False
    )
    if os.geteuid() != 0 or tried.returncode:
        pytest.skip(f"namespaces of one's own are not permitted here, or a tool is missing: {tried.stderr}")

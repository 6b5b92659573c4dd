"""Shared caches, with a real server: a second machine compiles nothing, and another one takes nothing wrong.

The server is nginx with the very lines that docs/build.md gives, on a free port.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts import bazel
from scripts.errors import BuildError
from toolchains.profiles import machine

TARGET = "//pywhispercpp:_cpu.so"
OUTPUT = "execroot/pywhispercpp/bazel-out/*/bin/pywhispercpp/_cpu.so"
# A profile that machines with different CPUs build alike.
SHARED = "--config=" + {"x86_64": "x86-64-v2", "aarch64": "armv8-a"}[machine()]
AROUND = """daemon off; {user} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{ access_log {folder}/access.log; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{server} }}
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Server:
    """nginx as a cache, as documented but for its place."""

    folder: Path
    port: int

    @property
    def flag(self) -> str:
        """What a person writes into .bazelrc.user."""
        return f"--remote_cache=http://127.0.0.1:{self.port}"

    def requests(self, method: str) -> int:
        """How many requests of a kind came in."""
        return (self.folder / "access.log").read_text().count(f'"{method} /')


def documented(root: Path, folder: Path, port: int) -> str:
    """The configuration in docs/build.md, moved to a folder and a port."""
    text = (root / "docs" / "build.md").read_text(encoding="utf-8")
    (server,) = re.findall(r"```nginx\n(.+?)```", text, re.DOTALL)
    for said, here in [("8080", f"127.0.0.1:{port}"), ("/srv/bazel-cache", f"{folder}/files")]:
        assert server.count(said) == 1
        server = server.replace(said, here)
    user = "user root;" if os.geteuid() == 0 else ""
    return AROUND.format(user=user, folder=folder, server=server)


def wait_for(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Return once the server answers."""
    for _ in range(100):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, (folder / "error.log").read_text()
        time.sleep(0.1)
    raise AssertionError("nginx does not listen")


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A cache server of one's own; skips the test where there is no nginx."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx as a cache server; on Debian: apt-get install nginx-light")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (folder / "files").mkdir()
    (folder / "nginx.conf").write_text(documented(root, folder, port))
    command = [nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as process:
        wait_for(process, port, folder)
        yield Server(folder, port)
        process.terminate()


@dataclass
class Result:
    """What one build did: kind of process -> how many (`remote cache hit`, `linux-sandbox`, …)."""

    output: Path
    text: str
    processes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (line,) = re.findall(r"^INFO: \d+ process(?:es)?: (.+)\.$", self.text, re.MULTILINE)
        counts = (part.split(" ", 1) for part in line.split(", "))
        self.processes = {kind: int(number) for number, kind in counts if kind != "internal"}

    @property
    def hits(self) -> int:
        """How many actions came out of a cache."""
        return sum(number for kind, number in self.processes.items() if kind.endswith("cache hit"))

    @property
    def done_here(self) -> int:
        """How many actions ran on this machine."""
        return sum(self.processes.values()) - self.hits


@dataclass
class Machine:
    """A Bazel with an output base of its own, which is all that a machine remembers."""

    bazel: str
    root: Path
    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a Bazel command of this machine in the checkout."""
        command = [self.bazel, f"--output_base={self.folder / 'base'}", *words]
        return subprocess.run(
            command, cwd=self.root, text=True, capture_output=True, check=False, timeout=300
        )

    def try_to_build(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Build the guard; what the person's own .bazelrc.user says of caches does not count."""
        settings = [
            *bazel.version_flags(self.bazel),
            *bazel.NO_CACHES,
            f"--repo_env=PYWHISPERCPP_HOST_PYTHON={sys.executable}",
            f"--repository_cache={self.folder / 'repositories'}",
            "--experimental_convenience_symlinks=ignore",
        ]
        return self.call("build", *settings, *options, TARGET)

    def build(self, *options: str) -> Result:
        """Build the guard after forgetting what was built before."""
        self.call("clean")
        done = self.try_to_build(*options)
        assert done.returncode == 0, done.stderr
        (output,) = (self.folder / "base").glob(OUTPUT)
        return Result(output, done.stderr)

    def as_another(self, old: str, new: str) -> str:
        """The option that makes this a machine with another fingerprint."""
        there = self.folder / "base" / "external" / "this_machine"
        other = self.folder / "other"
        other.mkdir(exist_ok=True)
        (other / "WORKSPACE").write_text("")
        changed = 0
        for name in ("BUILD.bazel", "defs.bzl"):
            text, count = re.subn(old, new, (there / name).read_text())
            (other / name).write_text(text)
            changed += count
        assert changed == 1
        return f"--override_repository=this_machine={other}"

    def leave(self) -> None:
        """End the server; Bazel's folders are read-only, and pytest could not remove them."""
        self.call("shutdown")
        subprocess.run(["chmod", "-R", "u+w", str(self.folder)], check=True)


@pytest.fixture(scope="module")
def machines(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Machine]]:
    """Two machines, as far as Bazel can tell."""
    try:
        found = bazel.find()
    except BuildError as error:
        pytest.skip(str(error).splitlines()[0])
    folder = tmp_path_factory.mktemp("machines")
    both = [Machine(found, root, folder / name) for name in ("one", "two")]
    yield both
    for one in both:
        one.leave()


@pytest.fixture(scope="module")
def first(machines: list[Machine], server: Server) -> Result:
    """What the machine that fills the cache did: all of it by itself."""
    result = machines[0].build("--config=remote-cache-upload", server.flag)
    assert result.done_here > 2
    assert result.hits == 0
    assert server.requests("PUT") > result.done_here
    return result


def test_a_second_machine_compiles_nothing(machines: list[Machine], server: Server, first: Result) -> None:
    result = machines[1].build("--config=remote-cache", server.flag)
    assert (result.hits, result.done_here) == (first.done_here, 0)
    assert result.output.read_bytes() == first.output.read_bytes()


def test_another_cpu_does_not_take_what_native_made(
    machines: list[Machine], server: Server, first: Result
) -> None:
    machines[1].build("--config=remote-cache", server.flag)
    other = machines[1].as_another('CPU = ".+"', 'CPU = "another"')
    result = machines[1].build("--config=remote-cache", server.flag, other)
    # The guard's table is compiled for the CPU; the guard itself is for all, and comes from the cache.
    assert result.done_here == 1
    assert result.hits == first.done_here - 1


def test_another_cpu_shares_every_other_profile(machines: list[Machine], server: Server) -> None:
    filled = machines[0].build("--config=remote-cache-upload", server.flag, SHARED)
    assert filled.done_here > 0
    machines[1].build("--config=remote-cache", server.flag, SHARED)
    other = machines[1].as_another('CPU = ".+"', 'CPU = "another"')
    assert machines[1].build("--config=remote-cache", server.flag, SHARED, other).done_here == 0


def test_another_compiler_shares_nothing_and_a_reader_writes_nothing(
    machines: list[Machine], server: Server, first: Result
) -> None:
    machines[1].build("--config=remote-cache", server.flag)
    written = server.requests("PUT")
    other = machines[1].as_another('-compilers": ".+"', '-compilers": "another"')
    result = machines[1].build("--config=remote-cache", server.flag, other)
    assert (result.hits, result.done_here) == (0, first.done_here)
    assert server.requests("PUT") == written


def test_a_disk_cache_gives_all_back(machines: list[Machine], tmp_path: Path) -> None:
    options = ["--config=disk-cache", f"--disk_cache={tmp_path / 'disk'}"]
    cold = machines[0].build(*options)
    before = cold.output.read_bytes()
    warm = machines[0].build(*options)
    assert (cold.hits, warm.hits, warm.done_here) == (0, cold.done_here, 0)
    assert warm.output.read_bytes() == before


def test_what_was_read_from_the_server_stays_on_disk(
    machines: list[Machine], server: Server, first: Result, tmp_path: Path
) -> None:
    disk = ["--config=disk-cache", f"--disk_cache={tmp_path / 'disk'}"]
    machines[1].build("--config=remote-cache", server.flag, *disk)
    assert machines[1].build(*disk).hits == first.done_here


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_without_the_server_the_build_goes_on_with_a_warning(machines: list[Machine], protocol: str) -> None:
    away = f"--remote_cache={protocol}://127.0.0.1:{free_port()}"
    result = machines[0].build("--config=remote-cache", away)
    assert result.hits == 0
    assert result.done_here > 2
    assert re.search(r"^WARNING: .*(Remote Cache|remote execution capabilities)", result.text, re.MULTILINE)


def test_native_is_refused_where_a_worker_would_compile(machines: list[Machine]) -> None:
    worker = f"--remote_executor=grpc://127.0.0.1:{free_port()}"
    done = machines[0].try_to_build("--config=remote", worker)
    assert done.returncode != 0
    assert "with --config=remote, `native` is none: a worker's CPU is not this one" in done.stderr
    # Any other profile is fine; nobody is there, so that it is compiled here.
    done = machines[0].try_to_build("--config=remote", worker, SHARED)
    assert done.returncode == 0, done.stderr
    assert "WARNING: Failed to query remote execution capabilities" in done.stderr


def test_a_persons_own_rc_stays_out_of_git(root: Path) -> None:
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/.bazelrc.user" in ignored
    assert (root / ".bazelrc").read_text(encoding="utf-8").endswith("try-import %workspace%/.bazelrc.user\n")

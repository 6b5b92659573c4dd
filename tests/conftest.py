"""What every test may ask for: the built wheels, real speech, real weights.

The suite runs on the installed wheel. The checkout goes to the END of sys.path, so that build-land imports
from it while `pywhispercpp` comes from site-packages (the checkout's own has no compiled modules).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pywhispercpp

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

FETCHES_TOO = ("test_openvino.py",)  # runtimes, where build-land does


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:  # noqa: ANN401 - pytest-xdist's own
    """With several processes, let one do all of build-land, and each of the others a file at a time.

    Build-land's tests fetch into the same folders below build/; a file's fixtures are made once.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            is_package = file.startswith("tests/pywhispercpp/") and Path(file).name not in FETCHES_TOO
            return file if is_package else "build-land"

    return ByFile(config, log)


@contextmanager
def _one_process(name: str) -> Iterator[None]:
    """Let the other processes of the test run wait until this one has fetched something."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _built(backend: str) -> Path:
    folder = ROOT / "build" / "test-wheels" / backend
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        pytest.fail(f"{folder} holds {len(wheels)} wheels, not one; run the suite with: nox -s tests")
    return wheels[0]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def without_network() -> list[str]:
    """The start of a command line without a network; skips the test where that is not permitted."""
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and ip (Debian: util-linux, iproute2)")
    command = [unshare, "--net"] if os.geteuid() == 0 else [unshare, "--map-root-user", "--net"]
    tried = subprocess.run(
        [*command, "ip", "link", "set", "lo", "up"], text=True, capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"a network of one's own is not permitted here: {tried.stderr.strip()}")
    # Loopback is down in a new network namespace; tools may want it. 192.0.2.1 is nobody's: no way out.
    inside = 'ip link set lo up && ! ip route get 192.0.2.1 2>/dev/null && exec "$@"'
    return [*command, "sh", "-c", inside, "sh"]


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that Bazel built, tagged and checked."""
    return _built("bazel")


@pytest.fixture(scope="session")
def cmake_wheel() -> Path:
    """The wheel that scikit-build-core built, tagged and checked."""
    return _built("cmake")


@pytest.fixture(scope="session")
def portable_wheel() -> Path:
    """The portable wheel for this machine, by zig and Bazel."""
    return _built("portable")


@pytest.fixture(scope="session")
def jfk() -> Path:
    """Eleven seconds of real speech, out of the verified whisper.cpp tree."""
    return ROOT / "build" / "whisper.cpp" / "samples" / "jfk.wav"


@pytest.fixture(scope="session")
def sonnet() -> Path:
    """Fifty seconds of read verse, fetched with what the benchmarks count words in."""
    return _speech() / "sonnets" / "sonnet-1.wav"


@pytest.fixture(scope="session")
def french() -> Path:
    """Eight seconds of French, fetched with what the benchmarks count words in."""
    return _speech() / "french" / "confbridge-lock-extended.wav"


def _speech() -> Path:
    from scripts.fetch_speech import fetch

    with _one_process("speech"):
        return fetch()


@pytest.fixture(scope="session")
def base() -> Path:
    """ggml-base.bin, which knows all languages, downloaded or converted by the package itself."""
    from pywhispercpp.models import download_model

    return download_model("base")


@pytest.fixture(scope="session")
def tiny_en(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official ggml-tiny.en.bin, downloaded or converted by the package itself; no IR lies beside it."""
    from pywhispercpp.models import download_model

    link = tmp_path_factory.mktemp("models") / "ggml-tiny.en.bin"
    link.symlink_to(download_model("tiny.en"))
    return link


@pytest.fixture(scope="session")
def silero() -> Path:
    """The official ggml-silero-v6.2.0.bin, downloaded or converted by the package itself."""
    from pywhispercpp.models import download_model

    return download_model("silero-vad")


@pytest.fixture(scope="session")
def model(tiny_en: Path) -> pywhispercpp.Model:
    """One loaded model for every test that only transcribes."""
    import pywhispercpp

    return pywhispercpp.Model(str(tiny_en), print_progress=False)

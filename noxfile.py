"""What people run. Each session is one line of purpose; the work is in scripts/ and wheels/."""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["build_wheel"]

ROOT = Path(__file__).parent
JFK = ROOT / "build" / "whisper.cpp" / "samples" / "jfk.wav"
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group of pyproject.toml into the session's environment."""
    # auditwheel, pyelftools and twine have left Python 3.9; wheels for it are still made.
    if sys.version_info < (3, 10):
        session.error("the factory needs Python 3.10 or newer; start nox with one, and ask for: --python 3.9")
    session.install("--quiet", *nox.project.dependency_groups(PYPROJECT, group))


@nox.session
def build_wheel(session: nox.Session) -> None:
    """Build a wheel for this machine, prove it, and transcribe with it."""
    install(session, "build")
    session.run("python", "-m", "wheels.build", *session.posargs)


@nox.session
def fetch(session: nox.Session) -> None:
    """Fetch and verify every input: whisper.cpp, pybind11, the packing libraries."""
    install(session, "fetch")
    session.run("python", "-m", "scripts.fetch_whisper_cpp")
    session.run("python", "-m", "scripts.fetch_wheels")


@nox.session
def fetch_openvino(session: nox.Session) -> None:
    """Lay out an OpenVINO runtime: nox -s fetch_openvino -- --version 2024.6.0 --arch aarch64"""
    install(session, "fetch")
    session.run("python", "-m", "scripts.fetch_openvino", *session.posargs)


@nox.session
def smoke(session: nox.Session) -> None:
    """Try any wheel in a fresh environment: nox -s smoke -- path/to/any.whl"""
    install(session, "build")
    session.run("python", "-m", "scripts.fetch_whisper_cpp")
    session.run("python", "-m", "wheels.smoke", *session.posargs, "--audio", str(JFK))


@nox.session
def emulate(session: nox.Session) -> None:
    """Run any wheel on emulated CPUs, a Raspberry Pi's too: nox -s emulate -- path/to/any.whl"""
    install(session, "build")
    session.run("python", "-m", "scripts.fetch_whisper_cpp")
    session.run("python", "-m", "wheels.emulate", *session.posargs)


@nox.session
def verify(session: nox.Session) -> None:
    """Check any wheel by value: nox -s verify -- path/to/any.whl"""
    install(session, "wheels")
    session.run("python", "-m", "wheels.verify", *session.posargs)


@nox.session
def reproduce(session: nox.Session) -> None:
    """Build this commit twice, in two folders, by each build path, and compare the wheels byte for byte."""
    install(session, "build")
    session.run("python", "-m", "wheels.reproduce", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Make every promised wheel that this machine can build, each tried, with provenance and hashes."""
    install(session, "build")
    session.run("python", "-m", "wheels.release", *session.posargs)


@nox.session
def cibuildwheel(session: nox.Session) -> None:
    """Build the matrix of a release in containers: nox -s cibuildwheel -- --archs x86_64"""
    install(session, "cibuildwheel")
    session.run("python", "-m", "cibuildwheel", "--platform", "linux", *session.posargs)


@nox.session
def seal(session: nox.Session) -> None:
    """Write provenance and SHA256SUMS beside wheels, or check them: nox -s seal -- --check wheels/dist"""
    install(session, "build")
    session.run("python", "-m", "wheels.seal", *session.posargs)


@nox.session
def sdist(session: nox.Session) -> None:
    """Build the sdist, which builds offline wherever pip does, and check it."""
    install(session, "build")
    session.run("python", "-m", "wheels.sdist", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Build the wheel by both paths and run the test suite on what was built."""
    run_tests(session)


@nox.session
def long_tests(session: nox.Session) -> None:
    """Run what takes too long for every change: other targets with a cold zig, fuzzing by the thousand."""
    run_tests(session, "-m", "long or fuzz", env={"HYPOTHESIS_PROFILE": "long"})


def run_tests(session: nox.Session, *options: str, env: dict[str, str] | None = None) -> None:
    """Run pytest on the wheel that was built for it."""
    install(session, "test")
    session.run("python", "-m", "wheels.build_for_tests")
    (wheel,) = (ROOT / "build" / "test-wheels" / "bazel").glob("*.whl")
    # The version stays the same from build to build, so pip must be told; the second call brings the rest.
    session.install("--quiet", "--force-reinstall", "--no-deps", str(wheel))
    session.install("--quiet", f"{wheel}[server,redis]")
    # From a temporary folder: the checkout's own pywhispercpp/ has no compiled modules.
    session.chdir(session.create_tmp())
    # Two processes: one for build-land's tests, which share folders below build/ (tests/conftest.py).
    configuration = ["-c", str(ROOT / "pyproject.toml"), str(ROOT / "tests"), "-n2", "--dist=loadscope"]
    session.run("python", "-m", "pytest", *configuration, *options, *session.posargs, env=env)


@nox.session
def tsan(session: nox.Session) -> None:
    """Look for data races: the bindings built for ThreadSanitizer, nine threads over one model."""
    install(session, "build")
    session.install("--quiet", *PYPROJECT["project"]["dependencies"])
    session.run("python", "-m", "wheels.tsan", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and the types: ruff, mypy --strict, buildifier's rules."""
    install(session, "lint")
    # mypy reads the types of what the package imports.
    session.install("--quiet", *PYPROJECT["project"]["dependencies"])
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("python", "-m", "scripts.lint_bazel")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site of the documentation: build/site/index.html. A warning is an error."""
    install(session, "docs")
    # Else a page of text about what follows MkDocs stands above every build.
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def workflows(session: nox.Session) -> None:
    """Check .github/workflows: actionlint, GitHub's JSON schema, zizmor."""
    install(session, "workflows")
    session.run("python", "-m", "scripts.lint_workflows", *session.posargs)


@nox.session
def perf(session: nox.Session) -> None:
    """Count instructions under callgrind; fail where they grew: nox -s perf -- --functions | --update"""
    install(session, "build")
    session.run("python", "-m", "wheels.perf", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, interleaved: nox -s bench -- peers | levers | feel | report | encoder | service | a.whl …"""
    install(session, "bench")
    session.run("python", "-m", "scripts.fetch_whisper_cpp")
    session.run("python", "-m", "wheels.bench", *session.posargs)

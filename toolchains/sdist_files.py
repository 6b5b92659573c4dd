"""What goes into an sdist: the files that git tracks, and the part of whisper.cpp that is compiled."""

from __future__ import annotations

from scripts.command import capture
from scripts.errors import BuildError
from scripts.pins import ROOT
from scripts.whisper_cpp import SOURCES, is_fetched
from toolchains.subset import needed

# Where the tree lies in a checkout and in an sdist, for CMakeLists.txt finds it there.
TREE = SOURCES.relative_to(ROOT).as_posix()


def is_checkout() -> bool:
    """Say whether this is git's own working tree, and not a copy inside somebody else's."""
    return (ROOT / ".git").exists()


def tracked() -> list[str]:
    """Return the relative names of all files that git tracks; BuildError where one is not there."""
    names = capture(["git", "ls-files", "-z"], cwd=ROOT).rstrip("\0").split("\0")
    missing = sorted({name for name in names if not (ROOT / name).is_file()})
    if missing:
        raise BuildError(
            f"git tracks files that are not in {ROOT}: {', '.join(missing)}; restore or remove them"
        )
    return sorted(set(names))


def compiled() -> list[str]:
    """Return what is compiled of the fetched tree; BuildError where there is none, or an outdated one."""
    if is_checkout() and not is_fetched():
        state = "is not what pins and patches now say" if SOURCES.is_dir() else "is not there"
        raise BuildError(f"an sdist carries whisper.cpp, and {SOURCES} {state}; run: nox -s fetch")
    return [f"{TREE}/{name}" for name in needed(SOURCES)]

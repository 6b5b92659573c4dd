"""Seal a folder of finished wheels: check each, then write the provenance and SHA256SUMS beside them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename

from scripts.command import entry_point
from scripts.errors import BuildError
from wheels import provenance, sums
from wheels.bazel_backend import git_state
from wheels.maker import says
from wheels.matrix import kept, promised
from wheels.verify import verify


def products(folder: Path) -> list[Path]:
    """The wheels and sdists of a folder that a release may hold, sorted by name.

    A wheel that nothing is promised about (one for some CPUs only, or for this machine) is no part of it.
    """
    found = [file for file in sorted(folder.glob("*.whl")) if _is_promised(file)]
    return sorted([*found, *(file for file in folder.glob("*.tar.gz") if _is_sdist(file))])


def _is_promised(wheel: Path) -> bool:
    try:
        return kept(wheel.name) is not None
    except InvalidWheelFilename:
        return False


def _is_sdist(file: Path) -> bool:
    try:
        return parse_sdist_filename(file.name)[0] == "pywhispercpp"
    except InvalidSdistFilename:
        return False


def seal(folder: Path) -> list[Path]:
    """Verify every wheel, then write the provenance and, last, SHA256SUMS; return what the sums name.

    Raises BuildError, and leaves no SHA256SUMS, where a wheel has findings or is of another commit.
    """
    (folder / sums.NAME).unlink(missing_ok=True)
    files = products(folder)
    _require_good(files)
    _require_commit(files)
    told = folder / provenance.file_name(files)
    _write(told, provenance.render(files))
    _write(folder / sums.NAME, sums.render([*files, told]))
    return [*files, told]


def _require_good(files: Sequence[Path]) -> None:
    """Stop where a wheel has findings, and name them all."""
    lines = [f"  {f.name}: {finding}" for f in files if f.suffix == ".whl" for finding in verify(f)]
    if lines:
        raise BuildError("not good enough to be released:\n" + "\n".join(lines))


def _require_commit(files: Sequence[Path]) -> None:
    """Stop where a wheel was built from another commit than the provenance is about to say."""
    state = git_state()
    others = [file.name for file in files if file.suffix == ".whl" and not says(file, state)]
    if others:
        raise BuildError(f"built from another commit than {state}, build again:\n  " + "\n  ".join(others))


def _write(file: Path, text: str) -> None:
    """Write beside, then rename."""
    partial = file.with_name(f".{file.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def require_complete(folder: Path) -> None:
    """Stop where a promised wheel or the sdist is missing, and name them all."""
    files = products(folder)
    there = {kept(file.name) for file in files if file.suffix == ".whl"}
    missing = [promise.tag for promise in promised() if promise not in there]
    if not any(file.name.endswith(".tar.gz") for file in files):
        missing.append("the sdist")
    if missing:
        raise BuildError(f"{folder} is not the whole release; missing:\n  " + "\n  ".join(missing))


def problems(folder: Path) -> list[str]:
    """What does not fit in a sealed folder, a line each: sums, provenance, files that neither names."""
    named = sums.read(folder)
    told = [folder / name for name in named if name.endswith(provenance.SUFFIX)]
    listed = [folder / name for name in named if folder / name not in told]
    found = sums.problems(folder)
    if len(told) != 1:
        found.append(f"{sums.NAME}: names {len(told)} provenance files, not one; run: nox -s seal")
    found += [line for file in told if file.is_file() for line in provenance.problems(file, listed)]
    strangers = [file.name for file in products(folder) if file.name not in named]
    found += [f"{name}: is not in {sums.NAME}; it is of another build, take it away" for name in strangers]
    # A file that is gone or changed is told once, by the sums.
    seen: dict[str, str] = {}
    for line in found:
        seen.setdefault(line.partition(":")[0], line)
    return list(seen.values())


def main(argv: Sequence[str]) -> None:
    """Seal a folder, or with --check say whether its seal holds; exit with 1 where it does not."""
    parser = argparse.ArgumentParser(prog="nox -s seal --", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="change nothing: do the seal and the files fit?")
    parser.add_argument("--complete", action="store_true", help="demand every promised wheel and the sdist")
    given = parser.parse_args(argv)
    if given.complete:
        require_complete(given.folder)
    if not given.check:
        seal(given.folder)
    if found := problems(given.folder):
        raise BuildError(f"{given.folder} is not what it was sealed as:\n  " + "\n  ".join(found))
    print(f"{given.folder}: {len(sums.read(given.folder))} files, as {sums.NAME} and the provenance say")


if __name__ == "__main__":
    entry_point(main)

"""Takes packages and sources of any suite and architecture out of Debian's archive, through apt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import apt
from scripts.command import capture, run
from scripts.errors import BuildError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Archive:
    """An opened archive: apt with this environment knows the suites it was opened for."""

    environment: Mapping[str, str]

    def source(self, name: str, suite: str, folder: Path) -> Path:
        """Download the source package `name` of a suite into `folder`; return its upstream archive."""
        run(
            ["apt-get", "-qq", "source", "--download-only", f"{name}/{suite}"],
            cwd=folder,
            env=self.environment,
        )
        (found,) = [path for path in folder.glob("*.orig.tar.*") if not path.name.endswith(".asc")]
        return found

    def package(self, name: str, suite: str, folder: Path) -> None:
        """Unpack the package `name` of a suite into `folder`; nothing is installed or run."""
        place = Path(self.environment["APT_CONFIG"]).parent
        run(["apt-get", "-qq", "download", f"{name}/{suite}"], cwd=place, env=self.environment)
        (file,) = place.glob(f"{name}_*.deb")
        run(["dpkg-deb", "--extract", file, folder])


def open_archive(suites: Sequence[str], arch: str, folder: Path) -> Archive:
    """Have apt read what is in `suites`, sources and packages for `arch`, keeping its notes in `folder`."""
    apt.require_tools("Debian's archive is read")
    if not KEYRING.is_file():
        raise BuildError(
            f"{KEYRING} is missing, apt could not verify anything: install debian-archive-keyring"
        )
    sources = folder / "sources.list"
    settings = {"Dir::Etc::SourceList": str(sources), "Dir::Etc::SourceParts": "-"}
    configuration = apt.configure(arch, folder, settings)
    sources.write_text(_sources(_mirror(), suites), encoding="utf-8")
    archive = Archive({"APT_CONFIG": str(configuration.absolute())})
    run(["apt-get", "-qq", "update"], env=archive.environment)
    return archive


def _mirror() -> str:
    """The mirror of Debian that this machine uses; that of a special suite, such as security, has no more."""
    lines = capture(["apt-get", "indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)"]).splitlines()
    found = [
        uri for origin, release, uri in map(str.split, lines) if origin == "Debian" and "-" not in release
    ]
    if not found:
        raise BuildError("apt knows no mirror of Debian here; use Debian, or run apt-get update once")
    return found[0]


def _sources(mirror: str, suites: Sequence[str]) -> str:
    """A sources.list: packages and sources of the main component of each suite."""
    return "".join(
        f"{kind} [signed-by={KEYRING}] {mirror} {suite} main\n"
        for suite in suites
        for kind in ("deb", "deb-src")
    )

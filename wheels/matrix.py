"""What a release holds, as data: each promised wheel is a Python, a target, and the road it comes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import BuildTag, parse_wheel_filename

from scripts.errors import BuildError
from toolchains import targets
from toolchains.profiles import PORTABLE

#: The CPython versions that wheels are promised for; a `t` at the end is the free-threaded build.
#: `build` of [tool.cibuildwheel] in pyproject.toml says the same, and a test holds the two together.
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.14t")


@dataclass(frozen=True)
class Target:
    """Where a wheel runs: its platform tag, the road it comes by, the Pythons it is promised for."""

    platform: str
    # "cibuildwheel": built and run on a machine of that kind. "zig": built elsewhere, run by emulation.
    road: str = "cibuildwheel"
    pythons: tuple[str, ...] = PYTHONS

    @property
    def arch(self) -> str:
        """The machine, as platform tags name it: `x86_64`, `aarch64`, `armv7l`."""
        return self.platform.split("_", 3)[3]

    @property
    def system(self) -> str:
        """`manylinux` or `musllinux`."""
        return self.platform.split("_")[0]


#: The targets of toolchains/targets.bzl that are released.
TARGETS = {
    "x86_64": Target("manylinux_2_17_x86_64"),
    "aarch64": Target("manylinux_2_17_aarch64"),
    "x86_64-musl": Target("musllinux_1_2_x86_64"),
    "aarch64-musl": Target("musllinux_1_2_aarch64"),
    # No runner has such a CPU: promised for the Python that it is run with under emulation, Debian 12's.
    "armv7l": Target("manylinux_2_17_armv7l", road="zig", pythons=("3.11",)),
}


@dataclass(frozen=True)
class Promise:
    """One wheel of a release."""

    python: str
    target: str

    @property
    def where(self) -> Target:
        """The target's entry."""
        return TARGETS[self.target]

    @property
    def profile(self) -> str:
        """What its target is built with: all CPU variants, chosen at run time, where the machine has any."""
        return str(targets.find(self.target)["profile"])

    @property
    def abi(self) -> str:
        """The ABI tag: `cp311`, `cp314t`."""
        return "cp" + self.python.replace(".", "")

    @property
    def tag(self) -> str:
        """The end of the wheel's file name."""
        return f"{self.abi.rstrip('t')}-{self.abi}-{self.where.platform}"

    @property
    def builds(self) -> tuple[BuildTag, ...]:
        """The build tags its wheel may have: none, or the profile where that is another than `portable`."""
        return ((),) if self.profile == PORTABLE else ((), (1, self.profile.replace("-", "_")))

    @property
    def identifier(self) -> str:
        """The name of this build in cibuildwheel."""
        return f"{self.abi}-{self.where.system}_{self.where.arch}"


def promised(pythons: Sequence[str] = (), names: Sequence[str] = (), road: str = "") -> list[Promise]:
    """The promised wheels, of some Pythons, targets and one road only where these are given.

    Raises BuildError with the list of what is known for a Python or a target that is not in it.
    """
    _require_known("Python", pythons, PYTHONS)
    _require_known("target", names, TARGETS)
    return [
        Promise(python, name)
        for name, target in TARGETS.items()
        for python in target.pythons
        if name in (names or TARGETS) and python in (pythons or PYTHONS) and road in ("", target.road)
    ]


def _require_known(what: str, asked: Sequence[str], known: Sequence[str] | dict[str, Target]) -> None:
    """Stop at the first word that nothing is promised for."""
    for word in asked:
        if word not in known:
            raise BuildError(f"no wheel is promised for the {what} {word!r}; there are: {', '.join(known)}")


def kept(file_name: str) -> Promise | None:
    """The promise that a wheel keeps, by its file name; None for a wheel that no release holds.

    A build tag (`-1native-`, `-1pi4-`) says that a wheel is for some CPUs only: such a one is never released.
    """
    _, _, build, tags = parse_wheel_filename(file_name)
    names = {str(tag) for tag in tags}
    found = [promise for promise in promised() if names == {promise.tag}]
    return found[0] if found and build in found[0].builds else None

"""Holds each library's code against its promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from scripts.errors import BuildError
from wheels.archive import Wheel
from wheels.elf import ElfError, ElfFile
from wheels.isa import arm64, x86
from wheels.isa.code import Code, read_code
from wheels.isa.promise import Promise, promise_for
from wheels.isa.reach import UNKNOWN, walk

READERS: dict[str, ModuleType] = {"x86_64": x86, "aarch64": arm64}
#: Machines whose code is not read, and why: their wheels are proven by running them alone.
NOT_READ = {"armv7l": "numbers stand between its instructions, and a stripped library does not say where"}


@dataclass(frozen=True)
class Place:
    """One instruction: what it needs and where it stands, in words."""

    features: frozenset[str]
    text: str


@dataclass(frozen=True)
class Report:
    """What was found in one library. `early`: beyond every CPU, in what runs before a CPU was chosen for."""

    library: str
    promise: Promise | None
    found: frozenset[str] = frozenset()
    outside: tuple[Place, ...] = ()
    unreadable: tuple[Place, ...] = ()
    early: tuple[Place, ...] = ()
    unproven: str = ""
    not_read: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise is proven."""
        return not (self.outside or self.unreadable or self.early or self.unproven)


def audit(wheel: Wheel) -> Iterator[Report]:
    """A report on every library of a wheel, in the order of their names."""
    for library in wheel.libraries:
        try:
            yield _audit(wheel, library)
        except (BuildError, ElfError) as error:
            yield Report(library.name, None, unproven=str(error))


def _audit(wheel: Wheel, library: ElfFile) -> Report:
    promise = promise_for(wheel, library)
    if library.machine in NOT_READ:
        return Report(library.name, promise, not_read=NOT_READ[library.machine])
    if library.machine not in READERS:
        raise BuildError(f"no reader of {library.machine} code is in wheels/isa")
    reader = READERS[library.machine]
    code = read_code(library.name, wheel.members[library.name])
    places = list(_survey(code, reader))
    return Report(
        library.name,
        promise,
        frozenset(name for place in places for name in place.features) - {UNKNOWN},
        tuple(_one_each(_beyond(places, promise))),
        tuple(place for place in places if UNKNOWN in place.features),
        tuple(_one_each(_early(code, reader))) if code.scores else (),
    )


def _survey(code: Code, reader: ModuleType) -> Iterator[Place]:
    """Each kind of instruction that not every CPU has, once."""
    for section in code.sections:
        for address, features in reader.survey(section.data, section.address).items():
            what = reader.describe(section.data, section.address, address)
            yield Place(features, f"{section.name}+0x{address:x} {what}")


def _beyond(places: list[Place], promise: Promise) -> Iterator[Place]:
    """The places that need more than is promised, each with no more than that."""
    for place in places:
        extra = place.features - promise.features - {UNKNOWN}
        if extra:
            yield Place(extra, place.text)


def _early(code: Code, reader: ModuleType) -> Iterator[Place]:
    """What is beyond every CPU in the code that runs while ggml only asks whether a library fits."""
    for name, start in code.starts.items():
        for address, step in sorted(walk(code, [start], reader.step).items()):
            section = code.at(address)
            if step.features and section:
                what = reader.describe(section.data, section.address, address)
                yield Place(step.features, f"{name} reaches 0x{address:x} {what}")


def _one_each(places: Iterator[Place]) -> Iterator[Place]:
    """The first place of each set of features: one compiler flag too much makes thousands of them."""
    seen: set[frozenset[str]] = set()
    for place in places:
        if place.features not in seen:
            seen.add(place.features)
            yield place

"""What an ELF file says about itself: machine, links, versions, hardening."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from elftools.common.exceptions import ELFError, ELFParseError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64", "EM_ARM": "armv7l", "EM_386": "i686"}
_LIBRARY_NAME = re.compile(r"\.so(\.\d+)*$")
#: How the C libraries and their loaders are called; zig links `libc.so` for musl, Alpine the longer name.
_GLIBC = re.compile(r"libc\.so\.6|ld-linux.*\.so\.\d+")
_MUSL = re.compile(r"libc\.so|libc\.musl-.*\.so\.1|ld-musl-.*\.so\.1")
_PF_X = 1


class ElfError(Exception):
    """A file that is not a readable ELF library; `name` is its path in the wheel."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


@dataclass(frozen=True)
class ElfFile:
    """The facts of one ELF file that the checks ask for. `name` is its path in the wheel."""

    name: str
    machine: str
    needed: tuple[str, ...]
    run_paths: tuple[str, ...]
    versions: frozenset[str]
    modules: tuple[str, ...]
    sections: frozenset[str]
    executable_stack: bool
    relro: bool

    @property
    def file_name(self) -> str:
        """The name without its folders."""
        return PurePosixPath(self.name).name

    @property
    def libc(self) -> str:
        """The C library it is linked against: `glibc`, `musl`, or empty where it needs none by name."""
        if any(_GLIBC.fullmatch(needed) for needed in self.needed):
            return "glibc"
        return "musl" if any(_MUSL.fullmatch(needed) for needed in self.needed) else ""


def is_library(name: str, data: bytes) -> bool:
    """Whether a file is an ELF file or is named like a shared library."""
    return data[:4] == b"\x7fELF" or _LIBRARY_NAME.search(name) is not None


def parse_elf(name: str, data: bytes) -> ElfFile:
    """Read the facts of an ELF file; raises ElfError for anything that is not one."""
    try:
        return _read(name, ELFFile(io.BytesIO(data)))
    except (ELFError, ELFParseError, ValueError, KeyError, AttributeError, OverflowError, TypeError) as error:
        # pyelftools meets damage with several kinds of exception; to us they all mean the same.
        raise ElfError(name, str(error) or type(error).__name__) from error


def _read(name: str, elf: ELFFile) -> ElfFile:
    """Collect the facts from an open ELF file."""
    dynamic = _dynamic(elf)
    stack = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_GNU_STACK"]
    machine = str(elf["e_machine"])
    return ElfFile(
        name=name,
        machine=_MACHINES.get(machine, machine),
        needed=tuple(dynamic["DT_NEEDED"]),
        run_paths=tuple(dynamic["DT_RPATH"] + dynamic["DT_RUNPATH"]),
        versions=frozenset(_needed_versions(elf)),
        modules=tuple(_init_functions(elf)),
        sections=frozenset(section.name for section in elf.iter_sections()),
        # Without the header the kernel gives the whole process an executable stack.
        executable_stack=not stack or any(segment["p_flags"] & _PF_X for segment in stack),
        relro=any(segment["p_type"] == "PT_GNU_RELRO" for segment in elf.iter_segments()),
    )


def _dynamic(elf: ELFFile) -> dict[str, list[str]]:
    """The strings of the dynamic section by their tag."""
    found: dict[str, list[str]] = {"DT_NEEDED": [], "DT_RPATH": [], "DT_RUNPATH": []}
    attributes = {"DT_NEEDED": "needed", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            for entry in section.iter_tags():
                tag = str(entry.entry.d_tag)
                if tag in found:
                    found[tag].append(str(getattr(entry, attributes[tag])))
    return found


def _needed_versions(elf: ELFFile) -> list[str]:
    """Symbol versions wanted from other libraries, such as GLIBC_2.34; the loader's own do not count."""
    versions: list[str] = []
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for library, entries in section.iter_versions():
                if not str(library.name).startswith("ld-linux"):
                    versions += [str(entry.name) for entry in entries]
    return versions


def _init_functions(elf: ELFFile) -> list[str]:
    """The Python modules whose PyInit function this file exports."""
    table = elf.get_section_by_name(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return []
    return [
        symbol.name[len("PyInit_") :]
        for symbol in table.iter_symbols()
        if symbol.name.startswith("PyInit_") and symbol["st_shndx"] != "SHN_UNDEF"
    ]

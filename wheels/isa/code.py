"""The machine code of a library: its executable sections, and where the loader or ggml starts to run it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from elftools.common.exceptions import ELFError, ELFParseError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection, RelrRelocationSection
from elftools.elf.sections import Section as ElfSection
from elftools.elf.sections import SymbolTableSection

from wheels.elf import ElfError

_EXECUTABLE = 0x4
#: Relocations that add the load address, or that of a symbol, to a number in the table.
_RELATIVE = {"EM_X86_64": 8, "EM_AARCH64": 1027}
_SCORE = "ggml_backend_score"


@dataclass(frozen=True)
class CodeSection:
    """Executable bytes and the address of the first, as the file counts addresses."""

    name: str
    address: int
    data: bytes

    def __contains__(self, address: int) -> bool:
        return self.address <= address < self.address + len(self.data)


@dataclass(frozen=True)
class Code:
    """All code of one library.

    `starts`: what runs while it is loaded, and ggml's score, by name. `pointers`: where the loader writes
    the address of a function of this library, and that address; exported functions call each other so.
    """

    sections: tuple[CodeSection, ...]
    starts: dict[str, int]
    pointers: dict[int, int]

    @property
    def scores(self) -> bool:
        """Whether ggml may load this library on any CPU, only to ask whether it fits."""
        return _SCORE in self.starts

    def at(self, address: int) -> CodeSection | None:
        """The section that holds an address."""
        return next((section for section in self.sections if address in section), None)


def read_code(name: str, data: bytes) -> Code:
    """Read the code of an ELF file; raises ElfError for a damaged one, or one without a section table."""
    try:
        elf = ELFFile(io.BytesIO(data))
        sections = tuple(_executable(elf))
        if not any(section.data for section in sections):
            raise ElfError(name, "its section table names no code")
        pointers = dict(_relocations(elf))
        return Code(sections, dict(_starts(elf, pointers)), pointers)
    except (ELFError, ELFParseError, ValueError, KeyError, AttributeError, OverflowError, TypeError) as error:
        # As in wheels/elf.py: pyelftools meets damage with several kinds of exception.
        raise ElfError(name, str(error) or type(error).__name__) from error


def _executable(elf: ELFFile) -> Iterator[CodeSection]:
    for section in elf.iter_sections():
        if section["sh_flags"] & _EXECUTABLE and section["sh_type"] != "SHT_NOBITS":
            yield CodeSection(section.name, section["sh_addr"], section.data())


def _starts(elf: ELFFile, pointers: dict[int, int]) -> Iterator[tuple[str, int]]:
    """DT_INIT, the entries of the init arrays, and ggml_backend_score where it is exported."""
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            yield from ((".init", tag["d_val"]) for tag in section.iter_tags("DT_INIT"))
        elif section["sh_type"] in ("SHT_INIT_ARRAY", "SHT_PREINIT_ARRAY"):
            yield from _array(section, pointers)
    table = elf.get_section_by_name(".dynsym")
    if isinstance(table, SymbolTableSection):
        for symbol in table.get_symbol_by_name(_SCORE) or []:
            if symbol["st_shndx"] != "SHN_UNDEF":
                yield _SCORE, symbol["st_value"]


def _array(table: ElfSection, pointers: dict[int, int]) -> Iterator[tuple[str, int]]:
    """The addresses in an array of functions: in a relocation, or in place where that is packed (RELR)."""
    for index, (value,) in enumerate(struct.iter_unpack("<Q", table.data())):
        target = pointers.get(table["sh_addr"] + 8 * index) or value
        if target not in (0, 2**64 - 1):
            yield f"{table.name}[{index}]", target


def _relocations(elf: ELFFile) -> Iterator[tuple[int, int]]:
    """Place -> address that the loader writes there, as far as it lies in this file."""
    for section in elf.iter_sections():
        if isinstance(section, RelrRelocationSection) or not isinstance(section, RelocationSection):
            continue
        symbols = elf.get_section(section["sh_link"])
        for relocation in section.iter_relocations():
            if relocation["r_info_type"] == _RELATIVE.get(elf["e_machine"]):
                yield relocation["r_offset"], relocation["r_addend"]
            elif isinstance(symbols, SymbolTableSection) and relocation["r_info_sym"]:
                symbol = symbols.get_symbol(relocation["r_info_sym"])
                if symbol["st_shndx"] != "SHN_UNDEF":
                    yield relocation["r_offset"], symbol["st_value"] + relocation["r_addend"]

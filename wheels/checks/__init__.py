"""The checks of a wheel, in the order of their codes; each is a function from a Wheel to its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wheels.archive import Wheel
from wheels.checks import contents, elf, isa, licences, metadata, openvino, record, sbom, size, tag
from wheels.codes import Finding

Check = Callable[[Wheel], Iterator[Finding]]

ALL: tuple[Check, ...] = (
    record.check_record,
    tag.check_file_name_against_wheel,
    tag.check_plain_linux,
    tag.check_machine,
    tag.check_extensions,
    tag.check_platform,
    tag.check_second_opinion,
    tag.check_purelib,
    elf.check_needed,
    elf.check_run_paths,
    elf.check_stripped,
    elf.check_stack,
    elf.check_relro,
    elf.check_readable,
    isa.check_isa,
    contents.check_leftovers,
    contents.check_build_paths,
    contents.check_required,
    contents.check_top_level,
    licences.check_texts,
    licences.check_declared,
    sbom.check_sbom,
    metadata.check_valid,
    metadata.check_entry_points,
    metadata.check_identity,
    openvino.check_pin,
    openvino.check_build_tag,
    size.check_size,
)

"""Which OpenVINO a wheel is linked with, which one it pins, and how the pin is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scripts.errors import BuildError
from wheels import archive
from wheels.elf import parse_elf
from wheels.openvino import linked_version, needs_openvino, pins, with_pin

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop

METADATA = """\
Metadata-Version: 2.4
Name: pywhispercpp
Requires-Dist: numpy>=1.23
Requires-Dist: openvino>=2024.3; extra == "openvino"
Provides-Extra: openvino

# A text

Requires-Dist: this is not one
"""


def test_an_extra_pins_nothing() -> None:
    assert pins(METADATA) == []


def test_the_pin_goes_to_the_other_requirements_and_changes_nothing_else() -> None:
    pinned = with_pin(METADATA, "2026.4.1")
    assert pins(pinned) == ["==2026.4.1"]
    added = set(pinned.splitlines()) - set(METADATA.splitlines())
    assert added == {"Requires-Dist: openvino==2026.4.1"}
    assert pinned.splitlines().index("Requires-Dist: openvino==2026.4.1") == 4
    assert with_pin(pinned, "2026.4.1") == pinned


def test_another_pin_does_not_hide() -> None:
    assert pins(with_pin(with_pin(METADATA, "2026.4.1"), "2024.6.0")) == ["==2026.4.1", "==2024.6.0"]


def test_the_version_is_read_from_the_library(workshop: Workshop) -> None:
    linked = archive.load(workshop.linked(version="2024.6.0")).libraries
    assert linked_version(linked) == "2024.6.0"
    assert [library.file_name.split(".")[0] for library in linked if needs_openvino(library)] == ["_cpu"]
    assert linked_version(workshop.wheel.libraries) == ""


def test_two_versions_are_no_version(workshop: Workshop) -> None:
    one = parse_elf("pywhispercpp/_cpu.so", workshop.compile())
    both = [replace(one, needed=(f"libopenvino_c.so.{number}",)) for number in ("2641", "2460")]
    with pytest.raises(BuildError, match=r"one version of OpenVINO, found 2024\.6\.0 and 2026\.4\.1"):
        linked_version(both)

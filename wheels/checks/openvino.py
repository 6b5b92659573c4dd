"""Checks of a wheel that is linked with OpenVINO: it pins that version, and its name says so."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import parse_wheel_filename

from scripts.errors import BuildError
from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.openvino import linked_version, pins
from wheels.promises import OPENVINO_BUILD, OPENVINO_PACKAGE


def check_pin(wheel: Wheel) -> Iterator[Finding]:
    """METADATA demands exactly the version that is linked; of a wheel that links none, no version at all."""
    try:
        version = linked_version(wheel.libraries)
    except BuildError as error:
        yield Finding(Code.PW063, str(error))
        return
    found, wanted = pins(wheel.text("METADATA")), [f"=={version}"] if version else []
    if found != wanted:
        has, needs = (" and ".join(OPENVINO_PACKAGE + pin for pin in those) for those in (found, wanted))
        yield Finding(
            Code.PW063, f"METADATA demands {has or 'none'}, the libraries are linked with {needs or 'none'}"
        )


def check_build_tag(wheel: Wheel) -> Iterator[Finding]:
    """The build tag tells a linked wheel from the one that runs with and without OpenVINO."""
    build = parse_wheel_filename(wheel.path.name)[2]
    told = str(build[1]).endswith(OPENVINO_BUILD) if build else False
    linked = any(pins(wheel.text("METADATA")))
    if told != linked:
        says = f"ends in {OPENVINO_BUILD}" if told else f"does not end in {OPENVINO_BUILD}"
        yield Finding(Code.PW064, f"the build tag {says}, and OpenVINO is {'' if linked else 'not '}pinned")

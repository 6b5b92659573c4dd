"""Factories for broken wheels: a copy of the good one with exactly one thing changed."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from scripts.openvino import c_library
from wheels import archive, elf, record
from wheels.openvino import with_pin
from wheels.promises import OPENVINO_RUN_PATH
from wheels.tag import platform_tag

#: How a module that is linked with OpenVINO finds it again.
FIND_OPENVINO = f"-Wl,-rpath,{OPENVINO_RUN_PATH}"
MODULE_C = """
#include <stdio.h>
__attribute__((visibility("default"))) void *PyInit_{module}(void) {{ puts("made for a test"); return 0; }}
"""


@dataclass
class Workshop:
    """Makes changed copies of one good wheel, each in a folder of its own below `folder`."""

    good: Path
    folder: Path
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.wheel = archive.load(self.good)
        self.dist_info = self.wheel.dist_info

    def fresh(self) -> Path:
        """An empty folder."""
        place = self.folder / str(next(self._numbers))
        place.mkdir()
        return place

    def members(self) -> dict[str, bytes]:
        """The files of the good wheel, to be changed."""
        return dict(self.wheel.members)

    def info(self, name: str) -> str:
        """The path of a file in the dist-info folder."""
        return f"{self.dist_info}/{name}"

    def library(self, module: str) -> str:
        """The path of an extension module in the good wheel."""
        return next(name for name in self.wheel.members if name.startswith(f"pywhispercpp/{module}."))

    def save(self, members: dict[str, bytes], *, name: str = "", new_record: bool = True) -> Path:
        """Write a wheel; with a RECORD that is true about the changed files unless told not to."""
        if new_record:
            record_name = self.info("RECORD")
            members[record_name] = record.render(members, record_name)
        path = self.fresh() / (name or self.good.name)
        archive.write(path, members)
        return path

    def add(self, name: str, data: bytes) -> Path:
        """The good wheel with one file more, or another one in its place."""
        return self.save({**self.members(), name: data})

    def drop(self, name: str) -> Path:
        """The good wheel with one file less."""
        members = self.members()
        del members[name]
        return self.save(members)

    def replace(self, name: str, old: str, new: str) -> Path:
        """The good wheel with words replaced in one file; they must be there."""
        text = self.wheel.members[name].decode()
        assert old in text
        return self.add(name, text.replace(old, new).encode())

    def raw_zip(self, change: Callable[[zipfile.ZipFile], None]) -> Path:
        """A copy of the good wheel after `change` has appended to the archive."""
        path = shutil.copy(self.good, self.fresh())
        with zipfile.ZipFile(path, "a") as opened:
            change(opened)
        return Path(path)

    def retag(self, tag: str, for_every_cpu: bool = False) -> Path:
        """The good wheel under another tag, in file name and WHEEL alike; if asked without its build tag."""
        parts = self.good.name[: -len(".whl")].split("-")
        dropped = ("Tag:", "Build:") if for_every_cpu else ("Tag:",)
        lines = self.wheel.text("WHEEL").splitlines()
        kept = [line for line in lines if line and not line.startswith(dropped)]
        members = self.members()
        members[self.info("WHEEL")] = "\n".join([*kept, f"Tag: {tag}", ""]).encode()
        return self.save(members, name="-".join([*parts[: 2 if for_every_cpu else -3], tag]) + ".whl")

    def portable(self, libraries: dict[str, bytes]) -> Path:
        """A wheel for every CPU: these libraries, small extension modules, and the tag they allow."""
        members = {name: data for name, data in self.members().items() if not name.endswith(".so")}
        members |= libraries | {self.library(m): self.compile(module=m) for m in ("_core", "_cpu")}
        found = [elf.parse_elf(name, data) for name, data in members.items() if name.endswith(".so")]
        python = next(iter(self.wheel.name.tags))
        tag = f"{python.interpreter}-{python.abi}-{platform_tag(found)}"
        lines = [
            line for line in self.wheel.text("WHEEL").splitlines() if not line.startswith(("Tag:", "Build:"))
        ]
        members[self.info("WHEEL")] = "\n".join([*filter(None, lines), f"Tag: {tag}", ""]).encode()
        return self.save(members, name=f"{self.dist_info.replace('.dist-info', '')}-{tag}.whl")

    def linked(
        self, *flags: str, version: str = "2026.4.1", pin: str = "2026.4.1", build: str = "_openvino"
    ) -> Path:
        """A wheel whose `_cpu` is linked with a stand-in for OpenVINO; `pin` "": METADATA pins none."""
        stand_in = self.fresh() / c_library(version)
        stand_in.write_bytes(self.compile(f"-Wl,-soname,{stand_in.name}", module="stand_in"))
        members = self.members()
        members[self.library("_cpu")] = self.compile("-Wl,--no-as-needed", str(stand_in), *flags)
        if pin:
            members[self.info("METADATA")] = with_pin(self.wheel.text("METADATA"), pin).encode()
        return self.save(members, name=re.sub(r"-(1\w+)-cp", rf"-\1{build}-cp", self.good.name))

    def compile(self, *flags: str, module: str = "_cpu", strip: bool = True) -> bytes:
        """A small extension module, or library where `module` is empty; stripped and hardened unless told."""
        place = self.fresh()
        (place / "module.c").write_text(MODULE_C.format(module=module) if module else "")
        hardened = [*["-s"] * strip, "-Wl,-z,relro", "-Wl,-z,noexecstack", "-fvisibility=hidden"]
        command = ["gcc", "-shared", "-fPIC", "-O1", *hardened, "module.c", "-o", "module.so", *flags]
        subprocess.run(command, cwd=place, check=True)
        return (place / "module.so").read_bytes()

    def source(self, text: str) -> str:
        """The path of a C file more, for `compile` and `with_library`."""
        path = self.fresh() / "more.c"
        path.write_text(text)
        return str(path)

    def with_library(self, *flags: str) -> Path:
        """The good wheel with `_cpu` compiled anew with these flags."""
        return self.add(self.library("_cpu"), self.compile(*flags))


@pytest.fixture(scope="session")
def workshop(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The place where broken copies of the good wheel are made."""
    return Workshop(wheel, tmp_path_factory.mktemp("workshop"))

"""The codes of the wheel checks: one line each, what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Code(Enum):
    """Everything `python -m wheels.verify` can find; the name is what it prints, the value its meaning."""

    PW001 = "the file cannot be read as a zip archive; build or copy it again"
    PW002 = "the file name is not a valid wheel name; keep NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
    PW003 = "an archive member would unpack outside its place; use relative, unique, plain file names"
    PW004 = "the dist-info folder is missing or incomplete; build it for the name and version of the file"

    PW010 = "RECORD is missing or unreadable; write it with wheels.collect"
    PW011 = "a file is not listed in RECORD; write RECORD after the last file"
    PW012 = "RECORD lists a file that is not in the wheel; write RECORD after the last file"
    PW013 = "a hash or size differs from RECORD; the file changed after RECORD was written, build again"

    PW020 = "the tags in WHEEL and in the file name differ; rename wheels only with wheels.collect"
    PW021 = "the platform tag is plain linux, which no index takes; let wheels.collect compute it"
    PW022 = "a library is for another machine or C library than the tag; build with the right compiler"
    PW023 = "an extension module does not fit its file name or the Python tag; fix its suffix or its PyInit"
    PW024 = "the platform tag is not the one the ELF files allow; let wheels.collect compute it"
    PW025 = "auditwheel judges the platform otherwise; read `auditwheel show` before publishing"
    PW026 = "WHEEL calls a wheel with libraries pure; set Root-Is-Purelib: false"

    PW030 = "a needed library is not promised on every machine; link it statically or graft it"
    PW031 = "a library searches outside the wheel; keep only $ORIGIN in RPATH and RUNPATH"
    PW032 = "a library is not stripped; link with -s"
    PW033 = "a library asks for an executable stack; link with -z noexecstack"
    PW034 = "a library has no RELRO; link with -z relro"
    PW035 = "a library cannot be read as ELF; build it again"
    PW036 = "an instruction is outside the promise of its library; compile that for its profile or variant"
    PW037 = "code is no instruction that is known, or has no promise; see python -m wheels.isa"
    PW038 = "code that runs before a CPU variant is chosen needs more than every CPU; compile it without"
    PW039 = "a library does not search for the OpenVINO that it is linked with; link with its run path"

    PW040 = "a source, object or cache file is inside; leave it out of the wheel"
    PW041 = "a path of the build machine is inside; map it away with -ffile-prefix-map"
    PW042 = "a promised file is missing; add it to both build paths"
    PW043 = "a file lies outside the package; put it below pywhispercpp/"

    PW050 = "the licence text of a part is missing; add it below dist-info/licenses"
    PW051 = "the License-File entries and the licence files differ; declare exactly what is there"
    PW052 = "the bill of materials is missing, unreadable or incomplete; write it with toolchains/sbom.py"

    PW060 = "the metadata is not valid for an index; see `twine check --strict`"
    PW061 = "an entry point leads nowhere; name a module and a function that are in the wheel"
    PW062 = "the name or version in METADATA differs from the file name; build both from pyproject.toml"
    PW063 = "the OpenVINO that is linked and the one that is pinned differ; let wheels.collect pin it"
    PW064 = "the build tag does not say whether OpenVINO is linked; build with --openvino=linked, or without"

    PW070 = "the wheel is larger than promised; find what grew before raising wheels/promises.py"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one wheel or sdist: the code (of their enum) and where, in words."""

    code: Enum
    detail: str

    def __str__(self) -> str:
        return f"{self.code.name}: {self.detail}: {self.code.value}"

"""Makes Python's headers fit every target: `cross_headers.py INCLUDE MULTIARCH OUT`.

Of all headers of CPython only pyconfig.h depends on the machine, and in it what matters for an extension are the
sizes of C's types. Those are replaced by the compiler's own words for them; the rest is linked as it is.
Runs by itself with nothing installed: a Bazel repository rule and wheels/cmake_backend.py call it.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

# What pyconfig.h says -> what gcc and clang predefine.
PREDEFINED = {
    "DOUBLE": "__SIZEOF_DOUBLE__",
    "FLOAT": "__SIZEOF_FLOAT__",
    "INT": "__SIZEOF_INT__",
    "LONG": "__SIZEOF_LONG__",
    "LONG_DOUBLE": "__SIZEOF_LONG_DOUBLE__",
    "LONG_LONG": "__SIZEOF_LONG_LONG__",
    # On Linux an unsigned long.
    "PTHREAD_T": "__SIZEOF_LONG__",
    "SHORT": "__SIZEOF_SHORT__",
    "SIZE_T": "__SIZEOF_SIZE_T__",
    "UINTPTR_T": "__SIZEOF_POINTER__",
    "VOID_P": "__SIZEOF_POINTER__",
    "WCHAR_T": "__SIZEOF_WCHAR_T__",
}


def portable(pyconfig: str) -> str:
    """Return the text of pyconfig.h with the sizes that differ between machines left to the compiler."""

    def line(match: re.Match[str]) -> str:
        known = PREDEFINED.get(match["name"])
        return f"#define SIZEOF_{match['name']} {known}" if known else match[0]

    return re.sub(r"^#define SIZEOF_(?P<name>\w+) \d+$", line, pyconfig, flags=re.MULTILINE)


def pyconfig_in(include: Path, multiarch: str) -> Path:
    """Return the pyconfig.h that holds the settings: Debian's in python3.N/ only chooses one of several."""
    chosen = include.parent / multiarch / include.name / "pyconfig.h"
    return chosen if multiarch and chosen.is_file() else include / "pyconfig.h"


def make(include: Path, multiarch: str, out: Path) -> Path:
    """Fill the folder `out` anew and return it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for entry in include.iterdir():
        if entry.name != "pyconfig.h":
            (out / entry.name).symlink_to(entry)
    text = pyconfig_in(include, multiarch).read_text(encoding="utf-8")
    (out / "pyconfig.h").write_text(portable(text), encoding="utf-8")
    return out


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))

"""Prepare the container that cibuildwheel builds in: the factory's tools in a place of their own, the inputs.

Needs nothing but Python and its pip. The Pythons that wheels are built for stay clean: some of them are older
than the tools, and one of them runs this.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Where [tool.cibuildwheel] looks for the tools.
TOOLS = Path("/opt/pywhispercpp")
GROUP = "container"


def commands(tools: Path) -> list[list[str]]:
    """What is run: an environment, the dependency group (pip knows groups from 25.1 on), the inputs.

    Inputs that the checkout brought along are taken; pybind11 comes with the build requirements.
    """
    python = str(tools / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [
        [sys.executable, "-m", "venv", str(tools)],
        [*pip, "pip>=25.1"],
        [*pip, "--group", f"{ROOT / 'pyproject.toml'}:{GROUP}"],
        [python, "-m", "scripts.fetch_whisper_cpp"],
        [python, "-m", "scripts.fetch_zig"],
    ]


def main(argv: Sequence[str]) -> int:
    """Run the commands; the status of the first that fails, else 0."""
    parser = argparse.ArgumentParser(prog="python -m wheels.prepare_container", description=__doc__)
    parser.add_argument("--tools", type=Path, default=TOOLS, help=f"folder to make (default: {TOOLS})")
    for command in commands(parser.parse_args(argv).tools):
        print("+", *command, flush=True)
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

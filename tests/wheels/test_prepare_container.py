"""What cibuildwheel's container is prepared with, and that its settings name what is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wheels import prepare_container


def test_the_commands_make_the_place_that_the_settings_name(root: Path) -> None:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    python = f"{prepare_container.TOOLS}/bin/python"
    for module in ("wheels.collect", "wheels.smoke"):
        assert f"{python} -m {module} " in text
    first, *_, last = prepare_container.commands(prepare_container.TOOLS)
    assert first == [sys.executable, "-m", "venv", str(prepare_container.TOOLS)]
    assert last[0] == python


def test_the_checks_load_where_foreign_code_cannot_be_read(root: Path) -> None:
    # musl on aarch64: iced-x86 has no wheel for it, and the wheels built there hold no x86 code.
    hide = "import sys; sys.modules['iced_x86'] = None; sys.path.append(sys.argv[1]); import wheels.collect"
    subprocess.run([sys.executable, "-c", hide, str(root)], check=True)


def test_it_needs_nothing_but_python(root: Path) -> None:
    ask = ["-I", "-S", "-c", f"import sys; sys.path.append({str(root)!r}); import wheels.prepare_container"]
    subprocess.run([sys.executable, *ask], check=True)


def test_it_stops_at_the_first_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert prepare_container.main(["--tools", str(tmp_path / "file" / "tools")]) != 0
    assert capfd.readouterr().out.count("+ ") == 1

"""What a bug report tells of the machine: CPU, memory, system, Python, packages, environment."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["cpu", "environment", "packages", "system"]

# Read by this package, by what it loads, or by what it downloads with.
_VARIABLES = (
    "PYWHISPERCPP_CPU_VARIANT",
    "PYWHISPERCPP_MODELS_DIR",
    # Of the service's settings, what is no secret and decides what is computed.
    "CPU_FALLBACK_MODEL",
    "DEVELOP_MODE",
    "MAX_MODEL",
    "PYWHISPERCPP_BACKEND",
    "PYWHISPERCPP_MODEL",
    "PYWHISPERCPP_N_SESSIONS",
    "PYWHISPERCPP_N_THREADS",
    "UNLOAD_MODEL_AFTER_S",
    "HF_ENDPOINT",
    "OPENVINO_LIB_DIR",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NO_COLOR",
    "TERM",
    "LANG",
    "LC_ALL",
)


def cpu() -> dict[str, Any]:
    """The CPU: its name, how many of its cores this process may use, and its ISA features."""
    from pywhispercpp import _cpu
    from pywhispercpp.backend import missing_features

    return {
        "name": _cpu_name(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "features": _cpu.supported(),
        "missing": missing_features(),
    }


def _cpu_name() -> str:
    """As Linux tells it: `model name` on x86, the board's `Model` on a Raspberry Pi."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else "unknown"


def system() -> dict[str, Any]:
    """Python, the operating system, the C library and the memory."""
    libc = " ".join(platform.libc_ver()).strip()
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "os": _os_name(),
        "kernel": f"{platform.system()} {platform.release()}",
        "libc": libc or ("musl" if list(Path("/lib").glob("ld-musl-*")) else "unknown"),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6,
    }


def _os_name() -> str:
    for path in (Path("/etc/os-release"), Path("/usr/lib/os-release")):
        if path.is_file():
            found = re.search(r'^PRETTY_NAME="?([^"\n]*)', path.read_text(encoding="utf-8"), re.MULTILINE)
            if found:
                return found.group(1)
    return platform.platform()


def packages() -> dict[str, str | None]:
    """Every package that this one needs or can use -> its version; None where it is not installed."""
    wanted = sorted({re.split(r"[^\w.-]", line)[0] for line in metadata.requires("pywhispercpp") or []})
    return {name: _version(name) for name in wanted}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def environment() -> dict[str, str]:
    """The variables that matter here and are set; a password in the address of a proxy is not told."""
    named = [name for name in os.environ if name.upper() in _VARIABLES]
    return {name: re.sub(r"//[^/@\s]*@", "//…@", os.environ[name]) for name in sorted(named)}

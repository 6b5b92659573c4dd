"""Which CPU variant of ggml runs here: chosen from what the CPU has, loaded once, for the whole process."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp import _core, _cpu
from pywhispercpp.backend import build_info
from pywhispercpp.errors import BackendError, OptionError

#: Names the variant to use, in place of the best one.
ENVIRONMENT_VARIABLE = "PYWHISPERCPP_CPU_VARIANT"
_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class BackendInfo:
    """The CPU code that runs in this process, and why this one.

    Attributes:
        variant: the name of the CPU variant (`haswell`, `armv8.2_2`, …); in a wheel of one profile its name.
        reason: why it was taken, in words.
        forced: whether it was asked for by name.
        available: the variants whose library is there, the best first.
        unusable: those of them that the CPU cannot run, each with the ISA features that it lacks.
        library: the path of the variant's library; empty in a wheel of one profile, where all is linked in.
    """

    variant: str
    reason: str
    forced: bool
    available: tuple[str, ...]
    unusable: dict[str, tuple[str, ...]]
    library: str


_lock = threading.Lock()
_chosen: BackendInfo | None = None


def backend_info() -> BackendInfo:
    """Return which CPU variant runs here and why; chooses and loads it where no model has done so yet.

    Raises BackendError where none can be loaded, OptionError where PYWHISPERCPP_CPU_VARIANT names one that is
    not there or that this CPU cannot run. Source: the CPU itself (cpuid; getauxval on Arm), not /proc/cpuinfo.
    """
    return _load(None)


def use_cpu_variant(name: str) -> BackendInfo:
    """Use this CPU variant in place of the best one, for the whole process; call it before the first model.

    Wins over PYWHISPERCPP_CPU_VARIANT. Raises OptionError, with the list of those that would do, for a name that
    is not there, that this CPU cannot run, or that differs from what is loaded already.
    """
    return _load(name)


def _load(name: str | None) -> BackendInfo:
    """Choose and load, the first time; later only compare."""
    global _chosen
    with _lock:
        if _chosen is None:
            chosen = _choose(name)
            if chosen.library:
                _load_library(chosen.library)
            _chosen = chosen
        elif name is not None and name != _chosen.variant:
            raise OptionError(
                f"cpu_variant={name!r}: this process runs {_chosen.variant!r} already; choose before the first model"
            )
        return _chosen


def _variants() -> dict[str, tuple[str, ...]]:
    """The CPU variants this wheel was built with -> the ISA features each needs, the best first."""
    lines = [line.split() for line in _cpu.build_info()["variants"].split(";") if line]
    return {name: tuple(features) for name, *features in lines}


def _library(variant: str) -> Path:
    return _FOLDER / f"libggml-cpu-{variant}.so"


def _choose(name: str | None) -> BackendInfo:
    """Decide, without loading anything."""
    wanted = name or os.environ.get(ENVIRONMENT_VARIABLE) or None
    asked_by = "cpu_variant" if name else ENVIRONMENT_VARIABLE
    variants = _variants()
    if not variants:
        return _only(wanted, asked_by)
    supported = set(_cpu.supported())
    available = tuple(variant for variant in variants if _library(variant).is_file())
    lacks = {variant: tuple(f for f in variants[variant] if f not in supported) for variant in available}
    unusable = {variant: missing for variant, missing in lacks.items() if missing}
    usable = [variant for variant in available if variant not in unusable]
    if not usable:
        raise BackendError(_nothing_usable(available, unusable))
    if wanted is None:
        reason = f"the best of {len(available)} that this CPU can run"
        return BackendInfo(usable[0], reason, False, available, unusable, str(_library(usable[0])))
    if wanted not in usable:
        raise OptionError(_not_that_one(wanted, asked_by, usable, unusable))
    return BackendInfo(wanted, f"asked for by {asked_by}", True, available, unusable, str(_library(wanted)))


def _only(wanted: str | None, asked_by: str) -> BackendInfo:
    """The answer of a wheel of one profile."""
    profile = build_info().profile
    if wanted not in (None, profile):
        raise OptionError(
            f"{asked_by}={wanted!r}: this wheel holds one variant only, {profile!r}; a portable wheel holds several"
        )
    reason = f"built for the profile {profile!r}: the only one inside"
    return BackendInfo(profile, reason, wanted is not None, (profile,), {}, "")


def _not_that_one(wanted: str, asked_by: str, usable: list[str], unusable: dict[str, tuple[str, ...]]) -> str:
    missing = unusable.get(wanted)
    why = f"needs {', '.join(missing)}, which this CPU lacks" if missing else "is unknown"
    return f"{asked_by}={wanted!r} {why}; this CPU can run: {', '.join(usable)}"


def _nothing_usable(available: tuple[str, ...], unusable: dict[str, tuple[str, ...]]) -> str:
    if not available:
        return f"the CPU variants (libggml-cpu-*.so) are missing from {_FOLDER}; install pywhispercpp again"
    needs = "; ".join(f"{variant} needs {', '.join(missing)}" for variant, missing in unusable.items())
    return f"no CPU variant in {_FOLDER} runs on this CPU: {needs}; install pywhispercpp again"


def _load_library(path: str) -> None:
    try:
        _core.load_backend(path)
    except RuntimeError as error:
        raise BackendError(f"{error}; install pywhispercpp again, or choose another by {ENVIRONMENT_VARIABLE}") from None

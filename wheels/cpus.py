"""The CPUs that wheels are run on, as qemu-user has them: data."""

from __future__ import annotations

from dataclasses import dataclass

_V2 = ("sse3", "ssse3", "sse4.1", "sse4.2", "popcnt")
_SANDY_BRIDGE = (*_V2, "aes", "pclmul", "avx")
_V3 = (*_SANDY_BRIDGE, "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")
_ARMV8 = ("neon", "aes", "sha2", "crc32")
_ARMV8_2 = (*_ARMV8, "lse", "fp16", "rdm", "dotprod")
_ARMV9 = (*_ARMV8_2, "sve", "sve2", "i8mm", "bf16", "sme")
_ARMV7 = ("neon", "vfpv4")


@dataclass(frozen=True)
class Cpu:
    """One emulated CPU.

    Attributes:
        name: qemu's name for it.
        board: where one finds it.
        features: what it has of `csrc/isa_features.h`, by the manuals and not by what a wheel says.
        variant: the CPU variant that a portable wheel must choose on it.
        absent: what the emulator gives it and the board has not.
        newest: whether it grows with every version of qemu: it has `features`, and may have more.
    """

    name: str
    board: str
    features: tuple[str, ...]
    variant: str = ""
    absent: tuple[str, ...] = ()
    newest: bool = False


# Broadcom left the cryptographic instructions out of its Cortex-A53 and A72; qemu 7.2 has no switch for them.
_NO_CRYPTO = ("aes", "sha2")

#: Architecture -> its CPUs, the oldest first. qemu 7.2 emulates no AVX-512.
CPUS: dict[str, tuple[Cpu, ...]] = {
    "x86_64": (
        Cpu("Nehalem", "Intel 2008, x86-64-v2", _V2, "sse42"),
        Cpu("SandyBridge", "Intel 2011", _SANDY_BRIDGE, "sandybridge"),
        Cpu("Haswell", "Intel 2013, x86-64-v3", _V3, "haswell"),
        Cpu("Skylake-Server", "Intel 2017, emulated without AVX-512", (*_V3, "adx"), "haswell"),
        Cpu("max", "all that qemu has, no AVX-512", (*_V3, "adx"), "haswell", newest=True),
    ),
    "aarch64": (
        Cpu("cortex-a53", "Raspberry Pi 3, Zero 2 W", _ARMV8, "armv8.0_1", _NO_CRYPTO),
        Cpu("cortex-a72", "Raspberry Pi 4", _ARMV8, "armv8.0_1", _NO_CRYPTO),
        Cpu("cortex-a76", "Raspberry Pi 5", _ARMV8_2, "armv8.2_2"),
        Cpu("max", "all that qemu has", _ARMV9, "armv9.2_2", newest=True),
    ),
    "armv7l": (
        Cpu("cortex-a7", "Raspberry Pi 2", _ARMV7),
        Cpu("max", "a 64-bit Raspberry Pi under a 32-bit system", _ARMV7, newest=True),
    ),
}

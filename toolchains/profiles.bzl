"""ISA profiles and the CPU variants of a portable wheel: features, and how each compiler spells them.

Pure literals: Bazel loads this file (through //toolchains:flags.bzl), CMake and Python read it with
toolchains/profiles.py. Every feature is written out: in ggml's own CMake, turning "native" off on x86
silently turns AVX2 on.

An entry is `features`, what the compiler's macros must then report (csrc/isa_features.h; None where only the
compiler knows) besides those of the entry that it is `like`, and `flags` by architecture and compiler. An architecture without flags gets those of
BASELINE and "-m" + each feature: that is how x86 compilers spell them. To add a profile, add an entry here
and its line in .bazelrc.
"""

PROFILES = {
    "native": {
        "what": "this machine's CPU, and no other's",
        "archs": ["x86_64", "aarch64"],
        "features": None,
        "flags": {
            "x86_64": {"gcc": ["-march=native", "-mtune=native"], "zig": ["-mcpu=native"]},
            "aarch64": {"gcc": ["-mcpu=native"], "zig": ["-mcpu=native"]},
        },
    },
    "portable": {
        "what": "every CPU of the architecture: all of VARIANTS in one wheel, chosen at run time",
        "archs": ["x86_64", "aarch64"],
        "features": [],
        "flags": {},
    },
    "x86-64-v2": {
        "what": "2009 and later: Nehalem, Silvermont",
        "archs": ["x86_64"],
        "features": ["sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"],
        "flags": {},
    },
    "x86-64-v3": {
        "what": "2013 and later: Haswell, Zen",
        "archs": ["x86_64"],
        "like": "x86-64-v2",
        "features": ["avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"],
        "flags": {},
    },
    "x86-64-v4": {
        "what": "AVX-512: Skylake-X, Ice Lake, Zen 4",
        "archs": ["x86_64"],
        "like": "x86-64-v3",
        "features": ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
        "flags": {},
    },
    "armv8-a": {
        "what": "every 64-bit Arm",
        "archs": ["aarch64"],
        "features": ["neon"],
        "flags": {"aarch64": {
            "gcc": ["-march=armv8-a"],
            "zig": ["-mcpu=generic"],
        }},
    },
    "pi3": {
        "what": "Raspberry Pi 3, Zero 2 W (Cortex-A53)",
        "archs": ["aarch64"],
        "features": ["neon", "crc32"],
        "flags": {"aarch64": {
            "gcc": ["-mcpu=cortex-a53+crc"],
            "zig": ["-mcpu=cortex_a53+crc-aes-sha2"],
        }},
    },
    "pi4": {
        "what": "Raspberry Pi 4 (Cortex-A72)",
        "archs": ["aarch64"],
        "features": ["neon", "crc32"],
        "flags": {"aarch64": {
            "gcc": ["-mcpu=cortex-a72+crc"],
            "zig": ["-mcpu=cortex_a72+crc-aes-sha2"],
        }},
    },
    "pi5": {
        "what": "Raspberry Pi 5 (Cortex-A76)",
        "archs": ["aarch64"],
        "features": ["neon", "crc32", "lse", "rdm", "fp16", "dotprod", "aes", "sha2"],
        "flags": {"aarch64": {
            "gcc": ["-mcpu=cortex-a76+crc+dotprod+fp16+crypto+norcpc"],
            "zig": ["-mcpu=cortex_a76+crc+dotprod+fullfp16+aes+sha2-rcpc"],
        }},
    },
    "armv7-a": {
        "what": "32-bit Raspberry Pi OS on a Pi 2 or later",
        "archs": ["armv7l"],
        "features": ["neon", "vfpv4"],
        "flags": {"armv7l": {
            "gcc": ["-march=armv7-a+neon-vfpv4", "-mfloat-abi=hard"],
            "zig": ["-mcpu=generic+v7a+neon+vfp4"],
        }},
    },
}

# The CPU variants of a portable wheel, worst first: ggml's own names and features
# (ggml/src/CMakeLists.txt), in the order of the score that ggml gives them.
VARIANTS = {
    "x86_64": {
        "x64": {"features": [], "flags": {}},
        "sse42": {"features": ["sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"], "flags": {}},
        "sandybridge": {"like": "sse42", "features": ["avx"], "flags": {}},
        "ivybridge": {"like": "sandybridge", "features": ["f16c"], "flags": {}},
        "piledriver": {"like": "ivybridge", "features": ["fma"], "flags": {}},
        "haswell": {"like": "piledriver", "features": ["avx2", "bmi2"], "flags": {}},
        "alderlake": {"like": "haswell", "features": ["avxvnni"], "flags": {}},
        "skylakex": {"like": "haswell", "features": ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"], "flags": {}},
        "cannonlake": {"like": "skylakex", "features": ["avx512vbmi"], "flags": {}},
        "cascadelake": {"like": "skylakex", "features": ["avx512vnni"], "flags": {}},
        "icelake": {"like": "skylakex", "features": ["avx512vbmi", "avx512vnni"], "flags": {}},
        "cooperlake": {"like": "skylakex", "features": ["avx512vnni", "avx512bf16"], "flags": {}},
        "zen4": {"like": "icelake", "features": ["avx512bf16"], "flags": {}},
        "sapphirerapids": {"like": "zen4", "features": ["amx-tile", "amx-int8"], "flags": {}},
    },
    "aarch64": {
        "armv8.0_1": {
            "features": ["neon"],
            "flags": {"aarch64": {
                "gcc": ["-march=armv8-a"],
                "zig": ["-mcpu=generic"],
            }},
        },
        "armv8.2_1": {
            "like": "armv8.0_1",
            "features": ["crc32", "lse", "rdm", "dotprod"],
            "flags": {"aarch64": {
                "gcc": ["-march=armv8.2-a+dotprod"],
                "zig": ["-mcpu=generic+v8_2a+dotprod"],
            }},
        },
        "armv8.2_2": {
            "like": "armv8.2_1",
            "features": ["fp16"],
            "flags": {"aarch64": {
                "gcc": ["-march=armv8.2-a+dotprod+fp16"],
                "zig": ["-mcpu=generic+v8_2a+dotprod+fullfp16"],
            }},
        },
        "armv8.2_3": {
            "like": "armv8.2_2",
            "features": ["sve"],
            "flags": {"aarch64": {
                "gcc": ["-march=armv8.2-a+dotprod+fp16+sve"],
                "zig": ["-mcpu=generic+v8_2a+dotprod+fullfp16+sve"],
            }},
        },
        # Not armv8.6-a: that brings instructions (RCPC) which neither ggml nor the guard asks a CPU for.
        "armv8.6_1": {
            "like": "armv8.2_3",
            "features": ["i8mm"],
            "flags": {"aarch64": {
                "gcc": ["-march=armv8.2-a+dotprod+fp16+sve+i8mm"],
                "zig": ["-mcpu=generic+v8_2a+dotprod+fullfp16+sve+i8mm"],
            }},
        },
        "armv8.6_2": {
            "like": "armv8.6_1",
            "features": ["sve2"],
            "flags": {"aarch64": {
                "gcc": ["-march=armv8.2-a+dotprod+fp16+sve+i8mm+sve2"],
                "zig": ["-mcpu=generic+v8_2a+dotprod+fullfp16+sve+i8mm+sve2"],
            }},
        },
        # gcc knows SME from version 14 on: without its spelling, a portable wheel built by gcc leaves this one out.
        # ggml's armv9.2_1, SME without SVE2, is left out: clang uses SVE2 with SME all the same, and no CPU has it.
        "armv9.2_2": {
            "like": "armv8.6_2",
            "features": ["bf16", "sme"],
            "flags": {"aarch64": {
                "zig": ["-mcpu=generic+v8_2a+dotprod+fullfp16+sve+i8mm+sve2+sme"],
            }},
        },
    },
}

# What runs on every CPU of an architecture: the guard (csrc/cpu.c) is compiled with nothing else, and what a
# portable wheel does not choose by CPU.
BASELINE = {
    "x86_64": {"gcc": ["-march=x86-64", "-mtune=generic"], "zig": ["-mcpu=x86_64"]},
    "aarch64": {"gcc": ["-march=armv8-a"], "zig": ["-mcpu=generic"]},
    "armv7l": {"gcc": ["-march=armv7-a+fp", "-mfloat-abi=hard"], "zig": ["-mcpu=generic+v7a+vfp3d16-neon"]},
}

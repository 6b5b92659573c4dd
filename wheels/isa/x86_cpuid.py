"""x86: which CPUID features every 64-bit CPU has, and what we call the others. Data only.

The names on the left are those of iced-x86, which knows for each instruction what CPUID must report; the
names on the right are those of csrc/isa_features.h and of the compilers' -m flags. What stands in neither
table keeps its own name in small letters, and no promise holds it.
"""

from __future__ import annotations

#: x86-64 as it began: every 64-bit CPU.
BASELINE = frozenset(
    (
        *("INTEL8086", "INTEL186", "INTEL286", "INTEL386", "INTEL486", "X64", "CPUID", "CX8", "CMOV", "TSC"),
        *("FPU", "FPU287", "FPU387", "MMX", "FXSR", "SSE", "SSE2", "CLFSH", "SYSCALL", "MULTIBYTENOP"),
        # NOPs to a CPU that does not know them: ENDBR64 (and NOTRACK, a prefix), PAUSE.
        *("CET_IBT", "PAUSE"),
    )
)

#: By mnemonic, before CPUID is looked at. "" is every CPU.
MNEMONICS = {
    # RDSSP reads a shadow stack where there is one and is a NOP elsewhere.
    "RDSSPD": "",
    "RDSSPQ": "",
    # Older CPUs run it as BSF, which gives the same for every number but 0; compilers write it for a count
    # that is undefined at 0, whatever the target. LZCNT is another matter: read as BSR it counts wrongly.
    "TZCNT": "",
    # Asks what the operating system saves; allowed after CPUID's OSXSAVE, and all feature tests do that.
    "XGETBV": "",
    # Missing on the first 64-bit CPUs, so -msahf is a flag of its own.
    "LAHF": "sahf",
    "SAHF": "sahf",
}

FEATURES = {
    "SSE3": "sse3",
    "SSSE3": "ssse3",
    "SSE4_1": "sse4.1",
    "SSE4_2": "sse4.2",
    "SSE4A": "sse4a",
    "POPCNT": "popcnt",
    "CMPXCHG16B": "cx16",
    "AES": "aes",
    "PCLMULQDQ": "pclmul",
    "AVX": "avx",
    "AVX2": "avx2",
    "BMI1": "bmi",
    "BMI2": "bmi2",
    "F16C": "f16c",
    "FMA": "fma",
    "LZCNT": "lzcnt",
    "MOVBE": "movbe",
    "ADX": "adx",
    "SHA": "sha",
    "GFNI": "gfni",
    "VAES": "vaes",
    "VPCLMULQDQ": "vpclmulqdq",
    "AVX_VNNI": "avxvnni",
    "AVX512F": "avx512f",
    "AVX512BW": "avx512bw",
    "AVX512CD": "avx512cd",
    "AVX512DQ": "avx512dq",
    "AVX512VL": "avx512vl",
    "AVX512_IFMA": "avx512ifma",
    "AVX512_VBMI": "avx512vbmi",
    "AVX512_VBMI2": "avx512vbmi2",
    "AVX512_VNNI": "avx512vnni",
    "AVX512_BITALG": "avx512bitalg",
    "AVX512_VPOPCNTDQ": "avx512vpopcntdq",
    "AVX512_BF16": "avx512bf16",
    "AVX512_FP16": "avx512fp16",
    "AMX_TILE": "amx-tile",
    "AMX_INT8": "amx-int8",
    "AMX_BF16": "amx-bf16",
    "PREFETCHW": "prfchw",
}

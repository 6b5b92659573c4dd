// The ISA features that decide whether compiled code runs on a CPU: one row each.
//
// X(name, macro, probe)
//   name   what people call it, without the compiler's -m
//   macro  defined as 1 by the compiler when code for it may be made
//   probe  how the running CPU is asked (cpu.c)
//
// Listed are the features that compilers use on their own and those that ggml uses by intrinsics.
#pragma once

#if defined(__x86_64__)

#define ISA_FEATURES(X)                                   \
    X("sse3", __SSE3__, "sse3")                           \
    X("ssse3", __SSSE3__, "ssse3")                        \
    X("sse4.1", __SSE4_1__, "sse4.1")                     \
    X("sse4.2", __SSE4_2__, "sse4.2")                     \
    X("popcnt", __POPCNT__, "popcnt")                     \
    X("aes", __AES__, "aes")                              \
    X("pclmul", __PCLMUL__, "pclmul")                     \
    X("avx", __AVX__, "avx")                              \
    X("avx2", __AVX2__, "avx2")                           \
    X("bmi", __BMI__, "bmi")                              \
    X("bmi2", __BMI2__, "bmi2")                           \
    X("f16c", __F16C__, "f16c")                           \
    X("fma", __FMA__, "fma")                              \
    X("lzcnt", __LZCNT__, "lzcnt")                        \
    X("movbe", __MOVBE__, "movbe")                        \
    X("adx", __ADX__, "adx")                              \
    X("sha", __SHA__, "sha")                              \
    X("gfni", __GFNI__, "gfni")                           \
    X("vaes", __VAES__, "vaes")                           \
    X("vpclmulqdq", __VPCLMULQDQ__, "vpclmulqdq")         \
    X("avxvnni", __AVXVNNI__, "avxvnni")                  \
    X("avx512f", __AVX512F__, "avx512f")                  \
    X("avx512bw", __AVX512BW__, "avx512bw")               \
    X("avx512cd", __AVX512CD__, "avx512cd")               \
    X("avx512dq", __AVX512DQ__, "avx512dq")               \
    X("avx512vl", __AVX512VL__, "avx512vl")               \
    X("avx512ifma", __AVX512IFMA__, "avx512ifma")         \
    X("avx512vbmi", __AVX512VBMI__, "avx512vbmi")         \
    X("avx512vbmi2", __AVX512VBMI2__, "avx512vbmi2")      \
    X("avx512vnni", __AVX512VNNI__, "avx512vnni")         \
    X("avx512bitalg", __AVX512BITALG__, "avx512bitalg")   \
    X("avx512vpopcntdq", __AVX512VPOPCNTDQ__, "avx512vpopcntdq") \
    X("avx512bf16", __AVX512BF16__, "avx512bf16")         \
    X("avx512fp16", __AVX512FP16__, "avx512fp16")         \
    X("amx-tile", __AMX_TILE__, "amx-tile")               \
    X("amx-int8", __AMX_INT8__, "amx-int8")               \
    X("amx-bf16", __AMX_BF16__, "amx-bf16")

#elif defined(__aarch64__)

// Bits of AT_HWCAP and AT_HWCAP2 as the Linux kernel documents them (arm64 elf_hwcaps).
#define ISA_FEATURES(X)                                                    \
    X("neon", __ARM_NEON, hwcap(AT_HWCAP, 1))                              \
    X("aes", __ARM_FEATURE_AES, hwcap(AT_HWCAP, 3))                        \
    X("sha2", __ARM_FEATURE_SHA2, hwcap(AT_HWCAP, 6))                      \
    X("crc32", __ARM_FEATURE_CRC32, hwcap(AT_HWCAP, 7))                    \
    X("lse", __ARM_FEATURE_ATOMICS, hwcap(AT_HWCAP, 8))                    \
    X("fp16", __ARM_FEATURE_FP16_VECTOR_ARITHMETIC, hwcap(AT_HWCAP, 10))   \
    X("rdm", __ARM_FEATURE_QRDMX, hwcap(AT_HWCAP, 12))                     \
    X("dotprod", __ARM_FEATURE_DOTPROD, hwcap(AT_HWCAP, 20))               \
    X("sve", __ARM_FEATURE_SVE, hwcap(AT_HWCAP, 22))                       \
    X("sve2", __ARM_FEATURE_SVE2, hwcap(AT_HWCAP2, 1))                     \
    X("i8mm", __ARM_FEATURE_MATMUL_INT8, hwcap(AT_HWCAP2, 13))             \
    X("bf16", __ARM_FEATURE_BF16_VECTOR_ARITHMETIC, hwcap(AT_HWCAP2, 14))

#else
#error "pywhispercpp knows x86_64 and aarch64; add this architecture's features here"
#endif

// FEATURE_IS_COMPILED_IN(__AVX2__) is 1 where the compiler defines the macro as 1 and 0 where it
// does not define it: `defined` cannot be asked inside a macro's expansion.
#define FEATURE_IS_COMPILED_IN(macro) FEATURE_PASTE_(macro)
#define FEATURE_PASTE_(value) FEATURE_PICK_(FEATURE_SHIFT_##value 1, 0)
#define FEATURE_PICK_(...) FEATURE_SECOND_(__VA_ARGS__)
#define FEATURE_SECOND_(first, second, ...) second
#define FEATURE_SHIFT_1 0,

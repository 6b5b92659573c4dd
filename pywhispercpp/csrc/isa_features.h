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

// Leaf, subleaf, register and bit as Intel documents CPUID, and the registers that the system must save.
#define ISA_FEATURES(X)                                                                     \
    X("sse3", __SSE3__, cpuid(1, 0, ECX, 0, NO_STATE))                                      \
    X("ssse3", __SSSE3__, cpuid(1, 0, ECX, 9, NO_STATE))                                    \
    X("sse4.1", __SSE4_1__, cpuid(1, 0, ECX, 19, NO_STATE))                                 \
    X("sse4.2", __SSE4_2__, cpuid(1, 0, ECX, 20, NO_STATE))                                 \
    X("popcnt", __POPCNT__, cpuid(1, 0, ECX, 23, NO_STATE))                                 \
    X("aes", __AES__, cpuid(1, 0, ECX, 25, NO_STATE))                                       \
    X("pclmul", __PCLMUL__, cpuid(1, 0, ECX, 1, NO_STATE))                                  \
    X("avx", __AVX__, cpuid(1, 0, ECX, 28, YMM_STATE))                                      \
    X("avx2", __AVX2__, cpuid(7, 0, EBX, 5, YMM_STATE))                                     \
    X("bmi", __BMI__, cpuid(7, 0, EBX, 3, NO_STATE))                                        \
    X("bmi2", __BMI2__, cpuid(7, 0, EBX, 8, NO_STATE))                                      \
    X("f16c", __F16C__, cpuid(1, 0, ECX, 29, YMM_STATE))                                    \
    X("fma", __FMA__, cpuid(1, 0, ECX, 12, YMM_STATE))                                      \
    X("lzcnt", __LZCNT__, cpuid(0x80000001, 0, ECX, 5, NO_STATE))                           \
    X("movbe", __MOVBE__, cpuid(1, 0, ECX, 22, NO_STATE))                                   \
    X("adx", __ADX__, cpuid(7, 0, EBX, 19, NO_STATE))                                       \
    X("sha", __SHA__, cpuid(7, 0, EBX, 29, NO_STATE))                                       \
    X("gfni", __GFNI__, cpuid(7, 0, ECX, 8, NO_STATE))                                      \
    X("vaes", __VAES__, cpuid(7, 0, ECX, 9, YMM_STATE))                                     \
    X("vpclmulqdq", __VPCLMULQDQ__, cpuid(7, 0, ECX, 10, YMM_STATE))                        \
    X("avxvnni", __AVXVNNI__, cpuid(7, 1, EAX, 4, YMM_STATE))                               \
    X("avx512f", __AVX512F__, cpuid(7, 0, EBX, 16, ZMM_STATE))                              \
    X("avx512bw", __AVX512BW__, cpuid(7, 0, EBX, 30, ZMM_STATE))                            \
    X("avx512cd", __AVX512CD__, cpuid(7, 0, EBX, 28, ZMM_STATE))                            \
    X("avx512dq", __AVX512DQ__, cpuid(7, 0, EBX, 17, ZMM_STATE))                            \
    X("avx512vl", __AVX512VL__, cpuid(7, 0, EBX, 31, ZMM_STATE))                            \
    X("avx512ifma", __AVX512IFMA__, cpuid(7, 0, EBX, 21, ZMM_STATE))                        \
    X("avx512vbmi", __AVX512VBMI__, cpuid(7, 0, ECX, 1, ZMM_STATE))                         \
    X("avx512vbmi2", __AVX512VBMI2__, cpuid(7, 0, ECX, 6, ZMM_STATE))                       \
    X("avx512vnni", __AVX512VNNI__, cpuid(7, 0, ECX, 11, ZMM_STATE))                        \
    X("avx512bitalg", __AVX512BITALG__, cpuid(7, 0, ECX, 12, ZMM_STATE))                    \
    X("avx512vpopcntdq", __AVX512VPOPCNTDQ__, cpuid(7, 0, ECX, 14, ZMM_STATE))              \
    X("avx512bf16", __AVX512BF16__, cpuid(7, 1, EAX, 5, ZMM_STATE))                         \
    X("avx512fp16", __AVX512FP16__, cpuid(7, 0, EDX, 23, ZMM_STATE))                        \
    X("amx-tile", __AMX_TILE__, cpuid(7, 0, EDX, 24, TMM_STATE))                            \
    X("amx-int8", __AMX_INT8__, cpuid(7, 0, EDX, 25, TMM_STATE))                            \
    X("amx-bf16", __AMX_BF16__, cpuid(7, 0, EDX, 22, TMM_STATE))

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
    X("bf16", __ARM_FEATURE_BF16_VECTOR_ARITHMETIC, hwcap(AT_HWCAP2, 14))   \
    X("sme", __ARM_FEATURE_SME, hwcap(AT_HWCAP2, 23))

#elif defined(__arm__)

// The kernel's bits for 32-bit Arm (arch/arm/include/uapi/asm/hwcap.h).
#define ISA_FEATURES(X)                              \
    X("neon", __ARM_NEON, hwcap(AT_HWCAP, 12))       \
    X("vfpv4", __ARM_FEATURE_FMA, hwcap(AT_HWCAP, 16))

#else
#error "pywhispercpp knows x86_64, aarch64 and armv7l; add this architecture's features here"
#endif

// FEATURE_IS_COMPILED_IN(__AVX2__) is 1 where the compiler defines the macro as 1 and 0 where it
// does not define it: `defined` cannot be asked inside a macro's expansion.
#define FEATURE_IS_COMPILED_IN(macro) FEATURE_PASTE_(macro)
#define FEATURE_PASTE_(value) FEATURE_PICK_(FEATURE_SHIFT_##value 1, 0)
#define FEATURE_PICK_(...) FEATURE_SECOND_(__VA_ARGS__)
#define FEATURE_SECOND_(first, second, ...) second
#define FEATURE_SHIFT_1 0,

"""What is compiled, with which defines and flags: the one list behind both builds.

Pure literals: Bazel loads this file, CMake gets it from toolchains/emit_cmake.py. Paths of LIBRARIES are
relative to the whisper.cpp tree, those of EXTENSIONS to pywhispercpp/csrc. Source lists follow whisper.cpp's
own CMake files (ggml/src/CMakeLists.txt, ggml/src/ggml-cpu/CMakeLists.txt, src/CMakeLists.txt).
"""

# Flags of every compilation. -ffp-contract stays at the compiler's default, as upstream has it.
# ggml's own threads, no OpenMP: 3 % slower on a quiet machine (encode 272 against 264 ms), but they need no
# libgomp, which no manylinux policy admits, and do not collapse on a busy one (docs/build.md has the figures).
COPTS = [
    "-O3",
    "-DNDEBUG",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-omit-frame-pointer",
    "-fstack-protector",
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=1",
    "-Wno-unused-function",
]

# whisper.cpp's sources warn by the megabyte under gcc 12 (AVX-512 intrinsics); its warnings are upstream's.
THIRD_PARTY_COPTS = ["-w"]

C_STANDARD = "-std=gnu11"
CXX_STANDARD = "-std=c++17"

# One linker for both builds: left alone, Bazel takes gold where there is one and CMake the compiler's own.
LINKERS = {
    "gcc": ["-fuse-ld=bfd"],
    "zig": [],
}

LINKOPTS = [
    "-s",
    "-Wl,--gc-sections",
    "-Wl,--as-needed",
    "-Wl,-z,relro,-z,now",
    "-Wl,-z,noexecstack",
]

# The linker scripts that keep every other symbol inside, from the top of the checkout: what a module shows is
# PyInit_*, what a library of a portable wheel shows is ggml's C interface.
VERSION_SCRIPT = "toolchains/exports.lds"
LIBRARY_VERSION_SCRIPT = "toolchains/ggml.lds"

# Named after the objects that need them: --as-needed drops what nothing before it asks for.
LINKLIBS = [
    "-pthread",
    "-lm",
    "-ldl",
]

INCLUDES = [
    "include",
    "ggml/include",
    "ggml/src",
    "ggml/src/ggml-cpu",
    "src",
]

# From ggml/src/CMakeLists.txt for Linux; each library below adds its own.
COMMON_DEFINES = {
    "_GNU_SOURCE": "",
    "_XOPEN_SOURCE": "600",
    "GGML_SCHED_MAX_COPIES": "4",
}

# In a wheel of one profile, everything is linked into _core. A portable wheel has ggml_base as a library of its own,
# and one library of ggml_cpu for each CPU variant beside it; _core holds the rest. `portable_defines` then take
# the place of `defines`.
LIBRARIES = {
    "ggml_base": {
        "srcs": [
            "ggml/src/ggml.c",
            "ggml/src/ggml.cpp",
            "ggml/src/ggml-alloc.c",
            "ggml/src/ggml-backend.cpp",
            "ggml/src/ggml-backend-meta.cpp",
            "ggml/src/ggml-opt.cpp",
            "ggml/src/ggml-threading.cpp",
            "ggml/src/ggml-quants.c",
            "ggml/src/gguf.cpp",
        ],
        "arch_srcs": {},
        "defines": {"GGML_VERSION": "\"0.13.1\"", "GGML_COMMIT": "\"v1.8.5\""},
        "portable_defines": {
            "GGML_VERSION": "\"0.13.1\"",
            "GGML_COMMIT": "\"v1.8.5\"",
            "GGML_BUILD": "",
            "GGML_SHARED": "",
        },
        "deps": [],
    },
    "ggml_cpu": {
        "srcs": [
            "ggml/src/ggml-cpu/ggml-cpu.c",
            "ggml/src/ggml-cpu/ggml-cpu.cpp",
            "ggml/src/ggml-cpu/repack.cpp",
            "ggml/src/ggml-cpu/hbm.cpp",
            "ggml/src/ggml-cpu/quants.c",
            "ggml/src/ggml-cpu/traits.cpp",
            "ggml/src/ggml-cpu/amx/amx.cpp",
            "ggml/src/ggml-cpu/amx/mmq.cpp",
            "ggml/src/ggml-cpu/binary-ops.cpp",
            "ggml/src/ggml-cpu/unary-ops.cpp",
            "ggml/src/ggml-cpu/vec.cpp",
            "ggml/src/ggml-cpu/ops.cpp",
            "ggml/src/ggml-cpu/llamafile/sgemm.cpp",
        ],
        "arch_srcs": {
            "x86_64": [
                "ggml/src/ggml-cpu/arch/x86/quants.c",
                "ggml/src/ggml-cpu/arch/x86/repack.cpp",
            ],
            "aarch64": [
                "ggml/src/ggml-cpu/arch/arm/quants.c",
                "ggml/src/ggml-cpu/arch/arm/repack.cpp",
            ],
            "armv7l": [
                "ggml/src/ggml-cpu/arch/arm/quants.c",
                "ggml/src/ggml-cpu/arch/arm/repack.cpp",
            ],
        },
        # LLAMAFILE, off upstream: the f16 encoder is 1.25 times faster with it (AVX-512, 1 thread; more
        # figures in docs/build.md).
        "defines": {"GGML_USE_CPU_REPACK": "", "GGML_USE_LLAMAFILE": ""},
        "portable_defines": {
            "GGML_USE_CPU_REPACK": "",
            "GGML_USE_LLAMAFILE": "",
            "GGML_BACKEND_BUILD": "",
            "GGML_BACKEND_DL": "",
            "GGML_BACKEND_SHARED": "",
            "GGML_SHARED": "",
        },
        "deps": ["ggml_base"],
    },
    "ggml": {
        "srcs": [
            "ggml/src/ggml-backend-dl.cpp",
            "ggml/src/ggml-backend-reg.cpp",
        ],
        "arch_srcs": {},
        "defines": {"GGML_USE_CPU": ""},
        "portable_defines": {"GGML_SHARED": ""},
        "deps": ["ggml_base", "ggml_cpu"],
    },
    "whisper": {
        "srcs": ["src/whisper.cpp"],
        "arch_srcs": {},
        # OPENVINO: whisper_openvino_*, which whisper.cpp calls then, are in pywhispercpp/csrc/openvino_encoder.cpp.
        "defines": {"GGML_USE_CPU": "", "WHISPER_USE_OPENVINO": "", "WHISPER_VERSION": "\"1.8.5\""},
        "portable_defines": {"GGML_SHARED": "", "WHISPER_USE_OPENVINO": "", "WHISPER_VERSION": "\"1.8.5\""},
        "deps": ["ggml"],
    },
}

# The file of ggml_base in a portable wheel. Not ggml's own name: the loader takes a library that is loaded already
# for one of the same name, and other packages bring a libggml-base.so of other versions.
BASE_LIBRARY = "libpywhispercpp-ggml-base.so"

# The file of a CPU variant, around its name; loaded by its full path.
VARIANT_LIBRARY = "libggml-cpu-%s.so"

# OpenVINO's C library is loaded at run time, by every wheel. One that was asked to be linked with it (docs/build.md)
# is compiled with this define, and searches it where pip puts the package `openvino`: beside this one.
OPENVINO_LINKED_DEFINE = "PYWHISPERCPP_OPENVINO_LINKED"
OPENVINO_RUN_PATH = "$ORIGIN/../openvino/libs"

# The two extension modules. `_cpu` is the guard: it must run on every CPU, so only its table of
# compiled-in features sees the profile's flags.
EXTENSIONS = {
    "_core": {
        "srcs": [
            "module.cpp",
            "bind_backend.cpp",
            "bind_bench.cpp",
            "bind_context.cpp",
            "bind_encoder.cpp",
            "bind_full.cpp",
            "bind_language.cpp",
            "bind_log.cpp",
            "bind_params.cpp",
            "bind_quants.cpp",
            "bind_segments.cpp",
            "bind_vad.cpp",
            "callbacks.cpp",
            "context.cpp",
            "ending.cpp",
            "openvino_api.cpp",
            "openvino_encoder.cpp",
            "parallel.cpp",
        ],
        "baseline_srcs": [],
    },
    "_cpu": {
        "srcs": ["compiled_features.c"],
        "baseline_srcs": ["cpu.c"],
    },
}

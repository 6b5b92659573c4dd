"""portable_libraries(): the libraries beside _core in a portable wheel, ggml_base and each CPU variant."""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load("//toolchains:flags.bzl", "library_linkopts")
load("//toolchains:profiles.bzl", "VARIANTS")
load("//toolchains:sources.bzl", "BASE_LIBRARY", "VARIANT_LIBRARY")

_BASE = "//pywhispercpp:" + BASE_LIBRARY
_SCRIPT = "//toolchains:ggml.lds"

# By its file, not as a dependency: Bazel would add search paths of its own output folders.
_LINK_BASE = ["$(location %s)" % _BASE, "-Wl,-rpath,$$ORIGIN"]

def _library(name, deps, linkopts = [], inputs = []):
    cc_binary(
        name = name,
        additional_linker_inputs = [_SCRIPT] + inputs,
        linkopts = library_linkopts(name) + linkopts,
        linkshared = True,
        linkstatic = True,
        deps = deps,
    )

# buildifier: disable=unnamed-macro
def portable_libraries():
    """Declares :libpywhispercpp-ggml-base.so and :libggml-cpu-<variant>.so."""
    _library(BASE_LIBRARY, ["@whisper_cpp//:portable_ggml_base"])
    for variants in VARIANTS.values():
        for variant in variants:
            _library(VARIANT_LIBRARY % variant, ["@whisper_cpp//:ggml_cpu_" + variant], _LINK_BASE, [_BASE])

def whisper_deps():
    """What _core links of whisper.cpp: all of it, or in a portable wheel what is not a library of its own."""
    return select({
        "//toolchains:portable": ["@whisper_cpp//:portable_whisper"],
        "//conditions:default": ["@whisper_cpp//:whisper"],
    })

def base_linkopts():
    """How _core finds ggml_base in a portable wheel."""
    return select({"//toolchains:portable": _LINK_BASE, "//conditions:default": []})

def base_inputs():
    """The file of ggml_base in a portable wheel."""
    return select({"//toolchains:portable": [_BASE], "//conditions:default": []})

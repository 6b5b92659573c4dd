"""How _core is compiled and linked with --config=openvino: functions that are empty in every other build."""

load("//scripts:pins.bzl", "OPENVINO")
load("//toolchains:sources.bzl", "OPENVINO_LINKED_DEFINE", "OPENVINO_RUN_PATH")

OPENVINO_ARCHS = OPENVINO["wheels"][OPENVINO["version"]].keys()

_LIBRARY = "@openvino_%s//:libopenvino_c.so"

# buildifier: disable=unnamed-macro
def openvino_settings():
    """Declares what the select()s below ask: whether OpenVINO is linked, and for which architecture."""
    native.config_setting(name = "openvino", define_values = {"openvino": "linked"})
    for arch in OPENVINO_ARCHS:
        native.config_setting(
            name = "openvino_" + arch,
            constraint_values = ["@platforms//cpu:" + arch, "//toolchains/cc:glibc"],
            define_values = {"openvino": "linked"},
        )

def _per_arch(make):
    branches = {"//toolchains:openvino_" + arch: make(arch) for arch in OPENVINO_ARCHS}
    return select(dict(branches, **{"//conditions:default": []}))

def _headers(arch):
    return ["@openvino_%s//:headers" % arch]

def _inputs(arch):
    return [_LIBRARY % arch]

def _linkopts(arch):
    return ["$(location %s)" % (_LIBRARY % arch), "-Wl,-rpath," + OPENVINO_RUN_PATH.replace("$", "$$")]

def openvino_defines():
    """The define that says so to csrc/; for a target without OpenVINO the headers are then missing."""
    return select({"//toolchains:openvino": [OPENVINO_LINKED_DEFINE], "//conditions:default": []})

def openvino_deps():
    """OpenVINO's C headers."""
    return _per_arch(_headers)

def openvino_inputs():
    """The file of OpenVINO's C library."""
    return _per_arch(_inputs)

def openvino_linkopts():
    """How that file is linked, and found again beside the installed package."""
    return _per_arch(_linkopts)

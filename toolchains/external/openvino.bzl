"""openvino_runtime(): the OpenVINO that scripts/fetch_openvino.py laid out, as an external repository."""

load("//scripts:pins.bzl", "OPENVINO")

def _c_library(libs):
    """The file that is named as programs ask for it, libopenvino_c.so.2641; a toolkit has links beside it."""
    for entry in libs.readdir():
        start, _, number = entry.basename.partition(".so.")
        if start == "libopenvino_c" and number.isdigit():
            return entry
    fail("there is no libopenvino_c.so.* in %s; remove that folder and run: nox -s fetch_openvino" % libs)

def _openvino_runtime_impl(ctx):
    version = ctx.os.environ.get("PYWHISPERCPP_OPENVINO", OPENVINO["version"])
    root = ctx.path(Label("@pywhispercpp//:WORKSPACE")).dirname
    tree = ctx.path("%s/build/openvino/%s/%s" % (root, version, ctx.attr.arch))
    if not tree.get_child(".fetched").exists:
        fail("%s is not there; run: nox -s fetch_openvino -- --version %s --arch %s" % (tree, version, ctx.attr.arch))
    ctx.symlink(tree.get_child("include"), "include")

    # One name for every version; what is linked with it asks for the name inside the file.
    ctx.symlink(_c_library(tree.get_child("libs")), "libopenvino_c.so")
    ctx.symlink(ctx.attr._build_file, "BUILD.bazel")

openvino_runtime = repository_rule(
    implementation = _openvino_runtime_impl,
    doc = "Links headers and C library of a runtime; PYWHISPERCPP_OPENVINO is its version, else the pinned one.",
    attrs = {
        "arch": attr.string(mandatory = True),
        "_build_file": attr.label(default = "//toolchains/external:openvino.BUILD.bazel", allow_single_file = True),
    },
    environ = ["PYWHISPERCPP_OPENVINO"],
    local = True,
)

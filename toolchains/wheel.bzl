"""wheel(): Python sources + extension modules -> a wheel for the pinned interpreter."""

load("@pinned_python//:defs.bzl", "ABI", "EXT_SUFFIX", "MULTIARCH", "TAG")
load("//toolchains:targets.bzl", "GNU_EVERYWHERE")

_PYTHON = "@bazel_tools//tools/python:toolchain_type"

def _wheel_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    inputs = ctx.files.srcs + ctx.files.extensions + ctx.files.libraries + ctx.files.license_files + [ctx.file.pyproject, ctx.file.readme, ctx.file.sbom]
    args = ctx.actions.args()
    args.add(ctx.file._maker)
    args.add_all("--library", ctx.files._libraries, map_each = _site, uniquify = True)
    args.add("--pyproject", ctx.file.pyproject)
    args.add("--sbom", ctx.file.sbom)
    args.add("--tag", "%s-%s-linux_%s" % (TAG, ABI, ctx.attr.arch))
    args.add("--out", out.path)
    for file in ctx.files.srcs:
        args.add("--file", "%s=%s" % (file.short_path, file.path))
    multiarch = ctx.attr.multiarch.replace("musl", "gnu") if TAG in GNU_EVERYWHERE else ctx.attr.multiarch
    suffix = EXT_SUFFIX.replace(MULTIARCH, multiarch)
    for file in ctx.files.extensions:
        args.add("--file", "%s=%s" % (file.short_path[:-len(".so")] + suffix, file.path))
    for file in ctx.files.libraries:
        args.add("--file", "%s=%s" % (file.short_path, file.path))
    ctx.actions.run(
        outputs = [out],
        inputs = depset(inputs + ctx.files._libraries + [ctx.file._maker]),
        executable = ctx.toolchains[_PYTHON].py3_runtime.interpreter_path,
        arguments = [args],
        env = {"PYTHONDONTWRITEBYTECODE": "1"},
        # The pinned interpreter is a path of this machine; a worker need not have it.
        execution_requirements = {"no-remote-exec": "1"},
        mnemonic = "Wheel",
        progress_message = "Packing the wheel",
    )
    return [DefaultInfo(files = depset([out]))]

def _site(file):
    # external/<repository>/<package>/… -> external/<repository>
    return "/".join(file.path.split("/")[:2])

wheel = rule(
    implementation = _wheel_impl,
    doc = "Writes the wheel into the folder <name>/; metadata comes from pyproject.toml.",
    attrs = {
        "srcs": attr.label_list(allow_files = True),
        "arch": attr.string(mandatory = True, doc = "For the file name, until wheels/collect.py computes the tag."),
        "extensions": attr.label_list(allow_files = [".so"]),
        "libraries": attr.label_list(allow_files = [".so"], doc = "Go in under their own names."),
        "multiarch": attr.string(mandatory = True, doc = "The last part of an extension's file name."),
        "license_files": attr.label_list(allow_files = True),
        "pyproject": attr.label(allow_single_file = True, mandatory = True),
        "readme": attr.label(allow_single_file = True, mandatory = True),
        "sbom": attr.label(allow_single_file = [".json"], mandatory = True),
        "_libraries": attr.label_list(default = [
            "@packaging//:files",
            "@pyproject_metadata//:files",
            "@tomli//:files",
        ]),
        "_maker": attr.label(
            default = "//toolchains:make_wheel.py",
            allow_single_file = True,
        ),
    },
    toolchains = [_PYTHON],
)

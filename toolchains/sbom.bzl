"""sbom(): the bill of materials of the wheel, out of the pins, the patches and pyproject.toml."""

_PYTHON = "@bazel_tools//tools/python:toolchain_type"

def _sbom_impl(ctx):
    args = ctx.actions.args()
    args.add_all(["-m", "toolchains.sbom"])
    args.add("--pins", ctx.file.pins)
    args.add("--pyproject", ctx.file.pyproject)
    args.add_all("--patch", ctx.files.patches)
    args.add("--compiler", ctx.attr.compiler)
    args.add("--out", ctx.outputs.out)
    ctx.actions.run(
        outputs = [ctx.outputs.out],
        inputs = ctx.files.patches + [ctx.file.pins, ctx.file.pyproject] + ctx.files._generator + ctx.files._tomli,
        executable = ctx.toolchains[_PYTHON].py3_runtime.interpreter_path,
        arguments = [args],
        # The generator is imported from the top of the action's own folder, tomli from its repository.
        env = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "external/tomli"},
        # The pinned interpreter is a path of this machine; a worker need not have it.
        execution_requirements = {"no-remote-exec": "1"},
        mnemonic = "Sbom",
        progress_message = "Writing the bill of materials",
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

sbom = rule(
    implementation = _sbom_impl,
    doc = "Runs toolchains/sbom.py; CMake runs it too.",
    attrs = {
        "compiler": attr.string(mandatory = True, doc = "gcc or zig: what is linked in."),
        "out": attr.output(mandatory = True),
        "patches": attr.label_list(allow_files = [".patch"]),
        "pins": attr.label(allow_single_file = True, mandatory = True),
        "pyproject": attr.label(allow_single_file = True, mandatory = True),
        "_generator": attr.label(default = "//toolchains:sbom_generator"),
        "_tomli": attr.label(default = "@tomli//:files"),
    },
    toolchains = [_PYTHON],
)

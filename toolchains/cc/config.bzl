"""cross_cc_config(): how Bazel calls a cross compiler. The flags of the code itself are in sources.bzl and profiles.bzl."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl", "feature", "flag_group", "flag_set", "tool_path")

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.preprocess_assemble,
]

def _impl(ctx):
    # Bazel 4 has it as a global, and rules_cc here is a stand-in.
    # buildifier: disable=native-cc-common
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = ctx.attr.target + "-" + ctx.attr.compiler,
        host_system_name = "local",
        target_system_name = ctx.attr.target,
        target_cpu = ctx.attr.target,
        target_libc = ctx.attr.libc,
        compiler = ctx.attr.compiler,
        abi_version = "local",
        abi_libc_version = "local",
        tool_paths = [tool_path(name = name, path = path) for name, path in ctx.attr.tools.items()],
        cxx_builtin_include_directories = ctx.attr.includes,
        features = [
            feature(name = "supports_pic", enabled = True),
            feature(name = "supports_dynamic_linker", enabled = True),
            feature(name = "opt"),
            feature(name = "dbg"),
            feature(name = "fastbuild"),
            # The builder's folders and clock stay out of the objects.
            feature(name = "repeatable", enabled = True, flag_sets = [flag_set(
                actions = _COMPILE,
                flag_groups = [flag_group(flags = ctx.attr.compile_flags)],
            )]),
        ],
    )

cross_cc_config = rule(
    implementation = _impl,
    attrs = {
        "compile_flags": attr.string_list(),
        "compiler": attr.string(mandatory = True),
        "includes": attr.string_list(doc = "Absolute folders whose headers need no declaration."),
        "libc": attr.string(mandatory = True),
        "target": attr.string(mandatory = True),
        "tools": attr.string_dict(doc = "Bazel's name of a tool -> absolute path."),
    },
    provides = [CcToolchainConfigInfo],
)

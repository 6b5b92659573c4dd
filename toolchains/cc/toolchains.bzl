"""Declares a platform and a toolchain for each target and compiler, out of targets.bzl."""

load("@cross_compilers//:defs.bzl", "GCC", "ROOT")
load("@rules_cc//cc:defs.bzl", "cc_toolchain")
load("//toolchains:targets.bzl", "TARGETS")
load(":config.bzl", "cross_cc_config")

_BINUTILS = ["cpp", "dwp", "gcov", "ld", "nm", "objcopy", "objdump", "strip"]
_REPEATABLE = ["-D__DATE__=\"redacted\"", "-D__TIME__=\"redacted\"", "-D__TIMESTAMP__=\"redacted\"", "-Wno-builtin-macro-redefined"]

def _zig_tools(target):
    folder = "%s/build/zig/%s/" % (ROOT, target)

    # `zig c++` compiles a .c file as C, and links libc++: one program for all of Bazel's actions.
    tools = {name: "/bin/false" for name in _BINUTILS}
    tools.update({"ar": folder + "ar", "gcc": folder + "c++"})
    return tools

def _gcc_tools(target):
    # A compiler that is not installed fails by its name when it is called, and only then.
    gcc = GCC[target]["path"] or "/usr/bin/%s-gcc" % TARGETS[target]["gcc"]
    prefix = gcc[:-len("gcc")]
    tools = {name: prefix + name for name in _BINUTILS}
    tools.update({"ar": prefix + "ar", "gcc": gcc})
    return tools

def _toolchain(target, compiler, tools, includes):
    name = "%s_%s" % (target, compiler)
    data = TARGETS[target]
    constraints = [
        "@platforms//os:linux",
        "@platforms//cpu:" + data["cpu"],
        ":" + data["libc"],
        ":" + compiler,
        ":cross",
    ]
    native.platform(name = name, constraint_values = constraints)
    cross_cc_config(
        name = name + "_config",
        target = target,
        compiler = compiler,
        libc = data["libc"],
        tools = tools,
        includes = includes,
        compile_flags = _REPEATABLE,
    )
    cc_toolchain(
        name = name + "_tools",
        all_files = ":none",
        ar_files = ":none",
        compiler_files = ":none",
        dwp_files = ":none",
        linker_files = ":none",
        objcopy_files = ":none",
        strip_files = ":none",
        supports_param_files = 1,
        toolchain_config = name + "_config",
        toolchain_identifier = name,
    )
    native.toolchain(
        name = name + "_toolchain",
        target_compatible_with = constraints,
        toolchain = name + "_tools",
        toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
    )

# buildifier: disable=unnamed-macro
def cross_toolchains():
    """Declares :<target>_<compiler>, the platforms that `bazel build --platforms=` takes, and their toolchains."""
    native.filegroup(name = "none")

    # A platform that names none of these is this machine, with the gcc that Bazel finds by itself.
    for setting, values in {"libc": ["glibc", "musl"], "compiler": ["gcc", "zig"], "origin": ["local", "cross"]}.items():
        native.constraint_setting(name = setting, default_constraint_value = values[0])
        for value in values:
            native.constraint_value(name = value, constraint_setting = setting)
    for target, data in TARGETS.items():
        _toolchain(target, "zig", _zig_tools(target), [ROOT + "/build/ziglang"])
        if data["gcc"]:
            _toolchain(target, "gcc", _gcc_tools(target), GCC[target]["includes"])

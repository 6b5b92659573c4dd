"""this_machine(): what must be in every key of a shared cache, as an execution platform and a define.

A cache that two machines share is right only when their keys differ wherever their compilers do. Properties
of the execution platform are part of the key of every action: compiling, linking, packing. The CPU is needed
in the key of what `native` compiles and nowhere else, so that machines share all other profiles.
"""

load("//scripts:pins.bzl", "ZIG")
load("//toolchains:profiles.bzl", "PROFILES")
load("//toolchains:targets.bzl", "TARGETS")

# Besides CC. One that is not installed is no part of the fingerprint.
_CROSS = [target["gcc"] + "-gcc" for target in TARGETS.values() if target["gcc"]]

# zig is called through programs that hide which zig it is, and for which target.
_ZIG = [ZIG["version"]] + [target["zig"] for target in TARGETS.values()]

_BUILD = """
platform(
    name = "platform",
    exec_properties = {{"pywhispercpp-compilers": "{compilers}"}},
    parents = ["@local_config_platform//:host"],
    visibility = ["//visibility:public"],
)
"""

_DEFS = """\"\"\"What -march=native means on this machine, as a hash.\"\"\"

CPU = "{cpu}"
"""

def _this_machine_impl(ctx):
    python = ctx.os.environ.get("PYWHISPERCPP_HOST_PYTHON", "") or str(ctx.which("python3") or "")
    if not python:
        fail("no python3 on PATH, and PYWHISPERCPP_HOST_PYTHON is not set")
    script = ctx.path(Label("//toolchains/machine:fingerprint.py"))
    native = {arch: flags["gcc"] for arch, flags in PROFILES["native"]["flags"].items()}
    compilers = [ctx.os.environ.get("CC", "") or "gcc"] + _CROSS
    asked = ctx.execute([python, "-I", script, json.encode(native), " ".join(_ZIG)] + compilers)
    if asked.return_code:
        fail("cannot tell the compilers of this machine: " + asked.stderr.strip())
    facts = json.decode(asked.stdout)
    ctx.file("BUILD.bazel", _BUILD.format(compilers = facts["compilers"]))
    ctx.file("defs.bzl", _DEFS.format(cpu = facts["cpu"]))

this_machine = repository_rule(
    implementation = _this_machine_impl,
    doc = "Asked anew whenever Bazel's server starts; fingerprint.py says what counts.",
    environ = [
        "CC",
        "PATH",
        "PYWHISPERCPP_HOST_PYTHON",
    ],
    local = True,
    configure = True,
)

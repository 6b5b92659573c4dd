"""pinned_python(): headers, runtime, extension suffix and wheel tag of ONE interpreter.

The trap this beats: registering a py_runtime changes what Bazel runs, not the headers and the ABI tag that
an extension is built for. Here everything comes from the answer of one interpreter about itself.
"""

load("//toolchains/python:version.bzl", "PYTHON_VERSION")

_BUILD = """
load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

alias(
    name = "headers",
    actual = select({{
        "@pywhispercpp//toolchains:local": ":host_headers",
        "//conditions:default": ":cross_headers",
    }}),
)

cc_library(
    name = "host_headers",
    hdrs = glob(["include/**/*.h"]),
    includes = ["include"],
)

cc_library(
    name = "cross_headers",
    hdrs = glob(["cross/**/*.h"]),
    includes = ["cross"],
)

py_runtime(
    name = "runtime",
    interpreter_path = "{executable}",
    python_version = "PY3",
    stub_shebang = "#!{executable}",
)

py_runtime_pair(
    name = "pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":pair",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)
"""

def _pinned_python_impl(ctx):
    version = ctx.os.environ.get("PYWHISPERCPP_PYTHON", "") or PYTHON_VERSION
    host = ctx.os.environ.get("PYWHISPERCPP_HOST_PYTHON", "") or str(ctx.which("python3") or "")
    if not host:
        fail("no python3 on PATH, and PYWHISPERCPP_HOST_PYTHON is not set")
    asked = ctx.execute([host, "-I", ctx.path(Label("//toolchains/python:interpreter.py")), version, host])
    if asked.return_code:
        fail(asked.stderr.strip())
    facts = json.decode(asked.stdout)
    ctx.symlink(facts["include"], "include")
    script = ctx.path(Label("//toolchains/python:cross_headers.py"))
    made = ctx.execute([host, "-I", script, facts["include"], facts["multiarch"], ctx.path("cross")])
    if made.return_code:
        fail(made.stderr.strip())
    ctx.file("BUILD.bazel", _BUILD.format(executable = facts["executable"]))
    ctx.file("defs.bzl", "\n".join(
        ['"""The facts of the pinned interpreter."""', ""] +
        ["%s = %r" % (name.upper(), facts[name]) for name in sorted(facts.keys())],
    ) + "\n")

pinned_python = repository_rule(
    implementation = _pinned_python_impl,
    doc = "The interpreter of --repo_env=PYWHISPERCPP_PYTHON=3.x (default: version.bzl), found by interpreter.py.",
    environ = [
        "HOME",
        "PATH",
        "PYENV_ROOT",
        "PYWHISPERCPP_HOST_PYTHON",
        "PYWHISPERCPP_PYTHON",
    ],
    local = True,
    configure = True,
)

"""cross_compilers(): where the compilers of targets.bzl are on this machine.

Never fails: a build for this machine by its own gcc needs none of them. scripts/fetch_zig.py writes zig's programs
into the workspace; Debian's cross gcc is asked for its headers where it is installed.
"""

load("//toolchains:targets.bzl", "TARGETS")

def _gcc(ctx, triple):
    """The path of <triple>-gcc and its own header folders; empty where it is not installed."""
    path = ctx.which(triple + "-gcc") if triple else None
    if not path:
        return {"path": "", "includes": []}
    said = ctx.execute([path, "-E", "-xc++", "-v", "/dev/null"], environment = {"LC_ALL": "C"}).stderr
    _, _, after = said.partition("#include <...> search starts here:")
    folders, _, _ = after.partition("End of search list.")
    lines = [line.strip() for line in folders.splitlines() if line.strip()]
    return {"path": str(path), "includes": [str(ctx.path(line).realpath) for line in lines]}

def _cross_compilers_impl(ctx):
    root = str(ctx.path(Label("@pywhispercpp//:WORKSPACE")).realpath.dirname)
    gcc = {name: _gcc(ctx, target["gcc"]) for name, target in TARGETS.items()}
    ctx.file("BUILD.bazel", "")
    ctx.file("defs.bzl", "\n".join([
        '"""The compilers of this machine."""',
        "",
        "ROOT = %r" % root,
        "GCC = %r" % gcc,
    ]) + "\n")

cross_compilers = repository_rule(
    implementation = _cross_compilers_impl,
    doc = "Writes defs.bzl: ROOT, the workspace, and GCC, target -> path and header folders of the cross gcc.",
    environ = ["PATH"],
    local = True,
    configure = True,
)

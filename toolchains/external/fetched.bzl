"""fetched_tree(): a folder that scripts/ fetched and verified, as an external repository."""

def _fetched_tree_impl(ctx):
    # The workspace's own folder, found through a file that is always there.
    root = ctx.path(Label("@pywhispercpp//:WORKSPACE")).dirname
    tree = ctx.path(str(root) + "/" + ctx.attr.path)
    if not tree.get_child(".fetched").exists:
        fail("%s is not there; run: nox -s fetch" % tree)
    for entry in tree.readdir():
        ctx.symlink(entry, entry.basename)
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

fetched_tree = repository_rule(
    implementation = _fetched_tree_impl,
    doc = "Links a fetched folder; Bazel sees later changes of its files through the links.",
    attrs = {
        "build_file": attr.label(allow_single_file = True, mandatory = True),
        "path": attr.string(mandatory = True, doc = "Relative to the workspace."),
    },
    local = True,
)

"""build_info_header(): csrc/build_info.h.in with the facts of this build filled in."""

load("//scripts:pins.bzl", "WHISPER_CPP")

def _build_info_header_impl(ctx):
    ctx.actions.expand_template(
        template = ctx.file.template,
        output = ctx.outputs.out,
        substitutions = {
            "@PROFILE@": ctx.var.get("profile", "native"),
            "@FLAGS@": " ".join(ctx.attr.flags),
            "@VARIANTS@": ";".join(ctx.attr.variants),
            "@BACKEND@": "bazel",
            "@GIT_STATE@": ctx.var.get("git_state", "unknown"),
            "@WHISPER_CPP_VERSION@": WHISPER_CPP["version"],
            "@GGML_VERSION@": WHISPER_CPP["ggml_version"],
        },
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

build_info_header = rule(
    implementation = _build_info_header_impl,
    doc = "Fills the template; `--define=git_state=…` is what build_info().git_state will say.",
    attrs = {
        "flags": attr.string_list(mandatory = True),
        "out": attr.output(mandatory = True),
        "template": attr.label(allow_single_file = True, mandatory = True),
        "variants": attr.string_list(doc = "Lines of a CPU variant and its features, best first."),
    },
)

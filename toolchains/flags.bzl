"""Turns the data of profiles.bzl and sources.bzl into what Bazel's rules take; one select() a function."""

load("@this_machine//:defs.bzl", "CPU")
load("//toolchains:profiles.bzl", "BASELINE", "PROFILES")
load("//toolchains:sources.bzl", "COPTS", "LIBRARIES", "LINKLIBS", "LINKOPTS", "VERSION_SCRIPT")

ARCHITECTURES = ["x86_64", "aarch64"]

# -march=native is one text on every CPU. A define that no source reads brings the CPU into the keys of the
# actions, so that a disk or remote cache that machines share is right for `native` too.
_IN_THE_KEY = {"native": ["-DCOMPILED_ON_CPU=" + CPU]}

# A remote worker has a CPU of its own: with --config=remote, `native` is no profile.
_WHERE = {"native": {"executor": "local"}}

# buildifier: disable=unnamed-macro
def profile_settings():
    """Declares a config_setting for each profile and architecture: //toolchains:<profile>_<arch>."""
    for arch in ARCHITECTURES:
        native.config_setting(
            name = arch,
            constraint_values = ["@platforms//cpu:" + arch],
        )
        for profile in PROFILES:
            native.config_setting(
                name = "%s_%s" % (profile, arch),
                constraint_values = ["@platforms//cpu:" + arch],
                define_values = dict(_WHERE.get(profile, {}), profile = profile),
            )

def _per_profile(make):
    return select({
        "@pywhispercpp//toolchains:%s_%s" % (profile, arch): make(profile, flags)
        for profile, data in PROFILES.items()
        for arch, flags in data["flags"].items()
    }, no_match_error = "no such --config profile for this machine: see toolchains/profiles.bzl; " +
                        "with --config=remote, `native` is none: a worker's CPU is not this one")

def _same(_profile, flags):
    return flags

def _common_and(profile, flags):
    return COPTS + flags + _IN_THE_KEY.get(profile, [])

def profile_copts():
    """The flags of the chosen profile, after the common ones."""
    return _per_profile(_common_and)

def profile_flags():
    """The flags of the chosen profile alone, for build_info()."""
    return _per_profile(_same)

def baseline_copts():
    """The flags of what must run on every CPU of the architecture."""
    return select({
        "@pywhispercpp//toolchains:" + arch: COPTS + flags
        for arch, flags in BASELINE.items()
    })

def extension_linkopts():
    """How an extension module is linked; //toolchains:exports.lds is the file that it names."""
    return LINKOPTS + ["-Wl,--version-script=" + VERSION_SCRIPT] + LINKLIBS

def library_srcs(name):
    """The sources of a library: the common ones and those of the architecture.

    Args:
        name: a key of LIBRARIES.

    Returns:
        A list of paths, or a list and a select().
    """
    library = LIBRARIES[name]
    if not library["arch_srcs"]:
        return library["srcs"]
    return library["srcs"] + select({
        "@pywhispercpp//toolchains:" + arch: srcs
        for arch, srcs in library["arch_srcs"].items()
    })

def define_list(defines):
    """{"A": "", "B": "1"} -> ["A", "B=1"], quoted for Bazel's shell tokenizer."""
    return [
        name + ("=" + value.replace("\"", "\\\"") if value else "")
        for name, value in defines.items()
    ]

"""Turns the data of profiles.bzl, targets.bzl and sources.bzl into what Bazel's rules take; one select() a function."""

load("@this_machine//:defs.bzl", "CPU")
load("//toolchains:profiles.bzl", "BASELINE", "PROFILES", "VARIANTS")
load("//toolchains:sources.bzl", "COPTS", "LIBRARIES", "LIBRARY_VERSION_SCRIPT", "LINKERS", "LINKLIBS", "LINKOPTS", "VARIANT_LIBRARY", "VERSION_SCRIPT")
load("//toolchains:targets.bzl", "TARGETS")

COMPILERS = ["gcc", "zig"]
_SETTING = "@pywhispercpp//toolchains:"
_CPUS = {target["arch"]: target["cpu"] for target in TARGETS.values()}

_NO_PROFILE = """no such --config profile for this machine: see toolchains/profiles.bzl;
with --config=remote, `native` is none: a worker's CPU is not this one"""

# A remote worker has a CPU of its own: with --config=remote, `native` is no profile.
_WHERE = {"native": {"executor": "local"}}

# buildifier: disable=unnamed-macro
def settings():
    """Declares what the select()s below ask: architecture, compiler, target and profile."""
    for arch, cpu in _CPUS.items():
        for compiler in COMPILERS:
            constraints = ["@platforms//cpu:" + cpu, "//toolchains/cc:" + compiler]
            native.config_setting(name = "%s_%s" % (arch, compiler), constraint_values = constraints)
            for profile, data in PROFILES.items():
                if arch in data["archs"]:
                    native.config_setting(
                        name = "%s_%s_%s" % (profile, arch, compiler),
                        constraint_values = constraints,
                        define_values = dict(_WHERE.get(profile, {}), profile = profile),
                    )
        native.config_setting(name = arch, constraint_values = ["@platforms//cpu:" + cpu])
    for name, target in TARGETS.items():
        native.config_setting(
            name = "target_" + name,
            constraint_values = ["@platforms//cpu:" + target["cpu"], "//toolchains/cc:" + target["libc"]],
        )
    for profile in ["native", "portable"]:
        native.config_setting(name = profile, define_values = {"profile": profile})
    native.config_setting(name = "cross_gcc", constraint_values = ["//toolchains/cc:cross", "//toolchains/cc:gcc"])
    for name in ["local"] + COMPILERS:
        native.config_setting(name = name, constraint_values = ["//toolchains/cc:" + name])

def _whole(entries):
    """The entries with the features of those that they are like (toolchains/profiles.py too)."""
    whole = {}
    for name, entry in entries.items():
        inherited = whole[entry["like"]]["features"] if "like" in entry else []
        features = None if entry["features"] == None else inherited + entry["features"]
        whole[name] = dict(entry, features = features)
    return whole

_PROFILES = _whole(PROFILES)
_VARIANTS = {arch: _whole(variants) for arch, variants in VARIANTS.items()}

def _flags(entry, arch, compiler):
    """The flags of a profile or variant; None where the compiler has none (toolchains/profiles.py too)."""
    if arch in entry["flags"]:
        return entry["flags"][arch].get(compiler)
    return BASELINE[arch][compiler] + ["-m" + feature for feature in entry["features"]]

def _per_compiler(name, entry, arch, make):
    return {
        _SETTING + "%s_%s" % (name, compiler): make(_flags(entry, arch, compiler))
        for compiler in COMPILERS
        if _flags(entry, arch, compiler) != None
    }

def _per_profile(make):
    branches = {}
    for profile, entry in _PROFILES.items():
        for arch in entry["archs"]:
            branches.update(_per_compiler("%s_%s" % (profile, arch), entry, arch, make))
    return select(
        branches,
        no_match_error = _NO_PROFILE,
    )

def _same(flags):
    return flags

def _common_and(flags):
    return COPTS + flags

def _cpu_in_the_key():
    """A define that no source reads: -march=native is one text on every CPU, and machines may share a cache."""
    return select({_SETTING + "native": ["-DCOMPILED_ON_CPU=" + CPU], "//conditions:default": []})

def profile_copts():
    """The flags of the chosen profile, after the common ones."""
    return _per_profile(_common_and) + _cpu_in_the_key()

def profile_flags():
    """The flags of the chosen profile alone, for build_info()."""
    return _per_profile(_same)

def baseline_copts():
    """The flags of what must run on every CPU of the architecture.

    Returns:
        A select().
    """
    branches = {}
    for arch in _CPUS:
        branches.update(_per_compiler(arch, {"features": [], "flags": {}}, arch, _common_and))
    return select(branches)

def variant_copts(arch, variant):
    """The flags of one CPU variant of a portable wheel.

    Args:
        arch: a key of VARIANTS.
        variant: a key of VARIANTS[arch].

    Returns:
        A select().
    """
    return select(
        _per_compiler(arch, _VARIANTS[arch][variant], arch, _common_and),
        no_match_error = "%s cannot be compiled by this compiler, or for this machine" % variant,
    )

def _per_portable(make):
    """A select() of lists, one item for each CPU variant that the compiler can compile; empty in other wheels."""
    branches = {"//conditions:default": []}
    for arch, variants in _VARIANTS.items():
        for compiler in COMPILERS:
            known = [name for name in variants if _flags(variants[name], arch, compiler) != None]
            branches[_SETTING + "portable_%s_%s" % (arch, compiler)] = make(known, variants)
    return select(branches)

def _labels(known, _variants):
    return ["//pywhispercpp:" + VARIANT_LIBRARY % name for name in known]

def _described(known, variants):
    return [" ".join([name] + variants[name]["features"]) for name in reversed(known)]

def variant_libraries():
    """The labels of the libraries of a portable wheel's CPU variants."""
    return _per_portable(_labels)

def variant_features():
    """Lines "name feature …" of the CPU variants in a portable wheel, best first, for build_info.h."""
    return _per_portable(_described)

def per_target(key):
    """What TARGETS says of the chosen target under a key."""
    return select({_SETTING + "target_" + name: target[key] for name, target in TARGETS.items()})

def compiler():
    """The name of the compiler: whose spelling of flags is used, and what is linked in."""
    return select({_SETTING + name: name for name in COMPILERS})

def _linkopts(script):
    linker = select({_SETTING + compiler: LINKERS[compiler] + LINKOPTS for compiler in COMPILERS})

    # Bazel calls one program for C and C++: of gcc that is the C compiler, which links no C++ library by itself.
    runtime = select({_SETTING + "cross_gcc": ["-lstdc++"], "//conditions:default": []})
    return linker + ["-Wl,--version-script=" + script] + runtime + LINKLIBS

def extension_linkopts():
    """How an extension module is linked; //toolchains:exports.lds is the file that it names."""
    return _linkopts(VERSION_SCRIPT)

def library_linkopts(soname):
    """How a library of a portable wheel is linked; //toolchains:ggml.lds is the file that it names."""
    return _linkopts(LIBRARY_VERSION_SCRIPT) + ["-Wl,-soname," + soname]

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
        _SETTING + arch: srcs
        for arch, srcs in library["arch_srcs"].items()
    })

def define_list(defines):
    """{"A": "", "B": "1"} -> ["A", "B=1"], quoted for Bazel's shell tokenizer."""
    return [
        name + ("=" + value.replace("\"", "\\\"") if value else "")
        for name, value in defines.items()
    ]

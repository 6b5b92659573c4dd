"""What a wheel can be built for: architecture and C library, and the names each tool has for them.

Pure literals: Bazel loads this file, Python reads it with toolchains/targets.py. `zig` is the -target of zig, with
the glibc floor; `gcc` the triple of Debian's cross compiler (None where Debian has none); `cpu` Bazel's name in
@platforms; `multiarch` the last part of an extension's file name; `profile` what is built unless another is asked for. To add a target, add an entry.
"""

# Before CPython 3.11 the name of an extension said gnu for musl too.
GNU_EVERYWHERE = ["cp39", "cp310"]

TARGETS = {
    "x86_64": {
        "arch": "x86_64",
        "cpu": "x86_64",
        "libc": "glibc",
        "zig": "x86_64-linux-gnu.2.17",
        "gcc": "x86_64-linux-gnu",
        "multiarch": "x86_64-linux-gnu",
        "profile": "portable",
    },
    "aarch64": {
        "arch": "aarch64",
        "cpu": "aarch64",
        "libc": "glibc",
        "zig": "aarch64-linux-gnu.2.17",
        "gcc": "aarch64-linux-gnu",
        "multiarch": "aarch64-linux-gnu",
        "profile": "portable",
    },
    "armv7l": {
        "arch": "armv7l",
        "cpu": "armv7",
        "libc": "glibc",
        "zig": "arm-linux-gnueabihf.2.17",
        "gcc": "arm-linux-gnueabihf",
        "multiarch": "arm-linux-gnueabihf",
        "profile": "armv7-a",
    },
    "x86_64-musl": {
        "arch": "x86_64",
        "cpu": "x86_64",
        "libc": "musl",
        "zig": "x86_64-linux-musl",
        "gcc": None,
        "multiarch": "x86_64-linux-musl",
        "profile": "portable",
    },
    "aarch64-musl": {
        "arch": "aarch64",
        "cpu": "aarch64",
        "libc": "musl",
        "zig": "aarch64-linux-musl",
        "gcc": None,
        "multiarch": "aarch64-linux-musl",
        "profile": "portable",
    },
}

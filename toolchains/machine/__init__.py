"""What Bazel's keys leave out: the compilers outside the build's inputs, and the CPU that `native` means."""

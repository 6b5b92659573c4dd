"""Gets the inputs of a build: pins, downloads, sources, Bazel. One file, one verb."""

"""The pinned interpreter: headers, runtime, extension suffix and wheel tag of ONE Python."""

"""Data races: the bindings and whisper.cpp built for ThreadSanitizer, and many threads over one model."""

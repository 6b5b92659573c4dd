"""Benchmarks: speed as interleaved ratios, and what a setting does to the text as a word error rate."""

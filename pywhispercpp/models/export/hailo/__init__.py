"""Whisper for Hailo's accelerators: networks, calibration sets, model scripts and, where it is, the compiler.

Source of the shapes, names and settings: Hailo's public hailo-whisper and its speech-recognition example.
"""

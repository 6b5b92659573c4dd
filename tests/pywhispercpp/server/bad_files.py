"""Files that are no audio, or not much of it: small real ones, made here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np

__all__ = ["BAD", "concat", "encoded_speech", "playlist"]

RNG = np.random.default_rng(7)


def archive() -> bytes:
    """A zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("../../etc/passwd", "root")
    return content.getvalue()


def silent_video() -> bytes:
    """Half a second of film without a sound."""
    content = io.BytesIO()
    with av.open(content, "w", format="matroska") as container:
        stream: Any = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        for _ in range(12):
            container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    return content.getvalue()


def playlist(what: str) -> bytes:
    """A list that names another place, as HTTP Live Streaming has it."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{what}\n#EXT-X-ENDLIST\n".encode()


def concat(what: str) -> bytes:
    """A list that names another place, as FFmpeg's own format has it."""
    return f"ffconcat version 1.0\nfile '{what}'\n".encode()


def encoded_speech(speech: Path, kind: str) -> bytes:
    """Speech in another format."""
    content = io.BytesIO()
    with av.open(str(speech)) as source, av.open(content, "w", format=kind) as container:
        stream: Any = container.add_stream({"mp3": "libmp3lame", "flac": "flac"}[kind], rate=16000)
        for frame in source.decode(audio=0):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


BAD = {
    "empty": b"",
    "text": b"Call me Ishmael. " * 99,
    "zip": archive(),
    "film": silent_video(),
    "hls": playlist("file:///etc/passwd"),
    "concat": concat("/etc/passwd"),
    "noise": RNG.bytes(30_000),
    "wav-head": b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00",
    "mp3-head": b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(2000),
    "html": b"<html><script>alert(1)</script></html>",
}

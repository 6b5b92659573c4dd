"""Uploads that are no recordings, of ten kinds: a service refuses them, and goes on as if none had come."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from random import Random

from scripts.errors import BuildError
from wheels.bench.clients import Client, Form

__all__ = ["DIALECTS", "kinds", "refusals", "table"]

#: Where each dialect takes recordings.
DIALECTS = ("/v1/audio/transcriptions", "/api/v1/transcribe", "/inference")
HEADER = 44  # bytes of a WAV file before its samples


def kinds(talk: bytes, most: int) -> dict[str, Form]:
    """One of each kind, made of a WAV file; `most` bytes are what the service takes."""
    whole = Form.of(talk)
    return {
        "nothing": Form.of(b""),
        "prose": Form.of(b"Ask not what your country can do for you. " * 500, "talk.mp3"),
        "noise": Form.of(Random(7).randbytes(100_000), "talk.ogg"),
        "a picture": Form.of(_picture(), "talk.m4a"),
        "a cut header": Form.of(talk[: HEADER // 2]),
        "no samples": Form.of(talk[:4] + (36).to_bytes(4, "little") + talk[8:40] + bytes(4)),
        "no file": Form.of(None, language="en"),
        "half a form": Form(whole.body[: len(whole.body) // 2]),
        "no boundary": Form(whole.body, "multipart/form-data"),
        "too large": Form.of(talk + bytes(most)),
    }


def refusals(port: int, forms: Mapping[str, Form], times: int) -> dict[str, dict[int, int]]:
    """Send each so many times, to each dialect in turn: how often which status came, by kind."""
    found: dict[str, dict[int, int]] = {kind: {} for kind in forms}
    for number in range(times):
        for kind, form in forms.items():
            client = Client(port)
            status = client.send(DIALECTS[number % len(DIALECTS)], form).status
            client.close()
            found[kind][status] = found[kind].get(status, 0) + 1
    return found


def table(found: Mapping[str, Mapping[int, int]]) -> str:
    """A line for each kind; BuildError where one was answered with anything but 4xx."""
    lines = [f"{'bad uploads':<16}answers"]
    for kind, statuses in found.items():
        told = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
        lines.append(f"{kind:<16}{told}")
        if not all(400 <= status < 500 for status in statuses):
            raise BuildError(f"a bad upload ({kind}) was not refused: {told}")
    return "\n".join(lines)


def _picture() -> bytes:
    """A PNG of one grey pixel."""
    parts = [(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])), (b"IDAT", zlib.compress(b"\0\x80"))]
    body = b"\x89PNG\r\n\x1a\n"
    for name, data in [*parts, (b"IEND", b"")]:
        body += len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
    return body

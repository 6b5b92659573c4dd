"""Anything given as audio: samples or an error of ours, no other exception, no end of the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from pywhispercpp import PywhispercppError, audio
from tests.fuzzing import Child, tries

pytestmark = pytest.mark.fuzz

CONTAINERS = {
    "wav": "pcm_s16le",
    "flac": "flac",
    "mp3": "libmp3lame",
    "ogg": "libopus",
    "oga": "flac",
    "mp4": "aac",
    "mkv": "ac3",
    "aiff": "pcm_s16be",
    "au": "pcm_mulaw",
    "caf": "alac",
    "asf": "wmav2",
    "ts": "mp2",
    "avi": "adpcm_ms",
    "w64": "pcm_f32le",
}


def _media(path: Path, codec: str) -> bytes:
    rate = 48000
    tone = (np.sin(np.arange(rate // 4) / 12) * 9000).astype("<i2")
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="stereo")
        stream.bit_rate = 64000
        frame = av.AudioFrame(format="s16", layout="stereo", samples=tone.size)
        frame.planes[0].update(np.repeat(tone, 2).tobytes())
        frame.sample_rate, frame.pts = rate, 0
        for made in (frame, None):
            container.mux(stream.encode(made))
    return path.read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A quarter of a second in each container."""
    folder = tmp_path_factory.mktemp("media")
    return {name: _media(folder / f"tone.{name}", codec) for name, codec in CONTAINERS.items()}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.stop()


def test_the_files_are_good_before_they_are_damaged(files: dict[str, bytes], child: Child) -> None:
    for name, content in files.items():
        how, details = child.ask("load", content)
        assert how == "result" and 3000 < int(details.split()[0]) < 8000, (name, details)


def _edited(content: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    bad = bytearray(content)
    for kind, where, data in edits:
        # The cube of a number between 0 and 1 is often small: headers are where the numbers are.
        at = int(where**3 * len(bad))
        if kind == "cut":
            del bad[at + 1 :]
        elif kind == "drop":
            del bad[at : at + len(data)]
        elif kind == "insert":
            bad[at:at] = data
        else:
            bad[at : at + len(data)] = data
    return bytes(bad)


EDIT = st.tuples(
    st.sampled_from(["write", "write", "write", "insert", "drop", "cut"]),
    st.floats(0, 1),
    st.one_of(
        st.binary(min_size=1, max_size=8), st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff"])
    ),
)


@tries(250)
@given(name=st.sampled_from(sorted(CONTAINERS)), edits=st.lists(EDIT, min_size=1, max_size=6))
def test_a_damaged_file(
    files: dict[str, bytes], child: Child, name: str, edits: list[tuple[str, float, bytes]]
) -> None:
    child.ask("load", _edited(files[name], edits))


@tries(40)
@given(content=st.binary(max_size=2000))
def test_bytes_of_anything(child: Child, content: bytes) -> None:
    child.ask("load", content)


RETURNED = st.one_of(
    st.binary(max_size=60000),
    st.none(),
    st.text(max_size=5),
    st.integers(),
    st.floats(),
    st.builds(bytearray, st.binary(max_size=9)),
    st.sampled_from([b"x" * 100_000, True, [], ()]),
)
RAISED = st.sampled_from(
    [
        OSError("gone"),
        ValueError("no"),
        RuntimeError("lost"),
        EOFError(),
        StopIteration(),
        MemoryError(),
        KeyError(1),
    ]
)


@tries(80)
@given(
    name=st.sampled_from(sorted(CONTAINERS)),
    good=st.integers(0, 3),
    then=st.lists(
        st.one_of(st.tuples(st.just("return"), RETURNED), st.tuples(st.just("raise"), RAISED)), max_size=8
    ),
)
def test_a_file_object_that_does_anything(
    files: dict[str, bytes], child: Child, name: str, good: int, then: list[tuple[str, object]]
) -> None:
    content = files[name]
    start = [("return", content[at : at + 8000]) for at in range(0, 8000 * good, 8000)]
    child.ask("script", [*start, *then])


ARRAYS = st_np.arrays(
    dtype=st.one_of(
        st_np.scalar_dtypes(), st_np.array_dtypes(), st.just(np.dtype(object)), st.just(np.longdouble)
    ),
    shape=st_np.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40),
)
FLOATS = st_np.arrays(
    dtype=st_np.floating_dtypes(endianness="?"),
    shape=st.one_of(st.tuples(st.integers(0, 400)), st.tuples(st.integers(0, 90), st.integers(1, 3))),
    elements={"allow_nan": True, "allow_infinity": True},
)


@tries(120)
@given(array=st.one_of(ARRAYS, FLOATS), step=st.sampled_from([1, 2, -1]))
def test_an_array_of_anything(array: Any, step: int) -> None:  # noqa: ANN401
    media = array[::step] if array.ndim else array
    for load, shape in (
        (audio.load, (len(media),) if media.ndim else ()),
        (audio.load_channels, media.shape),
    ):
        try:
            samples = load(media)
        except PywhispercppError:
            continue
        assert samples.dtype == np.float32 and samples.shape == shape and samples.flags.c_contiguous
        assert np.abs(samples).max() <= audio.LOUDEST
        assert np.allclose(samples, media.astype(np.float64), rtol=1e-3)


@tries(100)
@given(
    media=st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(max_size=300),
        st.lists(st.floats(), max_size=3),
        st.dictionaries(st.text(), st.text(), max_size=2),
        st.builds(Path, st.text(max_size=300)),
        st.binary(max_size=50).map(lambda content: memoryview(content)),
        st.builds(bytearray, st.binary(max_size=50)),
    )
)
def test_a_name_or_anything_else(media: Any) -> None:  # noqa: ANN401
    try:
        samples = audio.load(media)
    except PywhispercppError:
        return
    assert samples.size

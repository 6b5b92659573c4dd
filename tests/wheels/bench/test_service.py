"""The bench of the service: its parts do what they say, on a real service; how fast it is, the bench says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.bench import bad_uploads, service
from wheels.bench.clients import Answer, Client, Form, Latencies
from wheels.bench.served import Served, serve
from wheels.bench.worker import MANY, Setup, start

PYTHON = Path(sys.executable)


@pytest.fixture(scope="module")
def served(tiny_en: Path) -> Iterator[Served]:
    """The installed service."""
    with serve(PYTHON, {"model": tiny_en, "max_upload_mb": service.UPLOAD_MB}) as running:
        yield running


@pytest.fixture(scope="module")
def bench(served: Served, tiny_en: Path, jfk: Path) -> Iterator[service.Bench]:
    """The service and the library, with one second of speech."""
    setup = Setup("library", PYTHON, {"model": str(tiny_en)}, service.OPTIONS, script=MANY)
    with start(setup) as library:
        yield service.Bench(served, library, jfk, cores=2)


def test_the_library_and_the_service_are_measured(
    bench: service.Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LEAST", 2)
    assert [row.label for row in bench.rows()] == [
        "library, 1 at once, threads: 2",
        "library, 2 at once, threads: 1",
        "service, clients: 1",
        "service, clients: 8",
        "service, clients: 64",
    ]
    for took in (bench.many(1, 1), bench.load(2)):
        assert took.total > 0 and took.cpu > 0
    asked = {path: (count, p50, p99) for path, count, p50, p99, _ in bench.latencies[2].rows()}
    assert set(asked) == set(service.QUESTIONS)
    assert all(count > 1 and 0 < p50 <= p99 for count, p50, p99 in asked.values())


def test_bad_uploads_are_refused_beside_good_ones(bench: service.Bench) -> None:
    text = service.refused(bench, len(bad_uploads.DIALECTS), good=2)
    rows = text.splitlines()[1:11]
    assert [row[:16].strip() for row in rows] == list(bad_uploads.kinds(b"", 0))
    assert "3 x 413" in rows[-1]
    assert text.endswith("2 good ones meanwhile: all answered, the same text; no file is left")


def test_an_upload_that_should_have_been_refused_is_told() -> None:
    with pytest.raises(BuildError, match=r"a bad upload \(noise\) was not refused: 2 x 200, 1 x 400"):
        bad_uploads.table({"noise": {400: 1, 200: 2}})


def test_memory_is_read_after_parts_of_the_requests(served: Served, jfk: Path, tmp_path: Path) -> None:
    head, *rows = service.memory(served, service.clip(jfk, tmp_path), 5).splitlines()
    assert head.split() == ["requests", "resident"]
    assert [row.split()[0] for row in rows] == ["0", "2", "5"]
    assert all(100 < float(row.split()[1]) < 2000 for row in rows)


def test_a_form_reaches_the_service_whole(served: Served, jfk: Path) -> None:
    client = Client(served.port)
    form = Form.of(jfk.read_bytes(), response_format="srt")
    answer = client.send(service.PATH, form)
    client.close()
    assert answer.status == 200
    assert answer.body.startswith(b"1\n00:00:00,000 --> ")
    assert b"fellow Americans" in answer.body


def test_the_table_has_shares_of_both_rows_of_the_library() -> None:
    took = [service.Took(total, cpu=2.0) for total in (1.0, 2.0, 3.0)]
    half = [service.Took(total, cpu=1.0) for total in (0.5, 1.0, 1.5)]
    _, *rows = service.throughput(["one", "two", "served"], [took, half, took]).splitlines()
    assert rows[0].split() == ["one", "2.000", "s", "1.50-2.50", "1.00", "0.50", "0.50"]
    assert rows[2].split() == ["served", "2.000", "s", "1.50-2.50", "1.00", "0.50", "0.50"]
    assert rows[1].split()[-3:] == ["2.00", "1.00", "1.00"]


def test_questions_have_percentiles() -> None:
    latencies = Latencies(["/health"])
    for milliseconds in range(1, 102):
        latencies.add("/health", Answer(200, b"", milliseconds / 1000))
    _, row = service.questions({8: latencies}).splitlines()
    assert row.split() == ["/health", "8", "101", "51.0", "ms", "100.0", "ms", "101.0", "ms"]
    with pytest.raises(BuildError, match="GET /health was answered 500: b'oh'"):
        latencies.add("/health", Answer(500, b"oh", 0.1))


def test_a_service_that_does_not_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"nowhere\.bin"), serve(PYTHON, {"model": tmp_path / "nowhere.bin"}):
        pass


def test_a_file_that_is_not_transcribed_ends_the_worker(
    tiny_en: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    setup = Setup("library", PYTHON, {"model": str(tiny_en)}, {"count": 1, "workers": 1}, script=MANY)
    with start(setup) as library, pytest.raises(BuildError, match="the worker of library died"):
        library.ask(tmp_path / "nowhere.wav")
    assert "1 of 1 transcriptions failed" in capfd.readouterr().err

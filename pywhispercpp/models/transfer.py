"""One URL into one open file over HTTP: resumes, retries, and refuses what is not the file."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from typing import BinaryIO

import requests
from urllib3.exceptions import ProtocolError

from pywhispercpp.errors import DownloadError
from pywhispercpp.models.ggml_file import MAGIC, looks_like
from pywhispercpp.models.progress import Progress

__all__ = ["UnreachableError", "fetch"]

_BLOCK = 1 << 18
_TIMEOUT = (5.0, 30.0)  # seconds to connect, seconds without a byte
_ATTEMPTS = 4
_CHECK = "Check the network, a proxy (HTTP_PROXY, HTTPS_PROXY) and the mirror, if any (HF_ENDPOINT, --mirror)"
_BUSY = (408, 425, 429, 500, 502, 503, 504)


class UnreachableError(DownloadError):
    """The server could not be reached at all: no name, no route, no answer."""


class _Transient(Exception):
    """Worth another attempt."""


def fetch(url: str, file: BinaryIO, size: int | None, progress: Progress, pause: float = 1.0) -> None:
    """Bring `file` (open for reading and writing, unbuffered) to the full content of `url`.

    Bytes already in `file` are kept and the rest asked for with a Range; a server that ignores it sends
    everything, which then replaces them. `size` in bytes is the expected total, when known; `pause` is the
    first wait in seconds, doubled at each of the retries. Raises UnreachableError when not one connection
    could be made, else DownloadError.
    """
    reached = False  # has any HTTP answer come?
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _attempt(url, file, size, progress)
        except _Transient as error:
            reached, reason = True, str(error)
        except requests.ConnectionError as error:
            reason = _why(error)
            if not reached and not _cut_off(error):  # no name, refused, no route: it will stay so
                break
        except requests.Timeout as error:
            reason = str(error)
        except requests.RequestException as error:
            raise DownloadError(f"{url}: {error}") from error
        if attempt < _ATTEMPTS:
            progress.note(f"{url}: {reason}; trying again in {pause:.1f} s")
            time.sleep(pause)
            pause *= 2
    if not reached:
        raise UnreachableError(f"{url}: cannot connect: {reason}. {_CHECK}")
    kept = os.fstat(file.fileno()).st_size
    raise DownloadError(
        f"{url}: gave up after {_ATTEMPTS} attempts: {reason}. {kept} bytes are kept; "
        "run it again to go on from there"
    )


def _why(error: requests.ConnectionError) -> str:
    """The reason alone: requests puts pools and tries around it."""
    inner = error.args[0] if error.args else error
    return re.sub(r"^\w+\([^()]*\): ", "", str(getattr(inner, "reason", inner)))


def _cut_off(error: requests.ConnectionError) -> bool:
    """True when a connection was made and then dropped before an answer."""
    return bool(error.args) and isinstance(error.args[0], ProtocolError)


def _attempt(url: str, file: BinaryIO, size: int | None, progress: Progress) -> None:
    have = os.fstat(file.fileno()).st_size
    if have and size is not None and have >= size:
        if have > size:
            file.truncate(0)
            have = 0
        else:
            return
    # Content-Encoding would change the bytes that Range counts.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with requests.get(url, stream=True, timeout=_TIMEOUT, headers=headers) as answer:
        if answer.status_code == 416:  # what is there is longer than the file, or complete: begin anew
            file.truncate(0)
            raise _Transient("the server has nothing after the bytes already here")
        start = _start(url, answer, have)
        total = _total(url, answer, start, size)
        _need_space(url, file, start, total)
        file.truncate(start)
        file.seek(start)
        _stream(url, answer, file, start, total, progress)


def _start(url: str, answer: requests.Response, have: int) -> int:
    """The offset the server sends from; raises when it does not send the file."""
    if answer.status_code in _BUSY:
        raise _Transient(f"the server answered {answer.status_code} {answer.reason}")
    if answer.status_code not in (200, 206):
        raise DownloadError(
            f"{url}: the server answered {answer.status_code} {answer.reason}; nothing was downloaded"
        )
    if "html" in answer.headers.get("Content-Type", ""):
        raise DownloadError(_html(url, looks_like(b"<html")))
    if answer.status_code == 200:
        return 0
    if not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise DownloadError(
            f"{url}: asked for bytes from {have}, got {answer.headers.get('Content-Range')!r}"
        )
    return have


def _total(url: str, answer: requests.Response, start: int, size: int | None) -> int | None:
    length = answer.headers.get("Content-Length", "")
    offered = start + int(length) if length.isdigit() else None
    if offered is not None and size is not None and offered != size:
        raise DownloadError(
            f"{url}: the server offers {offered} bytes, expected {size}; nothing was downloaded"
        )
    return size if offered is None else offered


def _need_space(url: str, file: BinaryIO, start: int, total: int | None) -> None:
    disk = os.fstatvfs(file.fileno())
    free = disk.f_bavail * disk.f_frsize
    if total is not None and total - start > free:
        raise DownloadError(_full(url, f"{total - start} bytes needed, {free} free"))


def _stream(
    url: str, answer: requests.Response, file: BinaryIO, start: int, total: int | None, to: Progress
) -> None:
    done = start
    to.at(done, total)
    for block in _blocks(answer):
        if done == 0 and not block.startswith(MAGIC[: len(block)]):
            raise DownloadError(_html(url, looks_like(block) or f"something that begins with {block[:8]!r}"))
        if total is not None and done + len(block) > total:
            raise DownloadError(f"{url}: the server sends more than the {total} bytes it should")
        _write(url, file, block)
        done += len(block)
        to.at(done, total)
    if total is not None and done < total:
        raise _Transient(f"the connection ended at byte {done} of {total}")


def _blocks(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(_BLOCK)
    except requests.RequestException as error:
        raise _Transient(f"the connection broke: {error}") from error


def _write(url: str, file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise DownloadError(_full(url, str(error.strerror or error))) from error


def _html(url: str, seems: str) -> str:
    return f"{url}: no ggml model came back but {seems}; nothing was written. {_CHECK}"


def _full(url: str, why: str) -> str:
    return f"{url}: cannot be stored: {why}. Make room or choose another folder (PYWHISPERCPP_MODELS_DIR)"

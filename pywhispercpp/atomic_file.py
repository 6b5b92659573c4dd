"""A file that is written whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TextIO, Union, overload

from pywhispercpp.errors import OutputError

__all__ = ["check_replaceable", "check_target", "writing"]

Target = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


@overload
def writing(path: Target, mode: Literal["w"] = "w") -> AbstractContextManager[TextIO]: ...
@overload
def writing(path: Target, mode: Literal["wb"]) -> AbstractContextManager[BinaryIO]: ...
def writing(path: Target, mode: str = "w") -> AbstractContextManager[IO[Any]]:
    """Open a file that takes its name when the block ends well, and is gone when it does not.

    path: the target. What is there stays as it was until the new file is complete and on the disk; then the
        new one takes its place and its permissions. A device or pipe (/dev/stdout) is written directly.
    mode: "w" for text (UTF-8, "\\n" as it is) or "wb" for bytes.
    Raises OutputError when the file cannot be made, written or renamed; what the block raises passes through.
    Processes that write the same target at once each write a file of their own: the last whole one stays.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode={mode!r}: 'w' or 'wb' is needed")
    return _writing(Path(os.fsdecode(path)), mode)


@contextmanager
def _writing(path: Path, mode: str) -> Iterator[IO[Any]]:
    old = _status(path)
    if old is not None and not stat.S_ISREG(old.st_mode):
        with _opened(path, path, os.O_WRONLY, mode) as file:
            yield file
        return
    target = Path(os.path.realpath(path))  # a link stays one: what it points to is replaced
    part = target.with_name(f".{uuid.uuid4().hex}.part")  # short: the target's name may be as long as allowed
    try:
        with _opened(part, path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode) as file:
            yield file
        _rename(part, target, path, old)
    finally:
        with suppress(OSError):
            part.unlink()


def _status(path: Path) -> os.stat_result | None:
    """What is at the target now; raises OutputError for a folder, and for a place that is none."""
    try:
        old = path.stat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        raise _failed(path, error) from error
    if stat.S_ISDIR(old.st_mode):
        raise OutputError(f"{path}: this is a folder, a file name is needed")
    return old


@contextmanager
def _opened(part: Path, path: Path, flags: int, mode: str) -> Iterator[IO[Any]]:
    """The open file; closed, with its bytes on the disk, when the block ends well."""
    try:
        raw = _Raw(os.open(part, flags | os.O_CLOEXEC, 0o666), path)
    except OSError as error:
        raise _failed(path, error) from error
    buffer = io.BufferedWriter(raw)
    file = buffer if mode == "wb" else io.TextIOWrapper(buffer, encoding="utf-8", newline="")
    try:
        yield file
        file.flush()
        raw.sync()
    finally:
        with suppress(OutputError):  # bytes that did not go out above do not go out here either
            file.close()


def _rename(part: Path, target: Path, path: Path, old: os.stat_result | None) -> None:
    try:
        if old is not None:
            part.chmod(stat.S_IMODE(old.st_mode))
        part.replace(target)
    except OSError as error:
        raise _failed(path, error) from error


class _Raw(io.FileIO):
    """A file whose failures are OutputErrors, so that they are told from what else the block may raise."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "wb")
        self._path = path

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - anything with a buffer
        """Write, or raise OutputError; a reader that went away stays a BrokenPipeError."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _failed(self._path, error) from error

    def sync(self) -> None:
        """Wait until the bytes are on the disk; a pipe or terminal has none."""
        try:
            if stat.S_ISREG(os.fstat(self.fileno()).st_mode):
                os.fsync(self.fileno())
        except OSError as error:
            raise _failed(self._path, error) from error


def _failed(path: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"{path}: cannot be written: {reason}")


def check_target(path: Target) -> None:
    """Raise OutputError for a path that writing() would refuse now; for before long work."""
    target = Path(os.path.realpath(os.fsdecode(path)))
    if _status(target) is not None and not target.is_file():  # a device
        return
    if not os.access(target.parent, os.W_OK):
        missing = (
            "the folder is not there" if not target.parent.exists() else "the folder cannot be written to"
        )
        raise OutputError(f"{os.fsdecode(path)}: cannot be written: {missing}")


def check_replaceable(path: Target) -> None:
    """Raise OutputError where a folder, a device or a pipe has the name that a new file is to take.

    For what is written beside its place and renamed: as root that would remove /dev/null.
    """
    target = Path(os.fsdecode(path))
    if target.exists() and not target.is_file():
        raise OutputError(f"{target}: this is a folder, a device or a pipe; the name of a file is needed")

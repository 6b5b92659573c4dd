"""Every error this package raises on purpose; one root, so that one `except` catches them all."""

from __future__ import annotations


class PywhispercppError(Exception):
    """Root of the package's errors; `exit_code` is what the command line ends with."""

    exit_code = 1


class ModelError(PywhispercppError):
    """A model file cannot be used."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model of that name or at that path."""


class AudioError(PywhispercppError):
    """Audio cannot be read, or an array is not audio."""


class AudioNotFoundError(AudioError, FileNotFoundError):
    """There is no audio file at that path."""


class OptionError(PywhispercppError, ValueError):
    """An option has the wrong name, type or value."""


class TranscriptionError(PywhispercppError):
    """whisper.cpp gave up while transcribing."""


class BackendError(PywhispercppError):
    """No compute code for this CPU can be loaded."""


class DownloadError(PywhispercppError):
    """A file could not be downloaded, or it is not the file that was asked for."""


class MissingPackageError(PywhispercppError, ImportError):
    """An optional package that this needs is not installed."""


class ExportError(PywhispercppError):
    """A model could not be written in another format."""


class OutputError(PywhispercppError):
    """A result could not be written to a file."""


class SettingsError(PywhispercppError):
    """A setting of the service has a wrong value."""

    exit_code = 2


class UsageError(PywhispercppError):
    """The command line asks for something that makes no sense."""

    exit_code = 2

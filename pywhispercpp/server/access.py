"""Access: who is let in. Keys are compared in constant time, kept as hashes, and never logged."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import HTTPConnection

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.settings import Settings

__all__ = ["ADMIN", "Access"]

ADMIN = "admin"  # the name of the key that may read the log
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Access:
    """The keys that are let in, each with the name of its owner; everybody is where there are none."""

    def __init__(self, settings: Settings) -> None:
        """Read the keys. Raises SettingsError for a file that cannot be read, and for a name given twice."""
        self._owners: dict[bytes, str] = {}
        given = [key.get_secret_value() for key in settings.api_keys]
        for line in (*given, *_lines(settings.api_keys_file)):
            name, colon, key = line.partition(":")
            name, key = (name.strip(), key.strip()) if colon else ("", name)
            digest = _digest(key.encode())
            if not key or digest in self._owners or name in self._owners.values():
                shown = name or "without a name"
                raise SettingsError(f"api_keys: the key {shown} is empty, or it or its name is there twice")
            self._owners[digest] = name or digest.hex()[:16]

    @property
    def is_open(self) -> bool:
        """Whether everybody is let in."""
        return not self._owners

    def owner(self, connection: HTTPConnection, key: str | None = None) -> str:
        """Return whose request this is, "" where everybody is let in; raises Problem 401.

        key: one that came by another road than the headers Authorization and X-API-Key.
        """
        if self.is_open:
            return ""
        found = _digest(key.encode(errors="surrogatepass") if key else _key_in(connection))
        # Every key is looked at, so that the time tells nothing about where one was found.
        owners = [name for digest, name in self._owners.items() if hmac.compare_digest(digest, found)]
        if not owners:
            raise Problem(
                401,
                "no valid API key: send one as `Authorization: Bearer KEY`",
                "invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return owners[0]

    def require_admin(self, connection: HTTPConnection) -> None:
        """Let in who may read the log: the key named admin, or, without keys, whoever is on this machine."""
        if self.is_open:
            if not (_is_local(connection) and connection.url.hostname in LOCAL_NAMES):
                raise Problem(401, "the log is for this machine only, or for the API key named admin")
        elif self.owner(connection) != ADMIN:
            raise Problem(403, "the log is for the API key named admin only")


def _lines(path: str | None) -> Iterator[str]:
    if path is None:
        return
    try:
        lines: Iterable[str] = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SettingsError(f"api_keys_file={path!r}: it cannot be read: {error}") from error
    yield from (line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _key_in(connection: HTTPConnection) -> bytes:
    """The key as it came: clients send UTF-8, of which Starlette makes characters of latin-1."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        key = connection.headers.get("x-api-key", "")
    return key.strip().encode("latin-1")


def _is_local(connection: HTTPConnection) -> bool:
    try:
        return connection.client is not None and ip_address(connection.client.host).is_loopback
    except ValueError:
        return False

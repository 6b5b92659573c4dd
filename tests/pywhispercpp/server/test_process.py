"""The process of the service: how it listens."""

from __future__ import annotations

import socket

import pytest

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.process import listening
from pywhispercpp.server.settings import load


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_what_is_sent_goes_at_once(address: str) -> None:
    with (
        listening(load(listen=address, port=0)) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_that_is_taken_is_told() -> None:
    with listening(load(port=0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError, match=f"PORT={port}: it cannot listen there"):
            listening(load(port=port))

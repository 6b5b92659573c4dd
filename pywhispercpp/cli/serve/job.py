"""The processes: the service under uvicorn, and a worker."""

from __future__ import annotations

import argparse
import asyncio
import logging

from pywhispercpp.cli.serve import flags
from pywhispercpp.errors import UsageError
from pywhispercpp.server import log_setup
from pywhispercpp.server.settings import load

__all__ = ["serve", "work"]

logger = logging.getLogger("pywhispercpp.server")


def serve(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    from pywhispercpp.server.app import create_app
    from pywhispercpp.server.process import run

    settings = load(**flags.given(args))
    app = create_app(settings)
    log_setup.set_up(settings)
    run(app, settings)
    return 0


def work(args: argparse.Namespace) -> int:
    """Do tasks until a signal ends it."""
    settings = load(**flags.given(args))
    if settings.queue is None:
        raise UsageError("worker: whose tasks? Give --queue redis://…, as the service has it")
    from pywhispercpp.server.queues.redis_worker import run

    log_setup.set_up(settings)
    asyncio.run(run(settings))
    return 0

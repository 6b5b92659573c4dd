"""`pywhispercpp worker`: does the work of a service, on its machine or on another."""

from __future__ import annotations

import argparse
import asyncio

from pywhispercpp.errors import UsageError
from pywhispercpp.extras import require

__all__ = ["add_flags", "add_parser", "run"]

DESCRIPTION = """\
Do the tasks of a service that was started with --queue redis://…, on this machine or on any other.

Any number of workers share a queue. When one dies, another does its tasks again."""

EPILOG = """\
examples:
  pywhispercpp worker --queue redis://queue.example:6379 --max-model small

exit codes: 0 ended by SIGTERM or Ctrl-C, 1 failure, 2 usage or a wrong setting"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command, without the flags that importing its settings takes."""
    parser = subparsers.add_parser(
        "worker",
        help="do the tasks of a service, on this machine or another",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="pywhispercpp worker [options]",
        allow_abbrev=False,
    )
    parser.set_defaults(func=run)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting of a worker. MissingPackageError without the package that reads them."""
    require("pydantic_settings", "server", "pywhispercpp worker")
    from pywhispercpp.cli.serve import flags

    flags.add(parser, flags.ONLY_SERVICE)


def run(args: argparse.Namespace) -> int:
    """Do tasks until a signal ends it."""
    require("saq", "redis", "pywhispercpp worker")
    from pywhispercpp.cli.serve.flags import given
    from pywhispercpp.server import log_setup
    from pywhispercpp.server.settings import load

    settings = load(**given(args))
    if settings.queue is None:
        raise UsageError("worker: whose tasks? Give --queue redis://…, as the service has it")
    from pywhispercpp.server.queues.on_redis import worker

    log_setup.set_up(settings)
    asyncio.run(worker.run(settings))
    return 0

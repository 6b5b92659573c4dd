"""`pywhispercpp serve`: the transcription service. `worker`: does its work on another machine."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

__all__ = ["add_parser", "add_worker_parser"]

DESCRIPTION = """\
Run the transcription service: one queue, one model, and the HTTP of whisper_api, OpenAI and whisper-server.

It starts on 127.0.0.1:3001 with nothing else to install or to start; a page to use it with is at
http://127.0.0.1:3001/. Each flag is also an environment variable, which its help names."""

EPILOG = """\
examples:
  pywhispercpp serve
      the model "medium", on this machine only
  pywhispercpp serve --max-model base --listen 0.0.0.0 --api-keys-file keys.txt
      for the network, with keys
  PORT=8080 MAX_MODEL=small pywhispercpp serve
      settings from the environment
  pywhispercpp serve --queue redis://localhost
      work is done by: pywhispercpp worker --queue redis://localhost

exit codes: 0 ended by SIGTERM or Ctrl-C, 1 failure, 2 usage or a wrong setting"""

WORKER_DESCRIPTION = """\
Do the tasks of a service that was started with --queue redis://…, on this machine or on any other.

Any number of workers share a queue. When one dies, another does its tasks again."""

WORKER_EPILOG = """\
examples:
  pywhispercpp worker --queue redis://queue.example:6379 --max-model small

exit codes: 0 ended by SIGTERM or Ctrl-C, 1 failure, 2 usage or a wrong setting"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], with_flags: bool) -> None:
    """Register `serve`; with_flags: with a flag for each setting, which takes importing what reads them."""
    parser = subparsers.add_parser(
        "serve",
        help="run the transcription service",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="pywhispercpp serve [options]",
        allow_abbrev=False,
    )
    _complete(parser, with_flags, is_worker=False)


def add_worker_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], with_flags: bool
) -> None:
    """Register `worker`."""
    parser = subparsers.add_parser(
        "worker",
        help="do the tasks of a service, on this machine or another",
        description=WORKER_DESCRIPTION,
        epilog=WORKER_EPILOG,
        usage="pywhispercpp worker [options]",
        allow_abbrev=False,
    )
    _complete(parser, with_flags, is_worker=True)


def _complete(parser: argparse.ArgumentParser, with_flags: bool, is_worker: bool) -> None:
    parser.set_defaults(func=_worker if is_worker else _serve)
    if with_flags and find_spec("pydantic_settings") is not None:
        from pywhispercpp.cli.serve import flags

        flags.add(parser, is_worker)


def _serve(args: argparse.Namespace) -> int:
    from pywhispercpp.extras import require

    require("fastapi", "server", "pywhispercpp serve")
    from pywhispercpp.cli.serve import job

    return job.serve(args)


def _worker(args: argparse.Namespace) -> int:
    from pywhispercpp.extras import require

    require("pydantic_settings", "server", "pywhispercpp worker")
    require("saq", "redis", "pywhispercpp worker")
    from pywhispercpp.cli.serve import job

    return job.work(args)

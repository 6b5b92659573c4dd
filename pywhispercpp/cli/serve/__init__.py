"""`pywhispercpp serve`: the transcription service."""

from __future__ import annotations

import argparse

from pywhispercpp.extras import require

__all__ = ["add_flags", "add_parser", "run"]

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


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command, without the flags that importing its settings takes."""
    parser = subparsers.add_parser(
        "serve",
        help="run the transcription service",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="pywhispercpp serve [options]",
        allow_abbrev=False,
    )
    parser.set_defaults(func=run)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting. MissingPackageError without the package that reads them."""
    require("pydantic_settings", "server", "pywhispercpp serve")
    from pywhispercpp.cli.serve import flags

    flags.add(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    require("fastapi", "server", "pywhispercpp serve")
    from pywhispercpp.cli.serve.flags import given
    from pywhispercpp.server import log_setup, process
    from pywhispercpp.server.app import create_app
    from pywhispercpp.server.settings import load

    settings = load(**given(args))
    app = create_app(settings)
    log_setup.set_up(settings)
    process.run(app, settings)
    return 0

"""`pywhispercpp models list`: what is published, and what of it is here."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.cli.progress import megabytes
from pywhispercpp.models import ModelState, registry

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models list
  pywhispercpp models list --here
  pywhispercpp models list --json | jq -r '.[] | select(.state == "here") | .path'

states in the JSON:
  available    can be downloaded
  here         its file is here
  different    a file of that name is here, of another size than the published one
  unfinished   a part of it is here; downloading it again goes on from there"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "list",
        help="list the published models and which of them are here",
        description="List the models: first those that are published, then others that are in the folder.",
        epilog=EPILOG,
    )
    parser.add_argument("--here", action="store_true", help="only those of which something is here")
    parser.add_argument("--json", action="store_true", help="print all that is known of them, as JSON")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print one line for every model, or a list of objects."""
    found = models.list_models(args.models_dir)
    if args.here:
        found = [one for one in found if one.state != "available"]
    if args.json:
        print(json.dumps([_facts(one) for one in found], indent=2))
        return 0
    width = max(22, *(len(one.name) + 2 for one in found)) if found else 22
    print(f"{'NAME':<{width}}{'SIZE':>10}  STATE")
    for one in found:
        print(f"{one.name:<{width}}{megabytes(one.size):>10}  {_state(one)}")
    return 0


def _state(one: ModelState) -> str:
    if one.state == "available":
        return "can be downloaded"
    if one.state == "unfinished":
        return f"{megabytes(one.unfinished)} of it are here; `models download {one.name}` goes on from there"
    about = ["not a published one"] if one.published is None else []
    if one.published is not None and one.state == "different":
        about.append(f"not the published {one.published.size} bytes: `models verify {one.name}` says more")
    if one.openvino is not None:
        about.append("with OpenVINO IR")
    return f"here: {one.path}" + (f" ({'; '.join(about)})" if about else "")


def _facts(one: ModelState) -> dict[str, Any]:
    published = one.published
    return {
        "name": one.name,
        "state": one.state,
        "path": str(one.path),
        "size": one.size,
        "unfinished": one.unfinished,
        "openvino": str(one.openvino) if one.openvino else None,
        "published": published is not None,
        "hash": published.hash if published else None,
        "url": registry.url(published) if published else None,
    }

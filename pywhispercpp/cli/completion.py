"""`pywhispercpp completion SHELL`: the script that makes a shell complete commands, options and values."""

from __future__ import annotations

import argparse
from typing import Any

from pywhispercpp.cli import manual
from pywhispercpp.errors import MissingPackageError

__all__ = ["add_parser", "run"]

SHELLS = ("bash", "zsh", "fish", "tcsh")
DESCRIPTION = """Print the completion script of a shell. It completes commands, options, their values, names
of models, folders and files."""
EPILOG = """examples:
  pywhispercpp completion bash > ~/.local/share/bash-completion/completions/pywhispercpp
  pywhispercpp completion zsh > ~/.zfunc/_pywhispercpp
  pywhispercpp completion fish > ~/.config/fish/completions/pywhispercpp.fish
  pywhispercpp completion tcsh > ~/.pywhispercpp.tcsh

In the shell that runs: `source` that file. zsh needs in ~/.zshrc: fpath+=~/.zfunc; compinit
Print the script again after an update of pywhispercpp."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "completion", help="print the completion script of a shell", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh, fish or tcsh")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from pywhispercpp.cli import build_parser  # here: it imports this file

    shtab = _shtab()
    if args.shell not in shtab.SUPPORTED_SHELLS:
        raise MissingPackageError(f"this shtab knows no {args.shell}; update it: pip install --upgrade shtab")
    parser = build_parser()
    for each in manual.parsers(parser):
        for action in each._actions:
            _complete(action, shtab)
    print(shtab.complete(parser, args.shell))
    return 0


def _complete(action: argparse.Action, shtab: Any) -> None:  # noqa: ANN401
    """Say what completes an argument: models by name, folders, files; what has choices needs nothing."""
    name, shown = action.dest, str(action.metavar or "")
    if action.nargs == 0 or action.choices is not None:
        return
    if name in ("model", "models") or (name in ("name", "names") and shown == "NAME"):
        action.complete = _models()  # type: ignore[attr-defined]  # shtab's own attribute
    elif name.endswith("_dir") or shown in ("DIR", "FOLDER"):
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif name in ("files", "output") or name.endswith(("file", "path")) or shown.startswith(("FILE", "PATH")):
        action.complete = shtab.FILE  # type: ignore[attr-defined]


def _models() -> dict[str, Any]:
    """Names of published models, and files."""
    from pywhispercpp.models import MODELS

    names = " ".join(MODELS)
    return {
        "bash": "_pywhispercpp_models",
        "zsh": "_pywhispercpp_models",
        "fish": "(_pywhispercpp_models)",
        "tcsh": f"({names})",
        "preamble": {
            "bash": f'_pywhispercpp_models() {{ compgen -W "{names}" -- "$1"; compgen -f -- "$1"; }}\n',
            "zsh": f"_pywhispercpp_models() {{ _alternative 'm:model:({names})' 'f:file:_files' }}\n",
            "fish": "function _pywhispercpp_models\n"
            f"  printf '%s\\n' {names}\n  __fish_complete_path (commandline -ct)\nend\n",
        },
    }


def _shtab() -> Any:  # noqa: ANN401 - a module
    """The package that writes completions; the one place that looks for it."""
    try:
        import shtab
    except ImportError as error:
        raise MissingPackageError(
            "completion needs the package shtab, which pywhispercpp asks for; install it: pip install shtab"
        ) from error
    return shtab

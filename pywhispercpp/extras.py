"""Optional packages: looked for in one place, which says how to install what is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pywhispercpp.errors import MissingPackageError


def require(module: str, extra: str, purpose: str) -> Any:  # noqa: ANN401 - most have no types
    """Return an optional module, for `purpose`, that pywhispercpp[extra] brings.

    Raises MissingPackageError, which says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"{purpose} needs a package that cannot be imported ({error}); install it with: "
            f"pip install 'pywhispercpp[{extra}]'"
        ) from None

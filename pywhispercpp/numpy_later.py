"""NumPy, imported when something of it is first used: until then a process may be loading its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["is_integer", "is_number", "is_truth", "np"]

if TYPE_CHECKING:
    import numpy as np
    from typing_extensions import TypeGuard
else:

    class _Later:
        """Stands for the module."""

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            import numpy

            return getattr(numpy, name)

    np = _Later()


def is_integer(value: object) -> TypeGuard[int]:
    """Whether it is a whole number, Python's or NumPy's; True and False are none."""
    return type(value) is int or (isinstance(value, (int, np.integer)) and not isinstance(value, bool))


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a whole number or a fraction, Python's or NumPy's."""
    return isinstance(value, float) or is_integer(value) or isinstance(value, np.floating)


def is_truth(value: object) -> TypeGuard[bool]:
    """Whether it is True or False, Python's or NumPy's."""
    return isinstance(value, bool) or isinstance(value, np.bool_)  # noqa: SIM101 - NumPy only where it decides

"""session(): the same model with options of its own, so that a stream or batch leaves no trace."""

from __future__ import annotations

import copy
import threading
from typing import TypeVar

from pywhispercpp.model import Model

Given = TypeVar("Given", bound=Model)


def session(model: Given) -> Given:
    """Return a Model over the same weights, whose options are the model's now and change apart from them.

    Anything else that can transcribe is returned as it is. Closing either closes both.
    """
    if not isinstance(model, Model):
        return model
    own = copy.copy(model)
    with model._lock:
        own._params = model._params.copy()
    own._lock = threading.Lock()
    return own

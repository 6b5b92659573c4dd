"""Exchange: another model becomes the one that requests mean which name none."""

from __future__ import annotations

import asyncio
import logging

from pywhispercpp.errors import ModelNotFoundError, PywhispercppError
from pywhispercpp.server.catalogue import Catalogue
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.problems import Problem

__all__ = ["Exchange"]

logger = logging.getLogger("pywhispercpp.server")


class Exchange:
    """Loads models for whoever may ask; one at a time, since each waits until nobody works."""

    def __init__(self, catalogue: Catalogue, engine: Engine, is_shared: bool) -> None:
        """is_shared: whether the models are loaded by workers elsewhere, who cannot be told."""
        self._catalogue = catalogue
        self._engine = engine
        self._is_shared = is_shared
        self._is_at_it = False

    async def to(self, asked: str) -> None:
        """Load a served model, by its name or the path of its file. Raises Problem."""
        if self._is_shared:
            raise Problem(400, "the workers of the queue load what a request names: name a model in each")
        try:
            name = await asyncio.to_thread(self._catalogue.find, asked)
        except ModelNotFoundError as error:
            raise Problem(400, str(error), "model_not_found", "model") from None
        if self._is_at_it:
            raise Problem(409, "another model is being loaded: try again later", "busy")
        self._is_at_it = True
        try:
            await asyncio.to_thread(self._engine.exchange, name)
        except PywhispercppError as error:
            logger.error("the model %s cannot be loaded: %s", name, error)
            raise Problem(400, f"the model {name} cannot be loaded: see the service's log") from None
        finally:
            self._is_at_it = False
        self._catalogue.default = name

"""The font that the words are drawn in."""

from __future__ import annotations

import contextlib
import logging
import os
from types import ModuleType
from typing import TYPE_CHECKING, Any, Union

from pywhispercpp.errors import OptionError
from pywhispercpp.extras import require

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# Fonts of many languages, by the names that systems have them under; Pillow looks for them where they are.
WIDE = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "FreeSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
)

logger = logging.getLogger("pywhispercpp")

NO_CHARACTER = "\U0010ffff"  # of which no font has a picture: what is drawn instead


def load_font(path: Union[str, os.PathLike[str], None], size: int, text: str) -> FreeTypeFont:  # noqa: UP007
    """Return the font, when None one that has the letters; logs a warning when there are some it lacks.

    Raises OptionError for a file that is no font, MissingPackageError without Pillow.
    """
    fonts: ModuleType = require("PIL.ImageFont", "karaoke", "a karaoke video")
    try:
        found = _own(fonts, size, text) if path is None else fonts.truetype(os.fspath(path), size)
    except OSError as error:
        raise OptionError(f"font_path={os.fspath(path or '')!r}: this is no font ({error})") from error
    lacking = missing_characters(found, text)
    if lacking:
        logger.warning("the font has no picture of %s: give another font", " ".join(lacking[:10]))
    return found  # type: ignore[no-any-return]


def _own(fonts: Any, size: int, text: str) -> Any:  # noqa: ANN401
    """Pillow's own font; where that lacks letters, the first one of this machine that has them all."""
    default = fonts.load_default(size)
    if missing_characters(default, text):
        for name in WIDE:
            with contextlib.suppress(OSError):
                found = fonts.truetype(name, size)
                if not missing_characters(found, text):
                    return found
    return default


def missing_characters(font: FreeTypeFont, text: str) -> list[str]:
    """Characters of the text that the font has no picture of, in the order of their codes."""
    nothing = bytes(font.getmask(NO_CHARACTER))
    return [one for one in sorted(set(text)) if not one.isspace() and bytes(font.getmask(one)) == nothing]

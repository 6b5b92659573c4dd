"""Draws a page with one of its words lit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

    from pywhispercpp.karaoke.pages import Page

__all__ = ["BACK", "LIT", "TEXT", "Painter"]

BACK = (16, 18, 24)
TEXT = (226, 226, 222)
LIT = (255, 196, 0)  # amber: clear of the text for every kind of colour vision
LINE_HEIGHT = 1.5  # in sizes of the font


class Painter:
    """Draws pages of one size in one font."""

    def __init__(self, font: FreeTypeFont, width: int, height: int) -> None:
        self._font = font
        self.width = width
        self.height = height

    def length(self, text: str) -> float:
        """The width of a text in pixels."""
        return self._font.getlength(text)

    def place(self, page: Page, index: int) -> tuple[float, float]:
        """Where the left end of a word's baseline is: x and y in pixels from the top left."""
        word = page.words[index]
        step = self._font.size * LINE_HEIGHT
        top = (self.height - step * len(page.widths)) / 2
        return (self.width - page.widths[word.line]) / 2 + word.x, top + step * (word.line + 0.75)

    def draw(self, page: Page | None, lit: int = -1) -> Image:
        """The picture of a page, or an empty one; `lit` is the number of the lit word, -1 for none."""
        from PIL import Image, ImageDraw

        image = Image.new("RGB", (self.width, self.height), BACK)
        draw = ImageDraw.Draw(image)
        for index, word in enumerate(page.words if page is not None else ()):
            colour = LIT if index == lit else TEXT
            draw.text(self.place(page, index), word.text, fill=colour, font=self._font, anchor="ls")  # type: ignore[arg-type]
        return image

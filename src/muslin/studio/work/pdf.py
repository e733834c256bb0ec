"""The lookbook as PDF: A4 pages, a look each, drawn with Pillow alone."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    import numpy as np

    from muslin.restyle.lookbook import Look

PPI = 200
PAGE = (1654, 2339)  # A4 in pixels
MARGIN = 130
FOOT = 330  # below the picture: names, swatches, the photo as it was
NUMBER = 200  # of the page, beside the title
SMALL = (250, 300)  # of the photo as it was, at most
INK, QUIET = (26, 25, 24), (111, 107, 101)


def draw(looks: Iterable[Look], count: int, title: str) -> bytes:
    """The PDF's bytes; one page for each of `count` looks, which are taken one after the other."""
    buffer = io.BytesIO()
    _Book(looks, count, title).save(
        buffer, "PDF", resolution=PPI, save_all=True, quality=90, title=title, producer="muslin", creator="muslin"
    )
    return buffer.getvalue()


class _Book(Image.Image):
    """One picture of many frames, as Pillow saves them page by page, each drawn when its turn has come.

    A page takes 12 MB, so those of a large batch are never there together.
    """

    def __init__(self, looks: Iterable[Look], count: int, title: str) -> None:
        super().__init__()
        vars(self).update(vars(Image.new("RGB", PAGE)))
        self.n_frames = count
        self._pages = (_page(look, title, number, count) for number, look in enumerate(looks, start=1))

    def seek(self, frame: int) -> None:
        page = next(self._pages, None)  # they are asked for in order, each once
        if page is None:
            raise EOFError
        self.paste(page)


def _page(look: Look, title: str, number: int, count: int) -> Image.Image:
    from muslin.restyle import lettering

    page = Image.new("RGB", PAGE, "white")
    pen = ImageDraw.Draw(page)
    width, height = PAGE
    lettering.line(pen, (MARGIN, 70), title, 26, QUIET, room=width - 2 * MARGIN - NUMBER)
    lettering.line(pen, (width - MARGIN, 70), f"{number} / {count}", 26, QUIET, anchor="ra")
    room = (width - 2 * MARGIN, height - 2 * MARGIN - FOOT)
    picture = _fit(look.after, room)
    page.paste(picture, ((width - picture.width) // 2, MARGIN + (room[1] - picture.height) // 2))
    top = height - MARGIN - FOOT + 50
    right = width - MARGIN
    if look.before is not None:
        small = _fit(look.before, SMALL)
        right -= small.width
        page.paste(small, (right, top))
        right -= 40
    for swatch in reversed(look.swatches):
        right -= 150
        page.paste(_fit(swatch, (150, 150)), (right, top))
        right -= 14
    lettering.line(pen, (MARGIN, top - 6), look.name, 54, INK, room=right - MARGIN)
    lettering.line(pen, (MARGIN, top + 76), look.garment, 34, INK, room=right - MARGIN)
    for place, line in enumerate(lettering.wrapped(look.how, 28, right - MARGIN, most=4)):
        lettering.line(pen, (MARGIN, top + 130 + 38 * place), line, 28, QUIET, room=right - MARGIN)
    return page


def _fit(pixels: np.ndarray, room: tuple[int, int]) -> Image.Image:
    image = Image.fromarray(pixels)
    scale = min(room[0] / image.width, room[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)

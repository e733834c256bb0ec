"""What the pictures of styles become: cut where they show a garment, mended, repainted, repeated; kept a while."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from muslin.garments import references
from muslin.garments.cloth import Tell
from muslin.images import Photo
from muslin.restyle.controls import Controls
from muslin.textiles.margins import without_margins
from muslin.textiles.placement import drawn
from muslin.textiles.repeat import Cloth, PreparedCloth
from muslin.textiles.seamless import VISIBLE, make_seamless, seam_score

REPEAT_SHARE = 0.3  # at scale 1 one swatch spans this share of the garment's longer side
KEPT = 16  # pictures: a folder of photos wears one cloth


def trimmed(picture: Photo, shows: str) -> Photo:
    """The picture of a style without the paper around it, where nobody said what it shows (shows="auto")."""
    pixels = without_margins(picture.pixels) if shows == "auto" and picture.alpha is None else picture.pixels
    return picture if pixels is picture.pixels else replace(picture, pixels=pixels)


class Styles:
    """look_at: finds a garment and its fields. tell: what a picture shows; None = garments are not told from cloth."""

    def __init__(self, look_at: references.LookAt, tell: Tell | None) -> None:
        self._look_at, self._tell = look_at, tell
        self._cuts: dict[Any, references.Cut | None] = {}  # of pictures that show a garment, their cloth
        self._swatches: dict[Any, np.ndarray] = {}  # as they are repeated
        self._prints: dict[Any, Photo] = {}  # as they are placed

    def cut(self, picture: Photo, shows: str) -> tuple[np.ndarray, float]:
        """(swatch, the share of a garment's longer side that its own spans at scale 1).

        The swatch is the picture's own array where nothing is cut. shows: one of references.SHOWS. Raises UserError
        where a garment was asked for and none, or no piece of it, is found.
        """
        if shows == "cloth":
            return picture.pixels, REPEAT_SHARE
        alpha = None if picture.alpha is None else picture.alpha.tobytes()
        key = (hash(picture.pixels.tobytes()), hash(alpha), picture.pixels.shape, shows)
        if key not in self._cuts:
            _make_room(self._cuts)
            self._cuts[key] = self.shown(picture, shows)
        cut = self._cuts[key]
        if cut is None:
            return picture.pixels, REPEAT_SHARE
        return cut.pixels, cut.share * (REPEAT_SHARE if cut.near else 1.0)

    def shown(self, picture: Photo, shows: str) -> references.Cut | None:
        """The cloth of a picture that shows a garment; None of one that is cloth. Not kept. shows: auto or garment."""
        found = None
        # Of a cut-out that is called a garment the outline is known.
        if self._tell is not None and (shows == "auto" or picture.alpha is None):
            found = references.cloth_shown(picture, self._look_at, self._tell)
        if found is None and shows == "garment":
            found = references.Cut(*references.cloth_of(picture, self._look_at, self._tell), near=False)
        return found

    def cloth(self, swatch: np.ndarray, span: float, settings: Controls, longer_side: float) -> PreparedCloth:
        """The endless cloth for a garment of that many pixels. swatch, span: as `cut` gives them."""
        key = (hash(swatch.tobytes()), swatch.shape, settings.seamless, settings.repeat, repr(settings.palette))
        if key not in self._swatches:
            _make_room(self._swatches)
            self._swatches[key] = prepare_swatch(swatch, settings)
        pixels = self._swatches[key]
        share = settings.scale * span * longer_side / max(pixels.shape[:2])
        return Cloth(pixels, settings.repeat).prepare(share, settings.rotation, settings.offset)

    def printed(self, picture: Photo, settings: Controls) -> Photo:
        """The picture of a placement print in the asked colours: see textiles.placement.drawn. Raises as that does."""
        clear = None if picture.alpha is None else picture.alpha.tobytes()
        key = (hash(picture.pixels.tobytes()), hash(clear), picture.pixels.shape, repr(settings.palette))
        if key not in self._prints:
            _make_room(self._prints)
            pixels, alpha = drawn(picture.pixels, picture.alpha)
            mask = None if alpha is None else alpha >= 128
            self._prints[key] = Photo(in_colours(pixels, settings, mask), alpha)
        return self._prints[key]


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= KEPT:
        kept.clear()


def prepare_swatch(swatch: np.ndarray, settings: Controls) -> np.ndarray:
    """The swatch as it will be repeated: mended where its seam would show, in the asked colours. uint8 hxwx3."""
    mirrored = settings.repeat == "mirror"  # meets its own reflection
    if settings.seamless is True or (
        settings.seamless == "auto" and not mirrored and seam_score(swatch, settings.repeat) > VISIBLE
    ):
        swatch = make_seamless(swatch, "straight" if mirrored else settings.repeat)
    return in_colours(swatch, settings)


def in_colours(swatch: np.ndarray, settings: Controls, mask: np.ndarray | None = None) -> np.ndarray:
    """The swatch in the asked colours, if any are. uint8 hxwx3. mask: hxw, whose colours count; None: all."""
    if settings.palette is not None:
        from muslin.textiles.palette import parse_colors, repaint

        given = [settings.palette] if isinstance(settings.palette, str) else list(settings.palette)
        colours = [color for item in given for color in (parse_colors(item) if isinstance(item, str) else [item])]
        swatch = repaint(swatch, colours, mask)
    return swatch

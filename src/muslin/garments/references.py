"""What the picture of a style shows: cloth alone, or a garment, whole or from near, whose cloth is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from muslin.errors import UserError
from muslin.garments.closeup import how_sewn, piece_of_cloth
from muslin.garments.cloth import LARGEST, Tell, cut_cloth
from muslin.garments.fields import Fields
from muslin.garments.sight import SEWN
from muslin.images import Photo, at_most

LookAt = Callable[[Photo], tuple[np.ndarray, Fields]]  # finds the garment of a photo: its alpha, its fields
SHOWS = ("auto", "cloth", "garment")
# Of 434 garments kept out this takes all but a few, of 1,505 swatches and 920 drawn textiles none (docs/benchmarks.md).
GARMENT = 1.0  # logit from which a picture shows a whole garment
MEETING = 1.35  # times the step between neighbours, up to which the ends of a repeat meet; those of photos lie apart
TEXTURED = 0.35  # 8-bit levels: a white backdrop's ends meet as well
SMALLEST = 64  # px, shorter side of a picture that can show a garment


class Cut(NamedTuple):
    """The cloth that a style stands for, where that is not its whole picture."""

    pixels: np.ndarray  # uint8 hxwx3 sRGB
    share: float  # its longer side as a share of the garment's longer side, or of the close-up's
    near: bool  # whether the picture is a close-up


def _repeats(pixels: np.ndarray) -> bool:
    """Whether a picture is one textured repeat of a cloth: its opposite ends meet as neighbours do."""
    for field in (pixels, pixels.swapaxes(0, 1)):
        first, second, last_but_one, last = (field[:, k].astype(np.float32) for k in (0, 1, -2, -1))
        beside = (np.abs(first - second).mean() + np.abs(last - last_but_one).mean()) / 2
        if beside < TEXTURED or np.abs(first - last).mean() > MEETING * beside:
            return False
    return True


def cloth_shown(picture: Photo, look_at: LookAt, tell: Tell) -> Cut | None:
    """The cloth of a picture that surely shows a garment, whole or from near; None of any other.

    None too where no piece is large enough: nobody asked for a garment. Transparency says nothing: motifs have it too.
    """
    if min(picture.pixels.shape[:2]) < SMALLEST or _repeats(picture.pixels):
        return None
    seen = tell(picture.pixels)
    if seen.garment > GARMENT:
        try:
            return Cut(*cloth_of(picture, look_at, tell), near=False)
        except UserError:
            return None
    if how_sewn(seen.sewn) <= SEWN:
        return None
    near = _at_most(picture, LARGEST).pixels
    piece = piece_of_cloth(near, seen.sewn, seen.plain > 0)
    return None if piece is None else Cut(piece, max(piece.shape[:2]) / max(near.shape[:2]), near=True)


def cloth_of(picture: Photo, look_at: LookAt, tell: Tell | None) -> tuple[np.ndarray, float]:
    """(swatch, its longer side as a share of the garment's) of the garment that a picture shows.

    Raises UserError where no garment is found, or no piece of it is large enough.
    """
    picture = _at_most(picture, LARGEST)
    return cut_cloth(picture.pixels, *look_at(picture), tell)


def _at_most(picture: Photo, side: int) -> Photo:
    """The picture, its longer side at most `side` px."""
    pixels = at_most(picture.pixels, side)
    if pixels is picture.pixels:
        return picture
    return Photo(pixels, None if picture.alpha is None else at_most(picture.alpha, side), picture.path)

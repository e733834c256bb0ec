"""A close-up of a garment, given as a style: the piece of it that is cloth alone.

A crop of jeans has a waistband, a fly and pockets, one of a shirt buttons and a collar; repeated, they are all that is
seen. What is sewn a linear model tells (sight.Sight, models/closeup): trained on pictures of which only the whole was
labelled, it tells where (multiple-instance learning, Dietterich et al. 1997).
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.cloth import largest_rectangle, worth
from muslin.garments.shading import LOG_FLOOR
from muslin.images import linear_to_srgb, srgb_to_linear

MOST = 0.1  # of the cells, those that look most like something sewn, whose mean tells of the whole
SEWN = 1.5  # mean logit of these, above which a picture shows something sewn (docs/benchmarks.md)
LEVELS = (-0.5, *np.arange(0, 6.5, 0.5))  # logits below which a cell is cloth: the first that leaves enough
LEAST = 0.14  # of the picture, that a piece has
SMALLEST = 16  # px, shorter side of a piece
BROAD = 0.06  # of a piece's longer side: light of a plain cloth that changes more slowly is taken out
COARSE = 256  # px, longer side at which that light is looked up
PLAIN = 8.0, 4.0  # deviation of a plain cloth's L, and of a and b, in CIELAB, once that light is taken out


def how_sewn(logits: np.ndarray) -> float:
    """Logit of a whole picture: above SEWN it shows something sewn."""
    some = max(1, round(MOST * logits.size))
    return float(np.sort(logits, axis=None)[-some:].mean())


def piece_of_cloth(pixels: np.ndarray, logits: np.ndarray) -> np.ndarray | None:
    """The largest upright piece in which nothing is sewn, plain cloth evenly lit; None where there is none.

    uint8 hxwx3. pixels: uint8 HxWx3 sRGB. logits: hxw, as sight.Sight tells them.
    """
    for level in LEVELS:
        rows, columns = largest_rectangle(logits < min(level, how_sewn(logits)))
        if worth(rows, columns) >= LEAST * logits.size:
            break
    else:
        return None
    ends = [
        (round(side.start * length / cells), round(side.stop * length / cells))
        for side, length, cells in zip((rows, columns), pixels.shape[:2], logits.shape, strict=True)
    ]
    piece = pixels[slice(*ends[0]), slice(*ends[1])]
    return None if min(piece.shape[:2]) < SMALLEST else evened_if_plain(np.ascontiguousarray(piece))


def evened_if_plain(piece: np.ndarray) -> np.ndarray:
    """A piece of plain cloth without broad light and fading; any other as it is: there light and pattern look alike.

    Of each channel, since denim fades to another hue.
    """
    linear = srgb_to_linear(piece)
    broad = _smoothed(np.log(linear + LOG_FLOOR))
    even = linear_to_srgb(linear * np.exp(broad.mean((0, 1)) - broad))
    lightness, hue = np.split(cv2.cvtColor(even.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), [1], axis=-1)
    return even if lightness.std() <= PLAIN[0] and np.sqrt(hue.var((0, 1)).sum()) <= PLAIN[1] else piece


def _smoothed(field: np.ndarray) -> np.ndarray:
    """`field` without what is finer than BROAD of its longer side; a large one is smoothed small."""
    shrink = min(1.0, COARSE / max(field.shape[:2]))
    size = (max(1, round(field.shape[1] * shrink)), max(1, round(field.shape[0] * shrink)))
    small = cv2.resize(field, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), BROAD * max(size), borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, field.shape[1::-1], interpolation=cv2.INTER_LINEAR)

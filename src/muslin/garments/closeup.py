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
from muslin.textiles.quilting import quilted

MOST = 0.1  # of the cells, those that look most like something sewn, whose mean tells of the whole
SEWN = 1.5  # mean logit of these, above which a picture shows something sewn (docs/benchmarks.md)
LEVELS = (-0.5, *np.arange(0, 6.5, 0.5))  # logits below which a cell is cloth: the first that leaves enough
LEAST = 0.14  # of the picture, that a piece has
SMALLEST = 16  # px, shorter side of a piece
BROAD = (
    0.02  # of the picture's longer side: what is broader in plain cloth is light, creases and fading; weave is finer
)
STITCH = 0.005  # the same: weave is averaged over it when creases and stitches are looked for
COARSE = 256  # px, longer side at which that light is looked up
PATCHES = 0.16, 0.1  # of the shorter side: patches that plain cloth is quilted from, the larger where it can be
BLOCKS = 6  # patches in each direction of a tile of it


def how_sewn(logits: np.ndarray) -> float:
    """Logit of a whole picture: above SEWN it shows something sewn."""
    some = max(1, round(MOST * logits.size))
    return float(np.sort(logits, axis=None)[-some:].mean())


def piece_of_cloth(pixels: np.ndarray, logits: np.ndarray, plain: bool) -> np.ndarray | None:
    """Cloth of a close-up in which nothing is sewn; None where there is too little. uint8 hxwx3.

    pixels: uint8 HxWx3 sRGB. logits: hxw, as sight.Sight tells them. plain: whether the cloth is of one dye. Of plain
    cloth a tile is quilted from all that is clean, without light and creases; of any other it is the largest upright
    piece, as it is, since there light and pattern look alike.
    """
    if plain:
        tile = _quilted(pixels, logits)
        if tile is not None:
            return tile
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
    return None if min(piece.shape[:2]) < SMALLEST else np.ascontiguousarray(piece)


def _quilted(pixels: np.ndarray, logits: np.ndarray) -> np.ndarray | None:
    """A tile of a plain cloth, from wherever it is clean; None where too little is."""
    height, width = pixels.shape[:2]
    told = cv2.resize(logits.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    for patch in (round(share * min(height, width)) for share in PATCHES):
        if patch < SMALLEST // 2:
            return None
        for level in LEVELS:
            fits = np.ones((patch, patch), np.uint8)
            clean = cv2.morphologyEx((told < level).astype(np.uint8), cv2.MORPH_OPEN, fits) > 0
            if clean.mean() >= LEAST:
                even = _evened(pixels, clean).astype(np.float32)
                tile = quilted(even, clean, patch, BLOCKS, restless=_restless(even, clean))
                return None if tile is None else np.round(np.clip(tile, 0, 255)).astype(np.uint8)
    return None


def _restless(even: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """How far each pixel of evenly lit plain cloth is from its colour: sharp creases, stitches. float32 HxW."""
    smooth = cv2.GaussianBlur(even, (0, 0), STITCH * max(even.shape[:2]))
    return np.abs(smooth - even[clean].mean(0)).sum(-1)


def _evened(pixels: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """`pixels` of plain cloth without light, creases and fading, where `clean`: uint8 HxWx3.

    Of each channel, since denim fades to another hue.
    """
    linear = srgb_to_linear(pixels)
    log, known = np.log(linear + LOG_FLOOR), clean.astype(np.float32)
    light = _smoothed(log * known[..., None]) / (_smoothed(known)[..., None] + 1e-3)
    return linear_to_srgb(linear * np.exp(light[clean].mean(0) - light))


def _smoothed(field: np.ndarray) -> np.ndarray:
    """`field` without what is finer than BROAD of its longer side; a large one is smoothed small."""
    shrink = min(1.0, COARSE / max(field.shape[:2]))
    size = (max(1, round(field.shape[1] * shrink)), max(1, round(field.shape[0] * shrink)))
    small = cv2.resize(field, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), BROAD * max(size), borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, field.shape[1::-1], interpolation=cv2.INTER_LINEAR)

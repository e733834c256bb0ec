"""A close-up of a garment, given as a style: the piece of it that is cloth alone.

A crop of jeans has a waistband, a fly and pockets, one of a shirt buttons and a collar; repeated, they are all that is
seen. What is sewn a linear model tells (sight.Sight, models/closeup): trained on pictures of which only the whole was
labelled, it tells where (multiple-instance learning, Dietterich et al. 1997).
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.cloth import largest_rectangle, worth
from muslin.garments.plain import LEAST, LEVELS, SMALLEST, plain_cloth

MOST = 0.1  # of the cells, those that look most like something sewn, whose mean tells of the whole
BROAD = 0.02  # of a plain one's longer side: light, creases and fading are broader, weave is finer


def how_sewn(logits: np.ndarray) -> float:
    """Logit of a whole picture: above sight.SEWN it shows something sewn."""
    some = max(1, round(MOST * logits.size))
    return float(np.sort(logits, axis=None)[-some:].mean())


def piece_of_cloth(pixels: np.ndarray, logits: np.ndarray, plain: bool) -> np.ndarray | None:
    """Cloth of a close-up in which nothing is sewn; None where there is too little. uint8 hxwx3.

    pixels: uint8 HxWx3 sRGB. logits: hxw, as sight.Sight tells them. plain: whether the cloth is of one dye. Of plain
    cloth it is a tile quilted from all that is clean (plain.py); of any other the largest upright piece, as it is,
    since there light and pattern look alike.
    """
    if plain:
        told = cv2.resize(logits.astype(np.float32), pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        tile = plain_cloth(pixels, told, np.ones(pixels.shape[:2], bool), BROAD * max(pixels.shape[:2]))
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

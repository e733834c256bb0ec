"""Marks on a garment of one dye: pieces of print that are darker, or lighter, than the cloth all around them.

Of a garment of one dye the network of the light takes folds for print. What it takes for a badge as well it outlines: a
badge differs from its surroundings to one side all along its outline, a fold or a sheen does not.
"""

from __future__ import annotations

import cv2
import numpy as np

LEAST, MOST = 16, 0.4  # px of a 256 px square, and share of the garment: of one piece
STEP = np.ones((5, 5), np.uint8)  # how far from an outline its two sides are looked at
APART, CLEAR, WITHIN = 0.3, 0.85, 0.7  # of log light; of both sides; of the outline, which may touch the garment's own
FEW = 8  # px of a side


def marks(dyed: np.ndarray, own: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Float32 SxS, 1 on marks. dyed: SxS, the chance of print. own: SxS log luminance. inside: SxS in [0, 1]."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((dyed > 0.5).astype(np.uint8), connectivity=8)
    found, garment = np.zeros(dyed.shape, np.float32), inside > 0.95
    for k, (left, top, width, height, area) in enumerate(stats):
        if k == 0 or not LEAST <= area <= MOST * inside.sum():
            continue
        box = (slice(max(0, top - 4), top + height + 4), slice(max(0, left - 4), left + width + 4))
        piece = (pieces[box] == k).astype(np.uint8)
        if _outlined(piece, own[box], garment[box]):
            found[box] = np.maximum(found[box], cv2.dilate(piece, np.ones((3, 3), np.uint8)))
    return found


def _outlined(piece: np.ndarray, own: np.ndarray, garment: np.ndarray) -> bool:
    """Whether the light changes to one side all along the outline of a piece. All hxw; piece: uint8, 0 or 1."""
    beside = (cv2.dilate(piece, STEP) > 0) & (piece == 0)
    outside, within = beside & garment, (piece > 0) & (cv2.erode(piece, STEP) == 0) & garment
    if min(outside.sum(), within.sum()) < FEW or outside.sum() < WITHIN * beside.sum():
        return False
    inner, outer = (float(np.median(own[side])) for side in (within, outside))
    middle, sign = (inner + outer) / 2, np.sign(inner - outer)
    clear = ((sign * (own[within] - middle) > 0).mean() + (sign * (own[outside] - middle) < 0).mean()) / 2
    return bool(abs(inner - outer) > APART and clear > CLEAR)

"""The hanger that a garment was photographed on: a bar above it that the mask takes along, and that is not cloth.

A network that has learned from outlines alone sees something that belongs to the garment. What gives a hanger away is
its form: a thin part on top of the garment, wider than it is high. Straps are thin too, and stand.
"""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 256  # px, at which forms are compared
THIN = 0.04  # of the garment's longer side, half of the width below which a part is thin
TOP = 0.3  # of the garment's height, in which hangers are
# Of the garment's width, and times its own height: a part as wide and as flat is a hanger, if the garment is higher
# than wide (a bag's handle is flat, too).
BAR = 0.3, 2.0
ARM = 0.14, 1.0  # the same of a hook, a clip or half a bar: one if its colour is none of the garment's
ALIKE = 12.0  # CIELAB, between colours of one cloth
RARE = 0.02  # of the garment, below which it has not that colour


def hanger(pixels: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """What of a garment is its hanger, bool HxW. pixels: uint8 HxWx3 sRGB; inside: bool HxW, the garment."""
    height, width = inside.shape
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    found = np.zeros_like(small)
    _, top, across, down = cv2.boundingRect(small.astype(np.uint8))
    thick = _thick(small, max(2, round(THIN * max(across, down))))
    count, parts, stats, _ = cv2.connectedComponentsWithStats((small & ~thick).astype(np.uint8))
    colours = None
    for part in range(1, count):
        _, y, wide, high, _ = stats[part]
        if y + high >= top + TOP * down or not _flat(wide, high, across, ARM):
            continue
        if colours is None:
            colours = _lab(pixels, size)
        bar = down > across and _flat(wide, high, across, BAR)
        if bar or _strange(colours[parts == part], colours[thick & small]):
            found |= parts == part
    if not found.any():
        return np.zeros(inside.shape, bool)
    return inside & (cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)


def _thick(inside: np.ndarray, radius: int) -> np.ndarray:
    """Where a disc fits in, and the pixels beside it."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    opened = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, disc)
    return cv2.dilate(opened, np.ones((3, 3), np.uint8)) > 0


def _flat(wide: int, high: int, across: int, form: tuple[float, float]) -> bool:
    return wide >= form[0] * across and wide > form[1] * high


def _lab(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """CIELAB, float32 hxwx3."""
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _strange(part: np.ndarray, garment: np.ndarray) -> bool:
    """Whether next to nothing of the garment has the part's colour. Both Nx3, CIELAB."""
    if not len(garment):
        return False
    return bool((np.linalg.norm(garment - np.median(part, 0), axis=1) < ALIKE).mean() < RARE)

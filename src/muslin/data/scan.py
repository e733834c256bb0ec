"""A scanned or photographed drawing made ready for the network: even white paper, the drawing's own square, paint."""

from __future__ import annotations

import cv2
import numpy as np

from muslin.data.sketch import wash
from muslin.garments.framing import garment_frame

WORK = 256  # px, longest side at which a drawing's parts are looked for
FILL = 0.85  # of the network's square that a drawing's own square takes: the middle of what it was trained with
FAINT = 0.12  # ink below which a pixel is paper
FADED = 0.7  # lines of a drawing whose darkest ink is weaker than this are made stronger


def even_paper(drawing: np.ndarray) -> np.ndarray:
    """The drawing as if scanned on white paper: divided by the paper's own colour and light. uint8 HxWx3 sRGB.

    The paper is what is brightest around each place (wide closing), as long as it is nearly as bright as the paper
    elsewhere: painted regions are not taken for paper.
    """
    small, _ = _shrunk(drawing)
    colour = np.quantile(small.reshape(-1, 3), 0.9, axis=0)
    reach = max(3, round(max(small.shape[:2]) * 0.08)) | 1
    bright = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    near = np.abs(bright / np.maximum(colour, 1) - 1).max(axis=2) < 0.18
    grid = _smooth_fill(bright.astype(np.float32), near, colour)
    light = cv2.resize(grid, drawing.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(drawing / np.maximum(light, 1) * 255, 0, 255).astype(np.uint8)


def _smooth_fill(values: np.ndarray, known: np.ndarray, default: np.ndarray) -> np.ndarray:
    """`values` blurred over the pixels that are known, continued smoothly over the others. float32 HxWx3."""
    sigma = max(values.shape[:2]) * 0.08
    weight = known.astype(np.float32)
    total = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    return (total + 0.02 * default.astype(np.float32)) / (share + 0.02)


def ink_of(drawing: np.ndarray) -> np.ndarray:
    """How dark each pixel is against the paint or paper around it. uint8 HxWx3 -> float32 HxW in [0, 1]."""
    grey = cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY).astype(np.float32)
    reach = max(3, round(max(grey.shape) * 0.06)) | 1
    around = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.clip(1 - grey / np.maximum(around, 1), 0, 1)


def drawn_region(drawing: np.ndarray) -> np.ndarray:
    """What the drawing's outline encloses. uint8 HxWx3 on white paper -> uint8 HxW, 255 inside.

    Gaps in the outline are closed, small ones first, until the paper around no longer leaks in; a drawing that never
    closes is taken for its convex hull.
    """
    small, _ = _shrunk(drawing)
    dark = (small.min(axis=2) < 255 * (1 - FAINT)).astype(np.uint8)
    dark = _without_specks(dark)
    if not dark.any():
        return np.zeros(drawing.shape[:2], np.uint8)
    hull = np.zeros_like(dark)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.argwhere(dark)[:, ::-1].astype(np.int32)), 1)
    region = hull
    for gap in (1, 3, 5, 9, 15):
        inside = _enclosed(dark, gap)
        if inside.sum() > 0.3 * hull.sum():
            region = inside
            break
    large = cv2.resize(region * 255, drawing.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(large > 127, 255, 0).astype(np.uint8)


def _enclosed(dark: np.ndarray, gap: int) -> np.ndarray:
    """What cannot be reached from the border once gaps of so many pixels are closed. uint8 0/1."""
    room = gap + 1
    padded = cv2.copyMakeBorder(dark, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap))
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
    outside = closed.copy()
    cv2.floodFill(outside, None, (0, 0), 2)
    inside = (outside != 2).astype(np.uint8)
    opened = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))  # no stray lines
    return opened[room:-room, room:-room]


def drawing_frame(drawing: np.ndarray, size: int) -> np.ndarray:
    """2x3 map from the drawing's pixels to the size x size square that the network sees. uint8 HxWx3 on white."""
    small, ratio = _shrunk(drawing)
    dark = _without_specks((ink_of(small) > FAINT).astype(np.uint8)) | _without_specks(
        (small.min(axis=2) < 200).astype(np.uint8)
    )
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    if not len(rows):
        box = (0, 0, drawing.shape[1], drawing.shape[0])
    else:
        edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) * ratio
        left, top, right, bottom = (round(float(edge)) for edge in edges)
        box = (left, top, right, bottom)
    frame = garment_frame(box, size).astype(np.float64)
    centre = (size - 1) / 2
    frame *= FILL
    frame[:, 2] += centre * (1 - FILL)
    return frame.astype(np.float32)


def painted_with(drawing: np.ndarray, colour: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The drawing with a wash that asks for cloth of this colour. uint8 HxWx3, sRGB in [0, 1], uint8 HxW."""
    share = cv2.GaussianBlur(region, (0, 0), 1.5).astype(np.float32)[..., None] / 255
    return np.round(drawing * (1 - share + share * wash(colour))).astype(np.uint8)


def has_paint(drawing: np.ndarray, region: np.ndarray) -> bool:
    """Whether somebody painted the drawing: a good part of its inside is not paper. uint8 HxWx3 on white."""
    small, _ = _shrunk(drawing)
    inside = cv2.resize(region, small.shape[1::-1], interpolation=cv2.INTER_AREA) > 127
    if not inside.any():
        return False
    paint = cv2.medianBlur(small, 7)  # lines are narrower than paint
    return bool((paint[inside].min(axis=1) < 225).mean() > 0.3)


def _without_specks(dark: np.ndarray) -> np.ndarray:
    """0/1 pixels in groups of at least a few. uint8 HxW."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark)
    large = np.zeros(count, np.uint8)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] >= 8
    return large[labels]


def _shrunk(drawing: np.ndarray) -> tuple[np.ndarray, float]:
    """(the drawing at WORK px or less, how many of its pixels one of those is)."""
    ratio = max(1.0, max(drawing.shape[:2]) / WORK)
    if ratio == 1.0:
        return drawing, 1.0
    size = (max(1, round(drawing.shape[1] / ratio)), max(1, round(drawing.shape[0] / ratio)))
    return cv2.resize(drawing, size, interpolation=cv2.INTER_AREA), ratio

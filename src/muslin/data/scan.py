"""A scanned or photographed drawing made ready for the network: even white paper, the drawing's own square, paint."""

from __future__ import annotations

import cv2
import numpy as np

from muslin.data.pairs import into_frame
from muslin.data.sketch import on_paper, wash
from muslin.garments.framing import garment_frame

WORK = 256  # px, longest side at which a drawing's parts are looked for
FILL = 0.85  # of the network's square that a drawing's own square takes: the middle of what it was trained with
GAPS = (1, 3, 5, 9)  # px at WORK: openings in an outline that are closed
FAINT = 0.12  # ink below which a pixel is paper
DARK = 0.75  # ink of a clear line in training; weaker drawings are brought up to it
SHEET_MARGIN = 0.1  # of the sheet's sides, where there is paper and no drawing


def even_paper(drawing: np.ndarray) -> np.ndarray:
    """The drawing as if scanned on white paper: divided by the paper's own colour and light. uint8 HxWx3 sRGB.

    The light on a sheet is smooth: its logarithm is fitted by a plane to what surrounds the drawing (the sheet's
    margin, without lines), then by a parabola to everything that is near the plane. Paint is not, and stays.
    """
    small, _ = _shrunk(drawing)
    reach = max(3, round(max(small.shape[:2]) * 0.05)) | 1
    bright = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    log = np.log(np.maximum(bright, 8).astype(np.float64))
    height, width = log.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1)
    chosen = np.maximum(np.abs(x), np.abs(y)) > 1 - 2 * SHEET_MARGIN
    light = log
    for count in (3, 6):
        weights = np.linalg.lstsq(terms[chosen][:, :count], log[chosen], rcond=None)[0]
        light = terms[..., :count] @ weights
        chosen = np.abs(log - light).max(axis=2) < 0.08
        if chosen.sum() < 0.2 * chosen.size:
            break
    large = cv2.resize(np.exp(light).astype(np.float32), drawing.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(drawing / np.maximum(large, 8) * 255, 0, 255).astype(np.uint8)


def ink_of(drawing: np.ndarray) -> np.ndarray:
    """How dark each pixel is against the paint or paper around it. uint8 HxWx3 -> float32 HxW in [0, 1]."""
    grey = cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY).astype(np.float32)
    reach = max(3, round(max(grey.shape) * 0.06)) | 1
    around = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.clip(1 - grey / np.maximum(around, 1), 0, 1)


def drawn_region(drawing: np.ndarray) -> np.ndarray:
    """What the drawing's outline encloses. uint8 HxWx3 on white paper -> uint8 HxW, 255 inside.

    Gaps in the outline are closed, narrow ones first; a wider closing adds only what it newly encloses, not the corners
    that it rounds. A drawing that never closes is taken for its convex hull.
    """
    small = _at_work_size(drawing)
    dark = _without_specks((small.min(axis=2) < 255 * (1 - FAINT)).astype(np.uint8))
    if not dark.any():
        return np.zeros(drawing.shape[:2], np.uint8)
    hull = np.zeros_like(dark)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.argwhere(dark)[:, ::-1].astype(np.int32)), 1)
    region = np.zeros_like(dark)
    for gap in GAPS:
        region |= _parts_wider_than(_enclosed(dark, gap) & ~region, gap + 2)
    region = cv2.morphologyEx(region, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))  # the lines between two parts
    if region.sum() < 0.3 * hull.sum():
        region = hull
    large = cv2.resize(region * 255, drawing.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(large > 127, 255, 0).astype(np.uint8)


def _parts_wider_than(region: np.ndarray, width: int) -> np.ndarray:
    """The connected parts of a 0/1 picture in which a disc of that many pixels has room. uint8."""
    room = cv2.erode(region, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)), borderValue=0)
    count, labels = cv2.connectedComponents(region, connectivity=4)
    kept = np.zeros(count, np.uint8)
    kept[np.unique(labels[room > 0])] = 1
    kept[0] = 0
    return kept[labels]


def _at_work_size(drawing: np.ndarray) -> np.ndarray:
    """WORK px on the longer side, enlarged if need be: gaps are measured in these pixels."""
    scale = WORK / max(drawing.shape[:2])
    size = [max(1, round(side * scale)) for side in drawing.shape[1::-1]]
    return cv2.resize(drawing, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


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
    return cv2.erode(opened, np.ones((3, 3), np.uint8))[room:-room, room:-room]  # to the middle of the outline


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


def prepared(
    drawing: np.ndarray,  # uint8 HxWx3 on white paper
    frame: np.ndarray,  # 2x3, from its pixels to the network's
    size: int,  # px, side of the network's square
    colour: np.ndarray | None = None,  # sRGB in [0, 1]: paint inside the outline, instead of what is painted there
    region: np.ndarray | None = None,  # uint8 HxW, where that paint goes
) -> np.ndarray:
    """What the network sees: lines about as wide and dark as in training, over paint. float32 size x size x 3.

    A pen's line on a large scan would be a shadow of itself after shrinking, so lines are widened before.
    """
    detail = 4 * size
    fine = _scaled(frame, detail / size)
    page = into_frame(drawing, fine, detail, 255)
    ink = np.clip((ink_of(page) - FAINT / 2) / (1 - FAINT / 2), 0, 1)
    ink = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    small = (size, size)
    ink = cv2.resize(ink, small, interpolation=cv2.INTER_AREA)
    strong = float(np.quantile(ink[ink > 0.1], 0.9)) if (ink > 0.1).any() else 1.0
    ink = np.clip(ink * max(1.0, DARK / max(strong, 0.1)), 0, 1)
    if colour is None:
        reach = round(detail * 0.03) | 1
        paint = cv2.morphologyEx(page, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
        ground = cv2.resize(paint, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    else:
        blank = np.full((size, size, 3), 255, np.uint8)
        where = drawn_region(drawing) if region is None else region
        ground = painted_with(blank, colour, into_frame(where, frame, size, 0)).astype(np.float32) / 255
    return on_paper(ink, ground)


def _scaled(frame: np.ndarray, factor: float) -> np.ndarray:
    """The map to a square that is `factor` times as large; pixel centres are integers."""
    shift = np.full((2, 1), (factor - 1) / 2)
    return np.hstack([frame[:, :2] * factor, frame[:, 2:] * factor + shift])


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

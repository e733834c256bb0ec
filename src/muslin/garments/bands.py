"""The fields of a garment at the photo's own size, in bands of rows, so that memory does not grow with the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from muslin.garments.fields import Fields
from muslin.garments.shading import log_colour

BAND_PIXELS = 1 << 18  # of a band; ten float32 fields of it take 10 MB
MOST_POINTS = 16_000  # at which fields are read at once: OpenCV's remap counts in 16 bits
SUBPIXELS = ((1, -1, 5, -3, -5, -7, 3, 7), (-3, 3, 1, -5, 5, -1, 7, -7))  # x, y of 1/16 px: no two in a row or column
GAIN_RANGE = (-3.0, 1.1)  # of the log gain: a white badge on black cloth is no light three times the brightest fold's


@dataclass(frozen=True)
class Band:
    """Fields of rows top:bottom, columns left:right of the photo, at its own size."""

    rows: slice
    columns: slice
    shading: np.ndarray  # hxw log gain
    warp: np.ndarray  # hxwx2, photo pixels
    panel: np.ndarray  # hxw uint8, index into fields.PANELS
    seam: np.ndarray  # hxw bool, whether a pixel has a neighbour of another panel


def bands(pixels: np.ndarray, fields: Fields, box: tuple[int, int, int, int]) -> Iterator[Band]:
    """The fields at the photo's own size, band by band over `box` (left, top, right, bottom)."""
    for rows, columns in places(box):
        yield band(pixels, fields, rows, columns)


def places(box: tuple[int, int, int, int]) -> Iterator[tuple[slice, slice]]:
    left, top, right, bottom = box
    height = max(16, BAND_PIXELS // max(1, right - left))
    for start in range(top, bottom, height):
        yield slice(start, min(bottom, start + height)), slice(left, right)


def band(pixels: np.ndarray, fields: Fields, rows: slice, columns: slice) -> Band:
    around = slice(rows.start - 1, rows.stop + 1)  # a seam between two bands is one too
    warp, panel = _warp(fields, around, columns)
    shading = _shading(pixels, fields, rows, columns)
    return Band(rows, columns, shading, warp[1:-1], panel[1:-1], seam_pixels(panel)[1:-1])


def _enlarge(
    field: np.ndarray, fields: Fields, rows: slice, columns: slice, stride: int = 1, side: int | None = None
) -> np.ndarray:
    """A field of the square seen from the photo's pixels in rows x columns.

    side: pixels of the square when the field was made (default: `fields.size`), of which each cell covers `stride`.
    """
    matrix = _to_cells(fields, stride, side)
    matrix[:, 2] += matrix[:, :2] @ [columns.start, rows.start]
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _to_cells(fields: Fields, stride: int = 1, side: int | None = None) -> np.ndarray:
    """Photo pixel -> cell of a field of the square, 2x3. stride, side: as in _enlarge."""
    frame = fields.frame.astype(np.float64)
    ratio = fields.size / (side or fields.size)
    # Cell i belongs to pixel stride * i + stride // 2 of its own square; pixel x there is ratio * (x + 0.5) - 0.5 here.
    first = ratio * ((stride // 2 if stride > 1 else 0) + 0.5) - 0.5
    return np.hstack([frame[:, :2], frame[:, 2:] - first]) / (stride * ratio)


def _shading(pixels: np.ndarray, fields: Fields, rows: slice, columns: slice) -> np.ndarray:
    log = log_colour(np.ascontiguousarray(pixels[rows, columns]))
    slopes = _enlarge(fields.slopes, fields, rows, columns)
    shading = np.einsum("hwc,hwc->hw", slopes, log) + _enlarge(fields.offset, fields, rows, columns)
    return np.clip(shading, *GAIN_RANGE)


def _warp(fields: Fields, rows: slice, columns: slice) -> tuple[np.ndarray, np.ndarray]:
    """(warp, panel): each pixel takes the warp of its most probable panel, so that seams are sharp at any size."""
    present, side = _present(fields), fields.side
    first = present[0]
    warp = _enlarge(fields.warp[:, :, first], fields, rows, columns, 4, fields.geometry) * np.float32(side)
    best = _enlarge(fields.panels[..., first], fields, rows, columns, 2, fields.geometry)
    panel = np.full(best.shape, first, np.uint8)
    for k in present[1:]:
        logits = _enlarge(fields.panels[..., k], fields, rows, columns, 2, fields.geometry)
        wins = logits > best
        if wins.any():
            best = np.maximum(best, logits)
            own = _enlarge(fields.warp[:, :, k], fields, rows, columns, 4, fields.geometry) * np.float32(side)
            cv2.copyTo(own, wins.view(np.uint8), warp)
            panel[wins] = k
    if fields.bend is not None:
        warp[..., 1] += _enlarge(fields.bend, fields, rows, columns) * np.float32(side)
    return warp, panel


def _present(fields: Fields) -> list[int]:
    """The panels that this garment has, the likeliest first."""
    order = np.argsort(-fields.panels.reshape(-1, fields.panels.shape[-1]).mean(0))
    return [int(k) for k in order if (fields.panels.argmax(-1) == k).mean() > 0.002]


def seam_pixels(panel: np.ndarray) -> np.ndarray:
    """Whether a pixel has a neighbour of another panel, bool HxW. panel: HxW."""
    crossed = np.zeros(panel.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differs = panel[one] != panel[other]
        crossed[one] |= differs
        crossed[other] |= differs
    return crossed


def positions_within(fields: Fields, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(u, v, panel) at eight points of each of the photo's pixels x, y (N each, at most MOST_POINTS): 8xN.

    u, v: as of cloth_positions. The eight may belong to different panels: a seam is a line, not a stair.
    """
    offsets = np.array(SUBPIXELS, np.float32)[..., None] / 16
    across, down = x.astype(np.float32) + offsets[0], y.astype(np.float32) + offsets[1]
    present, middle = _present(fields), fields.centre
    logits = _at(fields.panels[..., present], _to_cells(fields, 2, fields.geometry), across, down)
    panel = np.take(present, logits.argmax(-1)).astype(np.uint8)
    warp = _at(fields.warp.reshape(*fields.warp.shape[:2], -1), _to_cells(fields, 4, fields.geometry), across, down)
    own = np.take_along_axis(warp.reshape(*panel.shape, -1, 2), panel[..., None, None].astype(np.intp), 2)[:, :, 0]
    if fields.bend is not None:
        own[..., 1] += _at(fields.bend, _to_cells(fields), across, down)
    own = own * np.float32(fields.side)
    return across - np.float32(middle[0]) + own[..., 0], down - np.float32(middle[1]) + own[..., 1], panel


def _at(field: np.ndarray, matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A field hxw or hxwxC at photo positions x, y (float32 KxN), by linear interpolation. KxN or KxNxC."""
    column, row = ((a * x + b * y + c).astype(np.float32) for a, b, c in matrix.tolist())
    return cv2.remap(field, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def cloth_positions(fields: Fields, rows: slice, columns: slice, warp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(u, v): where on the cloth each pixel lies, in photo pixels from the garment's centre."""
    x, y = fields.centre
    across = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(x)
    down = np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(y)
    return across[None, :] + warp[..., 0], down[:, None] + warp[..., 1]

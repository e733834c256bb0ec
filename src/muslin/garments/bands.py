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
    part: np.ndarray  # hxw uint8, index into parts_of
    seam: np.ndarray  # hxw bool, whether a pixel has a neighbour of another piece of cloth


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
    warp, part = _warp(fields, around, columns)
    shading = _shading(pixels, fields, rows, columns)
    return Band(rows, columns, shading, warp[1:-1], part[1:-1], seam_pixels(part)[1:-1])


def _enlarge(
    fields: Fields, field: np.ndarray, rows: slice, columns: slice, stride: int = 1, side: int | None = None
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
    slopes = _enlarge(fields, fields.slopes, rows, columns)
    shading = np.einsum("hwc,hwc->hw", slopes, log) + _enlarge(fields, fields.offset, rows, columns)
    if fields.seams is not None:
        shading += _enlarge(fields, fields.seams, rows, columns)
    return np.clip(shading, *GAIN_RANGE)


def _warp(fields: Fields, rows: slice, columns: slice) -> tuple[np.ndarray, np.ndarray]:
    """(warp, part): each pixel takes the warp of its most probable part, so that seams are sharp at any size."""
    parts, side = parts_of(fields), np.float32(fields.side)
    first, *others = parts.present
    warp = _enlarge(fields, parts.warp[:, :, first], rows, columns, 4, fields.geometry) * side
    best = _enlarge(fields, parts.logits[..., first], rows, columns, parts.stride, parts.side)
    part = np.full(best.shape, first, np.uint8)
    for k in others:
        y, x = parts.reach(k, fields, rows, columns)
        here = (
            slice(y.start - rows.start, y.stop - rows.start),
            slice(x.start - columns.start, x.stop - columns.start),
        )
        if not best[here].size:
            continue
        logits = _enlarge(fields, parts.logits[..., k], y, x, parts.stride, parts.side)
        wins = logits > best[here]
        if wins.any():
            best[here] = np.maximum(best[here], logits)
            own = _enlarge(fields, parts.warp[:, :, k], y, x, 4, fields.geometry) * side
            warp[here] = np.where(wins[..., None], own, warp[here])
            part[here][wins] = k
    if fields.bend is not None:
        warp[..., 1] += _enlarge(fields, fields.bend, rows, columns) * side
    return warp, part


@dataclass(frozen=True)
class Parts:
    """What cloth is laid on: the pieces of a garment, or its panels.

    logits: hxwxP, of a square of `side` pixels, of which a cell covers `stride`. warp: as Fields.warp. panel: of each
    part, index of fields.PANELS. present: the parts that this garment has, the largest first.
    """

    logits: np.ndarray
    stride: int
    side: int
    warp: np.ndarray
    panel: np.ndarray
    present: list[int]

    def reach(self, k: int, fields: Fields, rows: slice, columns: slice) -> tuple[slice, slice]:
        """The part of rows x columns in which part k may be: small pieces cost little at any size of the photo."""
        if self.stride != 1:
            return rows, columns
        x, y, width, height = cv2.boundingRect((self.logits[..., k] > 0).astype(np.uint8))
        scale = 1 / float(fields.frame[0, 0])
        left, top = (float(at - fields.frame[i, 2]) * scale for i, at in enumerate((x - 1, y - 1)))
        right, bottom = left + (width + 1) * scale + 1, top + (height + 1) * scale + 1
        return _within(rows, top, bottom), _within(columns, left, right)


def _within(span: slice, low: float, high: float) -> slice:
    start = min(max(span.start, int(low)), span.stop)
    return slice(start, max(start, min(span.stop, int(high) + 1)))


def parts_of(fields: Fields) -> Parts:
    pieces = fields.pieces
    if pieces is None:
        order = np.arange(fields.panels.shape[-1])
        return Parts(fields.panels, 2, fields.geometry, fields.warp, order, _present(fields))
    return Parts(pieces.shares, 1, fields.size, pieces.warp + pieces.jump, pieces.panel, list(range(len(pieces.panel))))


def _present(fields: Fields) -> list[int]:
    """The panels that this garment has, the likeliest first."""
    order = np.argsort(-fields.panels.reshape(-1, fields.panels.shape[-1]).mean(0))
    return [int(k) for k in order if (fields.panels.argmax(-1) == k).mean() > 0.002]


def seam_pixels(part: np.ndarray) -> np.ndarray:
    """Whether a pixel has a neighbour of another part, bool HxW. part: HxW."""
    crossed = np.zeros(part.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differs = part[one] != part[other]
        crossed[one] |= differs
        crossed[other] |= differs
    return crossed


def positions_within(fields: Fields, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(u, v, part) at eight points of each of the photo's pixels x, y (N each, at most MOST_POINTS): 8xN.

    u, v: as of cloth_positions. part: index into parts_of. The eight may belong to different ones: a seam is a line,
    not a stair.
    """
    offsets = np.array(SUBPIXELS, np.float32)[..., None] / 16
    across, down = x.astype(np.float32) + offsets[0], y.astype(np.float32) + offsets[1]
    parts, middle = parts_of(fields), fields.centre
    logits = _at(parts.logits[..., parts.present], _to_cells(fields, parts.stride, parts.side), across, down)
    part = np.take(parts.present, logits.reshape(*across.shape, -1).argmax(-1))  # OpenCV drops a single channel
    warp = _at(parts.warp.reshape(*parts.warp.shape[:2], -1), _to_cells(fields, 4, fields.geometry), across, down)
    own = np.take_along_axis(warp.reshape(*part.shape, -1, 2), part[..., None, None], 2)[:, :, 0]
    if fields.bend is not None:
        own[..., 1] += _at(fields.bend, _to_cells(fields), across, down)
    own = own * np.float32(fields.side)
    return across - np.float32(middle[0]) + own[..., 0], down - np.float32(middle[1]) + own[..., 1], part


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

"""The squares that networks see: a whole photo for the mask, the garment's own box for the fields."""

from __future__ import annotations

import numpy as np

MARGIN = 0.07  # of the garment's longer side, left free on each side of the box


def photo_frame(height: int, width: int, size: int) -> np.ndarray:
    """2x3 affine map from a photo's pixels to the centred size x size letterbox. float32."""
    return _frame((width - 1) / 2, (height - 1) / 2, size / max(height, width), size)


def garment_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of mask > 0.5, right and bottom exclusive; the whole picture where there is none.

    mask: HxW, float in [0, 1] or uint8 in [0, 255].
    """
    inside = mask > (127 if mask.dtype == np.uint8 else 0.5)
    columns, rows = np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))
    if not len(columns):
        return 0, 0, mask.shape[1], mask.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def garment_frame(box: tuple[int, int, int, int], size: int) -> np.ndarray:
    """2x3 affine map from a photo's pixels to the size x size square centred on the garment. float32."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top) * (1 + 2 * MARGIN)
    return _frame((left + right - 1) / 2, (top + bottom - 1) / 2, size / side, size)


def about_centre(linear: np.ndarray, frame: np.ndarray, size: int) -> np.ndarray:
    """`frame` followed by a 2x2 linear map about the centre of the square. 2x3 float32."""
    centre = np.full(2, (size - 1) / 2)
    shift = linear @ (frame[:, 2] - centre) + centre
    return np.hstack([linear @ frame[:, :2], shift[:, None]]).astype(np.float32)


def rotation(degrees: float) -> np.ndarray:
    """2x2, from x towards y (clockwise in a picture)."""
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def invert(frame: np.ndarray) -> np.ndarray:
    """The affine map back. 2x3 in and out."""
    inverse = np.linalg.inv(frame[:, :2].astype(np.float64))
    return np.hstack([inverse, -inverse @ frame[:, 2:]]).astype(np.float32)


def _frame(x: float, y: float, scale: float, size: int) -> np.ndarray:
    """Scale about the point (x, y), which lands in the centre of the square. Pixel centres are integers."""
    centre = (size - 1) / 2
    return np.array([[scale, 0, centre - scale * x], [0, scale, centre - scale * y]], np.float32)

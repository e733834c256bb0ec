"""A tile at a larger size that still tiles, and shows everything where it was."""

from __future__ import annotations

import numpy as np

MARGIN = 4  # pixels of the tile repeated around it: more than the cubic kernel reaches
BAND = 1 << 20  # values of the result at a time: in between they are floats, four times as large as it


def enlarge(tile: np.ndarray, width: int, height: int) -> np.ndarray:
    """A tile, uint8 or float in [0, 255], hxwx3, at a size that is nowhere smaller: uint8 height x width x 3.

    Cubic (Catmull-Rom), smooth across the border. Pixel i of n lies at (i + 0.5) / n of the side before and after, so
    that a motif stays where it was in the repeat.
    """
    import cv2

    rows, columns = tile.shape[:2]
    if (columns, rows) == (width, height) and tile.dtype == np.uint8:
        return tile
    padded = np.pad(tile, [(MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)], mode="wrap")
    # Positions are exact, not multiples of 1/32 px as OpenCV's remap and warpAffine have them.
    x = ((np.arange(width) + 0.5) * columns / width - 0.5 + MARGIN).astype(np.float32)
    y = ((np.arange(height) + 0.5) * rows / height - 0.5 + MARGIN).astype(np.float32)
    larger = np.empty((height, width, tile.shape[2]), np.uint8)
    step = max(1, BAND // larger[0].size)
    for top in range(0, height, step):
        down = y[top : top + step]
        first, last = int(down[0]) - 1, int(down[-1]) + 3
        wide = _cubic_rows(np.ascontiguousarray(padded[first:last].transpose(1, 0, 2)), x).transpose(1, 0, 2)
        tall = _cubic_rows(np.ascontiguousarray(wide), down - first)
        larger[top : top + step] = cv2.convertScaleAbs(np.maximum(tall, 0.0))
    return larger


def _cubic_rows(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    """values[position] along the first axis, Catmull-Rom between rows; float32."""
    whole = np.floor(position).astype(np.intp)
    t = (position - whole).astype(np.float32)[:, None, None]
    weights = (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
    result = np.zeros((len(position), *values.shape[1:]), np.float32)
    for step, weight in enumerate(weights):
        result += weight * values[np.clip(whole + step - 1, 0, len(values) - 1)]
    return result

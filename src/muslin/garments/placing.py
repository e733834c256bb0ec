"""Where on a garment a placement print lies: the middle of its chest, or as far from there as somebody asked."""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.bands import positions_within
from muslin.garments.fields import PANELS, Fields

DOWN = 0.34  # of a panel's height: the middle of a chest, and near enough the middle of a bag or a skirt
LEAST_BODY = 0.15  # share of a garment that its body has to be, or else its largest panel is printed


def cloth_place(fields: Fields, alpha: np.ndarray, offset: tuple[float, float]) -> tuple[tuple[float, float], int]:
    """((u, v), panel): the cloth's place under the middle of a print, and the panel that it lies on.

    alpha: float32 HxW, the garment. offset: how far the print lies to the right and down from the middle of the chest
    (of a garment without one: of its largest panel), in fractions of the garment's longer side, in the photo. A place
    beside the garment counts as cloth that goes on flat from the nearest place within it.
    """
    cells, inside = _panels(fields, alpha)
    x, y = _middle(cells, inside)
    rows, columns = np.nonzero(inside)
    reach = max(np.ptp(rows), np.ptp(columns)) + 1
    x, y = x + offset[0] * reach, y + offset[1] * reach
    nearest = np.argmin((columns - x) ** 2 + (rows - y) ** 2)
    row, column = rows[nearest], columns[nearest]
    place, own = (_photo(fields, at, len(cells)) for at in ((x, y), (column, row)))
    here = np.array([own], np.float32)
    u, v, _ = positions_within(fields, here[:, 0], here[:, 1])
    return (float(u.mean() + place[0] - own[0]), float(v.mean() + place[1] - own[1])), int(cells[row, column])


def _panels(fields: Fields, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The panel of each cell, and whether it is the garment's; GxG of the square at which panels were read, halved."""
    side = fields.panels.shape[0]
    ratio = side / fields.size
    frame = fields.frame * np.float32(ratio)
    frame[:, 2] += np.float32((ratio - 1) / 2)  # pixel centres are integers
    shrink = max(1, int(1 / float(frame[0, 0])))
    small = cv2.blur(alpha, (shrink, shrink)) if shrink > 1 else alpha
    inside = cv2.warpAffine(small, frame, (side, side), flags=cv2.INTER_LINEAR) > 0.5
    if not inside.any():  # a garment of a few pixels
        inside[side // 2, side // 2] = True
    return fields.panels.argmax(-1), inside


def _middle(cells: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """Cell (x, y) on which a print is placed."""
    sizes = np.bincount(cells[inside], minlength=len(PANELS))
    panel = 0 if sizes[0] >= LEAST_BODY * sizes.sum() else int(sizes.argmax())
    rows, columns = np.nonzero(inside & (cells == panel))
    top, bottom = np.percentile(rows, (1, 99))
    return float(np.median(columns)), float(top + DOWN * (bottom - top))


def _photo(fields: Fields, cell: tuple[float, float], side: int) -> tuple[float, float]:
    """Cell (x, y) of a square of `side` cells -> photo pixel."""
    ratio = fields.size / side
    scale = float(fields.frame[0, 0])
    across, down = (ratio * (at + 0.5) - 0.5 for at in cell)
    return (across - float(fields.frame[0, 2])) / scale, (down - float(fields.frame[1, 2])) / scale

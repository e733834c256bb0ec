"""Where on a garment a placement print lies: the middle of its chest, or as far from there as somebody asked."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from muslin.garments.bands import positions_within
from muslin.garments.fields import PANELS, Fields

DOWN = 0.34  # of a panel's height: the middle of a chest, and near enough the middle of a bag or a skirt
LEAST_BODY = 0.15  # share of a garment that its body has to be, or else its largest panel is printed
WHOLE = 0.95  # of a print that should lie on its panel: it moves down from a collar until it does
STEPS, STEP = 6, 0.025  # of the garment's longer side: how far it may move for that
OWN = 2 / 3  # of a print that has to lie on its panel, or the panel is the network's doubt, and no seam is respected


class Place(NamedTuple):
    """centre: the cloth's (u, v) under the middle of a print. panel: that it lies on. alone: whether it ends there."""

    centre: tuple[float, float]
    panel: int
    alone: bool


def cloth_place(
    fields: Fields, alpha: np.ndarray, offset: tuple[float, float], size: tuple[float, float], rotation: float
) -> Place:
    """Where a print lies.

    alpha: float32 HxW, the garment. offset: how far it lies to the right and down from the middle of the chest (of a
    garment without one: of its largest panel), in fractions of the garment's longer side, in the photo. size: of the
    print (width, height), photo pixels. rotation: degrees, clockwise. A place beside the garment counts as cloth that
    goes on flat from the nearest place within it.
    """
    cells, inside = _panels(fields, alpha)
    rows, columns = np.nonzero(inside)
    reach = float(max(np.ptp(rows), np.ptp(columns)) + 1)
    cell = fields.side / len(cells)  # photo px
    half = (size[0] / cell / 2, size[1] / cell / 2)
    x, y, panel = _middle(cells, inside)
    if tuple(offset) == (0, 0):
        lower = (y + step * STEP * reach for step in range(STEPS + 1))
        y = next((at for at in lower if _share(cells, inside, panel, (x, at), half, rotation) >= WHOLE), y)
        own = inside & (cells == panel)
    else:
        x, y, own = x + offset[0] * reach, y + offset[1] * reach, inside
    rows, columns = np.nonzero(own)
    nearest = np.argmin((columns - x) ** 2 + (rows - y) ** 2)
    row, column = rows[nearest], columns[nearest]
    panel = int(cells[row, column])
    alone = _share(cells, inside, panel, (x, y), half, rotation) >= OWN
    place, here = (_photo(fields, at, len(cells)) for at in ((x, y), (column, row)))
    seen = np.array([here], np.float32)
    u, v, _ = positions_within(on_panel(fields, panel), seen[:, 0], seen[:, 1])
    centre = (float(u.mean() + place[0] - here[0]), float(v.mean() + place[1] - here[1]))
    return Place(centre, panel, alone)


def on_panel(fields: Fields, panel: int) -> Fields:
    """The same, everything on one panel and of one piece."""
    panels = np.zeros_like(fields.panels)
    panels[..., panel] = 1
    return replace(fields, panels=panels, pieces=None)


def _share(
    cells: np.ndarray, inside: np.ndarray, panel: int, middle: tuple[float, float], half: tuple[float, float],
    rotation: float,
) -> float:  # fmt: skip
    """Of the print that lies on the garment, the share on a panel; 1 where nothing of it does. half: its half sides."""
    rows, columns = np.mgrid[: len(cells), : len(cells)]
    angle = math.radians(rotation)
    x, y = columns - middle[0], rows - middle[1]
    along = np.abs(math.cos(angle) * x + math.sin(angle) * y)
    across = np.abs(math.cos(angle) * y - math.sin(angle) * x)
    lies = inside & (along <= max(half[0], 0.5)) & (across <= max(half[1], 0.5))
    return float((cells[lies] == panel).mean()) if lies.any() else 1.0


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


def _middle(cells: np.ndarray, inside: np.ndarray) -> tuple[float, float, int]:
    """(x, y, panel): the cell on which a print is placed."""
    sizes = np.bincount(cells[inside], minlength=len(PANELS))
    panel = 0 if sizes[0] >= LEAST_BODY * sizes.sum() else int(sizes.argmax())
    rows, columns = np.nonzero(inside & (cells == panel))
    top, bottom = np.percentile(rows, (1, 99))
    return float(np.median(columns)), float(top + DOWN * (bottom - top)), panel


def _photo(fields: Fields, cell: tuple[float, float], side: int) -> tuple[float, float]:
    """Cell (x, y) of a square of `side` cells -> photo pixel."""
    ratio = fields.size / side
    scale = float(fields.frame[0, 0])
    across, down = (ratio * (at + 0.5) - 0.5 for at in cell)
    return (across - float(fields.frame[0, 2])) / scale, (down - float(fields.frame[1, 2])) / scale

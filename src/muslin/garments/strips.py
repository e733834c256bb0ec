"""The strip along which a front opens: where its buttons are, or its zip.

The network seldom sees one on photos, but it sees that a front opens and where. So whoever asks for the strip gets one
as broad as strips are, along that line made smooth: plackets are straight where a print may break a little beside them.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from muslin.garments.fields import Fields
from muslin.garments.pieces import PARTED, ROLES, SOFT, Pieces, lain

STRIP = ROLES.index("strip")
WIDTH = 0.06  # of the fronts' own
LEAST = 0.3  # of the rows in which there are two fronts, in which they meet, or there is a strip between them already
TOUCH = 3  # px between two fronts that meet
ROUNDS, NEAR = 8, 0.7  # of the fit, and px from the line within which all points count alike


def with_strip(fields: Fields, alpha: np.ndarray) -> Fields:
    """The same, with a strip where two fronts meet; as it is where none do, or the strip has been told already.

    alpha: float32 HxW, the garment.
    """
    pieces = fields.pieces
    if pieces is None or pieces.strip:
        return fields
    size = (fields.size, fields.size)
    inside = cv2.warpAffine(alpha, fields.frame, size, flags=cv2.INTER_AREA) > 0.5
    best = pieces.role[pieces.shares.argmax(-1)]
    left, right = ((best == role) & inside for role in PARTED)
    line = _line(left, right)
    if line is None:
        return fields
    strip = _along(*line, np.isin(best, PARTED), float(np.median((left | right).sum(1)[line[0]])))
    return replace(fields, pieces=_parted(pieces, strip, *line, fields.warp[:, :, 0])) if strip.any() else fields


def _line(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(rows, coefficients of x by row), where two fronts meet: a parabola, by least absolute distances."""
    ends = left.shape[1] - 1 - left[:, ::-1].argmax(1)
    starts = right.argmax(1)
    both = left.any(1) & right.any(1)
    rows = np.flatnonzero(both & (np.abs(starts - ends) <= TOUCH))
    if len(rows) < max(3, LEAST * both.sum()):
        return None
    at, weights = (starts + ends)[rows] / 2, np.ones(len(rows))
    for _ in range(ROUNDS):
        line = np.polyfit(rows, at, 2, w=np.sqrt(weights))
        weights = 1 / np.maximum(np.abs(np.polyval(line, rows) - at), NEAR)
    return rows, line


def _along(rows: np.ndarray, line: np.ndarray, fronts: np.ndarray, broad: float) -> np.ndarray:
    """The strip, bool SxS: of the fronts (bool SxS, `broad` px) what lies along the line, to the garment's hem."""
    y, x = np.arange(len(fronts))[:, None], np.arange(len(fronts))[None]
    beside = np.abs(x - np.polyval(line, y))
    return np.asarray(fronts & (beside <= WIDTH * broad / 2) & (y >= rows[0]) & (y <= rows[-1] + TOUCH))


def _parted(pieces: Pieces, strip: np.ndarray, rows: np.ndarray, line: np.ndarray, panel: np.ndarray) -> Pieces:
    """The pieces and one more, the strip. panel: the warp of its panel."""
    share = cv2.GaussianBlur(strip.astype(np.float32), (0, 0), SOFT)[..., None]
    slope = float(np.polyval(np.polyder(line), rows.mean()))  # it is cut along its line
    grain = np.array([1, -slope], np.float32) / np.float32(np.hypot(1, slope))
    own = lain(strip, STRIP, np.broadcast_to(grain, (*strip.shape, 2)), panel)
    return replace(
        pieces,
        shares=np.concatenate([pieces.shares * (1 - share), share], -1),
        warp=np.concatenate([pieces.warp, own[:, :, None].astype(np.float32)], 2),
        jump=np.concatenate([pieces.jump, np.zeros((1, 2), np.float32)]),
        panel=np.append(pieces.panel, 0),
        role=np.append(pieces.role, STRIP),
        sure=np.append(pieces.sure, np.float32(0)),  # nobody has seen it: no seam is drawn
        strip=True,
    )

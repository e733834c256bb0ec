"""Along which line a garment opens at the front: a network's guess, moved to what the light shows.

A network says on which side of an opening a pixel lies, to some pixels. An opening is a line in the light, from the
neck down: of all lines beside the guess the best is taken (a path by dynamic programming, as seam carving finds its
seams: Avidan & Shamir 2007, section 3).
"""

from __future__ import annotations

import cv2
import numpy as np

REACH = 6  # px of the square on each side of the guess, in which the line is looked for
SHARE = 0.4  # of the front's rows, which an opening at least parts
BROAD = 40  # px, that a front is at least
NEAR = 25  # px from the middle of the guess, beyond which it is a slip
MARGIN = 8  # px at least between an opening and the front's own edges
STRONGEST = 0.4  # of log light: one deep fold is no long line
SMOOTH = 31  # rows, over which the guess is smoothed
TURN = 0.08  # of log light in a pixel: what a step aside from one row to the next costs, for fronts are cut straight
PULL = 0.004  # the same, for each px between line and guess


def opening(left: np.ndarray, front: np.ndarray, light: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(rows, columns) of the line along which a front opens, in px of the square; None where there is no such line.

    left: bool SxS, where the network sees a left front. front: bool SxS, where a front. light: SxS, log gain.
    """
    rows, guess = _guess(left, front)
    if len(rows) < max(SHARE * np.count_nonzero(front.sum(1) >= BROAD), 2):
        return None
    return rows, _best_path(_lines_in(light), rows, guess)


def _guess(left: np.ndarray, front: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows in which the front goes over from left to right once, and the smoothed columns."""
    rows, columns = [], []
    for y in range(front.shape[0]):
        x = np.flatnonzero(front[y])
        if len(x) < BROAD:
            continue
        ends = np.flatnonzero(left[y, x[:-1]] & ~left[y, x[1:]])
        if len(ends) == 1 and x[0] + MARGIN < x[ends[0]] < x[-1] - MARGIN:
            rows.append(y)
            columns.append(x[ends[0]])
    if not rows:
        return np.zeros(0, int), np.zeros(0, int)
    middle = np.median(columns)
    steady = np.where(np.abs(np.array(columns) - middle) < NEAR, columns, middle).astype(np.float32)
    smooth = cv2.blur(steady[:, None], (1, SMOOTH), borderType=cv2.BORDER_REPLICATE)[:, 0]
    return np.array(rows), np.round(smooth).astype(int)


def _lines_in(light: np.ndarray) -> np.ndarray:
    """How much of an upright line each pixel shows: a dark or light one, or a step. SxS."""
    smooth = cv2.GaussianBlur(light, (0, 0), 0.7)
    thin, step = np.zeros_like(smooth), np.zeros_like(smooth)
    thin[:, 3:-3] = smooth[:, 3:-3] - (smooth[:, :-6] + smooth[:, 6:]) / 2
    step[:, 2:-2] = smooth[:, 4:] - smooth[:, :-4]
    return np.minimum(np.maximum(1.5 * np.abs(thin), np.abs(step)), STRONGEST)


def _best_path(line: np.ndarray, rows: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Columns of the best path around the guess. It moves by at most a pixel beside the guess from row to row."""
    across = np.arange(-REACH, REACH + 1)
    columns = np.clip(guess[:, None] + across, 0, line.shape[1] - 1)
    seen = line[rows[:, None], columns] - np.float32(PULL) * np.abs(across).astype(np.float32)  # rows x across
    total, came = seen[0], np.zeros(seen.shape, np.int8)
    wide, steps, aside = np.full(len(total) + 2, -np.inf, np.float32), np.array([0, -1, 1], np.int8), np.float32(TURN)
    for y in range(1, len(rows)):
        wide[1:-1] = total
        before = np.stack([wide[1:-1], wide[:-2] - aside, wide[2:] - aside])
        best = before.argmax(0)
        came[y] = steps[best]
        total = before[best, np.arange(len(best))] + seen[y]
    at, path = int(total.argmax()), np.zeros(len(rows), int)
    for y in range(len(rows) - 1, -1, -1):
        path[y] = columns[y, at]
        at += int(came[y, at])
    return path

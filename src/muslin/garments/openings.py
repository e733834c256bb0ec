"""Whether a garment opens at the front, and along which line: a network's guess, held against what the light shows.

A network that has seen many jackets thinks that hats and pullovers open too. An opening is a line in the light, from
the neck down: of all lines beside the guess the best (a path by dynamic programming, as seam carving finds its seams:
Avidan & Shamir 2007, section 3) has to stand out from the best ones elsewhere on the front.
"""

from __future__ import annotations

import cv2
import numpy as np

REACH = 6  # px of the square on each side of the guess, in which the line is looked for
ELSEWHERE = (13, 19, 25, 31, 37)  # px beside the guess, where as good a line would say that there is none
ROWS = 24  # px, that an opening is at least long
BROAD = 40  # px, that a front is at least
NEAR = 25  # px from the middle of the guess, beyond which it is a slip
MARGIN = 8  # px at least between an opening and the front's own edges
STANDS_OUT = (1.2, 1.0)  # times the mean, and the best, of the lines elsewhere
STRONGEST = 0.4  # of log light: one deep fold is no long line
SMOOTH = 15  # rows, over which the guess is smoothed


def opening(left: np.ndarray, front: np.ndarray, light: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(rows, columns) of the line along which a front opens, in px of the square; None where it does not.

    left: bool SxS, where the network sees a left front. front: bool SxS, where a front. light: SxS, log gain.
    """
    rows, guess, room = _guess(left, front)
    if len(rows) < ROWS:
        return None
    line = _lines_in(light)
    shifts = [0, *(sign * at for at in ELSEWHERE for sign in (-1, 1) if at + REACH + 3 < max(room, 30))]
    paths, strengths = _best_paths(line, rows, guess, np.array(shifts))
    mean, best = STANDS_OUT
    if len(shifts) < 2 or strengths[0] <= mean * strengths[1:].mean() or strengths[0] <= best * strengths[1:].max():
        return None
    return rows, paths


def _guess(left: np.ndarray, front: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows in which the front goes over from left to right once, the smoothed columns, and the room beside them."""
    rows, columns, room = [], [], []
    for y in range(front.shape[0]):
        x = np.flatnonzero(front[y])
        if len(x) < BROAD:
            continue
        ends = np.flatnonzero(left[y, x[:-1]] & ~left[y, x[1:]])
        if len(ends) == 1 and x[0] + MARGIN < x[ends[0]] < x[-1] - MARGIN:
            rows.append(y)
            columns.append(x[ends[0]])
            room.append(min(x[ends[0]] - x[0], x[-1] - x[ends[0]]))
    if not rows:
        return np.zeros(0, int), np.zeros(0, int), 0
    middle = np.median(columns)
    steady = np.where(np.abs(np.array(columns) - middle) < NEAR, columns, middle).astype(np.float32)
    smooth = cv2.blur(steady[:, None], (1, SMOOTH), borderType=cv2.BORDER_REPLICATE)[:, 0]
    return np.array(rows), np.round(smooth).astype(int), int(min(room))


def _lines_in(light: np.ndarray) -> np.ndarray:
    """How much of an upright line each pixel shows: a dark or light one, or a step. SxS."""
    smooth = cv2.GaussianBlur(light, (0, 0), 0.7)
    thin, step = np.zeros_like(smooth), np.zeros_like(smooth)
    thin[:, 3:-3] = smooth[:, 3:-3] - (smooth[:, :-6] + smooth[:, 6:]) / 2
    step[:, 2:-2] = smooth[:, 4:] - smooth[:, :-4]
    return np.minimum(np.maximum(1.5 * np.abs(thin), np.abs(step)), STRONGEST)


def _best_paths(
    line: np.ndarray, rows: np.ndarray, guess: np.ndarray, shifts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(columns of the best path around the guess; mean strength of the best path around each shift of it).

    A path moves by at most a pixel beside the guess from row to row.
    """
    across = np.arange(-REACH, REACH + 1)
    columns = np.clip(guess[:, None, None] + shifts[:, None] + across, 0, line.shape[1] - 1)
    seen = line[rows[:, None, None], columns]  # rows x shifts x across
    total, came = seen[0], np.zeros(seen.shape, np.int8)
    for y in range(1, len(rows)):
        wide = np.pad(total, ((0, 0), (1, 1)), constant_values=-np.inf)
        before = np.stack([wide[:, 1:-1], wide[:, :-2], wide[:, 2:]])  # straight on, where all are alike
        step = before.argmax(0)
        came[y] = np.array([0, -1, 1], np.int8)[step]
        total = np.take_along_axis(before, step[None], 0)[0] + seen[y]
    at, path = int(total[0].argmax()), np.zeros(len(rows), int)
    for y in range(len(rows) - 1, -1, -1):
        path[y] = columns[y, 0, at]
        at += int(came[y, 0, at])
    return path, total.max(1) / len(rows)

"""The paper around a swatch: a scan's, a web page's or a frame's white or black margins, which are no cloth."""

from __future__ import annotations

import cv2
import numpy as np

ALIKE = 14  # 8-bit steps from the margin's colour, as JPEG leaves them
PAPER, INK = 228, 24  # 8-bit: margins are lighter or darker than that
LEAST = 0.02  # of the shorter side, that a margin is wide
LINE = 0.08  # of it: what is narrower and as wide on the opposite side may be half a line of a repeat
FILLED = 0.8  # of each edge of what is left, that has another colour than the margin: a motif on a ground has less
KEPT = 0.25  # of the picture, that must be left
STRAY = 0.02  # of a row or column of margin, that may have another colour all the same
RIM = 2  # px of what is left, where it is mixed with its margin


def without_margins(pixels: np.ndarray) -> np.ndarray:
    """A swatch without an even white or black margin on all four sides; others as they are. uint8 HxWx3.

    Cloth fills its rectangle up to the edge, a motif that stands on its ground does not, and a stripe has a margin on
    two sides only. So margins of one colour on four sides, and another colour along nearly all of each edge inside.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 32:
        return pixels
    edges = [pixels[:1], pixels[-1:], pixels[:, :1], pixels[:, -1:]]
    colour = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)
    if not (colour.min() >= PAPER or colour.max() <= INK):
        return pixels
    if any(_other(edge, colour).mean() > STRAY for edge in edges):  # nearly all cloth, known by its edges
        return pixels
    other = _other(pixels, colour)
    rows, columns = (np.flatnonzero(other.mean(axis) > STRAY) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return pixels
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    if min(top, left, height - bottom, width - right) < max(2, LEAST * min(height, width)):
        return pixels
    if _half_lines((top, height - bottom), (left, width - right), LINE * min(height, width)):
        return pixels
    top, bottom, left, right = top + RIM, bottom - RIM, left + RIM, right - RIM
    if min(bottom - top, right - left) < 24 or (bottom - top) * (right - left) < KEPT * height * width:
        return pixels
    inner = other[top:bottom, left:right]
    sides = inner[:3].any(0), inner[-3:].any(0), inner[:, :3].any(1), inner[:, -3:].any(1)
    if min(side.mean() for side in sides) < FILLED:
        return pixels
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _half_lines(down: tuple[int, int], across: tuple[int, int], most: float) -> bool:
    """Whether margins may be the halves of lines that run around each repeat: narrow ones, as wide at either end."""
    return all(abs(first - last) <= 1 and max(first, last) < most for first, last in (down, across))


def _other(pixels: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Where another colour is. bool HxW."""
    return cv2.inRange(np.ascontiguousarray(pixels), colour - ALIKE, colour + ALIKE) == 0

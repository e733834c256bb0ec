"""Lines: what a drawing consists of, taken from edge maps, from photographs with masks, and from rendered garments."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from muslin.data.truth import Render

THIN_TURNS = 24  # of thinning: lines up to twice as wide come down to one pixel


@dataclass(frozen=True)
class Lines:
    """One drawing in the forms that `sketch.redraw` mixes. All uint8 HxW, 255 = ink.

    soft: with tones, as an edge detector gives it. thin: its clear lines, one pixel wide.
    outline: of the garment, one pixel wide. inside: 255 where the garment is (0 everywhere where nobody knows).
    """

    soft: np.ndarray
    thin: np.ndarray
    outline: np.ndarray
    inside: np.ndarray


def lines_of(drawing: np.ndarray, mask: np.ndarray | None, clear: float = 0.35) -> Lines:
    """drawing: uint8 HxW, 255 = paper. mask: uint8 HxW or None. clear: ink from which a tone is a line, in [0, 1]."""
    soft = 255 - drawing
    thin = thinned(cv2.GaussianBlur(soft, (0, 0), 0.8) > 255 * clear)
    inside = np.zeros_like(soft) if mask is None else mask
    return Lines(soft, thin, outline_of(inside), inside)


def outline_of(mask: np.ndarray) -> np.ndarray:
    """The border pixels of mask > 127, uint8 HxW, 255 = ink."""
    core = (mask > 127).astype(np.uint8)
    return 255 * (core - cv2.erode(core, np.ones((3, 3), np.uint8), borderValue=0))


def photo_drawing(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A line drawing of a garment photo: its outline and its darker inner lines. uint8 HxW, 255 = paper.

    Difference of Gaussians (Winnemoeller et al. 2012, without their threshold) of the luminance inside the mask.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    log = np.log(grey + 8)
    scale = max(pixels.shape[:2]) / 256
    valley = cv2.GaussianBlur(log, (0, 0), 2.4 * scale) - cv2.GaussianBlur(log, (0, 0), 0.9 * scale)
    core = cv2.erode((mask > 127).astype(np.uint8), np.ones((5, 5), np.uint8))
    inner = np.clip(valley * 5 - 0.1, 0, 0.8) * core
    return _with_outline(inner, outline_of(mask), scale)


def truth_drawing(render: Render) -> np.ndarray:
    """The line drawing of a rendered garment, from its exact fields: outline, seams between its parts, folds.

    uint8 HxW, 255 = paper. Folds are dark valleys and bright ridges of the shading, fainter than seams.
    """
    scale = max(render.mask.shape) / 256
    log = np.log(render.shading).astype(np.float32)
    fold = cv2.GaussianBlur(log, (0, 0), 3.0 * scale) - cv2.GaussianBlur(log, (0, 0), 1.2 * scale)
    core = cv2.erode((render.mask > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8))
    inner = np.clip(np.abs(fold) * 7 - 0.15, 0, 0.6) * core
    parts = render.parts
    seams = np.zeros_like(inner)
    seams[:, 1:] = parts[:, 1:] != parts[:, :-1]
    seams[1:] = np.maximum(seams[1:], parts[1:] != parts[:-1])
    inner = np.maximum(inner, 0.8 * seams * core)
    return _with_outline(inner, outline_of((render.mask * 255).astype(np.uint8)), scale)


def thinned(lines: np.ndarray) -> np.ndarray:
    """Lines one pixel wide in the middle of the wide ones (Zhang & Suen 1984). bool HxW -> uint8 HxW, 255 = ink."""
    grid = np.pad(lines.astype(np.uint8), 1)
    for _ in range(THIN_TURNS):
        before = grid.sum()
        for even in (True, False):
            grid[1:-1, 1:-1] &= ~_superfluous(grid, even)
        if grid.sum() == before:
            break
    return 255 * grid[1:-1, 1:-1]


def _superfluous(grid: np.ndarray, even: bool) -> np.ndarray:
    """Border pixels that Zhang and Suen's rules (a) to (d) remove in one half of a turn. uint8, 1 = remove."""
    n, ne, e, se = grid[:-2, 1:-1], grid[:-2, 2:], grid[1:-1, 2:], grid[2:, 2:]
    s, sw, w, nw = grid[2:, 1:-1], grid[2:, :-2], grid[1:-1, :-2], grid[:-2, :-2]
    around = [n, ne, e, se, s, sw, w, nw]
    count = sum(part.astype(np.int8) for part in around)
    rises = sum(((a == 0) & (b == 1)).astype(np.int8) for a, b in zip(around, [*around[1:], n], strict=True))
    first, second = (n & e & s, e & s & w) if even else (n & e & w, n & s & w)
    remove = (grid[1:-1, 1:-1] == 1) & (count >= 2) & (count <= 6) & (rises == 1) & (first == 0) & (second == 0)
    return remove.astype(np.uint8)


def _with_outline(inner: np.ndarray, outline: np.ndarray, scale: float) -> np.ndarray:
    """Paper with inner ink (float HxW in [0, 1]) and a strong outline about 2 px wide at 256 px."""
    strong = cv2.GaussianBlur(outline.astype(np.float32) / 255, (0, 0), 0.9 * scale)
    strong = np.clip(strong * 2.2 * max(scale, 0.6), 0, 1)
    ink = np.maximum(inner, strong)
    return np.round(255 * (1 - np.clip(ink, 0, 1))).astype(np.uint8)

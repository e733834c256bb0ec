"""More cloth from a little: patches of a picture laid over each other and cut where they differ least.

Efros and Freeman, Image Quilting for Texture Synthesis and Transfer (2001), section 2; the last row and column are cut
against the first, so that what comes out is a tile.
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.textiles.cuts import cheapest_path

PATCHES = 500  # drawn among all places of which a patch may come
COMPARED = 24  # px, about the side at which patches are compared
ALIKE = 1.15  # times the least difference, among which one is drawn
CALMEST = 0.4  # of the places, where the calmest are asked for
AGAIN = 0.5  # by which a patch seems to differ more for each time that it was taken: or its creases are a pattern


def quilted(
    pixels: np.ndarray, usable: np.ndarray, patch: int, blocks: int, seed: int = 0, restless: np.ndarray | None = None
) -> np.ndarray | None:
    """A seamless tile of blocks x blocks patches of `pixels`, or None where no patch lies within `usable`.

    pixels: float32 HxWx3. usable: bool HxW. patch: px, their side, a third of which overlaps. restless: float32 HxW; of
    all patches only those are taken whose most restless pixel is among the calmest. Returns float32 SxSx3. The same
    arguments give the same tile.
    """
    within = np.s_[: max(0, usable.shape[0] - patch + 1), : max(0, usable.shape[1] - patch + 1)]
    whole = np.ones((patch, patch), np.uint8)
    fits = cv2.erode(usable.astype(np.uint8), whole, anchor=(0, 0), borderValue=0)[within]
    if not fits.any():
        return None
    if restless is not None:
        most = cv2.dilate(restless, whole, anchor=(0, 0))[within]
        fits = fits * (most <= np.quantile(most[fits > 0], CALMEST))
    places = np.argwhere(fits)
    rng = np.random.default_rng(seed)
    places = places[rng.permutation(len(places))[:PATCHES]]
    small = np.stack([_compared(pixels[y : y + patch, x : x + patch]) for y, x in places]).astype(np.float64)
    flat, square = small.reshape(len(small), -1), np.square(small).sum(-1).reshape(len(small), -1)
    overlap = max(2, patch // 3)
    step, taken = patch - overlap, np.zeros(len(places))
    side = blocks * step
    tile, filled = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    for block in np.ndindex(blocks, blocks):
        here = np.ix_(*((np.arange(patch) + step * k) % side for k in block))
        there, known = tile[here], filled[here]
        weight, old = (_compared(known) > 0.99).astype(np.float64), _compared(there).astype(np.float64)
        old_square = (np.square(old).sum(-1) * weight).sum()
        apart = square @ weight.ravel() - 2 * flat @ (old * weight[..., None]).ravel() + old_square
        apart = np.maximum(apart, 0) * (1 + AGAIN * taken)
        chosen = int(rng.choice(np.flatnonzero(apart <= ALIKE * apart.min())))
        taken[chosen] += 1
        y, x = places[chosen]
        new = pixels[y : y + patch, x : x + patch]
        share = _cut(np.square(new - there).sum(-1), known, overlap)[..., None]
        tile[here], filled[here] = share * new + (1 - share) * there, 1
    return tile


def _compared(field: np.ndarray) -> np.ndarray:
    shrink = max(1, field.shape[0] // COMPARED)
    side = max(1, field.shape[0] // shrink)
    return cv2.resize(field, (side, side), interpolation=cv2.INTER_AREA)


def _cut(apart: np.ndarray, known: np.ndarray, overlap: int) -> np.ndarray:
    """Share SxS of the new patch: 1 where nothing is yet, cut along each side where something is.

    apart: SxS, squared difference of new and old. known: SxS, 1 where there is old.
    """
    share, middle = np.ones_like(apart), len(apart) // 2
    for turn, edge in enumerate((known[middle, 0], known[0, middle], known[middle, -1], known[-1, middle])):
        if edge:  # left, top, right, bottom: each is turned to the left
            cut = np.ones_like(apart)
            cut[:, :overlap] = _right_of_path(np.rot90(apart, turn)[:, :overlap])
            share = np.minimum(share, np.rot90(cut, -turn))
    return np.where(known > 0, cv2.GaussianBlur(share, (0, 0), 0.7), 1)


def _right_of_path(cost: np.ndarray) -> np.ndarray:
    """1 right of the cheapest path from top to bottom, 0 left of it, a half on it. float32, cost's shape."""
    right = np.arange(cost.shape[1]) - cheapest_path(cost.astype(np.float32))[:, None]
    return np.clip(right + 0.5, 0, 1).astype(np.float32)

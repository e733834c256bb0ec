"""The fringe of old colour around a garment: pixels outside its outline that a camera or JPEG has tinted with it.

JPEG keeps colour at half the size, so beside a purple jumper the wall is purple for a pixel or two. Where new cloth
ends at the outline, that fringe is what the eye sees first.
"""

from __future__ import annotations

import cv2
import numpy as np

WIDTH = 3  # px of the picture, how far from the outline a fringe may reach
AROUND = 12  # px, radius of the windows in which the garment's colour and the backdrop's are looked up
LEAST = 0.08  # share of the garment's colour below which a pixel is the backdrop's
SMOOTH = 0.8  # px
CONTRAST = 10.0  # 8-bit steps of chroma: a garment nearer to its backdrop than this leaves no fringe


def with_fringe(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """A mask that covers the fringe as far as it is coloured by the garment. float32 HxW, nowhere below `alpha`.

    pixels: uint8 HxWx3 sRGB. alpha: float32 HxW in [0, 1].
    The chroma of a pixel on the fringe lies between that of the backdrop and that of the garment near it; how far along
    is its share in the garment (the matting equation with both colours known, Smith & Blinn 1996). Chroma
    alone: a shadow beside a garment is darker than the backdrop but no garment. Where either side has many colours, or
    both have one, nothing is changed.
    """
    inside = (alpha > 0.5).astype(np.uint8)
    left, top, across, down = cv2.boundingRect(inside)
    margin = 2 * AROUND
    rows = slice(max(0, top - margin), top + down + margin)
    columns = slice(max(0, left - margin), left + across + margin)
    covered = alpha.copy()
    if across and not inside.all():
        covered[rows, columns] = _covered(np.ascontiguousarray(pixels[rows, columns]), alpha[rows, columns])
    return covered


def _covered(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    inside = (alpha > 0.5).astype(np.uint8)
    rim = (cv2.dilate(inside, _disc(WIDTH)) > 0) & (alpha < 1)
    backdrop = (cv2.dilate(inside, _disc(WIDTH + 1)) == 0) & (alpha <= 0)
    garment = cv2.erode(inside, _disc(2), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    y, x = np.nonzero(rim)
    chroma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)[..., 1:]
    half = (max(1, alpha.shape[1] // 2), max(1, alpha.shape[0] // 2))
    seen = cv2.resize(chroma, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    (near, spread_near, some_near), (behind, spread_behind, some_behind) = (
        _colour_around(seen, cv2.resize(where.astype(np.float32), half, interpolation=cv2.INTER_AREA), y // 2, x // 2)
        for where in (garment, backdrop)
    )
    apart = near - behind
    contrast = (apart * apart).sum(-1)
    here = chroma[y, x].astype(np.float32) - behind
    share = (here * apart).sum(-1) / np.maximum(contrast, 1)
    off = ((here - share[:, None] * apart) ** 2).sum(-1)  # of the line between both colours: a third one
    doubt = 4 * spread_behind + spread_near + 4 * off + CONTRAST**2
    sure = np.clip(4 * contrast / (contrast + doubt) - 2, 0, 1) * some_near * some_behind
    least = LEAST + np.sqrt(spread_behind / np.maximum(contrast, 1))
    share = np.clip((share - least) / np.maximum(1 - LEAST - least, 0.1), 0, 1) * sure
    field, weight = np.zeros_like(alpha), rim.astype(np.float32)
    field[y, x] = share
    # Chroma is noisy from pixel to pixel, and an outline is not: its mean over the neighbours on the rim.
    field, weight = cv2.GaussianBlur(field, (0, 0), SMOOTH), cv2.GaussianBlur(weight, (0, 0), SMOOTH)
    covered = alpha.copy()
    covered[y, x] = np.maximum(alpha[y, x], field[y, x] / np.maximum(weight[y, x], 1e-3))
    return covered


def _colour_around(
    chroma: np.ndarray, weight: np.ndarray, y: np.ndarray, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean chroma Nx2 of the places that have weight around N pixels, its variance N, and whether there are any, N.

    chroma: hxwx2, weight: hxw, both at half the photo's size: a mean over many pixels does not need them all.
    """
    square = np.einsum("hwc,hwc->hw", chroma, chroma)
    sums = np.dstack([weight, chroma * weight[..., None], square * weight])
    sums = cv2.blur(sums, (AROUND + 1, AROUND + 1), borderType=cv2.BORDER_CONSTANT)
    found = sums[np.minimum(y, weight.shape[0] - 1), np.minimum(x, weight.shape[1] - 1)]
    many = np.maximum(found[:, :1], 1e-4)
    mean = found[:, 1:3] / many
    spread = np.maximum(found[:, 3] / many[:, 0] - (mean * mean).sum(-1), 0)
    return mean, spread, found[:, 0] > 1e-3


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))

"""Plain cloth of a garment or of a close-up: a tile of it, quilted from wherever nothing is sewn, evenly lit.

Of plain cloth all that is broader than its weave is light, crease or fading. A single piece of worn jeans has creases,
and a crease that is repeated is a stripe.
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.shading import LOG_FLOOR
from muslin.images import linear_to_srgb, srgb_to_linear
from muslin.textiles.quilting import quilted

LEVELS = (-0.5, *np.arange(0, 6.5, 0.5))  # logits below which nothing is sewn: the first that leaves enough
LEAST = 0.14  # of the cloth, that is enough
SMALLEST = 16  # px, shorter side of a piece
PATCHES = 0.16, 0.1  # of the shorter side: patches that are quilted, the larger where they can be
BLOCKS = 6  # patches in each direction of a tile
STITCH = 0.25  # of `broad`: weave is averaged over it when creases and stitches are looked for
CALM = 0.2  # of clean cloth, that is surely without a crease
COARSE = 256  # px, longer side at which light is looked up


def plain_cloth(pixels: np.ndarray, sewn: np.ndarray, inside: np.ndarray, broad: float) -> np.ndarray | None:
    """A seamless tile of a plain cloth, uint8 SxSx3 sRGB; None where too little of it is clean.

    pixels: uint8 HxWx3 sRGB. sewn: float32 HxW, logits of something sewn (sight.Sight). inside: bool HxW, where the
    cloth is. broad: px; what is broader is light, a crease or fading, weave is finer.
    """
    for patch in (round(share * min(inside.shape)) for share in PATCHES):
        if patch < SMALLEST // 2:
            return None
        for level in LEVELS:
            fits = np.ones((patch, patch), np.uint8)
            free = (inside & (sewn < level)).astype(np.uint8)
            clean = cv2.morphologyEx(free, cv2.MORPH_OPEN, fits, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
            if clean.sum() >= max(1, LEAST * inside.sum()):
                even = _limited(_evened(pixels, clean, broad).astype(np.float32), clean, STITCH * broad)
                tile = quilted(even, clean, patch, BLOCKS, restless=_restless(even, clean, STITCH * broad))
                return None if tile is None else np.round(np.clip(tile, 0, 255)).astype(np.uint8)
    return None


def _limited(even: np.ndarray, clean: np.ndarray, fine: float) -> np.ndarray:
    """Evenly lit plain cloth in which all that is coarser than `fine` px is shallow. float32 HxWx3."""
    coarse = cv2.GaussianBlur(even, (0, 0), fine) - even[clean].mean(0)
    deep = np.abs(coarse).mean(-1, keepdims=True)
    calm = np.float32(np.quantile(deep[clean], CALM))
    return even - coarse * (1 - calm / (calm + deep))


def _restless(even: np.ndarray, clean: np.ndarray, fine: float) -> np.ndarray:
    """How far each pixel of evenly lit plain cloth is from its colour: sharp creases, stitches. float32 HxW."""
    return np.abs(cv2.GaussianBlur(even, (0, 0), fine) - even[clean].mean(0)).sum(-1)


def _evened(pixels: np.ndarray, clean: np.ndarray, broad: float) -> np.ndarray:
    """`pixels` of plain cloth without light, creases and fading, where `clean`: uint8 HxWx3.

    Of each channel, since denim fades to another hue.
    """
    linear = srgb_to_linear(pixels)
    log, known = np.log(linear + LOG_FLOOR), clean.astype(np.float32)
    light = _smoothed(log * known[..., None], broad) / (_smoothed(known, broad)[..., None] + 1e-3)
    return linear_to_srgb(linear * np.exp(light[clean].mean(0) - light))


def _smoothed(field: np.ndarray, radius: float) -> np.ndarray:
    """`field` without what is finer than `radius` px; a large one is smoothed small."""
    shrink = min(1.0, COARSE / max(field.shape[:2]))
    size = (max(1, round(field.shape[1] * shrink)), max(1, round(field.shape[0] * shrink)))
    small = cv2.resize(field, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), radius * shrink, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, field.shape[1::-1], interpolation=cv2.INTER_LINEAR)

"""Faithful to the garment: is it the same garment in the made picture as in the photo it was made from?"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.images import luminance, srgb_to_linear

SMOOTH = 0.03  # of the garment's size (root of its area): light varies over more than that, most prints over less
EDGE_SHARE = 0.15  # of the pixels in and around the garment, the steepest: what counts as an edge
NEAR = 0.015  # of the garment's size: an edge that moved by less is still there


def silhouette_iou(first: np.ndarray, second: np.ndarray) -> float:
    """Overlap of two outlines, 0 to 1. HxW masks, above 0.5 counts."""
    a, b = np.asarray(first) > 0.5, np.asarray(second) > 0.5
    union = int((a | b).sum())
    return 1.0 if union == 0 else float((a & b).sum() / union)


def leakage(photo: np.ndarray, made: np.ndarray, mask: np.ndarray, tolerance: int = 0) -> float:
    """Share of the pixels outside the garment that are not the photo's any more. 0 is the only good value.

    photo, made: uint8 HxWx3. mask: HxW, exactly 0 outside. tolerance: grey levels that a lossy file (JPEG) is allowed.
    """
    outside = np.asarray(mask) == 0
    if not outside.any():
        return 0.0
    changed = np.abs(photo.astype(np.int16) - made.astype(np.int16)).max(2) > tolerance
    return float(changed[outside].mean())


def shading_correlation(photo: np.ndarray, made: np.ndarray, mask: np.ndarray) -> float:
    """Does light fall on the made garment as on the photographed one? Correlation of smooth log luminance, -1 to 1.

    Both are smoothed inside the mask, so that prints finer than SMOOTH of the garment average out; 1 for the same light
    whatever the cloth's tone. photo, made: uint8 HxWx3, mask HxW above 0.5. 0 where the photo's garment has no shading.
    """
    inside = np.asarray(mask) > 0.5
    if inside.sum() < 16:
        return 0.0
    sigma = SMOOTH * float(np.sqrt(inside.sum()))
    a, b = (_smooth(_log_luminance(pixels), inside, sigma)[inside] for pixels in (photo, made))
    if a.std() < 1e-4 or b.std() < 1e-4:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def edge_agreement(photo: np.ndarray, made: np.ndarray, mask: np.ndarray) -> float:
    """Are outline, seams and folds still there? Share of the photo's strongest edges that have an edge of the made
    picture within NEAR, less what chance would give: 1 all of them, 0 no more than chance, below 0 fewer.

    Chance is the share of all places within NEAR of an edge, so a busy print earns nothing. Old prints count as edges
    of the photo, and vanish rightly: meant for plain garments and drawings. photo, made: uint8 HxWx3, mask HxW above
    0.5.
    """
    inside = np.asarray(mask) > 0.5
    if inside.sum() < 16:
        return 0.0
    size = float(np.sqrt(inside.sum()))
    reach = max(1, round(NEAR * size))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    area = cv2.dilate(inside.astype(np.uint8), kernel) > 0
    a, b = (_edges(pixels, area, max(0.7, 0.004 * size)) for pixels in (photo, made))
    if not a.any() or not b.any():
        return 0.0
    near = cv2.dilate(b.astype(np.uint8), kernel) > 0
    kept, chance = float(near[a].mean()), float(near[area].mean())
    return 0.0 if chance >= 1.0 else (kept - chance) / (1.0 - chance)


def _log_luminance(pixels: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(luminance(srgb_to_linear(pixels)), 1e-3)).astype(np.float32)


def _smooth(field: np.ndarray, inside: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean over the pixels inside alone (normalised convolution)."""
    weight = inside.astype(np.float32)
    total = cv2.GaussianBlur(field * weight, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), 1e-6)


def _edges(pixels: np.ndarray, area: np.ndarray, sigma: float) -> np.ndarray:
    """bool HxW: ridges of the slope of lightness among the EDGE_SHARE steepest of `area`."""
    light = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32), (0, 0), sigma)
    x, y = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    steep = np.hypot(x, y)
    limit = max(float(np.quantile(steep[area], 1.0 - EDGE_SHARE)), 4.0)  # 4: half a grey level a pixel is no edge
    across = np.abs(x) >= np.abs(y)
    ridge = np.where(
        across,
        (steep >= np.roll(steep, 1, 1)) & (steep >= np.roll(steep, -1, 1)),
        (steep >= np.roll(steep, 1, 0)) & (steep >= np.roll(steep, -1, 0)),
    )
    return ridge & (steep > limit) & area

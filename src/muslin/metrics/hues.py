"""How much of a garment's old print is seen in something made from its photo, as far as the print's hues tell."""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.shading import LOG_FLOOR
from muslin.images import luminance, srgb_to_linear

# Of 200 garments each, labelled so, these find 28 % of those with prints (the others' dyes differ less in hue), 4 % of
# denim and 1 % of plain ones. At a hue of 5 alone it would be 58 % of prints, 41 % of denim, whose creases are worn to
# another hue, and 11 % of plain ones.
LEAST_HUE = 8.0  # local deviation of the hue, as `hue` measures it
LEAST_SHARE = 0.35  # of that in the mean distance from grey: in the folds of a bright red its hue fades a little
LEAST_CONTRAST = 0.12  # local deviation of log luminance that hue explains; below it a ghost would not be seen
AROUND = 1 / 16  # of the garment's square: what "local" means; light tints larger parts


def hue(pixels: np.ndarray) -> np.ndarray:
    """CIELAB's a and b over L + 16, times 50: a gain in linear light does not change it. float32 HxWx2.

    pixels: uint8 sRGB HxWx3. (L + 16, a and b are all cube roots of linear light, but for very dark colours.)
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return 50 * lab[..., 1:] / (lab[..., :1] + 16)


def told_by_hue(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The part of a garment's local log luminance that its hue explains: its print. float32 HxW, 0 where unknown.

    Light changes luminance and leaves hue alone; dyes change both (Funt et al. 1992). Fitted by least squares to the
    hue, its squares and its product, each less its local mean. 0 everywhere for a garment whose hues lie together.
    pixels: uint8 HxWx3 sRGB; mask: HxW in [0, 1].
    """
    found = np.zeros(mask.shape, np.float32)
    weight = cv2.erode((mask > 0.95).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    inside = weight > 0
    if inside.sum() < 500:
        return found
    total = around(weight) + 1e-3

    def local(field: np.ndarray) -> np.ndarray:
        return (field - around(field * weight) / total)[inside]

    colour = hue(pixels)
    a, b = cv2.split((colour - colour[inside].mean(0)) / 10)
    terms = np.stack([local(term) for term in (a, b, a * a, b * b, a * b)], axis=-1)
    spread = 10 * np.sqrt((terms[:, :2] ** 2).sum(-1).mean())
    if spread < max(LEAST_HUE, LEAST_SHARE * np.linalg.norm(colour[inside], axis=-1).mean()):
        return found
    log = np.log(luminance(srgb_to_linear(pixels)) + LOG_FLOOR).astype(np.float32)
    square = terms.T @ terms + 1e-3 * len(terms) * np.eye(terms.shape[1])
    explained = terms @ np.linalg.solve(square, terms.T @ local(log))
    explained -= explained.mean()
    if np.sqrt((explained**2).mean()) >= LEAST_CONTRAST:
        found[inside] = explained
    return found


def ghost(made: np.ndarray, pixels: np.ndarray, mask: np.ndarray) -> float | None:
    """Share of the old print's contrast that is found in `made`: 0 is none, the photo's own log luminance has about 1.

    Light, and a new cloth, know nothing of the old print, so over a whole garment they do not go with it but by chance
    (0.02, either way). None where the garment's hues do not tell. Folds in which a dark, strong colour fades count too.
    made: HxW logarithms (of light, or of a picture's luminance); pixels: uint8 HxWx3, the photo; mask: HxW in [0, 1].
    """
    print_ = told_by_hue(pixels, mask)
    if not print_.any():
        return None
    inside = (print_ != 0).astype(np.float32)
    local = made - around(made * inside) / (around(inside) + 1e-3)
    return float((local * print_).sum() / (print_**2).sum())


def around(field: np.ndarray) -> np.ndarray:
    """Gaussian mean of a field's surroundings. float32 HxW in and out."""
    size = tuple(
        max(1, side // 4) for side in field.shape[::-1]
    )  # a mean this broad loses nothing at a fourth of the size
    small = cv2.GaussianBlur(cv2.resize(field, size, interpolation=cv2.INTER_AREA), (0, 0), AROUND * max(size))
    return cv2.resize(small, field.shape[::-1], interpolation=cv2.INTER_LINEAR)

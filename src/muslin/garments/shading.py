"""How light falls on a garment, from what a network says of its slopes and of its print.

Where the ground of a garment shows, its luminance is its light. Under a print the light is put together from slopes.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from muslin.garments.dyes import other_dye
from muslin.garments.marks import marks
from muslin.images import luminance, srgb_to_linear

LOG_FLOOR = 0.004  # added to linear light before a logarithm: one step of 8-bit sRGB above black
PERHAPS, SURELY = 0.15, 0.3  # chance that a pixel is print: of a piece of print, and of its seed
SEED = 20  # px of a 256 px square that must be surely print
SPOT = 0.7, 3  # or so many pixels of this chance: the spots of a dotted cloth are small
ALL_OVER = 0.75  # of what slopes at jumps of hue say, kept where a garment is printed all over
FOOTWEAR = 0.7  # of a shoe's log luminance, by eye: all of it leaves black uppers black in any cloth
LEAST_GROUND = 0.5  # share of a garment that must show its ground for luminance to be believed anywhere


def shading_of(light: np.ndarray, found: Mapping[str, np.ndarray], image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log shading SxS of a garment's square, 0 on average inside.

    light: SxSx2 log shading as the network has it: from all of its slopes, and without those where the hue jumps.
    found: what the network says: slopes SxSx2; print SxSx1, logits of another dye than the ground.
    image: SxSx3 uint8. inside: SxS in [0, 1].
    A garment whose ground is plain keeps its luminance there. Under its words, badges and blocks, which light does not
    write, stays what the slopes say where no hue jumps, at the level of the light around them. Folds end at outlines
    too, so of a garment that is printed all over three quarters of what such slopes say is kept.
    """
    colour, dyed = log_colour(image), chance(found["print"][..., 0])
    share = plain_share(light, found, image, inside)
    shading = ALL_OVER * light[..., 0] + (1 - ALL_OVER) * light[..., 1]
    if share == 0:
        return shading
    printed = np.maximum(print_of(dyed, inside), other_dye(colour, inside)) * inside
    return _centred(shading + share * (_luminance_around(printed, light, image, inside) - shading), inside)


def shading_of_solid(
    light: np.ndarray, found: Mapping[str, np.ndarray], image: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """Log shading SxS of a garment of one dye: its luminance, but for other hues and marks. Shapes: see shading_of."""
    printed = other_dye(log_colour(image), inside)
    badges = marks(chance(found["print"][..., 0]), log_luminance(image, inside), inside)
    return _centred(_luminance_around(np.maximum(printed, badges) * inside, light, image, inside), inside)


def plain_share(light: np.ndarray, found: Mapping[str, np.ndarray], image: np.ndarray, inside: np.ndarray) -> float:
    """How far the network holds a garment's ground for plain, and sees enough of it: 0 to 1. Shapes: see shading_of."""
    ground = inside * (chance(found["print"][..., 0]) < 0.5)
    shown = float(ground.sum() / (inside.sum() + 1e-3))
    plain = plainness(found["slopes"], log_luminance(image, inside), light[..., 0], ground)
    return plain * smooth_step((shown - LEAST_GROUND) / 0.1)


def _luminance_around(printed: np.ndarray, light: np.ndarray, image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log luminance where nothing is printed; under the print the slopes' light, at the level of what is around it."""
    own = log_luminance(image, inside)
    if not printed.any():
        return own
    under = light[..., 1]
    return under + spread(own - under, (1 - printed) * inside)


def _centred(shading: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return np.asarray(shading - (shading * inside).sum() / (inside.sum() + 1e-3), np.float32)


def chance(logits: np.ndarray) -> np.ndarray:
    """Logits as chances, in (0, 1)."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def left_out(shading: np.ndarray, image: np.ndarray, inside: np.ndarray) -> float:
    """How far the light is from the luminance, on average inside: what was taken for print. Shapes: see shading_of."""
    apart = np.abs(log_luminance(image, inside) - shading) * inside
    return float(apart.sum() / (inside.sum() + 1e-3))


def shading_of_footwear(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log shading SxS of a shoe's square: most of its luminance, since its soles, straps and laces are its folds.

    image: SxSx3 uint8. inside: SxS in [0, 1]. What is printed on a shoe stays visible with them.
    """
    return np.float32(FOOTWEAR) * log_luminance(image, inside)


def print_of(dyed: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The print on a garment: pieces that are surely print somewhere, out to where there may be some. SxS in [0, 1].

    Hysteresis (Canny 1986, section 5): a piece with few sure pixels is a shiny fold or the garment's outline, unless
    they are very sure, as those of spots are. Of one that is print, all that may be print is kept out of the ground,
    since a fold that is lost is seen less than a letter that stays. The pixels at a print's outline, which show both
    dyes, belong to it.
    dyed: SxS in [0, 1], how surely each pixel shows another dye. inside: SxS in [0, 1].
    """
    core = (inside > 0.95).astype(np.uint8)
    well_inside = cv2.erode(core, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    count, pieces = cv2.connectedComponents((dyed > PERHAPS).astype(np.uint8), connectivity=8)
    sure = np.zeros(count, bool)
    for chance, pixels in ((SURELY, SEED), SPOT):
        sure |= np.bincount(pieces[(dyed > chance) & well_inside], minlength=count) >= pixels
    sure[0] = False
    printed = np.clip((dyed * sure[pieces] - 0.08) / 0.17, 0, 1).astype(np.float32)
    return cv2.GaussianBlur(cv2.dilate(printed, np.ones((3, 3), np.uint8)), (0, 0), 0.7)


def spread(field: np.ndarray, known: np.ndarray) -> np.ndarray:
    """`field` where it is known, elsewhere its smooth continuation: pull and push (Gortler et al. 1996, section 3.4).

    field: HxW. known: HxW in [0, 1], how well. Returns HxW float32; 0 where nothing is known.
    """
    if min(field.shape) < 3:
        total = float(known.sum())
        return np.full(field.shape, (field * known).sum() / total if total > 1e-6 else 0.0, np.float32)
    weight = cv2.pyrDown(known.astype(np.float32))
    coarse = cv2.pyrDown((field * known).astype(np.float32)) / np.maximum(weight, 1e-6)
    continued = cv2.pyrUp(spread(coarse, np.minimum(2 * weight, 1)), dstsize=field.shape[::-1])
    return (known * field + (1 - known) * continued).astype(np.float32)


def log_luminance(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Centred on the garment, 0 outside. HxW float32. image: uint8 HxWx3 sRGB; inside: HxW in [0, 1]."""
    return log_of_light(srgb_to_linear(image), inside)


def log_of_light(linear: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log luminance, mean 0 on the garment, 0 outside: the shading of one of one colour. HxW float32.

    linear: HxWx3 linear light; inside: HxW in [0, 1].
    """
    log = np.log(luminance(linear) + LOG_FLOOR)
    return ((log - (log * inside).sum() / (inside.sum() + 1e-3)) * inside).astype(np.float32)


def plainness(slopes: np.ndarray, log: np.ndarray, shading: np.ndarray, ground: np.ndarray) -> float:
    """1 where the network passed nearly all of the ground's slopes of luminance and agrees with it at large, down to 0.

    A network in two minds about each fold is still right about the garment. A black dress with a checked top passes
    most slopes too, but there the luminance is far from the predicted shading: the second test.
    slopes: SxSx2 as predicted. log, shading: SxS, the luminance and the prediction. ground: SxS in [0, 1].
    """
    inside = ground > 0.5
    if not inside.any():
        return 0.0
    across = np.clip(log[:, 1:] - log[:, :-1], -0.3, 0.3) * (inside[:, 1:] & inside[:, :-1])
    down = np.clip(log[1:] - log[:-1], -0.3, 0.3) * (inside[1:] & inside[:-1])
    passed = (slopes[:, :-1, 0] * across).sum() + (slopes[:-1, :, 1] * down).sum()
    share = passed / ((across * across).sum() + (down * down).sum() + 1e-6)
    apart = (log - shading)[inside]
    distance = float(np.abs(apart - apart.mean()).mean())
    return smooth_step((share - 0.5) / 0.15) * (1 - smooth_step((distance - 0.1) / 0.06))


def smooth_step(t: float) -> float:
    """0 below 0, 1 above 1, without a kink between."""
    t = float(np.clip(t, 0, 1))
    return t * t * (3 - 2 * t)


def integrate(slopes: np.ndarray, trend: np.ndarray, mask: np.ndarray, reach: float = 0.1) -> np.ndarray:
    """The log shading whose slopes are nearest to `slopes` and which follows `trend` at large: screened Poisson.

    Minimises |grad s - slopes|^2 + |s - trend|^2 / (reach * S)^2 by cosine transforms (Bhat et al. 2008, equation 4).
    slopes: SxSx2, to the right-hand and the lower neighbour. trend: S/4 x S/4 x 1. mask: SxSx1 in [0, 1].
    reach: share of the square's side beyond which the trend has the last word. Returns SxS float32, mean 0 inside.
    """
    size = slopes.shape[0]
    inside = mask[..., 0]
    coarse = cv2.resize(trend[..., 0], (size, size), interpolation=cv2.INTER_LINEAR)
    # Outside the garment there is no trend; the garment's own, spread outwards, does not pull at its edge.
    sigma = 0.05 * size
    weight = cv2.GaussianBlur(inside, (0, 0), sigma) + np.float32(1e-4)
    around = cv2.GaussianBlur(coarse * inside, (0, 0), sigma) / weight
    coarse = np.where(inside > 0.5, coarse, around).astype(np.float32)
    divergence = np.zeros((size, size), np.float32)
    divergence[:, :-1] += slopes[:, :-1, 0]
    divergence[:, 1:] -= slopes[:, :-1, 0]
    divergence[:-1] += slopes[:-1, :, 1]
    divergence[1:] -= slopes[:-1, :, 1]
    pull = np.float32(1 / (reach * size) ** 2)
    frequency = 2 * np.cos(np.pi * np.arange(size) / size) - 2
    laplacian = (frequency[:, None] + frequency[None, :]).astype(np.float32)
    filter_ = (1 / (pull - laplacian)).astype(np.float32)
    for _ in range(8):  # outside takes its own solution for trend, until it pulls no more
        shading = cv2.idct(cv2.dct(pull * coarse - divergence) * filter_)
        coarse = np.where(inside > 0.5, coarse, shading)
    return (shading - (shading * inside).sum() / (inside.sum() + 1e-3)).astype(np.float32)


def log_colour(pixels: np.ndarray) -> np.ndarray:
    """uint8 ... x 3 sRGB -> float32 log of linear light."""
    return cv2.LUT(pixels, _LOG_TABLE)


_LOG_TABLE = np.log(srgb_to_linear(np.arange(256, dtype=np.uint8)) + np.float32(LOG_FLOOR)).astype(np.float32)

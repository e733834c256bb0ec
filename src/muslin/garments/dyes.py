"""Cloth is dyed in a few colours: pixels of one dye, far apart on a garment, tell its light from its print.

A network that reads slopes decides locally what is a fold and what a print. Whether the bright half of a garment is
lit or dyed can be seen by comparing it with the rest of the garment. Reflectance as a few clusters, found again and
again while the shading improves, bring back what a cautious network ironed out: Garces et al. 2012, "Intrinsic
Images by Clustering"; Gehler et al. 2011, section 3.2.
"""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 128  # px of the square in which dyes are looked for: what they say is smooth
SAMPLES = 1000  # pixels by which the clusters are found (3,000 found none better); each pixel is then given to one
COUNTS = (8, 16)  # dyes looked for, in turn; the mean of what they say is better than either
HUE_JUMP = 0.1  # of the logarithm of red over green, or green over blue, between neighbours: no shadow's edge
OTHER_HUE = 0.1  # of a channel's share in the colour: further apart begins another dye, twice as far it surely is one
TRUST = (0.35, 0.5, 0.5)  # in the luminance of the dye, beside its hue which light does not change, round by round


def across_one_hue(slopes: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Slopes of log shading without those where the hue jumps: print does that, light does not (Grosse et al. 2009).

    slopes: SxSx2, to the right-hand and the lower neighbour. colour: SxSx3 log of linear light. Returns SxSx2.
    """
    hue = colour[..., :2] - colour[..., 1:]
    jump = np.zeros_like(slopes)
    jump[:, :-1, 0] = np.abs(hue[:, 1:] - hue[:, :-1]).max(-1)
    jump[:-1, :, 1] = np.abs(hue[1:] - hue[:-1]).max(-1)
    return slopes * np.exp(-((jump / HUE_JUMP) ** 2))


def other_dye(colour: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Where a garment has another hue than most of it: lettering, trims, tags. SxS float32 in [0, 1].

    colour: SxSx3 log of linear light. mask: SxS in [0, 1]. Grains of a pixel or three (buttons, threads) are left out.
    """
    linear = np.exp(colour) + np.float32(0.01)  # hue is noise in the dark
    hue = linear / linear.sum(-1, keepdims=True)
    inside = mask > 0.5
    if not inside.any():
        return np.zeros_like(mask)
    apart = np.abs(hue - np.median(hue[inside], 0)).max(-1)
    share = np.clip(apart / OTHER_HUE - 1, 0, 1)
    share = (share * share * (3 - 2 * share) * mask).astype(np.float32)
    for operation, side in ((cv2.MORPH_CLOSE, 5), (cv2.MORPH_OPEN, 4), (cv2.MORPH_DILATE, 5)):
        share = cv2.morphologyEx(share, operation, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return cv2.GaussianBlur(share, (0, 0), 1.5)


def same_dye_same_light(colour: np.ndarray, shading: np.ndarray, mask: np.ndarray, share: float = 0.8) -> np.ndarray:
    """The log shading that agrees better with a garment of few dyes.

    colour: SxSx3 log of linear light. shading: SxS log shading, about right, 0 on average inside. mask: SxS in [0, 1].
    share: how far to go towards what the dyes say. Returns SxS float32.
    """
    side = min(SIDE, len(mask))
    dyed, lit, here = (cv2.resize(f, (side, side), interpolation=cv2.INTER_AREA) for f in (colour, shading, mask))
    inside = here > 0.5
    if inside.sum() < 64:
        return shading
    change = np.mean([_change(dyed, lit, inside, count) for count in COUNTS], axis=0)
    return shading + share * mask * cv2.resize(change, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _change(colour: np.ndarray, shading: np.ndarray, inside: np.ndarray, count: int) -> np.ndarray:
    """What `count` dyes would add to the shading, smooth, SxS."""
    weight = inside.astype(np.float32)
    around = cv2.GaussianBlur(weight, (0, 0), 1) + np.float32(1e-3)
    luminance = colour.mean(-1)
    hue = np.stack([colour[..., 0] - colour[..., 1], colour[..., 1] - colour[..., 2]], -1)[inside]
    change = np.zeros_like(shading)
    for trust in TRUST:
        albedo = (luminance - shading - change)[inside]
        dye = _dye(np.column_stack([hue, trust * albedo]).astype(np.float32), count)
        members = np.bincount(dye, minlength=count)
        typical = np.bincount(dye, albedo, count) / np.maximum(members, 1)
        wrong = np.zeros_like(shading)
        wrong[inside] = luminance[inside] - typical[dye] - shading[inside]
        change = cv2.GaussianBlur(wrong, (0, 0), 1) / around
    return change


def _dye(points: np.ndarray, count: int) -> np.ndarray:
    """Cluster of each point, n x 3 -> n. Always the same for the same points."""
    few = points[np.linspace(0, len(points) - 1, min(SAMPLES, len(points))).astype(int)]
    count = min(count, len(few))
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1e-3)
    centres = cv2.kmeans(few, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)[2]
    distances = (centres * centres).sum(-1) - 2 * points @ centres.T
    return distances.argmin(1)

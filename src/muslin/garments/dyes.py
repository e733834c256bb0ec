"""Another hue is another dye: where the hue of a garment jumps there is print, whatever a network says of it."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np

HUE_JUMP = 0.1  # of the logarithm of red over green, or green over blue, between neighbours: no shadow's edge
OTHER_HUE = 0.1  # of a channel's share in the colour: further apart begins another dye, twice as far it surely is one


def across_one_hue(slopes: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Slopes of log shading without those where the hue jumps: print does that, light does not (Grosse et al. 2009).

    slopes: SxSx2, to the right-hand and the lower neighbour. colour: SxSx3 log of linear light. Returns SxSx2.
    """
    hue = colour[..., :2] - colour[..., 1:]
    jump = np.zeros_like(slopes)
    jump[:, :-1, 0] = _largest(np.abs(hue[:, 1:] - hue[:, :-1]))
    jump[:-1, :, 1] = _largest(np.abs(hue[1:] - hue[:-1]))
    return slopes * np.exp(-((jump / HUE_JUMP) ** 2))


def other_dye(colour: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Where a garment has another hue than most of it: lettering, trims, tags. SxS float32 in [0, 1].

    colour: SxSx3 log of linear light. mask: SxS in [0, 1]. Grains of a pixel or three (buttons, threads) are left out.
    """
    linear = np.exp(colour) + np.float32(0.01)  # hue is noise in the dark
    hue = linear / (linear[..., :1] + linear[..., 1:2] + linear[..., 2:])
    inside = mask > 0.5
    if not inside.any():
        return np.zeros_like(mask)
    apart = _largest(np.abs(hue - np.median(hue[inside], 0)))
    share = np.clip(apart / OTHER_HUE - 1, 0, 1)
    share = (share * share * (3 - 2 * share) * mask).astype(np.float32)
    for operation, side in ((cv2.MORPH_CLOSE, 5), (cv2.MORPH_OPEN, 4), (cv2.MORPH_DILATE, 5)):
        share = cv2.morphologyEx(share, operation, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return cv2.GaussianBlur(share, (0, 0), 1.5)


def _largest(field: np.ndarray) -> np.ndarray:
    """HxWxC -> HxW, the largest channel: NumPy's own maximum over so short an axis takes sixty times as long."""
    return reduce(np.maximum, np.moveaxis(field, -1, 0))

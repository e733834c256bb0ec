"""What somebody wears above the waist, and what below: told by where colours change, and by where waists are."""

from __future__ import annotations

import cv2
import numpy as np

PARTS = ("upper", "lower")
BINS = np.array([10, 16, 16])  # of CIELAB, 8-bit
WAISTS = np.arange(1.6, 5.2, 0.2)  # sizes of the face below the chin, where a waist may be
USUAL, RARER = 3.4, 0.03  # where it is most often, and how much less likely the square of the way from there makes it
AROUND = 2.0  # sizes above and below, of which colours are compared
TRUNK = 1.1  # sizes to either side, between the arms
LEAST = 60  # px of either side
PULL = 1.5  # log odds that a size above or below the waist adds: a sleeve hangs below, in the colours of its jacket
LIMIT = 3.0  # log odds that a colour may add
SEEN = 1e-4  # share of a bin in which next to nothing was seen


def upper_part(pixels: np.ndarray, worn: np.ndarray, across: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Which pixels of what is worn belong to the upper part of an outfit, bool hxw; a dress is cut at its waist.

    pixels: uint8 hxwx3 sRGB. worn: bool hxw. across, below: float hxw, way to the side of the face and below its chin,
    in sizes of the face.
    """
    lab = cv2.cvtColor(cv2.GaussianBlur(pixels, (0, 0), 1), cv2.COLOR_RGB2LAB)
    place = (lab.astype(np.float32) / 256 * BINS).astype(int)
    bins = np.ravel_multi_index(tuple(np.moveaxis(place, -1, 0)), tuple(BINS))
    trunk = worn & (np.abs(across) < TRUNK)
    waist = _waist(bins[trunk], below[trunk])
    upper = worn & (below < waist)
    for _ in range(2):  # what was found shows the colours of either part
        above, under = _shares(bins[upper]), _shares(bins[worn & ~upper])
        colour = np.log(above[bins] + SEEN) - np.log(under[bins] + SEEN)
        odds = np.clip(colour, -LIMIT, LIMIT) + PULL * (waist - below)
        upper = worn & (cv2.GaussianBlur(np.where(worn, odds, 0).astype(np.float32), (0, 0), 3) > 0)
    return np.asarray(upper)


def _waist(bins: np.ndarray, below: np.ndarray) -> float:
    """Where between chin and feet the colours above and below differ most. bins, below: of N pixels."""
    best, found = -np.inf, USUAL
    for waist in WAISTS.tolist():
        above = bins[(below > waist - AROUND) & (below < waist)]
        under = bins[(below >= waist) & (below < waist + AROUND)]
        if min(len(above), len(under)) < LEAST:
            continue
        change = _divergence(_shares(above), _shares(under)) - RARER * (waist - USUAL) ** 2
        if change > best:
            best, found = change, waist
    return found


def _shares(bins: np.ndarray) -> np.ndarray:
    """The share of each colour, a little of it in the neighbouring bins. Sums to 1, or is 0 of no pixel."""
    counts = np.bincount(bins, minlength=int(BINS.prod())).astype(np.float32).reshape(tuple(BINS))
    for axis in range(3):
        counts = counts + 0.5 * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
    return np.asarray(counts / max(float(counts.sum()), 1e-6)).ravel()


def _divergence(first: np.ndarray, second: np.ndarray) -> float:
    """Of Jensen and Shannon, in nats: 0 for the same colours, log 2 for wholly others (Lin 1991)."""
    middle = (first + second) / 2 + 1e-9
    return float(sum(0.5 * (one * np.log(one / middle + 1e-9)).sum() for one in (first, second)))

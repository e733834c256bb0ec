"""Seams that a print hides: where a piece of a printed garment is surely sewn to another, a line is drawn.

Under a dense print the light of a seam cannot be told from the print, so the garment came out in plain cloth like a
paper cut-out. Where its pieces meet is known all the same (pieces.py), and at sleeves, necks and openings it is darker
there: in plain garments by 0.03 to 0.13 on average over found lines, which lie some pixels beside the true ones, so
that each single line is narrower and deeper (docs/notebook.md, "Seams that a print hides").
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.pieces import Pieces

LINE, SHADE = (
    (0.8, 0.2),
    (3.0, 0.06),
)  # px of the square (standard deviation) and log gain: a groove, what lies round it
AROUND = 4.0  # px, of the light around a seam: one that shows is not drawn again
DOUBTFUL, SURE = 0.7, 0.9  # chance of a piece: below the one no line ends it, from the other on it is drawn in full


def hidden_seams(shading: np.ndarray, inside: np.ndarray, pieces: Pieces, hidden: float) -> np.ndarray:
    """Log gain of the seams between pieces that the light does not show. float32 SxS, at most 0; 0 outside.

    shading: SxS log gain. inside: SxS in [0, 1]. hidden: how far the garment is printed, in [0, 1].
    """
    drawn = sum(_blurred(pieces, *kind) for kind in (LINE, SHADE))
    weight = inside + np.float32(1e-3)
    around = cv2.GaussianBlur(shading * weight, (0, 0), AROUND) / cv2.GaussianBlur(weight, (0, 0), AROUND)
    shows = np.minimum(shading - around, 0)
    return (np.float32(hidden) * np.minimum(0, -drawn - shows) * (inside > 0)).astype(np.float32)


def _blurred(pieces: Pieces, sigma: float, depth: float) -> np.ndarray:
    """A line of that depth along each seam. float32 SxS."""
    crossed = _crossed(pieces.shares.argmax(-1), np.clip((pieces.sure - DOUBTFUL) / (SURE - DOUBTFUL), 0, 1))
    kernel = cv2.getGaussianKernel(8 * round(sigma) + 1, sigma, cv2.CV_32F)
    full = kernel[len(kernel) // 2 :][:2].sum()  # what a straight seam comes to: both its pixels are crossed
    blurred = cv2.sepFilter2D(crossed, -1, kernel, kernel)
    return np.asarray(np.minimum(blurred / full, 1) * np.float32(depth))


def _crossed(label: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """At each pixel beside one of another piece, how sure the less sure of both is; elsewhere 0. float32 SxS."""
    crossed = np.zeros(label.shape, np.float32)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = np.minimum(sure[label[one]], sure[label[other]]) * (label[one] != label[other])
        crossed[one] = np.maximum(crossed[one], both)
        crossed[other] = np.maximum(crossed[other], both)
    return crossed

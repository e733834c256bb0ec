"""Faithful to the cloth: are the garment's colours those of the swatch? And is a print a seamless tile?"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.textiles.palette import Palette, delta_e_cielab, extract_palette, to_cielab
from muslin.textiles.seamless import seam_score

COLOURS = 6
TEXTILE = 2.0  # CIEDE2000's k_L: on cloth a difference of lightness counts half


def palette_distance(first: np.ndarray, second: np.ndarray, first_mask: np.ndarray | None = None) -> float:
    """CIEDE2000 between two pictures' palettes: 1 is just visible, above 10 another colour.

    The least mean difference over all ways to pair the colours' shares (earth mover's distance, Rubner et al. 2000).
    first, second: uint8 HxWx3. first_mask: HxW, above 0.5 counts: the garment's pixels. Light and shade on the garment
    count too: some 3 to 8 for a faithful drape.
    """
    return between_palettes(extract_palette(first, COLOURS, first_mask), extract_palette(second, COLOURS))


def between_palettes(first: Palette, second: Palette) -> float:
    """Earth mover's distance in CIEDE2000 (k_L 2) between two palettes."""
    cost = delta_e_cielab(to_cielab(first.colors)[:, None], to_cielab(second.colors)[None], TEXTILE).astype(np.float32)
    a, b = (palette.weights.astype(np.float32)[:, None] for palette in (first, second))
    return float(cv2.EMD(a, b, cv2.DIST_USER, cost)[0])


def tileability(picture: np.ndarray) -> float:
    """How visible the seam is when the picture repeats: 0 not at all, 1 a clear line (textiles.seamless.seam_score)."""
    return seam_score(picture)

"""Whether a garment is of one dye all over (a solid, not a print): linear models on the feature network's maps.

Satin, crumpled cotton, denim, quilting and melange look like print to the network of the light, and came out flat: of
one garment in ten it ruled out folds that anybody sees. Then this is asked (docs/benchmarks.md, "Solids").
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.garments.footwear import Maps, looked_at
from muslin.garments.network import fits
from muslin.garments.shading import smooth_step
from muslin.garments.sight import looked_at as looked_at_closely

STAGES = ("stage_16", "stage_32")
CELL = 0.6  # share of a cell of the maps that is garment, from which it counts
WHOLE = (-0.25, 0.25)  # logits of the whole garment: below the first it is of several dyes, above the second of one
NEAR = (-1.5, -0.5)  # the same from near, where fine checks and spots are seen


class Solids:
    """`features`, the network of maps; `head`, the linear model on their means over a garment; `plain`, the one that
    tells plain cloth from near (sight.py). Opened at the first question.
    """

    def __init__(self, features: Maps, head: Maps, plain: Maps) -> None:
        self.features, self.head, self.plain = features, head, plain

    def __call__(self, image: np.ndarray, inside: np.ndarray) -> float:
        """How surely a garment's square shows cloth of one dye: 0 to 1.

        image: uint8 SxSx3 sRGB, inside: SxS in [0, 1], S = fields.SIZE. Raises UserError (exit code 4) for a model
        that does not fit.
        """
        found = self.head(means=means(self.features, image, inside)[None])["solid"]
        whole = float(fits("solid", found, 1)[0])
        return 0.0 if whole <= WHOLE[0] else sureness(whole, self.near(image, inside))

    def near(self, image: np.ndarray, inside: np.ndarray) -> float:
        """Logit of plain cloth, of the largest square of a garment."""
        maps = self.features(image=looked_at_closely(middle(image, inside))[None])
        return float(fits("plain", self.plain(stage_32=maps["stage_32"])["plain"], 1)[0])


def sureness(whole: float, near: float) -> float:
    """Both logits as one share in [0, 1]."""
    return min(smooth_step((logit - low) / (high - low)) for logit, (low, high) in ((whole, WHOLE), (near, NEAR)))


def means(features: Maps, image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean of each channel of the maps over the garment: float32 C. Shapes as of Solids."""
    maps = features(image=looked_at(image, inside)[None])
    rows = []
    for stage in STAGES:
        found = maps[stage][0]
        weight = cv2.resize(inside.astype(np.float32), found.shape[:0:-1], interpolation=cv2.INTER_AREA)
        weight = np.where(weight > CELL, weight, 0) + np.float32(1e-4)
        rows.append((found * weight).sum((1, 2)) / weight.sum())
    return np.concatenate(rows).astype(np.float32)


def middle(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The square around the deepest place of a garment, which reaches nearly to its outline. uint8 hxwx3."""
    garment = np.pad((inside > 0.5).astype(np.uint8), 1)  # which may fill its square
    depth = cv2.distanceTransform(garment, cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    reach = max(8, int(0.9 * depth[y, x]))
    return np.ascontiguousarray(image[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach])

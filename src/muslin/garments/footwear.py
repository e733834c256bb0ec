"""Whether a garment is a shoe, or a pair of them: a linear model on the maps of the feature network (models/footwear).

A shoe is many parts of many dyes: soles, straps, laces, an opening that shows its lining. What tells them apart is
what a garment's light leaves out as print, so that a shoe came out as a flat blot (docs/benchmarks.md, "Shoes").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from muslin.garments.network import fits

SIDE = 128  # px, side of the garment's square that is looked at

Maps = Callable[..., Mapping[str, np.ndarray]]


class Footwear:
    """`features`, the network of maps, and `head`, the linear model on them. Both are opened at the first question."""

    def __init__(self, features: Maps, head: Maps) -> None:
        self.features, self.head = features, head

    def __call__(self, image: np.ndarray, inside: np.ndarray) -> bool:
        """Whether a garment's square shows footwear. image: uint8 SxSx3 sRGB, inside: SxS in [0, 1], S = SIDE.

        Raises UserError (exit code 4) for a model that does not fit.
        """
        maps = self.features(image=looked_at(image, inside)[None])
        found = self.head(stage_32=maps["stage_32"])["footwear"]
        return bool(fits("footwear", found, 1)[0] > 0)


def looked_at(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The garment alone, as the feature network sees it: float32 SxSx3 in [-1, 1], 0 around it."""
    return (image.astype(np.float32) / 127.5 - 1) * inside[..., None].astype(np.float32)

"""What a picture given as a style shows, told by linear models on one look of the feature network.

Three models: `garment` (a whole garment, in front of something), `closeup` (where in a picture something is sewn) and
`plain` (cloth of one dye).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import cv2
import numpy as np

from muslin.garments.network import fits

SIDE = 224  # px, longer side at which a picture is looked at
STEP = 32  # px: both sides are multiples of it
SEWN = 1.5  # logit from which something is sewn: of a place, and of a picture (closeup.how_sewn; docs/benchmarks.md)

Maps = Callable[..., Mapping[str, np.ndarray]]


class Seen(NamedTuple):
    """garment: logit of a whole garment. sewn: logits hxw, about a cell for 16 px of SIDE, of a collar, placket, ...

    plain: logit of cloth of one dye; of close-ups, of others it says nothing.
    """

    garment: float
    sewn: np.ndarray
    plain: float


class Sight:
    """`features`, the network of maps, and the linear models on them; all are opened at the first picture."""

    def __init__(self, features: Maps, garment: Maps, closeup: Maps, plain: Maps) -> None:
        self.features, self.garment, self.closeup, self.plain = features, garment, closeup, plain

    def __call__(self, pixels: np.ndarray) -> Seen:
        """pixels: uint8 HxWx3 sRGB. Raises UserError (exit code 4) for a model that does not fit."""
        maps = self.features(image=looked_at(pixels)[None])
        whole = fits("garment", self.garment(stage_32=maps["stage_32"])["garment"], 1)
        plain = fits("plain", self.plain(stage_32=maps["stage_32"])["plain"], 1)
        sewn = self.closeup(**{name: maps[name] for name in ("stage_16", "stage_32")})["construction"]
        sewn = fits("construction", sewn, 1, *maps["stage_16"].shape[2:])
        return Seen(float(whole[0]), sewn[0], float(plain[0]))


def looked_at(pixels: np.ndarray) -> np.ndarray:
    """The picture as the feature network sees it: float32 hxwx3 in [-1, 1], the longer side SIDE."""
    longer = max(pixels.shape[:2])
    height, width = (max(3 * STEP, STEP * round(side * SIDE / longer / STEP)) for side in pixels.shape[:2])
    grows = min(pixels.shape[:2]) < SIDE
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC if grows else cv2.INTER_AREA)
    return small.astype(np.float32) / 127.5 - 1

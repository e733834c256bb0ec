"""Several cloths as one: printed over each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from muslin.images import linear_to_srgb, srgb_to_linear
from muslin.textiles.repeat import PreparedCloth


@dataclass(frozen=True, eq=False)
class Overprint:
    """Cloths printed over each other as inks are: their logarithms add, in shares that sum to 1.

    An average would be mud; a product keeps the lines of each print, as on cloth that went through two rollers.
    """

    cloths: Sequence[PreparedCloth]
    shares: Sequence[float]  # each above 0, sum 1

    @property
    def reflectance(self) -> float:
        """Mean luminance in linear light, 0..1: the shares' geometric mean, as the inks multiply."""
        return float(np.prod([cloth.reflectance**share for cloth, share in zip(self.cloths, self.shares, strict=True)]))

    def sample(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Colour at the positions u, v (float HxW, photo pixels): sRGB uint8 HxWx3."""
        return overprinted((cloth.sample(u, v) for cloth in self.cloths), self.shares)


def overprinted(layers: Iterable[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    """Pictures of one size (sRGB uint8 HxWx3) printed over each other, in shares that sum to 1."""
    log: np.ndarray | float = 0.0
    for pixels, share in zip(layers, shares, strict=True):
        log = log + np.float32(share) * np.log(srgb_to_linear(pixels) + np.float32(0.01))
    return linear_to_srgb(np.exp(log) - np.float32(0.01))

"""How different two pictures look, and how varied many are: distances between a network's maps.

Built as LPIPS (Zhang et al. 2018), on another network and without weights learned from people's answers, so it is not
LPIPS and not called so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from muslin.metrics.estimates import Estimate, halves
from muslin.metrics.features import FeatureNetwork

MOST = 100  # pictures whose pairs are compared
CELLS = 14  # the finest maps are averaged to so many cells a side: 14 MB of maps for MOST pictures, not 600


def diversity(network: FeatureNetwork, pictures: Iterable[np.ndarray], seed: int = 0) -> Estimate:
    """Mean perceptual distance between two different pictures, over all pairs of up to MOST of them (at least 3).

    pictures: uint8 HxWx3. Interval: random halves of the pictures.
    """
    vectors = np.stack([_vector(maps) for maps in network.maps(pictures)])
    return mean_pairwise(vectors, seed)


def mean_pairwise(vectors: np.ndarray, seed: int = 0) -> Estimate:
    """Mean squared distance between two different rows of n x d, n at least 3."""
    count = len(vectors)
    if count < 3:
        raise ValueError(f"Variety needs at least 3 pictures. Received: {count}.")
    squares = (vectors.astype(np.float64) ** 2).sum(1)
    far = np.maximum(squares[:, None] + squares - 2.0 * (vectors @ vectors.T), 0.0)
    np.fill_diagonal(far, 0.0)
    chosen = np.concatenate([np.ones((1, count), bool), halves(count, 200, seed)]).astype(np.float64)
    size = chosen.sum(1)
    means = np.einsum("ki,ij,kj->k", chosen, far, chosen, optimize=True) / np.maximum(size * (size - 1), 1.0)
    low, high = np.percentile(means[1:] - means[1:].mean(), (2.5, 97.5))
    return Estimate(float(means[0]), max(0.0, float(means[0] + low)), float(means[0] + high), count)


def _vector(maps: Sequence[np.ndarray]) -> np.ndarray:
    """A picture as one row, so that squared Euclidean distances are perceptual distances (on maps of CELLS a side).

    maps: each C x h x w. The distance: channels are scaled to unit length at every place, the squared differences are
    summed over channels and averaged over places, then over maps (Zhang et al. 2018, equation 1, with equal weights).
    It is 0 for the same picture and at most 4, 2 where the maps are nowhere negative.
    """
    rows = []
    for found in maps:
        unit = _unit(_coarse(found))
        rows.append(unit.ravel() / np.sqrt(unit.shape[1] * unit.shape[2] * len(maps)))
    return np.concatenate(rows).astype(np.float32)


def _coarse(found: np.ndarray) -> np.ndarray:
    """C x h x w averaged over squares to at most CELLS a side."""
    step = max(1, found.shape[1] // CELLS)
    if step == 1:
        return found
    height, width = (side // step * step for side in found.shape[1:])
    return found[:, :height, :width].reshape(len(found), height // step, step, width // step, step).mean((2, 4))


def _unit(found: np.ndarray) -> np.ndarray:
    return found / (np.sqrt((found**2).sum(0, keepdims=True)) + 1e-10)

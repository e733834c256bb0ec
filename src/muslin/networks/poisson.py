"""Slopes and trend -> the field itself, inside a training step: garments/shading.py's `integrate`, differentiable.

The cosine transform of a square is two products with one matrix, which every backend can do and differentiate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from muslin.layers import enlarged


def integrated(slopes: Any, trend: Any, mask: Any, reach: float = 0.1, rounds: int = 3) -> Any:
    """The log shading nearest to its slopes and trend (Bhat et al. 2008, equation 4). N,S,S,1; not centred.

    slopes: N,S,S,2, to the right-hand and the lower neighbour. trend: N,S/4,S/4,1. mask: N,S,S,1 in [0, 1].
    reach: share of the side beyond which the trend has the last word. rounds: outside the mask there is no trend; as
    often as this, the solution takes its place there.
    """
    size, inside = slopes.shape[1], mask[..., 0]
    cosines, keep, pull = _cosine_filter(size, reach)
    across, down = slopes[..., 0], slopes[..., 1]
    divergence = across - ops.pad(across[:, :, :-1], [[0, 0], [0, 0], [1, 0]])
    divergence += down - ops.pad(down[:, :-1], [[0, 0], [1, 0], [0, 0]])
    coarse = enlarged(trend, 4)[..., 0]
    mean = ops.sum(coarse * inside, axis=(1, 2), keepdims=True) / (ops.sum(inside, axis=(1, 2), keepdims=True) + 1e-3)
    followed = coarse * inside + mean * (1 - inside)
    for _ in range(rounds):
        waves = ops.matmul(cosines, ops.matmul(pull * followed - divergence, cosines.T))
        shading = ops.matmul(cosines.T, ops.matmul(ops.multiply(waves, keep), cosines))
        followed = coarse * inside + shading * (1 - inside)
    return shading[..., None]


def _cosine_filter(size: int, reach: float) -> tuple[np.ndarray, np.ndarray, float]:
    """(orthonormal DCT-II matrix, what the solution keeps of each wave, weight of the trend), both size x size."""
    k, i = np.arange(size)[:, None], np.arange(size)[None]
    cosines = np.cos(np.pi * k * (2 * i + 1) / (2 * size)) * np.sqrt(2 / size)
    cosines[0] /= np.sqrt(2)
    frequency = 2 * np.cos(np.pi * np.arange(size) / size) - 2
    pull = 1 / (reach * size) ** 2
    keep = 1 / (pull - (frequency[:, None] + frequency[None, :]))
    return cosines.astype(np.float32), keep.astype(np.float32), pull

"""Differentiable augmentation of what the discriminator sees, real and fake alike (Zhao et al. 2020).

It keeps a discriminator from learning a small collection by heart. The draws come with the batch (see
`draws`), so no random operation runs inside a compiled step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

Tensor = Any


def draws(
    rng: np.random.Generator, batch_size: int, size: int, *, shift: float = 0.125
) -> dict[str, np.ndarray]:
    """Random draws of one batch for `augment`. shift: largest move, share of the side."""
    largest = round(shift * size)
    return {
        "move_y": _moves(rng.integers(-largest, largest + 1, batch_size), size),
        "move_x": _moves(rng.integers(-largest, largest + 1, batch_size), size),
        "brightness": rng.uniform(-0.3, 0.3, (batch_size, 1, 1, 1)).astype(np.float32),
        "saturation": rng.uniform(0.6, 1.4, (batch_size, 1, 1, 1)).astype(np.float32),
        "contrast": rng.uniform(0.7, 1.3, (batch_size, 1, 1, 1)).astype(np.float32),
    }


def augment(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
    """Move, brighten, colour and contrast. images: batch x size x size x 3 in [-1, 1]; same shape.

    A move is a product with a 0/1 matrix on each side: exact, differentiable, and the same on each backend.
    Pixels moved in from outside repeat the border.
    """
    images = ops.einsum("bij,bjwc->biwc", drawn["move_y"], images)
    images = ops.einsum("bij,bhjc->bhic", drawn["move_x"], images)
    images = images + drawn["brightness"]
    grey = ops.mean(images, axis=3, keepdims=True)
    images = grey + (images - grey) * drawn["saturation"]
    level = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return level + (images - level) * drawn["contrast"]


def _moves(shifts: np.ndarray, size: int) -> np.ndarray:
    """batch -> batch x size x size: row i of matrix b is 1 at column i + shifts[b], kept inside."""
    source = np.clip(np.arange(size)[None, :] + shifts[:, None], 0, size - 1)
    return (source[:, :, None] == np.arange(size)).astype(np.float32)

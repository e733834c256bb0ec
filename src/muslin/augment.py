"""Differentiable augmentation of what the discriminator sees, real and fake alike, always or with an adaptive chance.

It keeps a discriminator from learning a small collection by heart (Zhao et al. 2020). Applied always it can teach the
generator to augment; applied with a probability that follows the discriminator's overfitting it need not (ADA, Karras
et al. 2020). The draws come with the batch (see `draws`), so no random operation runs inside a compiled step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

Tensor = Any

TARGET = 0.6  # of the mean sign of the real logits (Karras et al. 2020, section 3.1)
MOST = 0.8  # probability above which augmentations begin to leak into what is made (the same, section 2.2)
MEMORY_IMAGES = 256  # over which the mean sign is taken (the same: 4 batches of 64)


def draws(
    rng: np.random.Generator, batch_size: int, size: int, *, shift: float = 0.125, gates: bool = False
) -> dict[str, np.ndarray]:
    """Random draws of one batch for `augment`. shift: largest move, share of the side.

    gates: also draw, for each image and each of the four kinds of change, the number that the probability must
    exceed for the change to be made.
    """
    largest = round(shift * size)
    drawn = {
        "move_y": _moves(rng.integers(-largest, largest + 1, batch_size), size),
        "move_x": _moves(rng.integers(-largest, largest + 1, batch_size), size),
        "brightness": rng.uniform(-0.3, 0.3, (batch_size, 1, 1, 1)).astype(np.float32),
        "saturation": rng.uniform(0.6, 1.4, (batch_size, 1, 1, 1)).astype(np.float32),
        "contrast": rng.uniform(0.7, 1.3, (batch_size, 1, 1, 1)).astype(np.float32),
    }
    if gates:
        drawn["gates"] = rng.random((batch_size, 4)).astype(np.float32)
    return drawn


def augment(images: Tensor, drawn: Mapping[str, Tensor], probability: Tensor | None = None) -> Tensor:
    """Move, brighten, colour and contrast. images: batch x size x size x 3 in [-1, 1]; same shape.

    probability: of each of the four changes, for each image on its own (needs `gates` drawn); None: make them all.
    A move is a product with a 0/1 matrix on each side: exact, differentiable, and the same on each backend.
    Pixels moved in from outside repeat the border.
    """
    moved = ops.einsum("bij,bjwc->biwc", drawn["move_y"], images)
    moved = ops.einsum("bij,bhjc->bhic", drawn["move_x"], moved)
    brightness, saturation, contrast = (drawn[name] for name in ("brightness", "saturation", "contrast"))
    if probability is not None:
        made = ops.cast(drawn["gates"] < probability, "float32")
        move, brighten, saturate, stretch = (ops.reshape(made[:, kind], (-1, 1, 1, 1)) for kind in range(4))
        moved = move * moved + (1.0 - move) * images
        brightness = brighten * brightness
        saturation = 1.0 + saturate * (saturation - 1.0)
        contrast = 1.0 + stretch * (contrast - 1.0)
    images = moved + brightness
    grey = ops.mean(images, axis=3, keepdims=True)
    images = grey + (images - grey) * saturation
    level = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return level + (images - level) * contrast


def adapt(
    probability: Tensor, sign: Tensor, now: Tensor, batch_size: int, adaptation_images: float
) -> tuple[Tensor, Tensor]:
    """(probability, sign) after one batch (Karras et al. 2020, section 3.1, heuristic r_t).

    now: mean sign of this batch's real logits, in [-1, 1]; sign: its running mean. Where that exceeds TARGET the
    discriminator is too sure of its training images, and the probability rises, otherwise it falls, by 1 in
    `adaptation_images` images, within 0 and MOST.
    """
    sign = sign + min(1.0, batch_size / MEMORY_IMAGES) * (now - sign)
    step = ops.sign(sign - TARGET) * (batch_size / adaptation_images)
    return ops.clip(probability + step, 0.0, MOST), sign


def _moves(shifts: np.ndarray, size: int) -> np.ndarray:
    """batch -> batch x size x size: row i of matrix b is 1 at column i + shifts[b], kept inside."""
    source = np.clip(np.arange(size)[None, :] + shifts[:, None], 0, size - 1)
    return (source[:, :, None] == np.arange(size)).astype(np.float32)

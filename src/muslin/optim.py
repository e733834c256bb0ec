"""What moves the weights besides Keras's optimizers: Muon, and schedules and averages, counted in images seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from muslin import backend

RAMP_UP = 0.05
"""The half life of an average is at most this share of the images seen so far (StyleGAN2, Karras et al. 2020,
the reference training loop), so that the average of a young run forgets the initial weights."""


def cosine(progress: float, *, floor: float = 0.0) -> float:
    """Factor from 1 at progress 0 to `floor` at progress 1, half a cosine (Loshchilov & Hutter 2017)."""
    progress = min(max(progress, 0.0), 1.0)
    return floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * progress))


def flat_then_linear(progress: float, *, flat: float = 0.5) -> float:
    """1 for the first `flat` share of the run, then down to 0 (CycleGAN, Zhu et al. 2017, section 7.1)."""
    return min(1.0, max(0.0, (1.0 - progress) / (1.0 - flat)))


def ema_decay(batch_size: int, half_life_images: float, images_seen: float = math.inf) -> float:
    """Weight of the old average after one step of `batch_size` images.

    0.5 ** (batch / half life): after `half_life_images` images an old weight counts half (Karras et al. 2024,
    EDM2, appendix C). `images_seen` shortens the half life at the start, see RAMP_UP.
    """
    half_life = min(half_life_images, images_seen * RAMP_UP)
    return 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0


class Muon(keras.optimizers.Adam):
    """Muon (Jordan et al. 2024) for matrices and for the kernels of convolutions; Adam for vectors and narrow layers.

    A layer moves along the orthogonal matrix that is nearest to its momentum: what gradients say seldom is learned as
    fast as what they say always. A kernel counts as a matrix (height x width x inputs) x outputs. Steps are as long as
    Adam's (Liu et al. 2025, section 2.2), so that one learning rate does for both. Keras's own Muon leaves
    convolutions to Adam.
    """

    NARROW = 16  # a matrix with a side below it is an output, of a mask or a colour, or nearly a vector: Adam's

    def __init__(self, learning_rate: float, momentum: float = 0.95, **adam: Any) -> None:
        """momentum: memory of the gradient, of Muon's layers. adam: options of `keras.optimizers.Adam`."""
        super().__init__(learning_rate, **adam)
        self.momentum = momentum

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        outputs = variable.shape[-1] if len(variable.shape) > 1 else 0
        rows = math.prod(variable.shape[:-1])
        if min(rows, outputs) < self.NARROW:
            super().update_step(gradient, variable, learning_rate)
            return
        gradient = ops.cast(gradient, variable.dtype)
        memory = self._momentums[self._get_variable_index(variable)]
        self.assign(memory, self.momentum * memory + gradient)
        ahead = ops.reshape(gradient + self.momentum * memory, (rows, outputs))  # Nesterov's
        length = 0.2 * math.sqrt(max(rows, outputs)) * ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, ops.reshape(length * nearly_orthogonal(ahead), variable.shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum}


def nearly_orthogonal(matrix: Any) -> Any:
    """A matrix with the same singular vectors, whose singular values are 0.7 to 1.2: five Newton-Schulz rounds.

    Their coefficients are Jordan et al.'s, chosen for speed: small values grow by 3.4 a round, and none ends at just 1.
    """
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else ops.transpose(matrix)
    x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
    for _ in range(5):
        gram = ops.matmul(x, ops.transpose(x))
        x = 3.4445 * x + ops.matmul(-4.7750 * gram + 2.0315 * ops.matmul(gram, gram), x)
    return x if wide else ops.transpose(x)


class Average:
    """Exponential moving averages of networks' weights: a shadow variable beside each variable."""

    def __init__(self, networks: Mapping[str, Any]) -> None:
        """networks: name -> built keras.Model. The average starts at their present weights."""
        self._pairs = {
            name: [
                # A copy by way of NumPy: given a tf.Variable, keras.Variable would share its storage.
                (variable, keras.Variable(_copy(variable), trainable=False, dtype=variable.dtype))
                for variable in network.variables
            ]
            for name, network in networks.items()
        }
        self._move = backend.fuse(self._moved, self.variables)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._pairs)

    @property
    def variables(self) -> list[Any]:
        return [shadow for pairs in self._pairs.values() for _, shadow in pairs]

    def update(self, decays: Mapping[str, Any]) -> None:
        """shadow <- decay * shadow + (1 - decay) * weight, inside a step. Integers (seeds) are copied."""
        self._move({name: decays[name] for name in self._pairs})

    def _moved(self, decays: Mapping[str, Any]) -> None:
        for name, pairs in self._pairs.items():
            for variable, shadow in pairs:
                if "float" in str(variable.dtype):
                    shadow.assign(shadow + (1.0 - decays[name]) * (variable.value - shadow.value))
                else:
                    shadow.assign(variable.value)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The networks hold their averaged weights inside the block, and exactly their own again after it."""
        pairs = [pair for pairs in self._pairs.values() for pair in pairs]
        kept = [_copy(variable) for variable, _ in pairs]
        self.apply()
        try:
            yield
        finally:
            for (variable, _), value in zip(pairs, kept, strict=True):
                variable.assign(value)

    def apply(self) -> None:
        """Overwrite the networks' weights with the averages."""
        for pairs in self._pairs.values():
            for variable, shadow in pairs:
                variable.assign(shadow.value)


def _copy(variable: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable.value))

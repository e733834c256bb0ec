"""What moves the weights besides the optimizer: schedules and averages, counted in images seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

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


def warm_up(progress: float, *, share: float = 0.02) -> float:
    """0 to 1 over the first `share` of the run."""
    return min(1.0, progress / share) if share > 0 else 1.0


def ema_decay(batch_size: int, half_life_images: float, images_seen: float = math.inf) -> float:
    """Weight of the old average after one step of `batch_size` images.

    0.5 ** (batch / half life): after `half_life_images` images an old weight counts half (Karras et al. 2024,
    EDM2, appendix C). `images_seen` shortens the half life at the start, see RAMP_UP.
    """
    half_life = min(half_life_images, images_seen * RAMP_UP)
    return 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0


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

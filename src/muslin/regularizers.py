"""Penalties on the discriminator's slope: they make the game converge.

Each takes `score`: images -> logits (a function, usually the discriminator), and returns a scalar without its
weight: the caller multiplies by gamma / 2 where the paper writes gamma / 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from muslin import backend

Tensor = Any
Score = Callable[[Tensor], Tensor]


def squared_norm(gradient: Tensor) -> Tensor:
    """Mean over the batch of the squared Euclidean norm of each row. batch x anything -> scalar."""
    axes = tuple(range(1, len(gradient.shape)))
    return ops.mean(ops.sum(ops.square(gradient), axis=axes))


def scores_and_r1(score: Score, real: Tensor) -> tuple[Tensor, Tensor]:
    """(score(real), R1) in one forward pass. R1 = E |grad_x D(x)|^2 on real images.

    Mescheder et al. 2018, equation 9; the loss adds gamma / 2 times it. The norm sums over pixels, so a gamma
    that suits 64 px is about four times too weak for a score averaged over the patches of 128 px.
    """
    scores, gradient = backend.scores_and_input_gradient(score, real)
    return scores, squared_norm(gradient)


def r1(score: Score, real: Tensor) -> Tensor:
    """R1 alone: E |grad_x D(x)|^2 on real images (Mescheder et al. 2018, equation 9)."""
    return scores_and_r1(score, real)[1]


def r2(score: Score, fake: Tensor) -> Tensor:
    """R2: the same on fakes (Mescheder et al. 2018, equation 10); it does not train the generator."""
    return scores_and_r1(score, ops.stop_gradient(fake))[1]


def gradient_penalty(score: Score, real: Tensor, fake: Tensor, position: Tensor) -> Tensor:
    """E (|grad_x D(x)| - 1)^2 between real and fake (Gulrajani et al. 2017, equation 3; weight 10 there).

    position: batch, uniform in [0, 1], drawn in the batch: where between real (1) and fake (0) x lies.
    """
    position = ops.reshape(position, (-1,) + (1,) * (len(real.shape) - 1))
    between = position * real + (1.0 - position) * ops.stop_gradient(fake)
    gradient = backend.input_gradient(score, between)
    axes = tuple(range(1, len(gradient.shape)))
    norm = ops.sqrt(ops.sum(ops.square(gradient), axis=axes) + 1e-12)  # a slope of 0 has no derivative of |.|
    return ops.mean(ops.square(norm - 1.0))

"""Penalties on the discriminator's slope: they make the game converge.

Each takes `score`: images -> logits (a function, usually the discriminator), and returns a scalar without its
weight: the caller multiplies by gamma / 2 where the paper writes gamma / 2.

A discriminator with one logit an image is penalised as published. Where it gives P logits (patches), the squared
slope of their sum is divided by P: that is the mean squared slope of one patch's logit as long as the patches look at
different pixels, so that one weight suits a dense head and patches of any number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import ops

from muslin import backend
from muslin.losses import weighted_mean

Tensor = Any
Weights = Any  # batch x 1 x ...: how much each image counts; None: once
Score = Callable[[Tensor], Tensor]


def squared_slopes(scores: Tensor, gradient: Tensor) -> Tensor:
    """Squared Euclidean norm of each row of `gradient` (batch x anything), for one logit. batch."""
    axes = tuple(range(1, len(gradient.shape)))
    patches = math.prod(ops.shape(scores)[1:])
    return ops.sum(ops.square(gradient), axis=axes) / ops.cast(patches, "float32")


def scores_and_r1(score: Score, real: Tensor, weights: Weights = None) -> tuple[Tensor, Tensor]:
    """(score(real), R1) in one forward pass. R1 = E |grad_x D(x)|^2 on real images; of fakes it is R2.

    Mescheder et al. 2018, equation 9; the loss adds gamma / 2 times it. The norm sums over pixels, so a gamma
    that suits 64 px is about four times too strong at 32 px and four times too weak at 128 px.
    """
    scores, gradient = backend.scores_and_input_gradient(score, real)
    return scores, weighted_mean(squared_slopes(scores, gradient), _of_rows(weights))


def gradient_penalty(score: Score, real: Tensor, fake: Tensor, position: Tensor, weights: Weights = None) -> Tensor:
    """E (|grad_x D(x)| - 1)^2 between real and fake (Gulrajani et al. 2017, equation 3; weight 10 there).

    position: batch, uniform in [0, 1], drawn in the batch: where between real (1) and fake (0) x lies.
    """
    position = ops.reshape(position, (-1,) + (1,) * (len(real.shape) - 1))
    between = position * real + (1.0 - position) * ops.stop_gradient(fake)
    scores, gradient = backend.scores_and_input_gradient(score, between)
    norm = ops.sqrt(squared_slopes(scores, gradient) + 1e-12)  # a slope of 0 has no derivative of |.|
    return weighted_mean(ops.square(norm - 1.0), _of_rows(weights))


def _of_rows(weights: Weights) -> Weights:
    """batch x anything -> batch."""
    return None if weights is None else ops.mean(weights, axis=tuple(range(1, len(weights.shape))))

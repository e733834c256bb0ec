"""Penalties against closed forms: a linear score x . w has the gradient w everywhere."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from muslin import backend
from muslin.regularizers import gradient_penalty, scores_and_r1

RNG = np.random.default_rng(0)
WEIGHT = RNG.standard_normal((4, 4, 3)).astype("float32")
SQUARED = float(np.square(WEIGHT).sum())


def linear(images):
    return ops.sum(images * WEIGHT, axis=(1, 2, 3))


def pictures(batch: int = 5) -> np.ndarray:
    return RNG.standard_normal((batch, 4, 4, 3)).astype("float32")


def r1(score, images, weights=None):
    return scores_and_r1(score, images, weights)[1]


def test_linear_score() -> None:
    assert float(r1(linear, pictures())) == pytest.approx(SQUARED, rel=1e-5)
    penalty = gradient_penalty(linear, pictures(), pictures(), np.linspace(0, 1, 5).astype("float32"))
    assert float(penalty) == pytest.approx((SQUARED**0.5 - 1) ** 2, rel=1e-5)


def test_quadratic_score_and_shared_forward_pass() -> None:
    images = pictures()
    scores, penalty = scores_and_r1(lambda x: 0.5 * ops.sum(ops.square(x), axis=(1, 2, 3)), images)
    squared = np.square(images).sum(axis=(1, 2, 3))  # the gradient of |x|^2 / 2 is x
    np.testing.assert_allclose(ops.convert_to_numpy(scores), 0.5 * squared, rtol=1e-5)
    assert float(penalty) == pytest.approx(squared.mean(), rel=1e-5)


def test_penalty_is_taken_between_real_and_fake() -> None:
    real, fake = np.full((2, 1), 4.0, "float32"), np.zeros((2, 1), "float32")
    # score = x^2 / 2 has slope x: 4 and 1 at positions 1 and 0.25.
    penalty = gradient_penalty(lambda x: 0.5 * ops.sum(ops.square(x), axis=1), real, fake, np.array([1.0, 0.25], "f4"))
    assert float(penalty) == pytest.approx(((4 - 1) ** 2 + 0) / 2, rel=1e-4)


def test_second_order() -> None:
    """d/da of R1 of the score a x . w is 2 a |w|^2: the penalty trains the discriminator."""
    scale = keras.Variable(np.float32(3.0))
    images = pictures()
    (value, _), (gradient,) = backend.value_and_gradients(
        lambda: (r1(lambda x: scale.value * linear(x), images), {}), [scale]
    )
    assert float(value) == pytest.approx(9 * SQUARED, rel=1e-5)
    assert float(gradient) == pytest.approx(6 * SQUARED, rel=1e-5)


def test_patches_count_once() -> None:
    """Four patches that look at different pixels, each with slope of squared norm |w|^2: the penalty is |w|^2."""
    weight = RNG.standard_normal((2, 2, 3)).astype("float32")
    squared = float(np.square(weight).sum())

    def patches(images):
        cut = ops.reshape(images, (-1, 2, 2, 2, 2, 3))
        return ops.sum(cut * weight[None, None, :, None], axis=(2, 4, 5))[..., None]

    assert patches(pictures()).shape == (5, 2, 2, 1)
    assert float(r1(patches, pictures())) == pytest.approx(squared, rel=1e-5)
    penalty = gradient_penalty(patches, pictures(), pictures(), np.linspace(0, 1, 5).astype("float32"))
    assert float(penalty) == pytest.approx((squared**0.5 - 1) ** 2, rel=1e-4)


def test_weights_leave_images_out() -> None:
    images = pictures()
    weights = np.array([1, 0, 0, 1, 0], "float32").reshape(5, 1, 1, 1)
    squared = np.square(images).sum(axis=(1, 2, 3))
    penalty = r1(lambda x: 0.5 * ops.sum(ops.square(x), axis=(1, 2, 3)), images, weights)
    assert float(penalty) == pytest.approx((squared[0] + squared[3]) / 2, rel=1e-5)

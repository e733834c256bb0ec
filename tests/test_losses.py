"""Losses against values worked out by hand."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from muslin.losses import ADVERSARIAL, accuracies, diversity

REAL = np.array([[1.0], [3.0]], "float32")
FAKE = np.array([[-1.0], [2.0]], "float32")


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


BY_HAND = {
    "non_saturating": (
        (softplus(-1) + softplus(-3)) / 2 + (softplus(-1) + softplus(2)) / 2,
        (softplus(1) + softplus(-2)) / 2,
    ),
    "least_squares": (0.5 * (0 + 4) / 2 + 0.5 * (1 + 4) / 2, 0.5 * (4 + 1) / 2),
    "hinge": ((0 + 0) / 2 + (0 + 3) / 2, -0.5),
    "wasserstein": (0.5 - 2.0, -0.5),
    "relativistic": ((softplus(-2) + softplus(-1)) / 2, (softplus(2) + softplus(1)) / 2),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_by_hand(name: str) -> None:
    game = ADVERSARIAL[name]
    discriminator, generator = BY_HAND[name]
    assert float(game.discriminator(REAL, FAKE)) == pytest.approx(discriminator, rel=1e-5)
    assert float(game.generator(REAL, FAKE)) == pytest.approx(generator, rel=1e-5)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_side_gains_where_it_should(name: str) -> None:
    game = ADVERSARIAL[name]
    better = FAKE + 0.5  # fakes that look more real
    assert float(game.generator(REAL, better)) < float(game.generator(REAL, FAKE))
    assert float(game.discriminator(REAL, better)) > float(game.discriminator(REAL, FAKE))


def test_accuracies_judge_by_the_middle() -> None:
    # The means are 2 and 0.5, so the middle is 1.25: one of two real above it, one of two fake below it.
    assert {key: float(value) for key, value in accuracies(REAL, FAKE).items()} == {
        "real_accuracy": 0.5,
        "fake_accuracy": 0.5,
    }
    shifted = accuracies(REAL + 100, FAKE + 100)
    assert float(shifted["real_accuracy"]) == 0.5


def test_diversity() -> None:
    alike = np.ones((4, 2, 2, 3), "float32")
    assert float(diversity(alike)) == 0.0
    halves = np.concatenate([alike, -alike])
    assert float(diversity(keras.ops.convert_to_tensor(halves))) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_weights_choose_samples(name: str) -> None:
    """A weight of 0 leaves a sample out, all ones change nothing, and weights of an image hold for its patches."""
    game = ADVERSARIAL[name]
    ones, second = np.ones((2, 1), "float32"), np.array([[0.0], [1.0]], "float32")
    for side in (game.discriminator, game.generator):
        plain = float(side(REAL, FAKE))
        assert float(side(REAL, FAKE, ones, ones)) == pytest.approx(plain)
        assert float(side(REAL, FAKE, second, second)) == pytest.approx(float(side(REAL[1:], FAKE[1:])))
        patches = [np.tile(logits[:, None, None], (1, 3, 3, 1)) for logits in (REAL, FAKE)]
        weights = second[:, None, None]
        assert float(side(*patches, weights, weights)) == pytest.approx(float(side(REAL[1:], FAKE[1:])))
        assert np.isfinite(float(side(REAL, FAKE, 0 * ones, 0 * ones)))


def test_boundaries() -> None:
    boundaries = {name: game.boundary for name, game in ADVERSARIAL.items()}
    assert boundaries["hinge"] == boundaries["non_saturating"] == 0.0  # of least squares: between its 0 and 1
    assert boundaries["least_squares"] == 0.5
    assert boundaries["wasserstein"] is None and boundaries["relativistic"] is None

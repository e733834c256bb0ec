"""Both sides of a game against sums done by hand, and what may be combined."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from muslin.errors import UserError
from muslin.losses import ADVERSARIAL
from muslin.recipes.game import AUGMENTATIONS, OPTIMIZERS, SCHEDULES, Game

WEIGHT = np.array([2.0, -1.0], "float32")  # of a linear judge: its slope is WEIGHT everywhere, |WEIGHT|^2 = 5
REAL = np.array([[1.0, 0.0], [0.5, 1.0]], "float32")  # logits 2, 0
FAKE = np.array([[0.0, 1.0], [1.0, 1.0]], "float32")  # logits -1, 1


class Plain(Game):
    def stream(self, data: Any, seed: int) -> Any: ...

    def preview(self, networks: Any, stream: Any) -> Any: ...


def judge(points: Any) -> Any:
    return ops.sum(points * WEIGHT, axis=1, keepdims=True)


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


DISCRIMINATOR = {
    "non_saturating": (softplus(-2) + softplus(0)) / 2 + (softplus(-1) + softplus(1)) / 2,
    "least_squares": 0.5 * (1 + 1) / 2 + 0.5 * (1 + 1) / 2,
    "hinge": (0 + 1) / 2 + (0 + 2) / 2,
    "wasserstein": 0.0 - 1.0,
    "relativistic": (softplus(-1 - 2) + softplus(1 - 0)) / 2,
}
GENERATOR = {
    "non_saturating": (softplus(1) + softplus(-1)) / 2,
    "least_squares": 0.5 * (4 + 0) / 2,
    "hinge": 0.0,
    "wasserstein": 0.0,
    "relativistic": (softplus(2 + 1) + softplus(0 - 1)) / 2,
}


@pytest.mark.parametrize("loss", ADVERSARIAL)
def test_sums_by_hand(loss: str) -> None:
    game = Plain(batch_size=2, loss=loss, r1_weight=0.5, r2_weight=0.25, gradient_penalty_weight=2.0)
    batch = game.draws(np.random.default_rng(0), 32)
    value, logs = game.discriminator_game(judge, REAL, FAKE, batch)
    penalty = 0.5 * 5 + 0.25 * 5 + 2.0 * (math.sqrt(5) - 1) ** 2
    assert float(value) == pytest.approx(DISCRIMINATOR[loss] + penalty, rel=1e-5)
    assert float(logs["r1"]) == pytest.approx(5.0) and float(logs["r2"]) == pytest.approx(5.0)
    assert float(logs["gradient_penalty"]) == pytest.approx((math.sqrt(5) - 1) ** 2, rel=1e-5)
    assert float(logs["real_accuracy"]) == 0.5 and float(logs["fake_accuracy"]) == 0.5
    adversarial, _ = game.generator_game(judge, REAL if loss == "relativistic" else None, FAKE, batch)
    assert float(adversarial) == pytest.approx(GENERATOR[loss], rel=1e-5, abs=1e-6)


def test_real_weights_leave_samples_out() -> None:
    game = Plain(batch_size=2, r1_weight=1.0)
    quadratic = lambda x: 0.5 * ops.sum(ops.square(x), axis=1, keepdims=True)  # noqa: E731
    weights = np.array([[0.0], [1.0]], "float32")
    value, logs = game.discriminator_game(quadratic, REAL, FAKE, {}, weights)
    # Only the second real image counts: logit 0.625, squared slope 1.25. Fakes: logits 0.5 and 1.
    expected = softplus(-0.625) + (softplus(0.5) + softplus(1.0)) / 2 + 1.25
    assert float(value) == pytest.approx(expected, rel=1e-5)
    assert float(logs["r1"]) == pytest.approx(1.25)


def test_the_generator_learns_through_the_augmentation_and_not_from_the_other_side() -> None:
    """d/da of the wasserstein generator loss of fake = a * image is minus the mean logit of the moved image."""
    from muslin import backend

    game = Plain(batch_size=3, augmentation="fixed")
    batch = game.draws(np.random.default_rng(0), 16)
    image = np.random.default_rng(1).uniform(-1, 1, (3, 16, 16, 3)).astype("float32")
    scale = keras.Variable(np.float32(1.0))
    (value, _), (gradient,) = backend.value_and_gradients(
        lambda: (ops.mean(game.augmented(scale.value * image, batch)), {}), [scale]
    )
    # The mean is linear in the image but for the brightness, which is added.
    contrast, brightness = batch["contrast"].ravel(), batch["brightness"].ravel()
    assert float(gradient) == pytest.approx(float(value) - brightness.mean(), abs=1e-5)
    assert contrast.std() > 0
    (_, _), (gradient,) = backend.value_and_gradients(
        lambda: game.discriminator_game(lambda x: ops.mean(x, axis=(1, 2, 3)), image, scale.value * image, batch),
        [scale],
    )
    assert float(gradient) == 0.0


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "relativistic"])
def test_adaptive_augmentation_rises_while_the_discriminator_is_sure(loss: str) -> None:
    game = Plain(batch_size=256, loss=loss, augmentation="adaptive", adaptation_images=1024)
    batch = game.draws(np.random.default_rng(0), 8)
    assert len(game.state) == 2
    real = np.full((256, 8, 8, 3), 0.9, "float32")
    mean = lambda x: ops.mean(x, axis=(1, 2, 3)) * 4  # noqa: E731
    traces = []
    for fake in (-real, -real, -real, -real, real, real):
        # When fakes look like real ones, or both sides' logits are swapped, nothing is sure any more.
        sure = fake[0, 0, 0, 0] < 0
        game.discriminator_game(mean, real if sure else -real, fake, batch)
        traces.append(float(ops.convert_to_numpy(game.state[0].value)))
    assert traces == pytest.approx([0.25, 0.5, 0.75, 0.8, 0.55, 0.3])  # by 256 / 1024, at most 0.8


def test_gates_open_with_the_probability() -> None:
    game = Plain(batch_size=400, augmentation="adaptive")
    batch = game.draws(np.random.default_rng(0), 8)
    images = np.random.default_rng(1).uniform(-1, 1, (400, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(game.augmented(images, batch), images, atol=1e-6)
    game.state[0].assign(0.3)
    changed = np.abs(ops.convert_to_numpy(game.augmented(images, batch)) - images).max(axis=(1, 2, 3)) > 1e-4
    assert changed.mean() == pytest.approx(1 - 0.7**4, abs=0.07)  # four gates, each open with 0.3
    game.state[0].assign(1.0)
    fixed = Plain(batch_size=400, augmentation="fixed")
    np.testing.assert_allclose(game.augmented(images, batch), fixed.augmented(images, batch), atol=1e-6)


def test_each_name_gives_something_of_its_own() -> None:
    rates = {name: type(Plain(optimizer=name).make_optimizer()).__name__ for name in OPTIMIZERS}
    assert len(set(rates.values())) == len(OPTIMIZERS)
    game = Plain(optimizer="adam", learning_rate=0.25, beta_1=0.1, beta_2=0.2)
    made = game.make_optimizer()
    assert made is not game.make_optimizer()
    assert (float(made.learning_rate), made.beta_1, made.beta_2) == (0.25, 0.1, 0.2)
    halfway = {name: Plain(schedule=name).learning_rate_factor(0.75) for name in SCHEDULES}
    assert halfway == pytest.approx({"constant": 1.0, "cosine": 0.5 * (1 - math.sqrt(0.5)), "linear": 0.5})
    assert {*AUGMENTATIONS} == {"none", "fixed", "adaptive"}
    assert set(Plain(batch_size=3, gradient_penalty_weight=1.0).draws(np.random.default_rng(0), 8)) == {"position"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "hing"}, "hinge"),
        ({"optimizer": "adagrad"}, "rmsprop"),
        ({"augmentation": "yes"}, "adaptive"),
        ({"schedule": "step"}, "cosine"),
        ({"loss": "wasserstein"}, "gradient_penalty_weight 10"),
        ({"r1_weight": -1.0}, "r1_weight"),
        ({"gradient_penalty_weight": float("nan")}, "gradient_penalty_weight"),
        ({"beta_2": 1.0}, "beta_2"),
        ({"learning_rate": 0.0}, "learning_rate"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Plain(**options)


@pytest.mark.parametrize("limit", ["gradient_penalty_weight", "spectral_norm", "r1_weight"])
def test_wasserstein_with_a_limit_is_fine(limit: str) -> None:
    game = Plain(**{"loss": "wasserstein", limit: True if limit == "spectral_norm" else 1.0})
    assert game.loss == "wasserstein" and getattr(game, limit)


@pytest.mark.parametrize("options", [{"loss": "relativistic"}, {"gradient_penalty_weight": 1.0}])
def test_pairs_need_batches_of_one_size(options: dict[str, Any]) -> None:
    game = Plain(batch_size=2, **options)
    with pytest.raises(UserError, match="pairs"):
        game.discriminator_game(judge, REAL, FAKE[:1], game.draws(np.random.default_rng(0), 8))
    if options.get("loss"):
        with pytest.raises(UserError, match="pairs"):
            game.generator_game(judge, REAL, FAKE[:1], {})

"""r3gan: its start, its schedules, its game in the plane, and the export."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from muslin.errors import UserError
from muslin.export import check_parity, to_onnx
from muslin.layers import BilinearUp, Blur
from muslin.networks import r3gan as networks
from muslin.recipes.dcgan import DCGAN
from muslin.recipes.designs import Designs
from muslin.recipes.r3gan import R3GAN
from muslin.training import engine

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import modes

RNG = np.random.default_rng(0)
TINY = {"size": 16, "latent_size": 4, "channels": 4, "batch_size": 4}


def test_bilinear_up() -> None:
    """A ramp stays a ramp inside, corners repeat, and each 2 x 2 mean of a doubled linear picture is its old pixel."""
    ramp = np.arange(4, dtype="float32").reshape(1, 1, 4, 1) * np.ones((1, 3, 1, 2), "float32")
    found = ops.convert_to_numpy(BilinearUp()(ramp))
    assert found.shape == (1, 6, 8, 2)
    np.testing.assert_allclose(found[0, 2, :, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    np.testing.assert_allclose(found[:, :, 2:-2].reshape(1, 3, 2, 2, 2, 2).mean((2, 4)), ramp[:, :, 1:-1])


def test_blur() -> None:
    """A grid of period 2 becomes its mean, a ramp stays a ramp inside."""
    grid = np.indices((6, 6)).sum(0).reshape(1, 6, 6, 1).astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(Blur()(grid % 2))[:, 1:-1, 1:-1], 0.5)
    np.testing.assert_allclose(ops.convert_to_numpy(Blur()(grid))[:, 1:-1, 1:-1], grid[:, 1:-1, 1:-1])


def test_networks_begin_as_plain_resampling() -> None:
    """Branches end in zeros: the picture is linear in the latent, and the logit linear in the picture."""
    generator = networks.generator(16, 4, 4, 16)
    one, two = RNG.standard_normal((2, 1, 4)).astype("float32")
    made = [ops.convert_to_numpy(generator(latent)) for latent in (one, two, one + 2 * two)]
    np.testing.assert_allclose(made[2], made[0] + 2 * made[1], atol=1e-5)
    assert 0.1 < np.std(ops.convert_to_numpy(generator(RNG.standard_normal((64, 4))))) < 1.0
    discriminator = networks.discriminator(16, 4, 16)
    first, second = RNG.uniform(-1, 1, (2, 1, 16, 16, 3)).astype("float32")
    logits = [float(discriminator(image)[0, 0]) for image in (first, second, first - second)]
    assert logits[2] == pytest.approx(logits[0] - logits[1], abs=1e-4)


@pytest.mark.parametrize("size", [32, 48, 64])
def test_sizes(size: int) -> None:
    assert networks.generator(size, 4, 4, 8).output_shape == (None, size, size, 3)
    assert networks.discriminator(size, 4, 8).output_shape == (None, 1)


def test_schedules_reach_the_step() -> None:
    recipe = R3GAN(**TINY, warm_up_images=8, first_beta_2=0.5, beta_2=0.9, last_penalty=0.1)
    stream = recipe.stream(RNG.integers(0, 255, (8, 16, 16, 3)).astype(np.uint8), 0)
    batches = [stream.batch(seen) for seen in (0, 4, 8, 99)]
    numbers = [(float(batch["penalty_factor"]), float(batch["beta_2"])) for batch in batches]
    assert numbers == [pytest.approx(pair) for pair in ((1.0, 0.5), (0.55, 0.7), (0.1, 0.9), (0.1, 0.9))]
    history = engine.train(recipe, stream, images=12, preview_every_images=0, report_every_images=4, screen=False)
    (beta_2,) = [variable for variable in recipe.state if variable.name == "beta_2"]
    assert float(ops.convert_to_numpy(beta_2.value)) == pytest.approx(0.9)
    for phase in recipe.phases:
        assert phase.optimizer.beta_2 is beta_2
    assert len(history.records) == 3


def test_penalty_factor_scales_the_penalties_alone() -> None:
    recipe = R3GAN(**TINY, augmentation="none")
    stream = recipe.stream(RNG.integers(0, 255, (8, 16, 16, 3)).astype(np.uint8), 0)
    batch = stream.batch(0)
    losses = {}
    for factor in (0.0, 0.5, 1.0):
        loss, logs = recipe.discriminator_loss({**batch, "penalty_factor": np.float32(factor)})
        losses[factor] = float(loss)
    slopes = recipe.r1_weight * float(logs["r1"]) + recipe.r2_weight * float(logs["r2"])
    assert slopes > 1e-4
    assert losses[1.0] - losses[0.0] == pytest.approx(slopes, rel=1e-3)
    assert losses[0.5] - losses[0.0] == pytest.approx(slopes / 2, rel=1e-3)


def test_it_exports_and_says_what_it_takes(tmp_path: Path) -> None:
    recipe = R3GAN(**TINY)
    generator = recipe.networks["generator"]
    for variable in generator.trainable_variables:  # not the plain resampling of the start
        variable.assign(variable.value + 0.1 * RNG.standard_normal(variable.shape).astype("float32"))
    to_onnx(generator, tmp_path / "generator.onnx")
    assert check_parity(generator, tmp_path / "generator.onnx") < 1e-4
    stream = recipe.stream(RNG.integers(0, 255, (8, 16, 16, 3)).astype(np.uint8), 0)
    assert recipe.card(stream) == {"size": 16, "latent_size": 4}
    made, real = recipe.evaluation(recipe.networks, stream, 5)
    assert made.shape == real.shape == (5, 16, 16, 3) and made.dtype == real.dtype == np.uint8
    np.testing.assert_array_equal(made, recipe.evaluation(recipe.networks, stream, 5)[0])


def test_spectral_norm_belongs_to_dcgan() -> None:
    with pytest.raises(UserError, match="dcgan"):
        R3GAN(**TINY, spectral_norm=True)
    recipe = DCGAN(**TINY, spectral_norm=True, loss="hinge", r1_weight=0.0)
    assert any(weight.name == "u" for weight in recipe.networks["discriminator"].weights)


@pytest.mark.parametrize("recipe", ["dcgan", "r3gan"])
def test_every_mode_of_a_small_mixture_is_found(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four Gaussians; a game that forgets one of them, or wanders between them, fails."""
    monkeypatch.setattr(modes, "CENTERS", 2.0 * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]))
    monkeypatch.setattr(modes, "DEVIATION", 0.2)
    game: Designs = modes.points_game(recipe, 0, 48, batch_size=128)
    before = modes.coverage(ops.convert_to_numpy(game.networks["generator"](RNG.standard_normal((2500, 8)))))
    found = modes.train_on_points(game, 128 * 900)
    assert before["modes"] < 4 and found["modes"] == 4 and found["quality"] > 0.5, (before, found)

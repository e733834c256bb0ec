import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from muslin import backend
from muslin.data.pairs import Pair, rendered
from muslin.errors import UserError
from muslin.networks import pix2pix
from muslin.recipes.pix2pix import PairStream, Pix2Pix

TINY = {"size": 32, "widths": (8, 8), "discriminator_width": 4, "batch_size": 4}


def softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return rendered(range(8), 40, plain=True)


def numpy_of(value: object) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(value))


def test_losses_are_the_papers(pairs: list[Pair]) -> None:
    """Equations 1, 3 and 4 with section 3.3's halves, in NumPy from the networks' own outputs."""
    recipe = Pix2Pix(**TINY)
    batch = PairStream(recipe, pairs, 0).batch(0)
    made = numpy_of(recipe.networks["generator"](batch["source"]))
    real, fake = (
        numpy_of(recipe.networks["discriminator"](np.concatenate([batch["source"], target], axis=-1)))
        for target in (batch["target"], made)
    )
    loss, logs = recipe.generator_loss(batch)
    l1 = np.abs(batch["target"] - made).mean()
    assert float(logs["l1"]) == pytest.approx(l1, rel=1e-4)
    assert float(loss) == pytest.approx(softplus(-fake).mean() + 100 * l1, rel=1e-4)
    loss, _ = recipe.discriminator_loss(batch | logs)  # judges the fakes of the generator's step
    assert float(loss) == pytest.approx(0.5 * (softplus(-real).mean() + softplus(fake).mean()), rel=1e-4)


def silenced(recipe: Pix2Pix, bias: float) -> Pix2Pix:
    """Last layers with kernels of zero: the generator makes grey, by its bias alone; each logit is `bias`."""
    for name, layer, value in (("generator", "up0", 0.0), ("discriminator", "logits", bias)):
        last = recipe.networks[name].get_layer(layer)
        last.kernel.assign(ops.zeros_like(last.kernel))
        last.bias.assign(ops.zeros_like(last.bias) + value)
    return recipe


def test_one_step_by_hand() -> None:
    """Everywhere logit 1, output 0, target 0.5, plain gradient steps of 0.001.

    Discriminator: d/db (softplus(-b) + softplus(b)) / 2 = tanh(b / 2) / 2. Generator, each channel of three:
    d/db 100 mean |0.5 - tanh(b)| = -100 / 3 at b = 0; the adversarial part is blind (kernel of zero).
    """
    recipe = silenced(Pix2Pix(**TINY, optimizer="sgd", learning_rate=1e-3, schedule="constant"), 1.0)
    batch = {"source": np.zeros((4, 32, 32, 3), np.float32), "target": np.full((4, 32, 32, 3), 0.5, np.float32)}
    loss, logs = recipe.generator_loss(batch)
    assert float(loss) == pytest.approx(softplus(np.float64(-1)) + 50, rel=1e-5)
    batch |= {"fake": logs["fake"]}
    loss, _ = recipe.discriminator_loss(batch)
    assert float(loss) == pytest.approx(0.5 * (softplus(np.float64(-1)) + softplus(np.float64(1))), rel=1e-5)
    for phase in recipe.phases:
        trained = recipe.networks[phase.name].trainable_variables
        _, gradients = backend.value_and_gradients(lambda phase=phase: phase.loss(batch), trained)
        phase.optimizer.build(trained)
        phase.optimizer.apply(gradients, trained)
    bias = numpy_of(recipe.networks["discriminator"].get_layer("logits").bias)
    assert bias[0] == pytest.approx(1 - 1e-3 * np.tanh(0.5) / 2, abs=1e-6)
    np.testing.assert_allclose(numpy_of(recipe.networks["generator"].get_layer("up0").bias), 0.1 / 3, rtol=1e-4)


def test_the_discriminator_is_shown_the_source(pairs: list[Pair]) -> None:
    """The same targets under other sources get other logits: it is conditional."""
    recipe = Pix2Pix(**TINY)
    batch = PairStream(recipe, pairs, 0).batch(0)
    given, swapped = (
        numpy_of(recipe.judge(np.concatenate([source, batch["target"]], axis=-1)))
        for source in (batch["source"], batch["source"][::-1])
    )
    assert np.abs(given - swapped).max() > 1e-6


def test_published_networks_have_the_published_size() -> None:
    """Counts by hand: 4 x 4 kernels, a bias where there is no normalisation, two numbers a normalised channel."""
    down, skip = pix2pix.PUBLISHED, pix2pix.PUBLISHED[::-1][1:]
    kernels = 16 * (3 * 64 + sum(a * b for a, b in itertools.pairwise(down)))
    up_in = [512, *(2 * width for width in skip)]
    kernels += 16 * sum(a * b for a, b in zip(up_in, [*skip, 3], strict=True))
    extras = 64 + 2 * sum(down[1:]) + 2 * sum(skip) + 3
    assert pix2pix.generator(pix2pix.PUBLISHED, 256).count_params() == kernels + extras
    judge = pix2pix.discriminator(64, 3, normalised=True)
    expected = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 2 * (128 + 256 + 512) + 1
    assert judge.count_params() == expected
    assert judge(np.zeros((1, 256, 256, 6), np.float32)).shape == (1, 32, 32, 1)


def test_the_generator_takes_any_multiple_and_the_patches_see_what_they_should() -> None:
    network = pix2pix.generator((8, 8, 8))
    assert network(np.zeros((1, 64, 40, 3), np.float32)).shape == (1, 64, 40, 3)
    judge = pix2pix.discriminator(4, 2)
    base = np.zeros((1, 96, 96, 6), np.float32)
    touched = base.copy()
    touched[0, 48, 48] = 1
    seen = np.abs(numpy_of(judge(touched)) - numpy_of(judge(base)))[0, ..., 0] > 1e-7
    rows = np.flatnonzero(seen.any(1))
    # 34 px of reach at a stride of 4: at most nine logits in a row look at one pixel.
    assert 7 <= rows[-1] - rows[0] + 1 <= 9


def test_mistakes_are_answered_with_what_is_possible() -> None:
    with pytest.raises(UserError, match="halves its picture"):
        Pix2Pix(size=40)
    with pytest.raises(UserError, match="no such source"):
        Pix2Pix(**TINY, source="sketchy")
    with pytest.raises(UserError, match="0 to 1"):
        Pix2Pix(**TINY, redrawn=1.5)


def test_every_loss_and_limit_of_the_game_can_be_chosen(pairs: list[Pair]) -> None:
    chosen = {
        "hinge": {"loss": "hinge", "spectral_norm": True},
        "wasserstein": {"loss": "wasserstein", "gradient_penalty_weight": 10.0},
        "relativistic": {"loss": "relativistic", "r1_weight": 1.0, "augmentation": "fixed"},
    }
    for options in chosen.values():
        recipe = Pix2Pix(**TINY, **options)
        batch = PairStream(recipe, pairs, 0).batch(0)
        for phase in recipe.phases:
            trained = recipe.networks[phase.name].trainable_variables
            (value, logs), gradients = backend.value_and_gradients(
                lambda phase=phase, batch=batch: phase.loss(batch), trained
            )
            batch |= {name: logs[name] for name in phase.hands_on}
            assert np.isfinite(float(value))
            assert max(float(ops.max(ops.abs(gradient))) for gradient in gradients) > 0


def test_card_tells_the_runtime_what_a_source_is(pairs: list[Pair]) -> None:
    recipe = Pix2Pix(**TINY)
    card = recipe.card(PairStream(recipe, pairs, 0))
    assert (card["size"], card["whole"], card["drawing"]) == (32, False, True)  # each of these pairs has a mask
    assert len(card["colours"]) == len(pairs) and all(len(colour) == 7 for colour in card["colours"])
    plain = Pix2Pix(**TINY, source="picture")
    bare = [replace(pair, mask=None) for pair in pairs]
    assert "drawing" not in plain.card(PairStream(plain, pairs, 0)) and plain.card(PairStream(plain, bare, 0))["whole"]


def test_drawings_are_judged_as_they_are_used(pairs: list[Pair]) -> None:
    """Each one painted: else KID would judge the colour that nobody gave. Training keeps its own share."""
    recipe = Pix2Pix(**TINY, painted=1e-9, redrawn=0.0)
    stream = PairStream(recipe, pairs, 0)
    shown = []
    networks = {"generator": lambda source, training: shown.append(source) or source}
    recipe.evaluation(networks, stream, recipe.batch_size)
    bare, painted = stream.batch(0)["source"], shown[0]
    assert bare.max() == painted.max() and (bare - painted).max(axis=(1, 2, 3)).min() > 0.05
    assert np.array_equal(stream.batch(0)["source"], bare)


def test_it_learns_to_fill_drawings_with_the_painted_colour() -> None:
    """A miniature of benchmarks/sketches.py: on drawings of garments it never saw, against two floors."""
    from muslin.data.pairs import HELD_OUT_SEED
    from muslin.training.engine import train

    keras.utils.set_random_seed(0)
    recipe = Pix2Pix(size=32, widths=(16, 32, 48), discriminator_width=8, batch_size=8, painted=1.0, learning_rate=2e-3)
    stream = PairStream(recipe, rendered(range(48), 40, plain=True), 0)
    unseen = PairStream(recipe, rendered(range(HELD_OUT_SEED, HELD_OUT_SEED + 16), 40, plain=True), 1)
    train(recipe, stream, images=8 * 150, preview_every_images=0, screen=False)
    held = [unseen.batch(seen) for seen in (0, 8)]
    sources, targets = (np.concatenate([batch[name] for batch in held]) for name in ("source", "target"))
    made = numpy_of(recipe.networks["generator"](sources, training=False))
    mean = np.mean([stream.batch(seen)["target"].mean(axis=0) for seen in range(0, 48, 8)], axis=0)
    error, drawing, average = (np.abs(other - targets).mean() for other in (made, sources, mean[None]))
    assert error < 0.85 * min(drawing, average), (error, drawing, average)

"""cyclegan against the paper's formulas, computed here in NumPy from separate passes."""

import numpy as np
import pytest
from keras import ops

from muslin import backend
from muslin.data.domains import Domain
from muslin.errors import UserError
from muslin.recipes.cyclegan import CycleGAN, draw_pool
from muslin.recipes.translation import TranslationStream, class_weights

TINY = {"size": 32, "batch_size": 2, "channels": 8, "blocks": 2}


def pictures(seed, count=6, size=32):
    return np.random.default_rng(seed).integers(0, 255, (count, size, size, 3), dtype=np.uint8)


def numbers(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), np.float64)


@pytest.mark.parametrize("masked", [False, True])
def test_a_step_has_the_losses_of_the_paper(masked):
    recipe = CycleGAN(**TINY, preset="published", adversarial_weight=2.0, loss="least_squares", r1_weight=0.0)
    batch = recipe.stream({"a": pictures(0), "b": pictures(1)}, 3).batch(0)
    if masked:
        batch["source_mask"][:, :, 12:] = 0
        batch["target_mask"][:, 20:] = 0
    loss, logs = recipe.generator_loss(batch)
    x, y, in_x, in_y = batch["source"], batch["target"], batch["source_mask"], batch["target_mask"]
    g, f = recipe.networks["generator"], recipe.networks["generator_back"]
    judge_y, judge_x = (recipe.networks[f"discriminator_{kind}"] for kind in ("target", "source"))

    def painted(network, images, mask):
        made = numbers(network(images.astype(np.float32)))
        return (made * mask + images * (1 - mask)).astype(np.float32)

    def l1(a, b, mask):  # equation 2, over the garment
        return np.abs(a - b)[np.broadcast_to(mask, a.shape) > 0].mean()

    fake_y, fake_x = painted(g, x, in_x), painted(f, y, in_y)
    adversarial = np.mean((numbers(judge_y(fake_y)) - 1) ** 2) + np.mean((numbers(judge_x(fake_x)) - 1) ** 2)
    cycle = l1(numbers(f(fake_y)), x, in_x) + l1(numbers(g(fake_x)), y, in_y)
    identity = l1(numbers(g(y)), y, in_y) + l1(numbers(f(x)), x, in_x)  # section 5.2: half of lambda
    assert np.isclose(float(loss), adversarial + 10 * cycle + 5 * identity, rtol=1e-4), logs

    loss, _ = recipe.discriminator_loss(batch | logs)  # judges the fakes of the generator's step
    expected = 0.0
    for judge, real, fake in ((judge_y, y, fake_y), (judge_x, x, fake_x)):
        expected += 0.5 * np.mean((numbers(judge(real)) - 1) ** 2) + 0.5 * np.mean(numbers(judge(fake)) ** 2)
    assert np.isclose(float(loss), expected, rtol=1e-4)


def test_nothing_outside_the_mask_is_learned():
    recipe = CycleGAN(**TINY)
    batch = recipe.stream({"a": pictures(0), "b": pictures(1)}, 3).batch(0)
    batch["source_mask"][:] = batch["target_mask"][:] = 0
    trained = recipe.networks["generator"].trainable_variables
    _, gradients = backend.value_and_gradients(lambda: recipe.generator_loss(batch), trained)
    assert max(np.abs(numbers(gradient)).max() for gradient in gradients) == 0


def test_the_pool_is_the_authors_pool():
    """Numbers instead of pictures, and their ImagePool.query in plain Python with the same draws."""
    recipe = CycleGAN(**TINY, pool=5)  # of which whole batches of two fill four
    kept: list[float] = []
    for step in range(12):
        places, shown, stored = draw_pool(np.random.default_rng(step), 5, 2, step * 2)
        batch = {"pool_place_target": np.eye(5, dtype=np.float32)[places]}
        batch |= {"pool_shown_target": shown.reshape(-1, 1, 1, 1), "pool_stored_target": stored.reshape(-1, 1, 1, 1)}
        fakes = np.arange(2) + 10.0 * step + 1
        pictures_of_numbers = np.ones((2, 32, 32, 3), np.float32) * fakes.reshape(-1, 1, 1, 1).astype(np.float32)
        latest = numbers(recipe.remember("target", pictures_of_numbers, batch))
        expected = []
        for fake, place, swap in zip(fakes, places, shown, strict=True):
            if len(kept) < 4:
                kept.append(fake)
                expected.append(fake)
            elif swap:
                expected.append(kept[place])
                kept[place] = fake
            else:
                expected.append(fake)
        pool = numbers(recipe.kept("pool_target").value)
        np.testing.assert_allclose(latest[:, 5, 5, 0], expected, atol=1e-4)
        np.testing.assert_allclose(pool[: len(kept), 9, 9, 1], kept, atol=1e-4)
    draws = [draw_pool(np.random.default_rng(seed), 50, 4, 1000) for seed in range(400)]
    assert abs(np.mean([shown.mean() for _, shown, _ in draws]) - 0.5) < 0.05
    assert all(len(set(places.tolist())) == 4 for places, _, _ in draws)


def test_a_batch_is_a_function_of_seed_and_images_seen_and_masks_are_mirrored_with_their_pictures():
    masks = pictures(2)[..., 0]
    source = Domain("a", np.repeat(masks[..., None], 3, 3), masks, tuple("abcdef"))
    stream = TranslationStream(source, source, 4, 7, lambda rng, batch, seen: {})
    again = TranslationStream(source, source, 4, 7, lambda rng, batch, seen: {})
    for seen in (0, 4, 400):
        first, second = stream.batch(seen), again.batch(seen)
        assert all((first[name] == second[name]).all() for name in first)
        for kind in ("source", "target"):
            np.testing.assert_allclose((first[kind][..., :1] + 1) / 2, first[f"{kind}_mask"], atol=1e-6)
    assert (stream.batch(0)["source"] != stream.batch(4)["source"]).any()


def test_sources_come_in_the_classes_of_the_targets():
    weights = class_weights(("shirt/1", "shirt/2", "hat/1", "dress/1"), ("dress/7", "dress/8", "dress/9", "shirt/5"))
    np.testing.assert_allclose(weights, [1 / 8, 1 / 8, 0, 3 / 4])
    assert class_weights(("trainA/1", "trainA/2"), ("trainB/1", "trainB/2")) is None


def test_choices_that_cannot_be_meant():
    with pytest.raises(UserError, match="pool"):
        CycleGAN(size=32, pool=2, batch_size=4)

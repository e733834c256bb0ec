"""cut against the paper's formulas, computed here in NumPy from separate passes, as the authors' code makes them."""

import numpy as np
import pytest
from keras import ops

from muslin import backend, losses
from muslin.errors import UserError
from muslin.networks import translators
from muslin.recipes.cut import CUT, draw_places

TINY = {"size": 32, "batch_size": 2, "channels": 8, "blocks": 2, "patches": 6, "units": 8}


def pictures(seed, count=6, size=32):
    return np.random.default_rng(seed).integers(0, 255, (count, size, size, 3), dtype=np.uint8)


def with_masks(batch, side=12):
    """The left part of each source and the right part of each target is garment."""
    batch["source_mask"][:, :, side:] = 0
    batch["target_mask"][:, :, :-side] = 0
    return batch


def reference_nce(query, key, temperature):
    """Equation 3 of CUT, word for word: -log(exp(v v+ / t) / (exp(v v+ / t) + sum exp(v v- / t))), N,P,C."""
    terms = []
    for queries, keys in zip(query, key, strict=True):
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        keys = keys / np.linalg.norm(keys, axis=1, keepdims=True)
        for index, v in enumerate(queries):
            positive = np.exp(v @ keys[index] / temperature)
            negative = sum(np.exp(v @ other / temperature) for j, other in enumerate(keys) if j != index)
            terms.append(-np.log(positive / (positive + negative)))
    return float(np.mean(terms))


def numbers(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), np.float64)


def test_patch_nce_of_two_patches():
    two = np.eye(2, dtype=np.float32)[None]
    exact = np.log(1 + np.exp(-1 / 0.07))
    assert np.isclose(float(losses.patch_nce(two * 3, two * 0.2)), exact, atol=1e-6)  # lengths do not matter
    assert np.isclose(float(losses.patch_nce(two, two[:, ::-1])), np.log(1 + np.exp(1 / 0.07)), atol=1e-5)
    same = np.ones((1, 5, 3), np.float32)
    assert np.isclose(float(losses.patch_nce(same, same)), np.log(5), atol=1e-6)  # nothing to tell them apart by
    rng = np.random.default_rng(0)
    query, key = rng.normal(size=(2, 3, 7, 4)).astype(np.float32)
    assert np.isclose(float(losses.patch_nce(query, key, 0.3)), reference_nce(query, key, 0.3), atol=1e-5)


@pytest.mark.parametrize("preset", ["cut", "fast"])
def test_a_step_has_the_losses_of_the_paper(preset):
    recipe = CUT(**TINY, preset=preset, adversarial_weight=2.0, loss="least_squares", r1_weight=0.0)
    batch = with_masks(recipe.stream({"a": pictures(0), "b": pictures(1)}, 3).batch(0))
    loss, logs = recipe.generator_loss(batch)

    generator, judge = recipe.networks["generator"], recipe.networks["discriminator"]
    encode = translators.features(generator, output=False)

    def paint(images, mask):
        return numbers(generator(images)) * mask + images * (1 - mask)

    def nce(images, made, rows):
        queries, keys = encode(made.astype(np.float32)), encode(images)
        values = []
        for features in (queries, keys):
            picked = []
            for layer, feature in enumerate(features):
                flat = numbers(feature).reshape(len(images), -1, feature.shape[-1])
                places = batch[f"places{layer}"][rows]
                picked.append(np.stack([flat[i][places[i]] for i in range(len(images))]).astype(np.float32))
            values.append([numbers(value) for value in recipe.networks["projector"](picked)])
        return np.mean([reference_nce(q, k, recipe.temperature) for q, k in zip(*values, strict=True)])

    fake = paint(batch["source"], batch["source_mask"])
    least_squares = np.mean((numbers(judge(fake.astype(np.float32))) - 1) ** 2)  # LSGAN, as CUT's equation 1 is run
    expected = least_squares + (1 if preset == "cut" else 10) * nce(batch["source"], fake, slice(0, 2))
    if preset == "cut":
        same = paint(batch["target"], batch["target_mask"])
        expected += nce(batch["target"], same, slice(2, 4))
    assert np.isclose(float(loss), expected, rtol=1e-4), logs

    loss, _ = recipe.discriminator_loss(batch | logs)  # judges the fakes of the generator's step
    real, made = numbers(judge(batch["target"])), numbers(judge(fake.astype(np.float32)))
    assert np.isclose(float(loss), 0.5 * np.mean((real - 1) ** 2) + 0.5 * np.mean(made**2), rtol=1e-4)


def test_flip_equivariance_compares_what_belongs_together():
    """FastCUT: G sees the mirrored source; the features of its output are mirrored back before they are compared."""
    recipe = CUT(**TINY, flip_equivariance=True, preset="fast")
    batch = with_masks(recipe.stream({"a": pictures(0), "b": pictures(1)}, 3).batch(0))
    assert recipe.more_draws(np.random.default_rng(0), batch, 0)["flip"].item() in (0.0, 1.0)
    generator = recipe.networks["generator"]
    encode = translators.features(generator, output=False)
    for flip in (0, 1):
        way = -1 if flip else 1
        seen, mask = batch["source"][:, :, ::way], batch["source_mask"][:, :, ::way]
        made = numbers(generator(np.ascontiguousarray(seen))) * mask + seen * (1 - mask)
        queries = [numbers(feature)[:, :, ::way].astype(np.float32) for feature in encode(made.astype(np.float32))]
        rows = slice(0, 2)
        expected = float(recipe.contrast(queries, encode(batch["source"]), batch, rows))
        batch["flip"] = np.full((1, 1, 1, 1), flip, np.float32)
        assert np.isclose(float(recipe.generator_loss(batch)[1]["nce"]), expected, rtol=1e-4)


def test_nothing_outside_the_mask_can_be_learned_or_changed():
    recipe = CUT(**TINY, nce_weight=0.0)
    batch = recipe.stream({"a": pictures(0), "b": pictures(1)}, 3).batch(0)
    trained = recipe.networks["generator"].trainable_variables
    _, gradients = backend.value_and_gradients(lambda: recipe.generator_loss(batch), trained)
    assert max(np.abs(numbers(gradient)).max() for gradient in gradients) > 1e-6
    batch["source_mask"][:] = 0
    _, gradients = backend.value_and_gradients(lambda: recipe.generator_loss(batch), trained)
    assert max(np.abs(numbers(gradient)).max() for gradient in gradients) == 0
    images, masks = pictures(5, 3), np.zeros((3, 32, 32), np.uint8)
    masks[:, 8:20, 8:20] = 255
    made = recipe.translate(recipe.networks["generator"], images, masks)
    assert (made[masks == 0] == images[masks == 0]).all() and (made != images).any()


def test_places_are_different_and_inside_the_garment_first():
    masks = np.zeros((3, 32, 32, 1), np.float32)
    masks[0, 8:24, 8:24] = masks[1, :8, :8] = 1
    places = draw_places(np.random.default_rng(0), masks, 4, 10)
    rows, columns = places // 8, places % 8
    assert all(len(set(row)) == 10 for row in places.tolist()) and places.max() < 64
    assert ((rows[0] >= 2) & (rows[0] < 6) & (columns[0] >= 2) & (columns[0] < 6)).all()
    assert ((rows[1] < 2) & (columns[1] < 2)).sum() == 4  # only four places lie inside: all of them, and six others


def test_choices_that_cannot_be_meant():
    for options, words in (
        ({"preset": "slow"}, "preset"),
        ({"size": 90}, "multiples of 8"),
        ({"channels": 12}, "multiples of 8"),
        ({"patches": 65, "size": 32}, "2 to 64"),
        ({"network": "huge"}, "published"),
        ({"masks": "drawn"}, "given"),
    ):
        with pytest.raises(UserError, match=words):
            CUT(**options)

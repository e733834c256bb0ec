from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from muslin.garments.pieces import PANEL, ROLES, WHOLE
from muslin.garments.shading import integrate
from muslin.networks.fields import PANELS, field_network, pieces_network
from muslin.networks.garment_layers import AffineWarp
from muslin.recipes.drape import (
    Drape,
    panel_and_warp_error,
    pieces_error,
    print_error,
    shading_error,
    slope_error,
    trend_error,
    true_slopes,
)


@pytest.fixture(scope="module")
def recipe() -> Drape:
    return Drape(size=64, batch_size=4, widths=(8, 16, 24), fine_batches=0)


def batch(recipe: Drape) -> dict[str, np.ndarray]:
    return recipe.stream(None, 3).batch(0)


def test_an_untrained_generator_is_the_classical_baseline(recipe: Drape) -> None:
    """Slopes = 0.9 of the differences of log luminance's channels inside the garment, no trend, no warp."""
    given = batch(recipe)
    fields = field_network((8, 16, 24))([given["image"], given["mask"]])
    log = np.log(((given["image"] + 1) / 2) ** 2.2 + 0.004) @ np.array([0.2126, 0.7152, 0.0722])
    inside = given["mask"][..., 0] > 0.5
    expected = 0.9 * (log[:, :, 1:] - log[:, :, :-1]) * inside[:, :, 1:] * inside[:, :, :-1]
    slopes = ops.convert_to_numpy(fields["slopes"])
    np.testing.assert_allclose(slopes[:, :, :-1, 0], expected, atol=2e-3)
    assert np.abs(slopes[:, :, -1, 0]).max() == 0
    assert np.abs(ops.convert_to_numpy(fields["warp"])).max() == 0
    assert np.abs(ops.convert_to_numpy(fields["trend"])).max() == 0
    sewn = pieces_network(8)([*map(ops.convert_to_tensor, (given["image"], given["mask"])), fields["known"]])
    roles, grain = ops.convert_to_numpy(sewn["roles"]), ops.convert_to_numpy(sewn["grain"])
    for panel in range(PANELS):  # each panel is one piece, its grain upright
        assert (roles[..., np.array(PANEL) == panel] > 0).sum(-1).min() == 1
    np.testing.assert_array_equal(grain, np.broadcast_to([1.0, 0.0], grain.shape))


def test_errors_are_zero_at_the_answer(recipe: Drape) -> None:
    given = batch(recipe)
    assert float(slope_error(true_slopes(given), given)) == pytest.approx(0, abs=1e-6)
    assert float(shading_error(given["shading"], given)) == pytest.approx(0, abs=1e-5)
    coarse = ops.average_pool(given["shading"] * given["mask"], 4, 4) / (ops.average_pool(given["mask"], 4, 4) + 1e-3)
    assert float(trend_error(coarse, given)) == pytest.approx(0, abs=1e-6)


def test_a_trend_that_is_off_by_a_constant_costs_that_constant(recipe: Drape) -> None:
    given = batch(recipe)
    weight = ops.average_pool(given["mask"], 4, 4)
    coarse = ops.average_pool(given["shading"] * given["mask"], 4, 4) / (weight + 1e-3)
    total = float(ops.sum(weight))
    assert float(trend_error(coarse + 0.25, given)) == pytest.approx(0.25 * total / (total + 1), rel=1e-3)


def test_a_shading_is_compared_but_for_its_mean(recipe: Drape) -> None:
    """Exposure is no fold: a constant costs nothing. An error of +-0.2 about its mean costs 0.2, absolute or square."""
    given = batch(recipe)
    assert float(shading_error(given["shading"] + 0.7, given)) == pytest.approx(0, abs=1e-5)
    sign = (-1.0) ** np.arange(64, dtype=np.float32)[None, None, :, None]
    found = float(shading_error(given["shading"] + 0.2 * sign, given))
    assert found == pytest.approx(0.2, rel=0.02)


def test_of_two_errors_of_one_mean_the_one_in_few_places_costs_more(recipe: Drape) -> None:
    """Half of the mean absolute error, half of the root mean square: an eighth of the places, eight times the error."""
    given = batch(recipe)
    given |= {"mask": np.ones((4, 64, 64, 1), np.float32), "shading": np.zeros((4, 64, 64, 1), np.float32)}
    sign = (-1.0) ** np.arange(64, dtype=np.float32)[None, None, :, None]
    few = np.zeros((1, 64, 1, 1), np.float32)
    few[:, ::8] = 1
    even, here = float(shading_error(0.1 * sign + 0 * few, given)), float(shading_error(0.8 * sign * few, given))
    assert even == pytest.approx(0.1, abs=1e-3)
    assert here == pytest.approx(0.05 + 0.05 * 8**0.5, abs=1e-3)


def test_nothing_known_is_nothing_to_learn(recipe: Drape) -> None:
    given = batch(recipe)
    given["known"] = given["known"] * 0
    assert float(slope_error(true_slopes(given) + 1, given)) == pytest.approx(0, abs=1e-6)
    assert float(trend_error(ops.ones((4, 16, 16, 1)), given)) == 0
    assert float(shading_error(ops.ones((4, 64, 64, 1)), given)) == pytest.approx(0, abs=1e-6)
    assert float(print_error(ops.ones((4, 64, 64, 1)), given)) == 0


def test_print_error_is_the_cross_entropy_well_inside_the_garment(recipe: Drape) -> None:
    given = batch(recipe)
    count = float((given["mask"] > 0.95).sum())
    undecided = ops.zeros((4, 64, 64, 1))
    assert float(print_error(undecided, given)) == pytest.approx(np.log(2) * count / (count + 1), rel=1e-4)
    hard = given | {"print": (given["print"] > 0.5).astype(np.float32)}
    assert float(print_error(20 * (2 * hard["print"] - 1), hard)) < 1e-6
    assert float(print_error(-20 * (2 * hard["print"] - 1), hard)) > 19


def test_long_differences_punish_a_bias_more_than_noise(recipe: Drape) -> None:
    """The same mean absolute error: as a bias it would tilt the garment, as alternating noise it would vanish."""
    given = batch(recipe)
    inside = ops.cast(given["mask"] > 0.5, "float32")
    sign = (-1.0) ** np.arange(64, dtype=np.float32)[None, None, :, None]
    bias = slope_error(true_slopes(given) + 0.1 * inside, given)
    noise = slope_error(true_slopes(given) + 0.1 * inside * sign, given)
    assert float(bias) > 1.5 * float(noise)


def test_true_slopes_integrate_to_the_shading(recipe: Drape) -> None:
    given = batch(recipe)
    slopes = ops.convert_to_numpy(true_slopes(given))
    for index in range(4):
        mask, shading = given["mask"][index], given["shading"][index, ..., 0]
        trend = cv2.resize(shading, (16, 16), interpolation=cv2.INTER_AREA)[..., None]
        found = integrate(slopes[index], trend, mask)
        inside = mask[..., 0] > 0.95
        error = (found - shading)[inside]
        assert np.abs(error - error.mean()).mean() < 0.05
        assert np.corrcoef(found[inside], shading[inside])[0, 1] > 0.97


def test_the_pose_is_learned_at_the_size_at_which_it_is_read(recipe: Drape) -> None:
    """A loss of twice the side leaves panels and warp out, which both sides log, and asks for no pieces at all."""
    given = batch(recipe)
    large = {
        key: np.repeat(np.repeat(value, 2, 1), 2, 2) if value.shape[1] > 1 else value for key, value in given.items()
    }
    for shown, posed in ((given, True), (large, False)):
        loss, logs = recipe.generator_loss(shown)
        weights = {"slopes": 2.0, "trend": 1.0, "print": 0.4, "light": 1.0, "whole": 4.0, "adversarial": 0.02}
        light = sum(weight * float(logs[name]) for name, weight in weights.items())
        pose = 0.2 * float(logs["panels"]) + 6 * (float(logs["warp"]) + 2 * float(logs["bend"]))
        assert ("roles" in logs, "grain" in logs) == (posed, posed)
        pose += 0.2 * sum(float(logs[name]) for name in ("roles", "grain") if posed)
        assert pose > 0.1
        assert float(loss) == pytest.approx(light + posed * pose, rel=1e-4)


def test_panels_of_one_rotation_are_an_affine_warp() -> None:
    """The pose head's field for a turn by a small angle is that turn, at every place."""
    angle = 0.1
    parameters = np.zeros((1, 6 * PANELS), np.float32)
    parameters[0, :6] = [0, -angle, 0, angle, 0, 0.5]
    field = ops.convert_to_numpy(AffineWarp()(parameters, np.zeros((1, 4, 8, 1), np.float32)))
    y, x = np.meshgrid((np.arange(4) + 0.5) / 2 - 1, (np.arange(8) + 0.5) / 4 - 1, indexing="ij")
    np.testing.assert_allclose(field[0, ..., 0], -angle * y, atol=1e-6)
    np.testing.assert_allclose(field[0, ..., 1], angle * x + 0.5, atol=1e-6)
    assert np.abs(field[0, ..., 2:]).max() == 0


def test_panel_and_warp_errors_by_hand() -> None:
    panels = np.zeros((1, 8, 8), np.int32)
    panels[0, :, 4:] = 2
    warp = np.zeros((1, 4, 4, 2), np.float32)
    logits = np.zeros((1, 8, 8, PANELS), np.float32)
    fields = {"panels": ops.convert_to_tensor(logits), "warp": ops.ones((1, 4, 4, 2 * PANELS)) * 0.1}
    known = {"panels": panels, "warp": warp, "posed": np.ones((1, 1, 1, 1), np.float32)}
    entropy, distance, bend = panel_and_warp_error(fields, known)
    assert float(entropy) * 32 / 33 == pytest.approx(np.log(PANELS) * (32 / 33) ** 2, rel=0.05)
    assert float(distance) == pytest.approx(0.2 * 8 / 9, rel=1e-5)  # |x| + |y|, 8 known cells, + 1 in the area
    assert float(bend) == pytest.approx(0, abs=1e-6)
    again, distance, _ = panel_and_warp_error(fields, {**known, "posed": np.zeros((1, 1, 1, 1), np.float32)})
    assert float(again) == float(entropy) and float(distance) == 0  # a photo's panels may be known, its warp never is


def test_pieces_error_by_hand() -> None:
    """Of 4x4 px 4 are a front, 4 a pocket, which count twice; the network says that both are equally likely."""
    roles = np.zeros((1, 4, 4), np.int32)
    roles[0, 0], roles[0, 1] = 1, 1 + ROLES.index("pocket")
    logits = np.full((1, 4, 4, len(ROLES)), -1e4, np.float32)
    logits[..., [0, ROLES.index("pocket")]] = 0
    grain = np.zeros((1, 2, 2, 2), np.float32)
    given = {"roles": roles, "grain": np.full((1, 2, 2, 2), 0.25, np.float32)}
    entropy, turned = pieces_error(
        {"roles": ops.convert_to_tensor(logits), "grain": ops.convert_to_tensor(grain)}, given
    )
    assert float(entropy) == pytest.approx(np.log(2) * 12 / 13, rel=1e-5)
    assert float(turned) == pytest.approx(0.5 * 2 / 3, rel=1e-5)  # two of the four cells are known, + 1 in the area
    given["roles"] = np.zeros_like(roles)
    assert float(pieces_error({"roles": logits, "grain": grain}, given)[0]) == 0


def test_pieces_are_learned_by_their_own_network_and_teach_the_other_nothing(recipe: Drape) -> None:
    """Other answers about pieces leave what the light is read from as it was."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are asked of TensorFlow")
    import tensorflow as tf

    given, weights = batch(recipe), recipe.networks["generator"].trainable_variables
    other = {
        **given,
        "roles": np.where(given["roles"] > 0, 1 + given["roles"] % len(ROLES), 0),
        "grain": -given["grain"],
    }
    found = []
    for shown in (given, other):
        with tf.GradientTape() as tape:
            loss, _ = recipe.generator_loss(shown)
        own, theirs = tape.gradient(loss, [weights, recipe.networks["pieces"].trainable_variables])
        found.append(([np.asarray(one) for one in own if one is not None], [np.asarray(one) for one in theirs]))
    for one, two in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)
    assert max(float(np.abs(one - two).max()) for one, two in zip(found[0][1], found[1][1], strict=True)) > 1e-3


def test_it_learns_what_a_garment_is_sewn_from() -> None:
    """On rendered garments it never saw: more of their pixels in the right role than where each panel is one piece."""
    from muslin.training.engine import train

    keras.utils.set_random_seed(0)
    recipe = Drape(size=64, batch_size=8, widths=(16, 24, 32), learning_rate=5e-3, fine_batches=0)
    unseen = replace(recipe.stream(None, 0), first_garment=2**31)
    held = [unseen.batch(seen) for seen in (0, 8, 16)]

    def right() -> float:
        """Share of the pixels of small pieces in their own role."""
        shares = []
        for given in held:
            fields = recipe.networks["generator"]([given["image"], given["mask"]])
            found = recipe.networks["pieces"](
                [*map(ops.convert_to_tensor, (given["image"], given["mask"])), fields["known"]]
            )["roles"]
            small = given["roles"] > WHOLE
            shares.append((ops.convert_to_numpy(found).argmax(-1) + 1 == given["roles"])[small].mean())
        return float(np.mean(shares))

    before = right()
    train(recipe, recipe.stream(None, 0), images=8 * 150, preview_every_images=0, screen=False)
    assert before < 0.1 and right() > 0.25, (before, right())


def test_only_the_known_shadings_count_as_real(recipe: Drape) -> None:
    given = batch(recipe)
    given["fake"] = recipe.generator_loss(given)[1]["fake"]
    loss, logs = recipe.discriminator_loss(given)
    assert np.isfinite(float(loss)) and 0 <= float(logs["real_accuracy"]) <= 1
    given["known"] = given["known"].copy()
    given["known"][0] = 0
    given["shading"] = given["shading"].copy()
    given["shading"][0] = np.nan_to_num(given["shading"][0]) + 50  # nonsense where nothing is known
    again, _ = recipe.discriminator_loss(given)
    assert float(again) < float(loss) + 5


def test_it_learns_to_see_the_folds_under_the_print() -> None:
    """A miniature of the benchmark: on rendered garments it never saw, better than the luminance it starts from."""
    from muslin.training.engine import train

    keras.utils.set_random_seed(0)
    recipe = Drape(size=64, batch_size=8, widths=(16, 24, 32, 48), learning_rate=2e-3)
    unseen = replace(recipe.stream(None, 0), first_garment=2**31)
    held = [unseen.batch(seen) for seen in (0, 8)]

    def error() -> float:
        """Of the integrated shading, both centred, over 16 garments."""
        errors = []
        for given in held:
            fields = recipe.networks["generator"]([given["image"], given["mask"]])
            slopes, trend = (ops.convert_to_numpy(fields[name]) for name in ("slopes", "trend"))
            for index, mask in enumerate(given["mask"]):
                wrong = integrate(slopes[index], trend[index], mask) - given["shading"][index, ..., 0]
                wrong = wrong[mask[..., 0] > 0.95]
                errors.append(np.abs(wrong - wrong.mean()).mean())
        return float(np.mean(errors))

    before = error()
    history = train(recipe, recipe.stream(None, 0), images=8 * 120, preview_every_images=0, screen=False)
    assert error() < 0.75 * before, (before, error(), history.records[-1])

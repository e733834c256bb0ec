import keras
import numpy as np
import pytest
from keras import ops

from muslin.networks.fields import PANELS, field_network
from muslin.recipes.drape import Drape, panel_and_warp_error


@pytest.fixture(scope="module")
def recipe() -> Drape:
    return Drape(size=64, batch_size=4, widths=(8, 16, 24))


def batch(recipe: Drape) -> dict[str, np.ndarray]:
    return recipe.stream(None, 3).batch(0)


def test_an_untrained_generator_is_the_classical_baseline(recipe: Drape) -> None:
    """Shading = 0.88 of the centred log luminance, no warp."""
    given = batch(recipe)
    fresh = field_network((8, 16, 24))
    fields = fresh([given["image"], given["mask"]])
    linear = ((given["image"] + 1) / 2) ** 2.2
    log = np.log(linear @ np.array([0.2126, 0.7152, 0.0722]) + 0.004)[..., None]
    mask = given["mask"]
    log = (log - (log * mask).sum((1, 2), keepdims=True) / mask.sum((1, 2), keepdims=True)) * mask
    np.testing.assert_allclose(ops.convert_to_numpy(fields["shading"]), log / (1 + np.exp(-2.0)), atol=2e-3)
    assert float(np.abs(ops.convert_to_numpy(fields["warp"])).max()) == 0


def test_shading_error_is_zero_at_the_answer_and_the_offset_elsewhere(recipe: Drape) -> None:
    given = batch(recipe)
    mean, detail = recipe.shading_error(ops.convert_to_tensor(given["shading"]), given)
    assert float(mean) == 0 and float(detail) == 0
    mean, detail = recipe.shading_error(ops.convert_to_tensor(given["shading"] + 0.25), given)
    assert float(mean) == pytest.approx(0.25 * (given["mask"] ** 2).sum() / given["mask"].sum(), rel=0.05)
    given["known"] = given["known"] * 0  # nothing known: nothing to learn from
    assert float(recipe.shading_error(ops.convert_to_tensor(given["shading"] + 1), given)[0]) == 0


def test_panel_and_warp_errors_by_hand() -> None:
    panels = np.zeros((1, 8, 8), np.int32)
    panels[0, :, 4:] = 2
    warp = np.zeros((1, 4, 4, 2), np.float32)
    logits = np.zeros((1, 8, 8, PANELS), np.float32)
    fields = {"panels": ops.convert_to_tensor(logits), "warp": ops.ones((1, 4, 4, 2 * PANELS)) * 0.1}
    entropy, distance, bend = panel_and_warp_error(fields, {"panels": panels, "warp": warp})
    assert float(entropy) * 32 / 33 == pytest.approx(np.log(PANELS) * (32 / 33) ** 2, rel=0.05)
    assert float(distance) == pytest.approx(0.2 * 8 / 9, rel=1e-5)  # |x| + |y|, 8 known cells, + 1 in the area
    assert float(bend) == pytest.approx(0, abs=1e-6)


def test_only_the_known_shadings_count_as_real(recipe: Drape) -> None:
    given = batch(recipe)
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
    held = recipe.stream(None, 10_000).batch(0), recipe.stream(None, 10_000).batch(8)

    def error() -> float:
        found = [recipe.shading_error(recipe.networks["generator"]([b["image"], b["mask"]])["shading"], b)[0] for b in held]
        return float(np.mean([float(value) for value in found]))

    before = error()
    history = train(recipe, recipe.stream(None, 0), images=8 * 120, preview_every_images=0, screen=False)
    assert error() < 0.7 * before, (before, error(), history.records[-1])

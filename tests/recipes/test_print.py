"""`print`: two renderers that agree, networks that know no border, and a rule that is learned."""

import keras
import numpy as np
import pytest
from keras import ops

from muslin.data.print_truth import DotsOnLightBands, obeyed
from muslin.data.prints import embedded_looks, load_looks, look_name
from muslin.errors import UserError
from muslin.images import write_image
from muslin.networks import prints
from muslin.recipes.print import Print, load_weights, save_weights
from muslin.textiles import arrange
from muslin.textiles.arrange import CELLS, LAYERS, NOISE, STYLE
from muslin.training import engine

TINY = {"looks": 3, "batch_size": 4, "widths": (8, 8, 8), "discriminator_widths": (8, 16), "channels": 8}


def inputs(seed: int = 0, units: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    layers = rng.uniform(-1, 1, (1, LAYERS, 64 * units, 64 * units, 3)).astype(np.float32)
    noise = rng.normal(size=(1, LAYERS, CELLS * units, CELLS * units, NOISE)).astype(np.float32)
    shares = np.array([[0.5, 0.3, 0.2, 0.0]], np.float32)
    return [layers, shares, noise, rng.normal(size=(1, STYLE)).astype(np.float32)]


@pytest.fixture(scope="module")
def generator() -> keras.Model:
    keras.utils.set_random_seed(0)
    network = prints.field_generator((8, 8, 8))
    for variable in network.trainable_variables:  # the head starts near zero: give it something to say
        variable.assign(variable.value + 0.1 * keras.random.normal(variable.shape, seed=1))
    return network


def test_moved_cloths_give_moved_fields(generator: keras.Model) -> None:
    layers, shares, noise, code = inputs()
    fields = ops.convert_to_numpy(generator([layers, shares, noise, code])["fields"])
    moved = [np.roll(layers, (12, -8), (2, 3)), shares, np.roll(noise, (3, -2), (2, 3)), code]
    again = ops.convert_to_numpy(generator(moved)["fields"])
    assert np.abs(fields).max() > 0.1
    assert again == pytest.approx(np.roll(fields, (3, -2), (2, 3)), abs=2e-4)


def test_cloths_have_no_order(generator: keras.Model) -> None:
    layers, shares, noise, code = inputs()
    order = [2, 0, 3, 1]
    fields = ops.convert_to_numpy(generator([layers, shares, noise, code])["fields"])
    again = ops.convert_to_numpy(generator([layers[:, order], shares[:, order], noise[:, order], code])["fields"])
    assert again == pytest.approx(fields[:, order], abs=2e-4)


def test_the_painter_knows_no_border_either() -> None:
    keras.utils.set_random_seed(0)
    painter = prints.painter(8)
    rng = np.random.default_rng(0)
    noise, code = rng.normal(size=(1, 8, 8, LAYERS * NOISE)), rng.normal(size=(1, STYLE))
    image = ops.convert_to_numpy(painter([noise, code]))
    again = ops.convert_to_numpy(painter([np.roll(noise, (3, 5), (1, 2)), code]))
    assert image.shape == (1, 64, 64, 3)
    assert again == pytest.approx(np.roll(image, (24, 40), (1, 2)), abs=1e-4)


def test_the_renderer_of_training_is_the_renderer_of_use() -> None:
    rng = np.random.default_rng(0)
    world = DotsOnLightBands(64, 1, seed=3)
    batch = world.batch(0)
    fields = rng.normal(0, 0.4, (1, LAYERS, CELLS, CELLS, arrange.FIELDS)).astype(np.float32)
    fields[..., :2] = 0.0  # the warp is sampled bilinearly here and by cubics there
    cloths = np.rint((batch["cloths"] + 1) * 127.5)
    regular = 0.5  # halfway calmed
    calm = np.array([arrange.calm_of(batch["shares"][0], [regular] * LAYERS)], np.float32)
    assert 0.0 < calm[0] < 1.0
    shown = (cloths / 127.5 - 1).astype(np.float32)
    keras_print, _ = prints.render(shown, batch["shares"], batch["noise"], fields, calm)
    tone = arrange.Tone(np.zeros(3), np.eye(3))
    layers = tuple(
        arrange.Layer(cloth.astype(np.uint8), tone, np.eye(2, dtype=int), (0.0, 0.0), float(share), regular)
        for cloth, share in zip(cloths[0], batch["shares"][0], strict=True)
    )
    one = arrange.Arrangement(layers, (1, 1), tone, batch["noise"][0])
    one.__dict__["toned"] = layers
    used = arrange.render(one, fields[0], 64, 64)
    trained = (ops.convert_to_numpy(keras_print)[0] + 1) * 127.5
    assert np.abs(used - trained).mean() < 0.6
    assert np.quantile(np.abs(used - trained), 0.99) < 4


def test_bilinear_warp_moves_by_whole_pixels_exactly() -> None:
    cloths = np.random.default_rng(0).normal(size=(2, LAYERS, 16, 16, 3)).astype(np.float32)
    shift = np.zeros((2, LAYERS, 16, 16, 2), np.float32)
    shift[..., 0], shift[..., 1] = 3.0, -2.0
    moved = ops.convert_to_numpy(prints._warped(cloths, shift))
    assert moved == pytest.approx(np.roll(cloths, (2, -3), (2, 3)), abs=1e-6)


def test_the_rule_is_scored_by_its_own_answer_and_by_chance() -> None:
    batch = DotsOnLightBands(64, 8).batch(0)
    from muslin.data import print_truth

    light, dark = (np.array(colour, np.float32) for colour in (print_truth.LIGHT, print_truth.DARK))
    bands = ((batch["cloths"][:, 0] - dark) @ (light - dark)) / ((light - dark) @ (light - dark))
    dots = ((batch["cloths"][:, 1] - print_truth.GREY) @ (np.subtract(print_truth.DOT, print_truth.GREY))) / (
        np.square(np.subtract(print_truth.DOT, print_truth.GREY)).sum()
    )
    perfect = np.stack([print_truth.ruled(one, other) for one, other in zip(bands, dots, strict=True)])
    found = obeyed(batch["cloths"], perfect)
    assert found["error"] < 1e-3
    assert found["place"] > 0.93
    assert obeyed(batch["cloths"], batch["cloths"][:, 1])["place"] == pytest.approx(0.5, abs=0.1)


def test_training_learns_what_of_a_cloth_is_its_motif() -> None:
    """A miniature of benchmarks/prints.py rule: an adversary alone tells it what to show of the second cloth."""
    recipe = Print(looks=1, batch_size=4, widths=(8, 16, 16), discriminator_widths=(12, 24, 32), learning_rate=3e-3,
                   r1_weight=0.002, ghosting_weight=0.0, bend_weight=0.0, anchor_weight=0.0)  # fmt: skip
    world = DotsOnLightBands(64, 4)
    tests = [world.batch(10**9 + 4 * number) for number in range(4)]

    def score() -> dict[str, float]:
        found = [obeyed(test["cloths"], ops.convert_to_numpy(recipe.make(test)[0])) for test in tests]
        return {name: float(np.mean([one[name] for one in found])) for name in found[0]}

    before = score()
    engine.train(recipe, world, images=4 * 48, preview_every_images=0, screen=False)
    after = score()
    assert after["motif"] > before["motif"] + 0.08
    assert after["error"] < before["error"] - 0.01


def test_weights_to_learn_on_from_average_the_looks(tmp_path) -> None:
    first = Print(**TINY)
    table = first.networks["style_codes"].weights[0]
    table.assign(np.arange(3)[:, None] * np.ones((3, STYLE)))
    save_weights(first.networks, tmp_path / "training.npz", used=2)
    second = Print(**TINY, begin=str(tmp_path / "training.npz"))
    assert ops.convert_to_numpy(second.networks["style_codes"].weights[0]) == pytest.approx(0.5)
    kernel, again = (one.networks["generator"].weights[0] for one in (first, second))
    assert ops.convert_to_numpy(again) == pytest.approx(ops.convert_to_numpy(kernel), abs=1e-3)
    with pytest.raises(UserError, match="another network"):
        load_weights(Print(**{**TINY, "widths": (8, 8, 16)}).networks, tmp_path / "training.npz")


def test_a_batch_is_a_function_of_images_seen_and_shows_what_it_says() -> None:
    looks = {name: swatches[:2] for name, swatches in list(embedded_looks(2).items())[:3]}
    recipe = Print(**TINY)
    stream, twin = (recipe.stream(looks, 0) for _ in range(2))
    stream.batch(0)
    one, other = stream.batch(40), twin.batch(40)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    assert one["cloths"].shape == (4, LAYERS, 64, 64, 3)
    assert one["shares"].sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert one["look"].sum(axis=1).tolist() == [1.0] * 4
    # cloth and real cloth of a row have one tone: their mean colours agree as swatches of one tone do
    assert np.abs(one["real"].mean((1, 2)) - one["cloths"][:, 0].mean((1, 2))).max() < 0.45


def test_a_folder_of_swatches_is_one_look_and_folders_are_many(tmp_path) -> None:
    (tmp_path / "flat").mkdir()
    for name in ("a", "b", "c"):
        write_image(tmp_path / "flat" / f"{name}.png", np.zeros((40, 40, 3), np.uint8))
    assert {name: len(found) for name, found in load_looks(tmp_path / "flat").items()} == {"flat": 3}
    assert look_name("My Look (2)!") == "my_look_2"
    with pytest.raises(UserError, match="no swatches"):
        (tmp_path / "none").mkdir()
        load_looks(tmp_path / "none")


def test_too_many_looks_and_unknown_syntheses_are_sentences() -> None:
    with pytest.raises(UserError, match="no room"):
        Print(**{**TINY, "looks": 1}).stream({"a": [], "b": []}, 0)
    with pytest.raises(UserError, match="no such synthesis"):
        Print(synthesis="knit")


def test_cloths_tell_each_other_mean_and_maximum_and_nothing_else() -> None:
    """By hand; and what is infinite in one of them makes no other's number none."""
    x = np.random.default_rng(0).normal(size=(2 * LAYERS, 3, 2, 4)).astype(np.float32)
    shares = np.random.default_rng(1).dirichlet(np.ones(LAYERS), 2).astype(np.float32)
    grouped = x.reshape(2, LAYERS, 3, 2, 4)
    mean, most = (grouped * shares[:, :, None, None, None]).sum(1, keepdims=True), grouped.max(1, keepdims=True)
    wanted = np.concatenate([mean, most], -1).repeat(LAYERS, 1).reshape(2 * LAYERS, 3, 2, 8)
    found = ops.convert_to_numpy(prints.AcrossLayers()(x, shares))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    x[0, 0, 0, 0] = np.inf
    assert not np.isnan(ops.convert_to_numpy(prints.AcrossLayers()(x, shares))).any()

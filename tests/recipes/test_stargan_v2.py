"""stargan_v2: losses by hand, streams, networks of the published size, and three colour looks learned in seconds."""

import colorsys
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import ops

from muslin import backend
from muslin.data.domains import Domain
from muslin.errors import UserError
from muslin.networks import stargan_v2 as networks
from muslin.recipes.stargan_v2 import MOST_LOOKS, LookStream, StarGANv2, chosen_looks, garment_kinds
from muslin.training import engine

TINY: dict[str, Any] = {
    "looks": ("red", "green"), "size": 32, "channels": 4, "max_channels": 8, "levels": 1, "style_size": 4,
    "latent_size": 4, "mapping_width": 8, "mapping_depth": 1, "batch_size": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny() -> StarGANv2:
    return StarGANv2(**TINY)


def numbers(values: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(values))


# ---------------------------------------------------------------- one step, by hand

READ = np.array([1.0, -0.5])  # the style encoder's code of a picture, seen as look 0 and 1: its mean times this
DRAW = np.array([2.0, 3.0])  # the mapping network's: the first latent number times this
JUDGE = np.array([1.5, -2.0])  # the discriminator's logits: the mean times this


class ByHand:
    """Four networks simple enough for a pencil; the generator's answer is half the picture plus the style."""

    parts: ClassVar[dict[str, Any]] = {
        "generator": lambda pair: 0.5 * pair[0] + ops.reshape(pair[1], (-1, 1, 1, 1)),
        "style_encoder": lambda x: ops.reshape(ops.mean(x, axis=(1, 2, 3)), (-1, 1, 1)) * READ[:, None],
        "mapping_network": lambda z: ops.reshape(z[:, 0], (-1, 1, 1)) * DRAW[:, None],
        "discriminator": lambda x: ops.reshape(ops.mean(x, axis=(1, 2, 3)), (-1, 1)) * JUDGE,
    }

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, given: Any, training: bool = False) -> Any:
        return ByHand.parts[self.name](given)


@pytest.fixture
def by_hand() -> StarGANv2:
    recipe = StarGANv2(**TINY, style_weight=0.7, cycle_weight=1.3, r1_weight=0.5)
    recipe.networks.update({name: ByHand(name) for name in ByHand.parts})
    return recipe


def a_batch() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    draw = lambda *shape: rng.uniform(-1, 1, shape).astype(np.float32)  # noqa: E731
    mask = np.ones((4, 4, 4, 1), np.float32)
    mask[:, :, 2:] = 0  # the right half is background
    return {
        "source": draw(4, 4, 4, 3), "reference": draw(4, 4, 4, 3), "reference_2": draw(4, 4, 4, 3), "mask": mask,
        "latent": draw(4, 4), "latent_2": draw(4, 4), "diversity_weight": np.full(4, 0.4, np.float32),
        "source_look": np.eye(2, dtype=np.float32)[[0, 1, 0, 1]],
        "target_look": np.eye(2, dtype=np.float32)[[1, 1, 0, 0]],
    }  # fmt: skip


def painted(batch: dict[str, np.ndarray], images: np.ndarray, styles: np.ndarray) -> np.ndarray:
    """The generator by hand: left half painted, right half the input's own."""
    made = images.copy()
    made[:, :, :2] = 0.5 * images[:, :, :2] + styles[:, None, None, None]
    return made


def codes(batch: dict[str, np.ndarray], which: str) -> np.ndarray:
    """Rows 0 and 1 from noise, rows 2 and 3 read off references; each as its target look."""
    look = batch["target_look"].argmax(1)
    noise = batch[f"latent{which}"][:, 0] * DRAW[look]
    read = batch[f"reference{which}"].mean(axis=(1, 2, 3)) * READ[look]
    return np.concatenate([noise[:2], read[2:]])


def softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(x))


def test_generator_loss_is_the_published_sum(by_hand: StarGANv2) -> None:
    """Choi et al. 2020, equations 1 to 5: adversarial + style - diversity + cycle, with their weights."""
    batch = a_batch()
    target, origin = batch["target_look"].argmax(1), batch["source_look"].argmax(1)
    style, other = codes(batch, ""), codes(batch, "_2")
    fake, fake_2 = (painted(batch, batch["source"], s) for s in (style, other))
    own = batch["source"].mean(axis=(1, 2, 3)) * READ[origin]
    expected = {
        "adversarial": softplus(-fake.mean(axis=(1, 2, 3)) * JUDGE[target]).mean(),
        "style": np.abs(fake.mean(axis=(1, 2, 3)) * READ[target] - style).mean(),
        "differing": np.abs(fake - fake_2).mean(),
        "cycle": np.abs(painted(batch, fake, own) - batch["source"]).mean(),
    }
    loss, logs = by_hand.generator_loss(batch)
    for name, value in expected.items():
        assert float(logs[name]) == pytest.approx(value, rel=1e-5), name
    total = (expected["adversarial"] + 0.7 * expected["style"] - 0.4 * expected["differing"]
             + 1.3 * expected["cycle"])  # fmt: skip
    assert float(loss) == pytest.approx(total, rel=1e-5)


def test_discriminator_loss_is_the_published_sum(by_hand: StarGANv2) -> None:
    """Non-saturating loss of the target head; R1 on real pictures, where mean(x) * c has the slope c / pixels."""
    batch = a_batch()
    target = batch["target_look"].argmax(1)
    fake = painted(batch, batch["source"], codes(batch, ""))
    real = batch["reference"].mean(axis=(1, 2, 3)) * JUDGE[target]
    r1 = (JUDGE[target] ** 2 / (4 * 4 * 3)).mean()
    expected = softplus(-real).mean() + softplus(fake.mean(axis=(1, 2, 3)) * JUDGE[target]).mean() + 0.5 * r1
    loss, logs = by_hand.discriminator_loss(batch)
    assert float(logs["r1"]) == pytest.approx(r1, rel=1e-5)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_the_discriminator_does_not_teach_the_style_encoder() -> None:
    recipe = StarGANv2(**TINY, style_weight=0.0, cycle_weight=0.0, diversity_weight=0.0)
    made = recipe.stream(colours(("red", "green"), 6), 0).batch(0)
    batch = {name: ops.convert_to_tensor(values) for name, values in made.items()}
    for name, taught in (("style_encoder", False), ("mapping_network", True), ("generator", True)):
        variables = recipe.networks[name].trainable_variables
        _, gradients = backend.value_and_gradients(lambda: recipe.generator_loss(batch), variables)
        largest = max(float(np.abs(numbers(gradient)).max()) for gradient in gradients)
        assert (largest > 0) == taught, name


# ---------------------------------------------------------------- networks


def test_networks_of_the_published_size_have_the_published_number_of_weights() -> None:
    """The counts that the authors' code prints for 256 px, two domains, without the high-pass skip."""
    built = (
        networks.generator(64, 64, 512, 4, 2, 1),
        networks.mapping_network(2, 16, 64, 512, 4),
        networks.style_encoder(2, 256, 64, 64, 512, 1),
        networks.discriminator(2, 256, 64, 512, 1),
    )
    assert [network.count_params() for network in built] == [33_892_995, 2_438_272, 20_916_928, 20_852_290]


def test_adain_gives_each_channel_the_moments_of_its_style() -> None:
    layer = networks.AdaIN()
    x = np.random.default_rng(0).normal(3, 2, (2, 5, 7, 3)).astype(np.float32)
    style = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)
    layer.build(x.shape, style.shape)
    layer.kernel.assign(np.arange(12, dtype=np.float32).reshape(2, 6) / 10)
    made = numbers(layer(x, style))
    wanted = style @ (np.arange(12).reshape(2, 6) / 10)
    np.testing.assert_allclose(made.mean(axis=(1, 2)), wanted[:, 3:], atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(1, 2)), 1 + wanted[:, :3], rtol=1e-4)


def test_a_slow_layer_computes_the_same_and_learns_at_its_rate() -> None:
    """One step of Adam moves a weight by the learning rate, whatever the gradient: by rate times that, what it does."""
    moved = []
    for rate in (1.0, 0.01):
        layer = networks.LookDense(2, 1, rate)
        layer.build((None, 3))
        layer.kernel.assign(np.full((2, 3, 1), 0.5 / rate, np.float32))
        x = np.ones((1, 3), np.float32)
        before = numbers(layer(x))
        np.testing.assert_allclose(before, 1.5, rtol=1e-6)
        optimizer = keras.optimizers.Adam(1e-3, epsilon=1e-12)
        optimizer.build([layer.kernel])
        loss = lambda layer=layer, x=x: (ops.sum(layer(x)), {})  # noqa: E731
        optimizer.apply(backend.value_and_gradients(loss, [layer.kernel])[1], [layer.kernel])
        moved.append(float((numbers(layer(x)) - before)[0, 0, 0]))
    assert moved[0] == pytest.approx(-3e-3, rel=1e-3)
    assert moved[1] == pytest.approx(0.01 * moved[0], rel=1e-2)


def test_a_generator_that_is_handed_folds_begins_with_them_in_grey_at_any_size() -> None:
    generator = networks.generator(4, 8, 16, levels=2, blocks=1, patch=2, place=True, folds=True)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 40, 24, 3)).astype(np.float32)
    made = numbers(generator([image, np.ones((1, 4), np.float32)]))
    luminance = image @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    assert made.shape == image.shape
    assert np.abs(made - (luminance - luminance.mean())[..., None]).mean() < 0.15


@pytest.mark.parametrize("size", [36, 50, 8])
def test_a_size_that_no_halving_reaches_is_refused(size: int) -> None:
    with pytest.raises(UserError, match="size"):
        networks.style_encoder(2, size)


# ---------------------------------------------------------------- the stream

HUES = {"red": 0.0, "green": 1 / 3, "blue": 2 / 3}


def colours(looks: tuple[str, ...], count: int, size: int = 32, first: int = 0) -> dict[str, Domain]:
    """Rounded garments with folds on white, whose look is a family of hues: the truth is known."""
    domains = {}
    y, x = np.mgrid[:size, :size] / (size - 1) * 2 - 1
    for look in looks:
        images, masks = [], []
        for index in range(first, first + count):
            rng = np.random.default_rng([index, *look.encode()])
            width, height = rng.uniform(0.45, 0.85, 2)
            mask = np.abs(x / width) ** 3 + np.abs(y / height) ** 3 < 1
            angle = rng.uniform(0, 2 * np.pi)
            across = x * np.cos(angle) + y * np.sin(angle)
            fold = 1 + rng.uniform(0.1, 0.25) * np.sin(rng.uniform(3, 6) * across + angle)
            hue = (HUES[look] + rng.uniform(-0.06, 0.06)) % 1
            colour = colorsys.hsv_to_rgb(hue, rng.uniform(0.5, 0.9), rng.uniform(0.5, 0.75))
            picture = np.where(mask[..., None], np.array(colour) * fold[..., None], 1.0)
            images.append(np.rint(255 * picture.clip(0, 1)).astype(np.uint8))
            masks.append(np.uint8(255) * mask.astype(np.uint8))
        keys = tuple(f"{('dress', 'shirt')[index % 2]}/{index}" for index in range(count))
        domains[look] = Domain(look, np.stack(images), np.stack(masks), keys)
    return domains


def test_batches_are_a_function_of_seed_and_images_seen(tiny: StarGANv2) -> None:
    recipe = tiny
    streams = [recipe.stream(colours(("red", "green"), 8), seed) for seed in (1, 1, 2)]
    first, again, other = (stream.batch(12) for stream in streams)
    assert first.keys() == again.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["latent"], other["latent"])
    assert not np.array_equal(first["latent"], streams[0].batch(16)["latent"])


def test_a_source_is_the_same_kind_of_garment_as_its_reference(tiny: StarGANv2) -> None:
    """Dresses are bright and shirts dark here; every batch must pair like with like."""
    recipe = tiny
    domains = colours(("red", "green"), 8)
    for domain in domains.values():
        domain.images[::2], domain.images[1::2] = 250, 5  # keys alternate dress, shirt
    stream = recipe.stream(domains, 0)
    for seen in range(0, 80, 4):
        batch = stream.batch(seen)
        np.testing.assert_array_equal(
            batch["source"].mean(axis=(1, 2, 3)) > 0, batch["reference"].mean(axis=(1, 2, 3)) > 0
        )


def test_kinds_count_only_where_looks_share_them() -> None:
    assert garment_kinds([["a/1", "b/2"], ["a/3", "c/4"]]) == [["a", ""], ["a", ""]]
    assert garment_kinds([["plain/1", "plain/2"], ["dots/1"]]) == [["", ""], [""]]


def test_the_weight_of_diversity_goes_down_to_zero_in_a_line() -> None:
    recipe = StarGANv2(**TINY, diversity_weight=2.0, diversity_images=100)
    stream = recipe.stream(colours(("red", "green"), 4), 0)
    for seen, weight in ((0, 2.0), (50, 1.0), (75, 0.5), (100, 0.0), (500, 0.0)):
        np.testing.assert_allclose(stream.batch(seen)["diversity_weight"], weight)


def test_looks_without_names_are_those_with_most_pictures() -> None:
    counts = {f"look{i}": 40 + i for i in range(12)} | {"rare": 5}
    assert chosen_looks(counts) == tuple(sorted(f"look{i}" for i in range(12 - MOST_LOOKS, 12)))
    assert chosen_looks({"b": 3, "a": 6}) == ("a", "b")
    with pytest.raises(UserError, match="two looks"):
        chosen_looks({"only": 50})


@pytest.mark.parametrize("looks", [("one",), ("one", "one")])
def test_looks_that_cannot_be_meant_are_refused(looks: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="two looks"):
        StarGANv2(**{**TINY, "looks": looks})


def test_what_is_shown_and_compared_keeps_the_background(tiny: StarGANv2) -> None:
    recipe = tiny
    stream = recipe.stream(colours(("red", "green"), 8), 0)
    assert isinstance(stream, LookStream)
    made, real = recipe.evaluation(recipe.networks, stream, 6)
    assert made.shape == real.shape == (6, 32, 32, 3)
    batch = stream.batch(0)
    outside = batch["mask"][..., 0] == 0
    np.testing.assert_array_equal(made[:4][outside], np.rint((batch["source"][outside] + 1) * 127.5).astype(np.uint8))
    assert recipe.preview(recipe.networks, stream).shape == (7 * 32, 5 * 32, 3)
    assert recipe.card(stream)["looks"] == ["red", "green"]


# ---------------------------------------------------------------- does it learn?


def test_three_colour_looks_are_learned_in_seconds() -> None:
    """Floors: a garment that stays as it is has the right hue never, a random one in a third of the cases."""
    looks = tuple(HUES)
    recipe = StarGANv2(
        looks=looks, size=32, channels=8, max_channels=32, levels=1, style_size=8, latent_size=4, mapping_width=32,
        mapping_depth=2, batch_size=16, learning_rate=2e-3, diversity_images=1600,
    )  # fmt: skip
    stream = recipe.stream(colours(looks, 64), 0)
    engine.train(recipe, stream, images=1600, preview_every_images=0, screen=False)
    unseen = colours(looks, 12, first=1000)
    latent = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)
    right: dict[str, list[bool]] = {"latent": [], "reference": []}
    folds = []
    for source in looks:
        images = unseen[source].images.astype(np.float32) / 127.5 - 1
        for index, target in enumerate(looks):
            if target == source:
                continue
            given = {
                "latent": recipe.networks["mapping_network"](latent)[:, index],
                "reference": recipe.networks["style_encoder"](unseen[target].images.astype(np.float32) / 127.5 - 1)[
                    :, index
                ],
            }
            for way, code in given.items():
                made = numbers(recipe.networks["generator"]([images, numbers(code)]))
                for before, after, mask in zip(images, made, unseen[source].masks, strict=True):
                    inside = after[mask > 127]
                    right[way].append(int(inside.mean(axis=0).argmax()) == index)
                    folds.append(np.corrcoef(before[mask > 127].mean(axis=1), inside.mean(axis=1))[0, 1])
    assert np.mean(right["latent"]) > 0.7
    assert np.mean(right["reference"]) > 0.7
    assert np.median(folds) > 0.5, "the folds stay where they were"

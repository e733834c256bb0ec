"""The parts of the drape network whose answers can be worked out: dyes to light, slopes to shading, enlarging."""

import cv2
import numpy as np
import pytest
from keras import ops, utils

from muslin.garments.shading import integrate
from muslin.layers import SelfAttention, enlarged
from muslin.networks.fields import field_network
from muslin.networks.garment_layers import DyeLight, softmax_without_denormals
from muslin.networks.poisson import integrated

SIDE = 32
LIGHT = 0.3 * np.sin(np.arange(SIDE, dtype=np.float32) / 4)[None, :] * np.ones((SIDE, 1), np.float32)
GARMENT = np.zeros((1, SIDE, SIDE, 1), np.float32)
GARMENT[:, 4:28, 4:28] = 1
INSIDE = GARMENT[0, ..., 0] > 0


def photo(dye: np.ndarray) -> np.ndarray:
    """A garment in two dyes of different hue under LIGHT, as the network gets it."""
    albedo = np.array([[0.5, 0.1, 0.05], [0.1, 0.3, 0.6]], np.float32)[dye]
    linear = albedo * np.exp(LIGHT - LIGHT.max())[..., None]
    return (2 * linear ** (1 / 2.2) - 1)[None]


def light(dye: np.ndarray, logits: np.ndarray, rounds: int) -> np.ndarray:
    """What DyeLight makes of it, by a first guess which of two dyes each pixel is of, without learned points."""
    points, trend = np.zeros((1, SIDE, SIDE, 2), np.float32), np.zeros((1, SIDE // 4, SIDE // 4, 1), np.float32)
    made = DyeLight(rounds)(photo(dye), GARMENT, logits.astype(np.float32)[None], points, trend)
    return np.asarray(ops.convert_to_numpy(made))[0, ..., 0]


def off(found: np.ndarray) -> float:
    """Largest distance to the true light inside, both centred."""
    wrong = (found - LIGHT)[INSIDE]
    return float(np.abs(wrong - wrong.mean()).max())


def test_known_dyes_leave_the_light() -> None:
    """Stripes along the waves of the light: each dye lies in all of it, so its mean luminance is its own."""
    dye = np.repeat((np.arange(SIDE) // 4 % 2)[:, None], SIDE, 1)
    found = light(dye, 60 * np.eye(2)[dye], rounds=0)
    assert off(found) < 0.03  # the floor under the logarithm
    assert abs(found[INSIDE].mean()) < 1e-5 and not found[~INSIDE].any()


def test_rounds_find_the_dyes_that_the_first_guess_did_not() -> None:
    """A guess that is right three times in four is mended by looking at the whole garment."""
    dye = np.repeat((np.arange(SIDE) // 4 % 2)[:, None], SIDE, 1)
    guess = np.where(np.random.default_rng(0).random((SIDE, SIDE)) < 0.25, 1 - dye, dye)
    errors = [off(light(dye, 3 * np.eye(2)[guess], rounds)) for rounds in (0, 2)]
    assert errors[0] > 0.3 and errors[1] < 0.05, errors


def test_one_dye_shows_its_luminance() -> None:
    dye = np.zeros((SIDE, SIDE), int)
    assert off(light(dye, np.zeros((SIDE, SIDE, 2)), rounds=2)) < 0.03


def test_shares_in_dyes_are_never_denormal() -> None:
    """A pixel far from most dyes, where a plain softmax ends in floats that slow a processor down."""
    logits = np.array([[0, -10, -59, -90, -95, -1e4], [-500, -590, -500, -602, -4e3, -7e3]], np.float32)
    shares, plain = (
        np.asarray(ops.convert_to_numpy(softmax(ops.convert_to_tensor(logits))))
        for softmax in (softmax_without_denormals, ops.softmax)
    )
    assert shares.min() >= np.exp(-61) > np.finfo(np.float32).tiny
    np.testing.assert_allclose(shares, plain, atol=1e-20)
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-6)


@pytest.mark.parametrize("times", [2, 4])
def test_enlarging_is_bilinear(times: int) -> None:
    field = np.random.default_rng(1).normal(size=(6, 9)).astype(np.float32)
    found = ops.convert_to_numpy(enlarged(field[None, ..., None], times))[0, ..., 0]
    wanted = cv2.resize(field, (9 * times, 6 * times), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_step_integrates_as_a_restyle_does() -> None:
    """The same field as garments/shading.py finds, but for the few rounds outside the garment."""
    rng = np.random.default_rng(2)
    slopes = cv2.GaussianBlur(rng.normal(0, 0.2, (SIDE, SIDE, 2)).astype(np.float32), (0, 0), 2) * GARMENT[0]
    trend = rng.normal(0, 0.2, (SIDE // 4, SIDE // 4, 1)).astype(np.float32)
    wanted = integrate(slopes, trend, GARMENT[0])
    for rounds, near in ((3, 0.06), (40, 0.02)):
        found = ops.convert_to_numpy(integrated(slopes[None], trend[None], GARMENT, rounds=rounds))[0, ..., 0]
        wrong = (found - wanted)[INSIDE]
        assert np.abs(wrong - wrong.mean()).max() < near


def test_attention_is_the_published_sum_and_nothing_at_first() -> None:
    """Vaswani et al. 2017, equation 1, for each head on its own, in NumPy."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (2, 3, 5, 8)).astype(np.float32)
    layer = SelfAttention(heads=2)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), x)
    for weight in layer.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    weights = {weight.path.split("/", 1)[1]: ops.convert_to_numpy(weight) for weight in layer.weights}
    flat = x.reshape(2, 15, 8)
    normal = (flat - flat.mean(-1, keepdims=True)) / np.sqrt(flat.var(-1, keepdims=True) + 1e-5)
    query, key, value = np.split(normal @ weights["asked/kernel"] + weights["asked/bias"], 3, axis=-1)
    heard = []
    for head in (slice(0, 4), slice(4, 8)):
        alike = np.exp(query[..., head] @ key[..., head].transpose(0, 2, 1) / np.sqrt(4))
        heard.append(alike / alike.sum(-1, keepdims=True) @ value[..., head])
    said = (np.concatenate(heard, -1) @ weights["said/kernel"] + weights["said/bias"]) * weights["gain"]
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), x + said.reshape(x.shape), atol=2e-5)


def test_what_the_deep_network_adds_is_nothing_at_first() -> None:
    """With the weights that both have, the deep and the plain one say the same, bit for bit but for rounding."""
    utils.set_random_seed(0)
    plain, deep = field_network((8, 16, 24, 32)), field_network((8, 16, 24, 32), deep=True)
    known = {weight.path: weight for weight in deep.weights}
    for weight in plain.weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.1, weight.shape))
        known[weight.path].assign(weight)
    image = np.random.default_rng(2).uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)
    said, same = plain([image, GARMENT]), deep([image, GARMENT])
    for name, field in said.items():
        np.testing.assert_allclose(ops.convert_to_numpy(same[name]), ops.convert_to_numpy(field), atol=1e-4)
    assert len(deep.weights) > 1.5 * len(plain.weights)

"""Augmentation against what each change must do, and the adaptive probability against its rule."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from muslin import backend
from muslin.augment import MOST, TARGET, adapt, augment, draws

RNG = np.random.default_rng(0)


def nothing(batch: int, size: int) -> dict[str, np.ndarray]:
    """Draws that change nothing."""
    still = np.tile(np.eye(size, dtype="float32"), (batch, 1, 1))
    one = np.ones((batch, 1, 1, 1), "float32")
    return {"move_y": still, "move_x": still, "brightness": 0 * one, "saturation": one, "contrast": one}


def pictures(batch: int = 3, size: int = 8) -> np.ndarray:
    return RNG.uniform(-1, 1, (batch, size, size, 3)).astype("float32")


def test_each_change_alone() -> None:
    images = pictures(1)
    still = nothing(1, 8)
    np.testing.assert_allclose(augment(images, still), images, atol=1e-6)
    lighter = augment(images, {**still, "brightness": still["brightness"] + 0.2})
    np.testing.assert_allclose(lighter, images + 0.2, atol=1e-6)
    grey = augment(images, {**still, "saturation": 0 * still["saturation"]})
    np.testing.assert_allclose(grey, np.repeat(images.mean(3, keepdims=True), 3, 3), atol=1e-6)
    flat = augment(images, {**still, "contrast": 0 * still["contrast"]})
    np.testing.assert_allclose(flat, np.full_like(images, images.mean()), atol=1e-6)
    down = np.zeros((1, 8, 8), "float32")
    down[0, np.arange(8), np.maximum(np.arange(8) - 2, 0)] = 1  # each row from two rows above, the first repeated
    moved = ops.convert_to_numpy(augment(images, {**still, "move_y": down}))
    np.testing.assert_allclose(moved[:, 2:], images[:, :-2], atol=1e-6)
    np.testing.assert_allclose(moved[:, :2], np.repeat(images[:, :1], 2, 1), atol=1e-6)


def test_draws_are_a_function_of_the_generator_and_stay_in_their_ranges() -> None:
    first, again = (draws(np.random.default_rng(5), 64, 32, gates=True) for _ in range(2))
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    shifts = first["move_x"].argmax(2)[:, 16] - 16
    assert np.abs(shifts).max() == 4 and first["move_x"].sum(2).max() == 1  # an eighth of 32
    assert first["gates"].shape == (64, 4) and "gates" not in draws(np.random.default_rng(5), 64, 32)
    # Gates are drawn last, so that turning them on changes no other draw.
    plain = draws(np.random.default_rng(5), 64, 32)
    assert all((plain[name] == first[name]).all() for name in plain)


def test_gradients_pass() -> None:
    """Saturation and contrast keep each image's mean, so the sum of outputs changes one for one with that of inputs."""
    images = keras.Variable(pictures(2))
    drawn = nothing(2, 8) | {"contrast": np.array([0.5, 1.5], "float32").reshape(2, 1, 1, 1)}
    drawn["saturation"] = 0.3 * drawn["saturation"]
    (_, _), (gradient,) = backend.value_and_gradients(lambda: (ops.sum(augment(images.value, drawn)), {}), [images])
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), np.ones((2, 8, 8, 3)), atol=1e-5)


@pytest.mark.parametrize(("now", "up"), [(1.0, True), (TARGET + 0.05, True), (TARGET - 0.05, False), (-1.0, False)])
def test_probability_follows_the_sign(now: float, up: bool) -> None:
    probability, sign = 0.4, now  # a running mean that has settled
    found = [float(value) for value in adapt(probability, sign, now, 16, 1600)]
    assert found == pytest.approx([0.4 + (0.01 if up else -0.01), now])


def test_probability_stays_within_its_bounds_and_the_sign_remembers() -> None:
    assert float(adapt(0.0, -1.0, -1.0, 16, 16)[0]) == 0.0
    assert float(adapt(MOST, 1.0, 1.0, 16, 16)[0]) == pytest.approx(MOST)
    sign = 0.0
    for _ in range(16):  # 16 batches of 16 images: one memory's length
        _, sign = adapt(0.0, sign, 1.0, 16, 1600)
    assert float(sign) == pytest.approx(1 - (1 - 1 / 16) ** 16)

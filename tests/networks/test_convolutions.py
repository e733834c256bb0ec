"""Convolutions written otherwise, for speed: the numbers and the gradients of the plain ones."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from muslin import backend
from muslin.networks import translators, winograd
from muslin.networks.convolutions import NarrowConv2D, UpConv2D
from muslin.networks.winograd import WinogradConv2D

SEEN = np.random.default_rng(0).normal(0, 1, (2, 9, 12, 5)).astype(np.float32)


def numbers(network: Callable[[Any], Any], seen: np.ndarray, kernel: Any, bias: Any) -> list[np.ndarray]:
    """The output, and the gradients of an uneven sum of it with respect to kernel, bias and input."""
    shape = tuple(network(seen).shape)
    uneven = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    _, gradients = backend.value_and_gradients(
        lambda: (ops.sum(ops.multiply(network(seen), uneven)), {}), [kernel, bias]
    )
    score = lambda x: ops.sum(ops.multiply(network(x), uneven), axis=(1, 2, 3))  # noqa: E731
    by_input = backend.scores_and_input_gradient(score, seen)[1]
    return [np.asarray(ops.convert_to_numpy(value)) for value in (network(seen), *gradients, by_input)]


def alike(
    made: keras.layers.Layer, plain: keras.layers.Layer, *, before: Callable[[Any], Any] = lambda x: x,
    seen: np.ndarray = SEEN,
) -> None:  # fmt: skip
    made.build(seen.shape)
    plain.build(seen.shape)
    rng = np.random.default_rng(1)
    for ours, theirs in zip(made.weights, plain.weights, strict=True):
        value = rng.normal(0, 1, ours.shape)
        ours.assign(value)
        theirs.assign(value)
    arguments = {"training": True} if isinstance(made, NarrowConv2D | WinogradConv2D) else {}
    found = numbers(lambda x: made(x, **arguments), seen, *made.weights)
    for ours, theirs in zip(found, numbers(lambda x: plain(before(x)), seen, *plain.weights), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [1, 3, 4, (7, 2)])
def test_a_narrow_convolution_is_a_convolution(kernel: Any, padding: str) -> None:
    settings = {"padding": padding, "activation": "tanh"}
    alike(NarrowConv2D(3, kernel, **settings), layers.Conv2D(3, kernel, **settings))


def test_an_up_convolution_is_enlarging_and_a_convolution() -> None:
    up = layers.UpSampling2D(2, interpolation="nearest")
    alike(UpConv2D(4, activation="relu"), layers.Conv2D(4, 3, padding="same", activation="relu"), before=up)


@pytest.mark.parametrize("sides", [(3, 3), (6, 10), (9, 12)])  # a tile's corner; whole tiles; parts of tiles
def test_a_winograd_convolution_is_a_convolution(sides: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "WIDE", 1)
    monkeypatch.setattr(winograd, "_is_faster_here", lambda: True)
    used = []
    convolved = winograd.convolved
    monkeypatch.setattr(winograd, "convolved", lambda *arguments: used.append(1) or convolved(*arguments))
    seen = SEEN[:, : sides[0], : sides[1]]
    alike(WinogradConv2D(4, activation="tanh"), layers.Conv2D(4, 3, activation="tanh"), seen=seen)
    assert used


@pytest.mark.parametrize("wrong", [{"kernel_size": 5}, {"strides": 2}, {"padding": "same"}, {"groups": 2}])
def test_a_winograd_convolution_of_another_kind_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Only 3 x 3"):
        WinogradConv2D(4, **wrong)
    again = WinogradConv2D.from_config(WinogradConv2D(4, use_bias=False).get_config())
    assert (again.filters, again.use_bias) == (4, False)


def test_a_step_of_the_published_generator_is_the_same_with_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighteen of them one behind the other: the differences do not add up. A finished network has plain ones."""
    monkeypatch.setattr(winograd, "_is_faster_here", lambda: True)
    keras.utils.set_random_seed(0)
    generator = translators.residual_translator(channels=8)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)

    def step(wide: int) -> list[np.ndarray]:
        monkeypatch.setattr(winograd, "WIDE", wide)

        def loss() -> tuple[Any, dict[str, Any]]:
            return ops.mean(ops.square(generator(picture, training=True) - 0.5)), {}

        value, gradients = backend.value_and_gradients(loss, generator.trainable_variables)
        return [np.asarray(ops.convert_to_numpy(item)) for item in (value[0], *gradients)]

    plain, ours = step(33), step(32)
    assert any((one != other).any() for one, other in zip(plain, ours, strict=True))
    for one, other in zip(plain, ours, strict=True):
        assert np.abs(one - other).max() <= 1e-3 * np.abs(one).max() + 1e-9
    monkeypatch.setattr(winograd, "convolved", None)
    generator(picture)

"""Convolutions written otherwise, for speed: the numbers and the gradients of the plain ones."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from muslin import backend
from muslin.layers import NarrowConv2D, UpConv2D

SEEN = np.random.default_rng(0).normal(0, 1, (2, 9, 12, 5)).astype(np.float32)


def numbers(network: Callable[[Any], Any], kernel: Any, bias: Any) -> list[np.ndarray]:
    """The output, and the gradients of an uneven sum of it with respect to kernel, bias and input."""
    shape = tuple(network(SEEN).shape)
    uneven = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    _, gradients = backend.value_and_gradients(
        lambda: (ops.sum(ops.multiply(network(SEEN), uneven)), {}), [kernel, bias]
    )
    by_input = backend.input_gradient(lambda x: ops.sum(ops.multiply(network(x), uneven), axis=(1, 2, 3)), SEEN)
    return [np.asarray(ops.convert_to_numpy(value)) for value in (network(SEEN), *gradients, by_input)]


def alike(made: keras.layers.Layer, plain: keras.layers.Layer, *, before: Callable[[Any], Any] = lambda x: x) -> None:
    made.build(SEEN.shape)
    plain.build(SEEN.shape)
    rng = np.random.default_rng(1)
    for ours, theirs in zip(made.weights, plain.weights, strict=True):
        value = rng.normal(0, 1, ours.shape)
        ours.assign(value)
        theirs.assign(value)
    arguments = {"training": True} if isinstance(made, NarrowConv2D) else {}
    found = numbers(lambda x: made(x, **arguments), *made.weights)
    for ours, theirs in zip(found, numbers(lambda x: plain(before(x)), *plain.weights), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [1, 3, 4, (7, 2)])
def test_a_narrow_convolution_is_a_convolution(kernel: Any, padding: str) -> None:
    settings = {"padding": padding, "activation": "tanh"}
    alike(NarrowConv2D(3, kernel, **settings), layers.Conv2D(3, kernel, **settings))


def test_an_up_convolution_is_enlarging_and_a_convolution() -> None:
    up = layers.UpSampling2D(2, interpolation="nearest")
    alike(UpConv2D(4, activation="relu"), layers.Conv2D(4, 3, padding="same", activation="relu"), before=up)

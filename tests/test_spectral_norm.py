"""Spectral norm against singular values, and only u is ever assigned."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from muslin import backend
from muslin.export import check_parity, to_onnx
from muslin.networks.convolutions import SpectralConv2D, SpectralDense

RNG = np.random.default_rng(0)


def largest(kernel) -> float:
    kernel = np.asarray(ops.convert_to_numpy(kernel))
    return float(np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0])


def test_ones() -> None:
    """2 x 2 ones have the singular values 2 and 0: the layer maps (1, 0) to (0.5, 0.5) after one iteration."""
    layer = SpectralDense(2, use_bias=False, kernel_initializer="ones")
    np.testing.assert_allclose(layer(np.array([[1.0, 0.0]], "float32")), [[0.5, 0.5]], rtol=1e-5)


@pytest.mark.parametrize("layer", [SpectralDense(5), SpectralConv2D(5, 3, padding="same")])
def test_the_largest_singular_value_becomes_one(layer: keras.layers.Layer) -> None:
    shape = (1, 7) if isinstance(layer, SpectralDense) else (1, 4, 4, 7)
    layer.build(shape)
    kernel = ops.convert_to_numpy(layer.kernel).copy()
    for _ in range(200):
        layer(np.zeros(shape, "float32"), training=True)
    u = ops.convert_to_numpy(layer.u).copy()
    plain = (keras.layers.Dense if isinstance(layer, SpectralDense) else keras.layers.Conv2D).from_config(
        layer.get_config()
    )
    plain.build(shape)
    plain.kernel.assign(kernel / largest(kernel))
    images = RNG.standard_normal(shape).astype("float32")
    np.testing.assert_allclose(layer(images), plain(images), atol=2e-5)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.kernel), kernel)  # the weight itself is never touched
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.u), u)  # nor u outside training


def test_gradient() -> None:
    """d sum(G W / sigma) / dW = (G - <G, W> u v' / sigma) / sigma, in a compiled step (Miyato et al., equation 11)."""
    layer = SpectralDense(3, use_bias=False)
    layer.build((None, 4))
    for _ in range(200):
        layer(np.zeros((1, 4), "float32"), training=True)
    kernel = ops.convert_to_numpy(layer.kernel)
    weights = RNG.standard_normal((4, 3)).astype("float32")

    def step():
        # The identity's outputs are the rows of W / sigma.
        loss = lambda: (ops.sum(weights * layer(np.eye(4, dtype="float32"), training=True)), {})  # noqa: E731
        (value, _), (gradient,) = backend.value_and_gradients(loss, [layer.kernel])
        return {"value": value, "gradient": gradient}

    result = backend.compile_step(step, layer.variables)()
    left, values, right = np.linalg.svd(kernel)
    outer, sigma = np.outer(left[:, 0], right[0]), values[0]
    expected = (weights - (weights * kernel).sum() / sigma * outer) / sigma
    assert float(result["value"]) == pytest.approx((weights * kernel).sum() / sigma, rel=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(result["gradient"]), expected, atol=2e-4)


def test_it_exports(tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Flatten()(SpectralConv2D(4, 3, 2, "same", activation="relu")(image))
    network = keras.Model(image, SpectralDense(2, name="logits")(x))
    network(RNG.standard_normal((2, 8, 8, 3)).astype("float32"), training=True)
    to_onnx(network, tmp_path / "judge.onnx")
    assert check_parity(network, tmp_path / "judge.onnx") < 1e-5

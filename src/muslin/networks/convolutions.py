"""Convolutions that Keras lacks: bounded in their slope (spectral norm), or quicker on a processor."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="muslin")
class SpectralConv2D(keras.layers.Conv2D):
    """Convolution with its kernel divided by its largest singular value (Miyato et al. 2018, section 2.1).

    The kernel counts as a matrix (height x width x inputs) x outputs. The weight itself stays as it is; only the power
    iteration's vector u is assigned, one iteration at each call in training. `keras.layers.SpectralNormalization`
    assigns the kernel too, which is other mathematics under JAX, where updates of trained variables are dropped.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.u = _power_vector(self, self.filters)

    def call(self, x: Any, training: bool = False) -> Any:
        kernel = spectrally_normalised(self.kernel, self.u, training)
        x = ops.conv(x, kernel, self.strides, self.padding, dilation_rate=self.dilation_rate)
        return self.activation(x + self.bias if self.use_bias else x)


@keras.saving.register_keras_serializable(package="muslin")
class SpectralDense(keras.layers.Dense):
    """Dense layer with its kernel divided by its largest singular value; as SpectralConv2D."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.u = _power_vector(self, self.units)

    def call(self, x: Any, training: bool = False) -> Any:
        x = ops.matmul(x, spectrally_normalised(self.kernel, self.u, training))
        return self.activation(x + self.bias if self.use_bias else x)


@keras.saving.register_keras_serializable(package="muslin")
class NarrowConv2D(keras.layers.Conv2D):
    """Convolution to a few channels, stride 1, as one product for all places of the kernel, then sums of shifted maps.

    The same numbers as `keras.layers.Conv2D`, whose backward pass lays out a patch for each pixel: for the last layer
    of the published generator (7 x 7, 64 to 3 channels) 0.8 GB at 256 px, and three times the time. In training only:
    ONNX Runtime, which has no backward pass, does the plain convolution well.
    """

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return super().call(x)
        height, width, channels = self.kernel.shape[:3]
        if self.padding == "same":
            around = [[0, 0], [(height - 1) // 2, height // 2], [(width - 1) // 2, width // 2], [0, 0]]
            x = ops.pad(x, around)
        _, down, right, _ = ops.shape(x)
        matrix = ops.reshape(ops.transpose(self.kernel, (2, 1, 0, 3)), (channels, -1))
        places = ops.split(ops.matmul(x, matrix), width, axis=-1)
        row = sum(place[:, :, shift : shift + right - width + 1] for shift, place in enumerate(places))
        lines = ops.split(row, height, axis=-1)
        made = sum(line[:, shift : shift + down - height + 1] for shift, line in enumerate(lines))
        return self.activation(made + self.bias if self.use_bias else made)


@keras.saving.register_keras_serializable(package="muslin")
class UpConv2D(keras.layers.Conv2D):
    """A picture of twice the sides by the nearest neighbour, then a 3 x 3 convolution: N,H,W,C -> N,2H,2W,filters.

    The same numbers with 4 instead of 9 multiplications, since pixels of one old pixel are alike: of each new pixel's
    three rows two are one old row, whose places in the kernel add up; so with its columns.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(filters, **{"kernel_size": 3, "padding": "same", **kwargs})

    def call(self, x: Any) -> Any:
        _, height, width, _ = ops.shape(x)
        x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        corners = [
            ops.conv(x[:, down : down + height + 1, right : right + width + 1], kernel, 1, "valid")
            for down, rows in enumerate(_halves(self.kernel, 0))
            for right, kernel in enumerate(_halves(rows, 1))
        ]
        x = ops.reshape(ops.stack(corners, axis=3), (-1, height, width, 2, 2, self.filters))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, self.filters))
        return self.activation(x + self.bias if self.use_bias else x)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        return batch, height and 2 * height, width and 2 * width, self.filters


def _halves(kernel: Any, axis: int) -> tuple[Any, Any]:
    """Three places along `axis` -> the two that the first, and that the second, of a pair of new pixels sees."""
    first, middle, last = ops.split(ops.convert_to_tensor(kernel), 3, axis=axis)
    return ops.concatenate([first, middle + last], axis=axis), ops.concatenate([first + middle, last], axis=axis)


def logits_convolution(spectral_norm: bool) -> type[keras.layers.Conv2D]:
    """The convolution that a discriminator is to end in, of one channel."""
    return SpectralConv2D if spectral_norm else NarrowConv2D


def convolution(spectral_norm: bool) -> type[keras.layers.Conv2D]:
    """The convolution that a discriminator is to be built from."""
    return SpectralConv2D if spectral_norm else keras.layers.Conv2D


def dense(spectral_norm: bool) -> type[keras.layers.Dense]:
    """The dense layer that a discriminator is to be built from."""
    return SpectralDense if spectral_norm else keras.layers.Dense


def spectrally_normalised(kernel: Any, u: keras.Variable, training: bool) -> Any:
    """kernel / sigma, sigma = v' W u by one power iteration from u (Miyato et al. 2018, equations 18 to 20).

    The gradient passes sigma but neither u nor v (their equation 11). In training, u is assigned for the next call.
    """
    matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
    fixed = ops.stop_gradient(matrix)
    v = _unit(ops.matmul(fixed, ops.reshape(u.value, (-1, 1))))
    next_u = _unit(ops.matmul(ops.transpose(fixed), v))
    if training:
        u.assign(ops.reshape(next_u, (-1,)))
    sigma = ops.sum(v * ops.matmul(matrix, next_u))
    return kernel / ops.maximum(sigma, 1e-12)


def _power_vector(layer: keras.layers.Layer, length: int) -> keras.Variable:
    return layer.add_weight(name="u", shape=(length,), initializer="random_normal", trainable=False)


def _unit(vector: Any) -> Any:
    return vector / ops.sqrt(ops.sum(ops.square(vector)) + 1e-24)

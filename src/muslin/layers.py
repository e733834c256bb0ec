"""Layers that Keras lacks or that export badly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from muslin.garments.shading import LOG_FLOOR


@keras.saving.register_keras_serializable(package="muslin")
class GroupNorm(keras.layers.Layer):
    """Group normalisation (Wu & He 2018), written with plain moments.

    `keras.layers.GroupNormalization` exports to a graph that runs 1.5 times slower in ONNX Runtime.
    Input and output: N,H,W,C float32; C must be a multiple of `groups`.
    """

    def __init__(self, groups: int = 8, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups, self.epsilon = groups, epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        if channels is None or channels % self.groups:
            raise ValueError(f"`groups` must divide the channels. Received: groups {self.groups}, channels {channels}")
        self.gamma = self.add_weight(name="gamma", shape=(channels,), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(channels,), initializer="zeros")

    def call(self, x: Any) -> Any:
        channels = x.shape[-1]
        grouped = (-1, self.groups, channels // self.groups)
        # Per channel first (one fast pass over H and W), then a tiny mean within each group.
        mean = ops.mean(ops.reshape(ops.mean(x, axis=(1, 2)), grouped), axis=-1, keepdims=True)
        square = ops.mean(ops.reshape(ops.mean(ops.square(x), axis=(1, 2)), grouped), axis=-1, keepdims=True)
        scale = ops.rsqrt(ops.maximum(square - ops.square(mean), 0.0) + self.epsilon)
        gamma = ops.reshape(self.gamma, (1, self.groups, -1)) * scale
        beta = ops.reshape(self.beta, (1, self.groups, -1)) - mean * gamma
        return x * ops.reshape(gamma, (-1, 1, 1, channels)) + ops.reshape(beta, (-1, 1, 1, channels))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="muslin")
class DepthToSpace(keras.layers.Layer):
    """N,H,W,C*block^2 -> N,H*block,W*block,C (sub-pixel convolution, Shi et al. 2016)."""

    def __init__(self, block: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block = block

    def call(self, x: Any) -> Any:
        _, height, width, _ = ops.shape(x)
        channels = x.shape[-1] // self.block**2
        x = ops.reshape(x, (-1, height, width, self.block, self.block, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height * self.block, width * self.block, channels))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = shape
        assert channels is not None
        height = None if height is None else height * self.block
        width = None if width is None else width * self.block
        return batch, height, width, channels // self.block**2

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "block": self.block}


@keras.saving.register_keras_serializable(package="muslin")
class GarmentFeatures(keras.layers.Layer):
    """What a field network sees: (image N,H,W,3 in [-1, 1]; garment N,H,W,1 mask) -> N,H,W,6.

    Log colour, centred on the garment so that exposure and dye do not matter (a gain in linear light is a shift
    here), zero outside it so that the background cannot; the mask; and the place in the picture, which tells a
    sleeve from a hem. (Keras keeps the argument name `mask` for itself.)
    """

    def call(self, image: Any, garment: Any) -> Any:
        colour = log_linear(image)
        weight = ops.sum(garment, axis=(1, 2), keepdims=True) + 1e-3
        colour = (colour - ops.sum(colour * garment, axis=(1, 2), keepdims=True) / weight) * garment
        _, height, width, _ = ops.shape(garment)
        down = ops.reshape(_from_minus_one_to_one(height), (1, -1, 1, 1))
        right = ops.reshape(_from_minus_one_to_one(width), (1, 1, -1, 1))
        here = ops.ones_like(garment)
        return ops.concatenate([colour, garment * 2 - 1, here * right, here * down], axis=-1)

    def compute_output_shape(
        self, image_shape: tuple[int | None, ...], garment_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 6)


@keras.saving.register_keras_serializable(package="muslin")
class ShadingSlopes(keras.layers.Layer):
    """Weights on the slopes of log colour -> slopes of log shading.

    (image N,H,W,3 in [-1, 1]; garment N,H,W,1; weights N,H,W,6) -> N,H,W,2: to the right-hand and the lower neighbour,
    0 where either pixel lies outside the garment. Weights of luminance pass a fold; weights at right angles to a
    print's colours (its red, where red meets white) pass the fold under the print's edge and not the edge itself.
    start: six numbers added to the weights, where training begins.
    """

    def __init__(self, start: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = [float(value) for value in start]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}

    def call(self, image: Any, garment: Any, weights: Any) -> Any:
        weights = weights + ops.reshape(ops.convert_to_tensor(self.start, dtype="float32"), (1, 1, 1, 6))
        colour = log_linear(image)
        inside = ops.cast(garment > 0.5, "float32")
        across = ops.pad(colour[:, :, 1:] - colour[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
        down = ops.pad(colour[:, 1:] - colour[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
        pair_x = inside * ops.pad(inside[:, :, 1:], [[0, 0], [0, 0], [0, 1], [0, 0]])
        pair_y = inside * ops.pad(inside[:, 1:], [[0, 0], [0, 1], [0, 0], [0, 0]])
        slope_x = ops.sum(across * weights[..., :3], axis=-1, keepdims=True) * pair_x
        slope_y = ops.sum(down * weights[..., 3:], axis=-1, keepdims=True) * pair_y
        return ops.concatenate([slope_x, slope_y], axis=-1)

    def compute_output_shape(
        self, image_shape: tuple[int | None, ...], garment_shape: Any = None, weights_shape: Any = None
    ) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 2)


@keras.saving.register_keras_serializable(package="muslin")
class AffineWarp(keras.layers.Layer):
    """A linear field for each panel: (parameters N,6*P; like N,h,w,C) -> N,h,w,2*P.

    A turned sleeve is an angle times a coordinate; convolutions learn sums well and such products badly.
    """

    def call(self, parameters: Any, like: Any) -> Any:
        _, height, width, _ = ops.shape(like)
        panels = parameters.shape[-1] // 6
        matrix = ops.reshape(parameters, (-1, 1, 1, panels * 2, 3))
        down = ops.reshape(_from_minus_one_to_one(height), (1, -1, 1, 1))
        right = ops.reshape(_from_minus_one_to_one(width), (1, 1, -1, 1))
        return matrix[..., 0] * right + matrix[..., 1] * down + matrix[..., 2]

    def compute_output_shape(
        self, parameters_shape: tuple[int | None, ...], like_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        assert parameters_shape[-1] is not None
        return (*like_shape[:-1], parameters_shape[-1] // 3)


def _from_minus_one_to_one(count: Any) -> Any:
    """Centres of `count` equal cells of [-1, 1]; `count` may be a tensor. float32."""
    return (ops.cast(ops.arange(count), "float32") + 0.5) * (2.0 / ops.cast(count, "float32")) - 1.0


def log_linear(image: Any) -> Any:
    """Log of linear light per channel. Input in [-1, 1], gamma 2.2 for sRGB (the difference does not matter here)."""
    return ops.log(ops.power((image + 1) / 2, 2.2) + LOG_FLOOR)


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


@keras.saving.register_keras_serializable(package="muslin")
class BilinearUp(keras.layers.Layer):
    """N,H,W,C -> N,2H,2W,C, bilinear between pixel centres, borders repeated: the same numbers on each backend.

    Each new pixel is 3/4 of its own old one and 1/4 of the neighbour on its side.
    """

    def call(self, x: Any) -> Any:
        return _doubled(_doubled(x, 1), 2)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = shape
        return batch, height and 2 * height, width and 2 * width, channels


def _doubled(x: Any, axis: int) -> Any:
    """Twice as many places along `axis` (1 or 2)."""
    first, last, body, tail = (x[:, :1], x[:, -1:], x[:, :-1], x[:, 1:]) if axis == 1 else (
        x[:, :, :1], x[:, :, -1:], x[:, :, :-1], x[:, :, 1:]
    )  # fmt: skip
    before = 0.75 * x + 0.25 * ops.concatenate([first, body], axis=axis)
    after = 0.75 * x + 0.25 * ops.concatenate([tail, last], axis=axis)
    shape = list(ops.shape(x))
    shape[axis] = 2 * shape[axis]
    return ops.reshape(ops.stack([before, after], axis=axis + 1), (-1, *shape[1:]))


@keras.saving.register_keras_serializable(package="muslin")
class Blur(keras.layers.Layer):
    """N,H,W,C smoothed by 1 2 1 across and down, borders repeated: a grid of period 2 is gone, a constant stays."""

    def call(self, x: Any) -> Any:
        above = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
        below = ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
        x = 0.5 * x + 0.25 * (above + below)
        left = ops.concatenate([x[:, :, :1], x[:, :, :-1]], axis=2)
        right = ops.concatenate([x[:, :, 1:], x[:, :, -1:]], axis=2)
        return 0.5 * x + 0.25 * (left + right)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape

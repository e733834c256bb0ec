"""Layers that Keras lacks or that export badly."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="muslin")
class GroupNorm(keras.layers.Layer):
    """Group normalisation (Wu & He 2018), written with plain moments.

    `keras.layers.GroupNormalization` exports to a graph that runs 1.5 times slower in ONNX Runtime.
    Input and output: N,H,W,C float32; C must be a multiple of `groups`.
    """

    def __init__(self, groups: int = 8, epsilon: float = 1e-5, start: str = "ones", **kwargs: Any) -> None:
        """start: initializer of the gain; of a residual block that is to be nothing at first, "zeros"."""
        super().__init__(**kwargs)
        self.groups, self.epsilon, self.start = groups, epsilon, start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        if channels is None or channels % self.groups:
            raise ValueError(f"`groups` must divide the channels. Received: groups {self.groups}, channels {channels}")
        self.gamma = self.add_weight(name="gamma", shape=(channels,), initializer=self.start)
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
        return {**super().get_config(), "groups": self.groups, "epsilon": self.epsilon, "start": self.start}


@keras.saving.register_keras_serializable(package="muslin")
class SelfAttention(keras.layers.Layer):
    """N,H,W,C plus what its places say to each other (Vaswani et al. 2017, section 3.2); C a multiple of `heads`.

    Its share is a gain for each channel that starts at zero (Touvron et al. 2021, section 2), so that a network to
    which it is added begins as what it was. For coarse maps: cost and memory go with (H * W) ** 2.
    """

    def __init__(self, heads: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, shape: tuple[int | None, ...]) -> None:
        channels = shape[-1]
        if channels is None or channels % self.heads:
            raise ValueError(f"`heads` must divide the channels. Received: heads {self.heads}, channels {channels}")
        self.asked = keras.layers.Dense(3 * channels, name="asked")
        self.said = keras.layers.Dense(channels, name="said")
        self.asked.build((None, None, channels))
        self.said.build((None, None, channels))
        self.gain = self.add_weight(name="gain", shape=(channels,), initializer="zeros")

    def call(self, x: Any) -> Any:
        _, height, width, channels = ops.shape(x)
        flat = ops.reshape(x, (-1, height * width, channels))
        mean = ops.mean(flat, axis=-1, keepdims=True)
        spread = ops.mean(ops.square(flat - mean), axis=-1, keepdims=True)
        asked = self.asked((flat - mean) * ops.rsqrt(spread + 1e-5))
        asked = ops.reshape(asked, (-1, height * width, 3, self.heads, channels // self.heads))
        query, key, value = (asked[:, :, k] for k in range(3))
        alike = ops.matmul(ops.transpose(query, (0, 2, 1, 3)), ops.transpose(key, (0, 2, 3, 1)))
        weights = ops.softmax(alike * (channels // self.heads) ** -0.5, axis=-1)
        heard = ops.transpose(ops.matmul(weights, ops.transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3))
        said = self.said(ops.reshape(heard, (-1, height * width, channels)))
        return x + ops.reshape(said * self.gain, (-1, height, width, channels))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.heads}


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
class BilinearUp(keras.layers.Layer):
    """N,H,W,C -> N,2H,2W,C, bilinear between pixel centres, borders repeated: the same numbers on each backend."""

    def call(self, x: Any) -> Any:
        return enlarged(x, 2)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = shape
        return batch, height and 2 * height, width and 2 * width, channels


def enlarged(x: Any, times: int) -> Any:
    """N,H,W,C -> N,times*H,times*W,C, bilinear between pixel centres, borders repeated; H and W may be unknown.

    `ops.image.resize` wants known sizes, which an exported network does not have.
    """
    return _enlarged(_enlarged(x, 1, times), 2, times)


def _enlarged(x: Any, axis: int, times: int) -> Any:
    """As many more places along `axis` (1 or 2)."""
    first, last, body, tail = (x[:, :1], x[:, -1:], x[:, :-1], x[:, 1:]) if axis == 1 else (
        x[:, :, :1], x[:, :, -1:], x[:, :, :-1], x[:, :, 1:]
    )  # fmt: skip
    before, after = ops.concatenate([first, body], axis=axis), ops.concatenate([tail, last], axis=axis)
    places = [(place + 0.5) / times - 0.5 for place in range(times)]  # from the old centre, in old pixels
    new = [(1 - abs(place)) * x + abs(place) * (before if place < 0 else after) for place in places]
    shape = list(ops.shape(x))
    shape[axis] = times * shape[axis]
    return ops.reshape(ops.stack(new, axis=axis + 1), (-1, *shape[1:]))


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

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
    """Weights on the slopes of log colour and of a first guess of the light -> slopes of log shading.

    (image N,H,W,3 in [-1, 1]; garment N,H,W,1; light N,H,W,1; weights N,H,W,8) -> N,H,W,2: to the right-hand and the
    lower neighbour, 0 where either pixel lies outside the garment. Weights of luminance pass a fold; weights at right
    angles to a print's colours (its red, where red meets white) pass the fold under the print's edge and not the edge
    itself. start: eight numbers added to the weights, where training begins.
    """

    def __init__(self, start: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = [float(value) for value in start]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}

    def call(self, image: Any, garment: Any, light: Any, weights: Any) -> Any:
        weights = weights + ops.reshape(ops.convert_to_tensor(self.start, dtype="float32"), (1, 1, 1, 8))
        inside = ops.cast(garment > 0.5, "float32")
        pair_x = inside * ops.pad(inside[:, :, 1:], [[0, 0], [0, 0], [0, 1], [0, 0]])
        pair_y = inside * ops.pad(inside[:, 1:], [[0, 0], [0, 1], [0, 0], [0, 0]])
        # Apart, since gradients flow through the light and none through the photo.
        seen = zip(_differences(log_linear(image)), _differences(light), (pair_x, pair_y), strict=True)
        slopes = [ops.concatenate([colour, light], axis=-1) * pair for colour, light, pair in seen]
        weighted = ops.concatenate(slopes, axis=-1) * weights
        return ops.sum(ops.reshape(weighted, (-1, *ops.shape(weighted)[1:3], 2, 4)), axis=-1)

    def compute_output_shape(self, image_shape: tuple[int | None, ...], *_: Any, **__: Any) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 2)


@keras.saving.register_keras_serializable(package="muslin")
class DyeLight(keras.layers.Layer):
    """Light as a garment's few dyes tell it: log luminance less that of the dye which each pixel is of.

    (image N,H,W,3 in [-1, 1]; garment N,H,W,1; dyes N,H,W,K logits, a first guess which of K dyes a pixel is of;
    points N,H,W,D, what else should tell dyes apart; trend N,H/4,W/4,1, a first guess of the log shading) -> N,H,W,1:
    log shading, 0 on average inside the garment, 0 outside.

    Convolutions see a patch. Whether its bright half is lit or dyed is told by the rest of the garment, where the same
    dye lies in other light (Garces et al. 2012). So pixels are gathered by soft k-means over the whole garment, in
    rounds through which gradients flow (Jampani et al. 2018, section 4): a dye's own luminance is the mean of its
    pixels' less their light, and the light is what is left of each. Costs no convolution, 24 numbers a pixel and round.
    """

    def __init__(self, rounds: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rounds = rounds

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rounds": self.rounds}

    def build(self, *_: Any, **__: Any) -> None:
        # How much hue and albedo count beside the learned points, log sharpness, and how much a dye's area counts.
        self.scales = self.add_weight(name="scales", shape=(4,), initializer="ones")

    def call(self, image: Any, garment: Any, dyes: Any, points: Any, trend: Any) -> Any:
        _, height, width, _ = ops.shape(garment)

        def listed(field: Any) -> Any:
            return ops.reshape(field, (-1, height * width, field.shape[-1]))

        colour, inside, points, guess = (
            listed(log_linear(image)),
            listed(garment),
            listed(points),
            listed(enlarged(trend, 4)),
        )
        log = ops.mean(colour, axis=-1, keepdims=True)
        area = ops.sum(inside, axis=1, keepdims=True) + 1e-3
        hue = (colour[..., :2] - colour[..., 1:]) * (4 * self.scales[0])
        share = softmax_without_denormals(listed(dyes))
        light = _light_of_dyes(log, guess, share, inside, area)
        for _ in range(self.rounds):
            albedo = (log - light) * (2 * self.scales[1])
            share = self._gathered(ops.concatenate([points, hue, albedo], axis=-1), share, inside, area)
            light = _light_of_dyes(log, guess, share, inside, area)
        return ops.reshape(light, (-1, height, width, 1))

    def _gathered(self, points: Any, share: Any, inside: Any, area: Any) -> Any:
        """A round of soft k-means: points N,P,D, shares N,P,K in the dyes -> shares by the distance to the means."""
        shared = ops.transpose(share, (0, 2, 1))
        members = ops.matmul(shared, inside)
        means = ops.matmul(shared, points * inside) / (members + 1e-2)
        # The distance to a mean, but for the point's own square, which is the same for every dye.
        sharp, often = ops.exp(self.scales[2]), ops.log(members / area + 1e-4)
        far = sharp * ops.sum(means * means, axis=-1, keepdims=True) - self.scales[3] * often
        near = ops.matmul(points, ops.transpose(2 * sharp * means, (0, 2, 1)))
        return softmax_without_denormals(near - ops.transpose(far, (0, 2, 1)))

    def compute_output_shape(self, image_shape: tuple[int | None, ...], *_: Any, **__: Any) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 1)


def softmax_without_denormals(logits: Any) -> Any:
    """Softmax over the last axis, of which no share is below e^-60 of the largest.

    Floats below e^-87 are denormal, and a processor takes a hundred times as long over each: of a garment of clear dyes
    that was every fifth millisecond of the whole network.
    """
    # Without a gradient: JAX divides that of a maximum by how many entries equal it, and where XLA rounds these anew
    # none does. The bound's own is e^-60.
    largest = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    return ops.softmax(ops.maximum(logits, largest - 60.0), axis=-1)


def _light_of_dyes(log: Any, guess: Any, share: Any, inside: Any, area: Any) -> Any:
    """log luminance N,P,1, a guess of the light, shares N,P,K in the dyes -> a better one, 0 on average inside.

    The guess tells how dyes stand to each other, where none lies in all of the light.
    """
    shared = ops.transpose(share, (0, 2, 1))
    own = ops.matmul(shared, (log - guess) * inside) / (ops.matmul(shared, inside) + 1e-3)
    found = (log - ops.matmul(share, own)) * inside
    return (found - ops.sum(found, axis=1, keepdims=True) / area) * inside


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


def _differences(field: Any) -> tuple[Any, Any]:
    """N,H,W,C -> what the right-hand and what the lower neighbour has more; 0 at the last column and row."""
    across = ops.pad(field[:, :, 1:] - field[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
    down = ops.pad(field[:, 1:] - field[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
    return across, down


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

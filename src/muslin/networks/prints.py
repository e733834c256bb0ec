"""Networks of `print`: fields that arrange swatches, a painter for comparison, and the judge of both.

Every convolution wraps around the border, so a tile has no seam and moving the input moves the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from muslin.layers import GroupNorm
from muslin.networks.convolutions import convolution
from muslin.textiles.arrange import (
    BALANCE_STEPS,
    BALANCE_STRIDE,
    CHANCE,
    FIELDS,
    GUIDE_LIMIT,
    HARDNESS,
    LAYERS,
    MEASURED,
    MOST_SKEW,
    MOTIF,
    MOTIF_CHANNELS,
    NOISE,
    OPPONENTS,
    PLACE,
    SEEN,
    STYLE,
    TINT,
    WARP,
    upsampling,
)

Tensor = Any


@keras.saving.register_keras_serializable(package="muslin")
class Wrap(keras.layers.Layer):
    """Pad height and width by what lies beyond the opposite border. N,H,W,C -> N,H+2p,W+2p,C."""

    def __init__(self, padding: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, x: Tensor) -> Tensor:
        pad = self.padding
        x = ops.concatenate([x[:, -pad:], x, x[:, :pad]], axis=1)
        return ops.concatenate([x[:, :, -pad:], x, x[:, :, :pad]], axis=2)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        grown = (None if side is None else side + 2 * self.padding for side in shape[1:3])
        return (shape[0], *grown, shape[3])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="muslin")
class AcrossLayers(keras.layers.Layer):
    """The cloths of one tile tell each other what they show: mean, weighted by share, and maximum.

    (x N*K,h,w,C; shares N,K) -> N*K,h,w,2C.
    """

    def call(self, x: Tensor, shares: Tensor) -> Tensor:
        _, height, width, channels = ops.shape(x)
        grouped = ops.reshape(x, (-1, LAYERS, height, width, channels))
        weights = ops.reshape(shares, (-1, LAYERS, 1, 1, 1))
        mean = ops.sum(grouped * weights, axis=1, keepdims=True)
        most = ops.max(grouped, axis=1, keepdims=True)
        both = ops.tile(ops.concatenate([mean, most], axis=-1), (1, LAYERS, 1, 1, 1))
        return ops.reshape(both, (-1, height, width, 2 * channels))

    def compute_output_shape(self, x_shape: tuple[int | None, ...], shares_shape: Any = None) -> Any:
        return (*x_shape[:-1], 2 * (x_shape[-1] or 0))


@keras.saving.register_keras_serializable(package="muslin")
class Fold(keras.layers.Layer):
    """N,K,... -> N*K,...; with `like` (N*K,h,w,C), a vector N,S -> N*K,h,w,S, the same everywhere."""

    def call(self, x: Tensor, like: Tensor | None = None) -> Tensor:
        if like is None:
            return ops.reshape(x, (-1, *ops.shape(x)[2:]))
        _, height, width, _ = ops.shape(like)
        size = x.shape[-1]
        spread = ops.reshape(x, (-1, 1, 1, 1, size)) + ops.zeros((1, LAYERS, height, width, size))
        return ops.reshape(spread, (-1, height, width, size))

    def compute_output_shape(self, x_shape: tuple[int | None, ...], like_shape: Any = None) -> Any:
        return (None, *x_shape[2:]) if like_shape is None else (None, *like_shape[1:3], x_shape[-1])


@keras.saving.register_keras_serializable(package="muslin")
class Unfold(keras.layers.Layer):
    """N*K,h,w,C -> N,K,h,w,C."""

    def call(self, x: Tensor) -> Tensor:
        return ops.reshape(x, (-1, LAYERS, *ops.shape(x)[1:]))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (None, LAYERS, *shape[1:])


def _block(x: Tensor, width: int, name: str, stride: int = 1) -> Tensor:
    x = Wrap(1, name=f"{name}_wrap")(x)
    kernel = 4 if stride == 2 else 3
    x = layers.Conv2D(width, kernel, strides=stride, padding="valid", use_bias=False, name=f"{name}_conv")(x)
    x = GroupNorm(name=f"{name}_norm")(x)
    return layers.Activation("silu", name=f"{name}_act")(x)


def field_generator(widths: Sequence[int] = (16, 32, 48)) -> keras.Model:
    """Cloths as they lie on the tile -> fields that say where each of them shows.

    Inputs: layers N,LAYERS,4h,4w,3 in [-1, 1]; shares N,LAYERS, sum 1; noise N,LAYERS,h,w,NOISE; style_code N,STYLE.
    Output: fields N,LAYERS,h,w,FIELDS. The same for each layer and in any order of the layers.
    """
    cloths = keras.Input((LAYERS, None, None, 3), name="layers")
    shares = keras.Input((LAYERS,), name="shares")
    noise = keras.Input((LAYERS, None, None, NOISE), name="noise")
    style_code = keras.Input((STYLE,), name="style_code")
    x = Fold(name="fold")(cloths)
    x = _block(x, widths[0], "down0", stride=2)
    x = _block(x, widths[1], "down1", stride=2)
    told = [
        Fold(name="fold_noise")(noise),
        Fold(name="spread_style")(style_code, x),
        SpreadShare(name="spread_share")(shares, x),
    ]
    x = layers.Conv2D(widths[2], 1, name="tell")(layers.Concatenate(name="told")([x, *told]))
    for number in range(3):
        met = layers.Concatenate(name=f"met{number}")([x, AcrossLayers(name=f"across{number}")(x, shares)])
        narrow = layers.Conv2D(widths[2], 1, name=f"narrow{number}")(met)
        x = layers.Add(name=f"add{number}")([x, _block(narrow, widths[2], f"mix{number}")])
    small = keras.initializers.RandomNormal(stddev=0.02, seed=0)
    x = layers.Conv2D(FIELDS, 1, kernel_initializer=small, name="head")(x)
    return keras.Model([cloths, shares, noise, style_code], {"fields": Unfold(name="fields")(x)}, name="generator")


@keras.saving.register_keras_serializable(package="muslin")
class SpreadShare(keras.layers.Layer):
    """Logarithm of the shares N,K -> N*K,h,w,1, the same everywhere. like: N*K,h,w,C."""

    def call(self, shares: Tensor, like: Tensor) -> Tensor:
        return ops.reshape(ops.log(shares + 0.01), (-1, 1, 1, 1)) + ops.zeros_like(like[..., :1])

    def compute_output_shape(self, shares_shape: tuple[int | None, ...], like_shape: Any = None) -> Any:
        return (*like_shape[:-1], 1)


def style_codes(looks: int) -> keras.Model:
    """Weights of looks (N,looks) -> style code (N,STYLE): looks mix as their codes do."""
    weights = keras.Input((looks,), name="look")
    normal = keras.initializers.RandomNormal(stddev=0.5, seed=1)
    codes = layers.Dense(STYLE, use_bias=False, kernel_initializer=normal, name="codes")
    return keras.Model(weights, codes(weights), name="style_codes")


def print_discriminator(
    looks: int, widths: Sequence[int] = (24, 48, 96), *, spectral_norm: bool = False
) -> keras.Model:
    """(image N,H,W,3; look N,looks) -> logits N,H/8,W/8,1: is this patch real cloth of that look?

    The look enters by projection (Miyato & Koyama 2018). No normalisation: R1 keeps it smooth.
    """
    conv = convolution(spectral_norm)
    image = keras.Input((None, None, 3), name="image")
    look = keras.Input((looks,), name="look")
    x: Tensor = image
    for level, width in enumerate(widths):
        x = conv(width, 4, strides=2, padding="same", name=f"level{level}")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = conv(widths[-1], 3, padding="same", name="context")(x)
    x = layers.LeakyReLU(0.2)(x)
    asked = layers.Dense(widths[-1], use_bias=False, kernel_initializer="zeros", name="look_embedding")(look)
    logits = conv(1, 1, name="logits")(x)
    matched = Matched(name="matched")(x, asked)
    return keras.Model([image, look], layers.Add(name="judgement")([logits, matched]), name="discriminator")


@keras.saving.register_keras_serializable(package="muslin")
class Matched(keras.layers.Layer):
    """Inner product of each place's features (N,h,w,C) with a vector (N,C): N,h,w,1, divided by sqrt(C)."""

    def call(self, x: Tensor, vector: Tensor) -> Tensor:
        size = x.shape[-1]
        return ops.sum(x * ops.reshape(vector, (-1, 1, 1, size)), axis=-1, keepdims=True) / float(np.sqrt(size))

    def compute_output_shape(self, x_shape: tuple[int | None, ...], vector_shape: Any = None) -> Any:
        return (*x_shape[:-1], 1)


def painter(channels: int = 24, levels: int = 3) -> keras.Model:
    """The plain way, for comparison: noise (N,h,w,NOISE*LAYERS) and style code -> image (N,8h,8w,3) in [-1, 1]."""
    noise = keras.Input((None, None, LAYERS * NOISE), name="noise")
    style_code = keras.Input((STYLE,), name="style_code")
    widths = [min(4 * channels, channels * 2 ** (levels - level)) for level in range(levels + 1)]
    x = layers.Conv2D(widths[0], 1, name="enter")(noise)
    for level, width in enumerate(widths):
        if level:
            x = layers.UpSampling2D(2, interpolation="nearest", name=f"up{level}")(x)
        x = _block(x, width, f"paint{level}")
        told = layers.Dense(width, name=f"style{level}")(style_code)
        x = Styled(name=f"styled{level}")(x, told)
    x = Wrap(1, name="out_wrap")(x)
    image = layers.Conv2D(3, 3, activation="tanh", name="image")(x)
    return keras.Model([noise, style_code], image, name="generator")


@keras.saving.register_keras_serializable(package="muslin")
class Styled(keras.layers.Layer):
    """x * (1 + gain), the gain of each channel from the style (N,C)."""

    def call(self, x: Tensor, gain: Tensor) -> Tensor:
        return x * (1.0 + ops.reshape(gain, (-1, 1, 1, x.shape[-1])))

    def compute_output_shape(self, x_shape: tuple[int | None, ...], gain_shape: Any = None) -> Any:
        return x_shape


# ------------------------------------------------------------------------------- the renderer, differentiable


def render(
    cloths: Tensor, shares: Tensor, noise: Tensor, fields: Tensor, calm: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """textiles.arrange.render on a batch: (print N,S,S,3 in [-1, 1], what a loss may want to know).

    cloths: N,LAYERS,S,S,3 in [-1, 1], flat, as they lie on a tile of one unit; the rest as for `field_generator`.
    calm: N, how far fields may vary over the tile (arrange.calm_of); None: freely.
    """
    size, cells = cloths.shape[2], fields.shape[2]
    grow = ops.convert_to_tensor(upsampling(cells, size))
    if calm is not None:
        mean = ops.mean(fields, axis=(2, 3), keepdims=True)
        fields = mean + ops.reshape(calm, (-1, 1, 1, 1, 1)) * (fields - mean)
    warp = WARP * ops.tanh(fields[..., :2])
    bias = PLACE * ops.tanh(fields[..., 2:3] / PLACE) + CHANCE * noise[..., :1]
    guide = _Guide(cloths)
    colours = fields[..., 3:6] + guide.rare_colours()
    smooth = ops.concatenate([warp, bias, colours, TINT * ops.tanh(fields[..., 6:9])], axis=-1)
    grown = ops.einsum("Yy,nkyxf->nkYxf", grow, smooth)
    grown = ops.einsum("Xx,nkyxf->nkyXf", grow, grown)
    laid = _warped(cloths, grown[..., :2] * float(size))
    logits = HARDNESS * (grown[..., 2] + ops.sum(grown[..., 3:6] * guide(laid), axis=-1))
    stride = max(1, BALANCE_STRIDE * size // MEASURED)
    balance = ops.stop_gradient(_balance(logits[:, :, ::stride, ::stride], shares))
    weights = ops.softmax(logits + balance, axis=1)
    mixed = ops.sum((laid + grown[..., 6:9]) * weights[..., None], axis=1)
    bend = ops.mean(ops.abs(warp[:, :, 1:] - warp[:, :, :-1])) + ops.mean(ops.abs(warp[..., 1:, :] - warp[..., :-1, :]))
    ghosting = ops.mean(ops.sum(weights * (1.0 - weights), axis=1))
    return ops.clip(mixed, -1.0, 1.0), {
        "bend": bend,
        "ghosting": ghosting,
        "anchor": ops.mean(ops.square(fields)),
        "weights": weights,
    }


def _balance(logits: Tensor, shares: Tensor) -> Tensor:
    """arrange._balance on a batch. logits: N,K,h,w. Returns N,K,1,1."""
    wanted = ops.reshape(shares, (-1, LAYERS, 1, 1)) + 1e-4
    balance = ops.log(wanted)
    for _ in range(BALANCE_STEPS):
        reached = ops.mean(ops.softmax(logits + balance, axis=1), axis=(2, 3), keepdims=True) + 1e-4
        balance = balance + ops.log(wanted / reached)
    return balance


def seen(cloths: Tensor) -> Tensor:
    """Cloths N,K,S,S,C as the generator sees them: SEEN px a unit. S is a multiple of SEEN."""
    size, channels = cloths.shape[2], cloths.shape[-1]
    if size == SEEN:
        return cloths
    flat = ops.reshape(cloths, (-1, size, size, channels))
    return ops.reshape(ops.average_pool(flat, size // SEEN, size // SEEN), (-1, LAYERS, SEEN, SEEN, channels))


class _Guide:
    """A layer's own colours, as arrange._Guide measures them. N,K,S,S,3 -> N,K,S,S,3."""

    def __init__(self, cloths: Tensor) -> None:
        self.opponents = ops.convert_to_tensor(OPPONENTS)
        small = seen(cloths)
        found = ops.matmul(small, self.opponents)
        self.mean = ops.mean(found, axis=(2, 3), keepdims=True)
        self.spread = ops.std(found[..., :1], axis=(2, 3), keepdims=True) + 0.05
        self.small = self(small)

    def __call__(self, laid: Tensor) -> Tensor:
        found = (ops.matmul(laid, self.opponents) - self.mean) / self.spread
        return ops.clip(found, -GUIDE_LIMIT, GUIDE_LIMIT)

    def rare_colours(self) -> Tensor:
        """arrange.rare_colours on a batch: N,K,1,1,3."""
        square = ops.mean(ops.square(self.small), axis=(2, 3), keepdims=True)
        cube = ops.mean(self.small**3, axis=(2, 3), keepdims=True)
        channels = ops.convert_to_tensor(MOTIF_CHANNELS)
        return MOTIF * ops.clip(cube / (square**1.5 + 0.02), -MOST_SKEW, MOST_SKEW) * channels


def _warped(cloths: Tensor, shift: Tensor) -> Tensor:
    """cloths (N,K,S,S,C) sampled at each pixel plus shift (N,K,S,S,2: across, down, px), bilinear, wrapped."""
    size, channels = cloths.shape[2], cloths.shape[-1]
    steps = ops.arange(size, dtype="float32")
    across = ops.reshape(shift[..., 0] + steps[None, :], (-1, size * size))
    down = ops.reshape(shift[..., 1] + steps[:, None], (-1, size * size))
    left, top = ops.floor(across), ops.floor(down)
    flat = ops.reshape(cloths, (-1, channels))
    first = ops.arange(ops.shape(across)[0], dtype="int32")[:, None] * (size * size)
    total: Tensor = 0.0
    for x in (0, 1):
        for y in (0, 1):
            column = ops.cast(ops.mod(left + x, size), "int32")
            row = ops.cast(ops.mod(top + y, size), "int32")
            weight = ops.abs(1.0 - x - (across - left)) * ops.abs(1.0 - y - (down - top))
            total = total + ops.take(flat, first + row * size + column, axis=0) * weight[..., None]
    return ops.reshape(total, (-1, LAYERS, size, size, channels))

"""The four networks of StarGAN v2: one generator for all looks, and style codes from noise or from a picture.

Choi et al. 2020, "StarGAN v2: Diverse Image Synthesis for Multiple Domains", section 3 and appendix: pre-activation
residual blocks, the style enters by adaptive instance normalisation (AdaIN, Huang & Belongie 2017) in the decoder
alone, and mapping network, style encoder and discriminator have one head for each look. Changed, and why:
- `patch` = 2 folds 2 x 2 pixels into channels before the first convolution and unfolds them after the last: half of a
  small generator's time goes into its full-size layers. 1 is the paper's network. What is unfolded is blurred over
  three pixels: each pixel of a block has weights of its own, and without it every look grew a lattice of two pixels;
- `place` tells the bottleneck where it is (Place): convolutions alone cannot begin a stripe on plain cloth, and the
  paper's large network gets that from its padding;
- `folds` adds the luminance of the picture, less its mean, to what is painted: folds are there from the first step,
  as with the paper's high-pass skip for faces (`w_hpf`). Not its colours: a network that is handed them keeps them, and
  no reference ever dyes a garment (measured in benchmarks/looks.py);
- the last maps of encoder and discriminator are S/2^k px for sizes that are no power of two, and meet a kernel of that
  size (4 x 4 in the paper).
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers, ops

from muslin.errors import EXIT_USAGE, UserError
from muslin.layers import Blur, DepthToSpace
from muslin.networks.convolutions import convolution, dense
from muslin.networks.translators import Place

SLOPE = 0.2  # of each leaky rectifier
EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="muslin")
class AdaIN(keras.layers.Layer):
    """Instance normalisation whose scale and shift come from a style code (Huang & Belongie 2017, equation 8).

    (x N,H,W,C; style_code N,S) -> N,H,W,C: (1 + scale(s)) * (x - mean) / std + shift(s), with moments over H and W.
    Plain moments export well.
    """

    def build(self, x_shape: tuple[int | None, ...], style_code_shape: tuple[int | None, ...]) -> None:
        shape = (style_code_shape[-1], 2 * (x_shape[-1] or 0))
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=_he())
        self.bias = self.add_weight(name="bias", shape=shape[1:], initializer="zeros")

    def call(self, x: Any, style_code: Any) -> Any:
        channels = x.shape[-1]
        wanted = ops.reshape(ops.matmul(style_code, self.kernel) + self.bias, (-1, 1, 1, 2 * channels))
        return standardised(x, 1.0 + wanted[..., :channels]) + wanted[..., channels:]

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], style_code_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return x_shape


@keras.saving.register_keras_serializable(package="muslin")
class InstanceNorm(keras.layers.Layer):
    """Instance normalisation with a learned scale and shift (Ulyanov et al. 2016). N,H,W,C -> N,H,W,C."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.gamma = self.add_weight(name="gamma", shape=input_shape[-1:], initializer="ones")
        self.beta = self.add_weight(name="beta", shape=input_shape[-1:], initializer="zeros")

    def call(self, x: Any) -> Any:
        return standardised(x, self.gamma) + self.beta


def standardised(x: Any, scale: Any) -> Any:
    """scale * (x - mean) / std, moments over H and W of each picture and channel."""
    centred = x - ops.mean(x, axis=(1, 2), keepdims=True)
    return centred * (scale * ops.rsqrt(ops.mean(ops.square(centred), axis=(1, 2), keepdims=True) + EPSILON))


@keras.saving.register_keras_serializable(package="muslin")
class AddFolds(keras.layers.Layer):
    """(painted N,H,W,3; image N,H,W,3) -> painted plus the image's luminance, less that luminance's mean."""

    def call(self, painted: Any, image: Any) -> Any:
        luminance = 0.2126 * image[..., 0:1] + 0.7152 * image[..., 1:2] + 0.0722 * image[..., 2:3]
        return painted + luminance - ops.mean(luminance, axis=(1, 2), keepdims=True)

    def compute_output_shape(
        self, painted_shape: tuple[int | None, ...], image_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return painted_shape


@keras.saving.register_keras_serializable(package="muslin")
class LookDense(keras.layers.Layer):
    """A dense layer of its own for each look: N,looks,inputs (or N,inputs, shared by all) -> N,looks,outputs.

    rate: the weights are kept divided by it, so that Adam, whose steps do not grow with the gradient, moves them at
    `rate` times its learning rate (Karras et al. 2019, appendix C). The paper trains the mapping network at 1/100.
    """

    def __init__(self, looks: int, outputs: int, rate: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.looks, self.outputs, self.rate = looks, outputs, rate

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (self.looks, input_shape[-1], self.outputs)
        spread = math.sqrt(2.0 / float(input_shape[-1] or 1)) / self.rate
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=_normal(spread))
        self.bias = self.add_weight(name="bias", shape=(self.looks, 1, self.outputs), initializer="zeros")

    def call(self, x: Any) -> Any:
        x = x[None] if len(x.shape) == 2 else ops.transpose(x, (1, 0, 2))
        x = ops.matmul(x, self.kernel * self.rate) + self.bias * self.rate
        return ops.transpose(x, (1, 0, 2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], self.looks, self.outputs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "looks": self.looks, "outputs": self.outputs, "rate": self.rate}


def generator(
    style_size: int = 64,  # numbers in a style code
    channels: int = 32,  # at the first map; doubled at each halving
    max_channels: int = 512,
    levels: int = 4,  # halvings between the picture and the bottleneck, `patch` included
    blocks: int = 2,  # residual blocks at the bottleneck: so many without the style, then so many with it
    patch: int = 1,  # 2: see above
    place: bool = False,  # see above
    folds: bool = False,  # see above
) -> keras.Model:
    """(image N,H,W,3 in [-1, 1], style_code N,S) -> N,H,W,3, about [-1, 1]. H and W: multiples of 2^levels."""
    image = keras.Input((None, None, 3), name="image")
    style = keras.Input((style_size,), name="style_code")
    x = image
    if patch == 2:
        x = layers.Conv2D(channels, 4, 2, "same", kernel_initializer=_he())(x)
    else:
        x = layers.Conv2D(channels, 3, padding="same", kernel_initializer=_he())(x)
    widths = [min(channels * 2**level, max_channels) for level in range(levels - (patch == 2) + 1)]
    for width in widths[1:]:
        x = _block(x, width, resample="down", normalised=True)
    for _ in range(blocks):
        x = _block(x, widths[-1], normalised=True)
    if place:
        x = layers.Conv2D(widths[-1], 1, kernel_initializer=_he())(layers.Concatenate()([x, Place()(x)]))
    for _ in range(blocks):
        x = _block(x, widths[-1], style=style)
    for width in reversed(widths[:-1]):
        x = _block(x, width, resample="up", style=style)
    x = layers.LeakyReLU(SLOPE)(InstanceNorm()(x))
    final = _normal(0.01) if folds else _he()
    if patch == 2:
        x = Blur()(DepthToSpace(2)(layers.Conv2D(12, 3, padding="same", kernel_initializer=final)(x)))
    else:
        x = layers.Conv2D(3, 1, kernel_initializer=final)(x)
    x = AddFolds()(x, image) if folds else x
    return keras.Model([image, style], layers.Identity(name="restyled")(x), name="generator")


def mapping_network(
    looks: int, latent_size: int = 16, style_size: int = 64, width: int = 512, depth: int = 4, rate: float = 0.01
) -> keras.Model:
    """latent N,latent_size, N(0, 1) -> style_codes N,looks,style_size. depth: of shared layers, and of each look's."""
    latent = keras.Input((latent_size,), name="latent")
    x = layers.Reshape((1, latent_size))(latent)
    for _ in range(depth):
        x = layers.ReLU()(LookDense(1, width, rate)(x))
    x = layers.Reshape((width,))(x)
    for _ in range(depth - 1):
        x = layers.ReLU()(LookDense(looks, width, rate)(x))
    return keras.Model(latent, LookDense(looks, style_size, rate, name="style_codes")(x), name="mapping_network")


def style_encoder(
    looks: int, size: int = 256, style_size: int = 64, channels: int = 64, max_channels: int = 512, patch: int = 1
) -> keras.Model:
    """image N,size,size,3 in [-1, 1] -> style_codes N,looks,style_size: the code of the picture seen as each look."""
    image = keras.Input((size, size, 3), name="image")
    x = _trunk(image, size, channels, max_channels, patch)
    return keras.Model(image, LookDense(looks, style_size, name="style_codes")(x), name="style_encoder")


def discriminator(
    looks: int,
    size: int = 256,
    channels: int = 64,
    max_channels: int = 512,
    patch: int = 1,
    *,
    spectral_norm: bool = False,
) -> keras.Model:
    """image N,size,size,3 -> logits N,looks: real or fake, as each look. No normalisation: R1 keeps it smooth."""
    image = keras.Input((size, size, 3), name="image")
    x = _trunk(image, size, channels, max_channels, patch, spectral_norm)
    logits = dense(spectral_norm)(looks, kernel_initializer=_he(), name="logits")(x)
    return keras.Model(image, logits, name="discriminator")


def _trunk(image: Any, size: int, channels: int, max_channels: int, patch: int, spectral_norm: bool = False) -> Any:
    """Picture -> N,C: residual blocks down to a map of 4 to 7 px, and a kernel of that size."""
    halvings = int(math.log2(max(size, 8) / 4))
    if size < 16 or size % 2**halvings:
        raise UserError(
            "The size of stargan_v2's pictures must be reached by doubling from a small map.",
            received=f"{size} px",
            possible="32, 48, 64, 80, 96, 128, 192, 256, ...",
            exit_code=EXIT_USAGE,
        )
    conv = convolution(spectral_norm)
    stride = 2 if patch == 2 else 1
    x = conv(channels, 2 + stride, stride, "same", kernel_initializer=_he())(image)
    for level in range(stride - 1, halvings):
        x = _block(x, min(channels * 2 ** (level + 2 - stride), max_channels), resample="down", conv=conv)
    x = layers.LeakyReLU(SLOPE)(x)
    x = conv(x.shape[-1], size // 2**halvings, padding="valid", kernel_initializer=_he())(x)
    return layers.Reshape((x.shape[-1],))(layers.LeakyReLU(SLOPE)(x))


def _block(
    x: Any, width: int, *, resample: str = "", normalised: bool = False, style: Any = None, conv: Any = layers.Conv2D
) -> Any:
    """A pre-activation residual block of unit variance (the reference network's ResBlk and AdainResBlk)."""

    def rectified(y: Any) -> Any:
        if style is not None:
            y = AdaIN()(y, style)
        elif normalised:
            y = InstanceNorm()(y)
        return layers.LeakyReLU(SLOPE)(y)

    # Encoders widen in the second convolution, the decoder narrows in the first.
    first = width if style is not None else x.shape[-1]
    short, long = x, rectified(x)
    if resample == "up":
        short, long = layers.UpSampling2D(2)(short), layers.UpSampling2D(2)(long)
    long = conv(first, 3, padding="same", kernel_initializer=_he())(long)
    if resample == "down":
        short, long = layers.AveragePooling2D(2)(short), layers.AveragePooling2D(2)(long)
    long = conv(width, 3, padding="same", kernel_initializer=_he())(rectified(long))
    if x.shape[-1] != width:
        short = conv(width, 1, use_bias=False, kernel_initializer=_he())(short)
    return layers.Rescaling(math.sqrt(0.5))(layers.Add()([short, long]))


def _he() -> keras.Initializer:
    return keras.initializers.VarianceScaling(2.0, mode="fan_in", distribution="untruncated_normal")


def _normal(spread: float) -> keras.Initializer:
    return keras.initializers.RandomNormal(stddev=spread)

"""The classic pair: noise -> CNN generator, CNN discriminator with a fully connected head (Radford et al. 2016).

Kept from the paper: strided and transposed convolutions instead of pooling, batch normalisation and ReLU in the
generator, leaky ReLU in the discriminator, tanh at the end, N(0, 0.02) weights. Changed, and why:
- transposed kernels are 4 x 4, not 5 x 5: a kernel that the stride divides writes each pixel equally often, so
  plain cloth shows no checkerboard (Odena et al. 2016), at less than half the cost of resizing first;
- no batch normalisation in the discriminator: R1 needs the slope of each image's own score.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from muslin.errors import EXIT_USAGE, UserError
from muslin.layers import Blur
from muslin.networks import convolutions


def generator(
    size: int = 64, latent_size: int = 64, channels: int = 32, max_channels: int = 256, smooth: bool = True
) -> keras.Model:
    """batch x latent_size, N(0, 1) -> batch x size x size x 3 in [-1, 1]. channels: at the full size.

    smooth: after each enlarging, a blur that takes the finest grid away (Karras et al. 2019, section 2.1, baseline B).
    """
    levels, start = pyramid(size)
    latent = keras.Input((latent_size,), name="latent")
    width = min(channels * 2**levels, max_channels)
    x = layers.Dense(start * start * width, use_bias=False, kernel_initializer=_normal())(latent)
    x = layers.Reshape((start, start, width))(x)
    for level in reversed(range(levels)):
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        width = min(channels * 2**level, max_channels)
        x = layers.Conv2DTranspose(width, 4, 2, "same", use_bias=False, kernel_initializer=_normal())(x)
        x = Blur()(x) if smooth else x
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    image = layers.Conv2D(3, 3, padding="same", activation="tanh", kernel_initializer=_normal())(x)
    return keras.Model(latent, image, name="generator")


def discriminator(
    size: int = 64, channels: int = 32, max_channels: int = 256, head: int = 128, spectral_norm: bool = False
) -> keras.Model:
    """batch x size x size x 3 in [-1, 1] -> batch x 1 logits. head: width of the fully connected layer."""
    levels, _ = pyramid(size)
    convolution, dense = convolutions.convolution(spectral_norm), convolutions.dense(spectral_norm)
    image = keras.Input((size, size, 3), name="image")
    x = image
    for level in range(levels):
        width = min(channels * 2**level, max_channels)
        x = layers.LeakyReLU(0.2)(convolution(width, 4, 2, "same", kernel_initializer="he_normal")(x))
    x = layers.Flatten()(x)
    x = layers.LeakyReLU(0.2)(dense(head, kernel_initializer="he_normal")(x))
    return keras.Model(image, dense(1)(x), name="discriminator")


def _normal() -> keras.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def pyramid(size: int) -> tuple[int, int]:
    """(number of doublings, size of the smallest map): 64 -> (4, 4), 48 -> (3, 6)."""
    levels = max(1, int(math.log2(max(size, 8) / 4)))
    if size < 16 or size % 2**levels:
        raise UserError(
            "The side of the pictures must be reached by doubling from a small map.",
            received=f"{size} px",
            possible="16, 24, 32, 48, 64, 96, 128, ...",
            exit_code=EXIT_USAGE,
        )
    return levels, size // 2**levels

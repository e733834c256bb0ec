"""Discriminators that look at patches (Isola et al. 2017, section 3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from muslin.layers import GroupNorm
from muslin.networks.convolutions import convolution, logits_convolution


def patch_discriminator(
    channels: int, widths: Sequence[int] = (24, 48, 96), *, spectral_norm: bool = False
) -> keras.Model:
    """Image (N,H,W,channels) -> logits (N,H/2^k,W/2^k,1), k = len(widths).

    No normalisation: R1 keeps it smooth (Mescheder et al. 2018), and statistics of a picture that is mostly empty
    would leak the garment's size.
    """
    conv = convolution(spectral_norm)
    image = keras.Input((None, None, channels), name="image")
    x = image
    for level, width in enumerate(widths):
        x = conv(width, 4, strides=2, padding="same", name=f"level{level}")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = conv(widths[-1], 3, padding="same", name="context")(x)
    x = layers.LeakyReLU(0.2)(x)
    logits = logits_convolution(spectral_norm)(1, 3, padding="same", name="logits")(x)
    return keras.Model(image, logits, name="discriminator")


def patchgan(
    channels: int = 64, levels: int = 3, *, instance_norm: bool = True, spectral_norm: bool = False
) -> keras.Model:
    """Image (N,H,W,3) -> logits of overlapping patches: C64-C128-C256-C512 of pix2pix, appendix 6.1.2 (70 x 70 px).

    The convolutions keep the published zero padding of one pixel, so that 256 px give 30 x 30 logits.
    """
    conv = convolution(spectral_norm)
    image = keras.Input((None, None, 3), name="image")
    x = image
    for level in range(levels + 1):
        width = channels * min(2**level, 8)
        strides = 2 if level < levels else 1
        normalised = instance_norm and level > 0
        x = layers.ZeroPadding2D(1)(x)
        x = conv(width, 4, strides=strides, use_bias=not normalised, name=f"level{level}")(x)
        x = GroupNorm(width, name=f"level{level}_norm")(x) if normalised else x
        x = layers.LeakyReLU(0.2)(x)
    logits = logits_convolution(spectral_norm)(1, 4, name="logits")(layers.ZeroPadding2D(1)(x))
    return keras.Model(image, logits, name="discriminator")

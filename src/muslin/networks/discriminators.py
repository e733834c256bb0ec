"""Discriminators that look at patches (Isola et al. 2017, section 3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers


def patch_discriminator(channels: int, widths: Sequence[int] = (24, 48, 96)) -> keras.Model:
    """Image (N,H,W,channels) -> logits (N,H/2^k,W/2^k,1), k = len(widths).

    No normalisation: R1 keeps it smooth (Mescheder et al. 2018), and statistics of a picture that is mostly empty
    would leak the garment's size.
    """
    image = keras.Input((None, None, channels), name="image")
    x = image
    for level, width in enumerate(widths):
        x = layers.Conv2D(width, 4, strides=2, padding="same", name=f"level{level}")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(widths[-1], 3, padding="same", name="context")(x)
    x = layers.LeakyReLU(0.2)(x)
    return keras.Model(image, layers.Conv2D(1, 3, padding="same", name="logits")(x), name="discriminator")

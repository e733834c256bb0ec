"""The two networks of pix2pix (Isola et al. 2017, section 6.1): a U-Net that translates, and a patch discriminator.

Kept from the paper: 4 x 4 convolutions of stride 2, leaky ReLU going down, ReLU going up, concatenated skips, tanh,
N(0, 0.02) weights. Changed, and why:
- group normalisation instead of batch normalisation: the paper's batches hold one picture, so that its statistics are
  that picture's own, and at the innermost, one-pixel map they are nothing at all (its "Errata"); groups are neither;
- no dropout: the paper uses it as noise and finds that the output hardly varies with it. Variety comes from paint
  on the source (data/sketch.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from muslin.errors import EXIT_USAGE, UserError
from muslin.layers import Blur, GroupNorm
from muslin.networks.convolutions import convolution, logits_convolution

SMALL = (24, 48, 96, 144, 192)  # channels at 1/2, 1/4 ... 1/32: for two CPU cores and 64 to 128 px
PUBLISHED = (64, 128, 256, 512, 512, 512, 512, 512)  # of 256 px; 54 M parameters
LARGEST_FREE_MULTIPLE = 32  # a U-Net whose smallest map is a 64th or less is built for one size


def generator(widths: Sequence[int] = SMALL, size: int | None = None, smooth: bool = False) -> keras.Model:
    """Source N,H,W,3 in [-1, 1] -> target N,H,W,3 in [-1, 1]; H and W are multiples of 2 ** len(widths).

    size: H and W of networks that are deeper than LARGEST_FREE_MULTIPLE allows.
    smooth: blur what is painted over three pixels; without it plain areas show the grid of the last transposed
        convolution (Odena et al. 2016).
    """
    multiple = 2 ** len(widths)
    if size is not None and size % multiple:
        raise UserError(
            "A U-Net halves its picture at every level.",
            received=f"{size} px, {len(widths)} levels",
            possible=f"multiples of {multiple} px, or fewer widths",
            exit_code=EXIT_USAGE,
        )
    side = None if multiple <= LARGEST_FREE_MULTIPLE else size
    image = keras.Input((side, side, 3), name="image")
    x, skips = image, []
    for level, width in enumerate(widths):
        x = layers.LeakyReLU(0.2)(x) if level else x
        x = layers.Conv2D(width, 4, 2, use_bias=level == 0, name=f"down{level}", **_kernels())(x)
        x = _norm(width, f"down{level}_norm")(x) if level else x
        skips.append(x)
    for level in reversed(range(1, len(widths))):
        x, width = layers.ReLU()(x), widths[level - 1]
        x = layers.Conv2DTranspose(width, 4, 2, use_bias=False, name=f"up{level}", **_kernels())(x)
        x = layers.Concatenate()([_norm(width, f"up{level}_norm")(x), skips[level - 1]])
    x = layers.Conv2DTranspose(3, 4, 2, name="up0", **_kernels())(layers.ReLU()(x))
    x = Blur()(x) if smooth else x
    return keras.Model(image, layers.Activation("tanh", name="made")(x), name="generator")


def discriminator(
    width: int = 32, strided: int = 2, normalised: bool = False, spectral_norm: bool = False, channels: int = 6
) -> keras.Model:
    """Source and target, one above the other in the channels, N,H,W,6 in [-1, 1] -> logits N,h,w,1, one a patch.

    strided: convolutions of stride 2; 3 with width 64 is the paper's 70 x 70 patch, 2 is 34 x 34.
    normalised: as in the paper; not with R1, which needs the slope of each picture's own score (groups keep it so,
    but amplify it where a picture is empty). spectral_norm: divide each kernel by its largest singular value.
    """
    pair = keras.Input((None, None, channels), name="pair")
    conv = convolution(spectral_norm)
    x: Any = pair
    for level in range(strided + 1):
        wide, stride = width * min(2**level, 8), 2 if level < strided else 1
        bare = level == 0 or not normalised
        x = conv(wide, 4, stride, use_bias=bare, name=f"level{level}", **_kernels())(x)
        x = x if bare else _norm(wide, f"level{level}_norm")(x)
        x = layers.LeakyReLU(0.2)(x)
    logits = logits_convolution(spectral_norm)(1, 4, name="logits", **_kernels())(x)
    return keras.Model(pair, logits, name="discriminator")


def _norm(width: int, name: str) -> GroupNorm:
    return GroupNorm(groups=min(8, width), name=name)


def _kernels() -> dict[str, Any]:
    """What all convolutions share; an initialiser of its own each, or all kernels would be alike."""
    return {"padding": "same", "kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}

"""U-Net (Ronneberger et al. 2015) for image -> per-pixel fields, shaped for CPUs.

The image enters at half resolution through one strided convolution and leaves by depth-to-space, which saves the
costly full-resolution level. Group normalisation (Wu & He 2018) with few groups keeps absolute brightness out of the
features without tying an image to its batch. Up-sampling is nearest + convolution (Odena et al. 2016): no
checkerboard. Fully convolutional: H and W are any multiples of 2 ** len(widths).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from muslin.layers import DepthToSpace, GroupNorm, SelfAttention
from muslin.networks.pretrained import pretrained_maps

WIDTHS = (24, 48, 64, 96, 128)  # channels at 1/2, 1/4, ... 1/32 of the input
DEEP = (0, 1, 1, 2, 1)  # further blocks there of a deep network, where they are cheap
ATTEND = (False, False, False, True, True)  # where places look at each other in it


def _block(x: Any, width: int, name: str, stride: int = 1, kernel: int = 3, start: str = "ones") -> Any:
    x = layers.Conv2D(width, kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = GroupNorm(start=start, name=f"{name}_norm")(x)
    return layers.Activation("silu", name=f"{name}_act")(x)


def _more(x: Any, level: int, deep: Sequence[int], attend: Sequence[bool], name: str) -> Any:
    """Further residual blocks of a level, and a look at the whole map: nothing at first (Goyal et al. 2017, 5.1)."""
    for number in range(deep[level] if level < len(deep) else 0):
        x = layers.Add()([x, _block(x, x.shape[-1], f"{name}{level}_more{number}", start="zeros")])
    return SelfAttention(name=f"{name}{level}_whole")(x) if level < len(attend) and attend[level] else x


def unet_trunk(
    x: Any,  # N,H,W,C float32
    widths: Sequence[int] = WIDTHS,
    name: str = "",  # prefix of the layers' names
    deep: Sequence[int] = (),  # further blocks at 1/2, 1/4, ..., on the way down and on the way up
    attend: Sequence[bool] = (),  # whether places look at each other there
    known: Mapping[int, Any] | None = None,  # level -> map of another network of that size; nothing at first
) -> list[Any]:
    """Decoder features, coarse first: N,H/32,W/32,widths[-1] ... N,H/2,W/2,widths[0]."""
    skips = []
    for level, width in enumerate(widths):
        x = _block(x, width, f"{name}down{level}_in", stride=2, kernel=6 if level == 0 else 3)
        if known and level in known:
            told = GroupNorm(name=f"{name}down{level}_known_norm")(known[level])
            told = layers.Conv2D(width, 1, kernel_initializer="zeros", name=f"{name}down{level}_known")(told)
            x = layers.Add()([x, told])
        x = layers.Add()([x, _block(x, width, f"{name}down{level}_out")])
        x = _more(x, level, deep, attend, f"{name}down")
        skips.append(x)
    decoded = [x]
    for level in reversed(range(len(widths) - 1)):
        x = layers.Conv2D(widths[level], 1, name=f"{name}up{level}_narrow")(x)
        x = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}up{level}_scale")(x)
        x = layers.Add()([x, skips[level]])
        x = layers.Add()([x, _block(x, widths[level], f"{name}up{level}_out")])
        x = _more(x, level, deep, attend, f"{name}up")
        decoded.append(x)
    return decoded


def mask_network(widths: Sequence[int] = WIDTHS, deep: bool = False, pretrained: bool = False) -> keras.Model:
    """Photo (N,H,W,3 in [-1, 1]) -> logits of "garment" (N,H,W,1).

    pretrained: at 1/4, 1/8 and 1/16 it sees the maps of a network that knows a million photographs, too. Raises
    UserError where the package that reads them is missing.
    """
    image = keras.Input((None, None, 3), name="image")
    known = dict(enumerate(pretrained_maps(image), 1)) if pretrained else None
    decoded = unet_trunk(image, widths, deep=DEEP if deep else (), attend=ATTEND if deep else (), known=known)
    x = layers.Conv2D(4, 3, padding="same", name="head")(decoded[-1])
    return keras.Model(image, DepthToSpace(2, name="logits")(x), name="mask_network")

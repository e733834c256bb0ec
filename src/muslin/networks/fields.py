"""The drape generator: photo and mask -> slopes and trend of the shading, print, panels, pieces and warp of cloth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from muslin.layers import BilinearUp, DepthToSpace
from muslin.networks.garment_layers import AffineWarp, DyeLight, GarmentFeatures, ShadingSlopes
from muslin.networks.unet import ATTEND, DEEP, unet_trunk

WIDTHS = (32, 48, 64, 96, 128)  # channels at 1/2, 1/4, ... 1/32 of the input
PANELS = 4  # body, limb at the viewer's left, limb at the viewer's right, trim
ROLES = 15  # of pieces: front, collar, pocket, ...
DYES = 24  # that a garment may have
NEAR = 40  # channels of the network of pieces at 1/2 of its input
FAR = ((64, 5, 1), (80, 5, 2), (80, 7, 2))  # at 1/4, 1/8, 1/16: channels, reach and number of blocks
PASSED = 0.9  # of the luminance's slopes, by an untrained network
UPRIGHT = keras.initializers.Constant([1.0, 0.0])
ONE_FOR_EACH_PANEL = keras.initializers.Constant([4.0 * (k in (0, 3, 4, 14)) for k in range(ROLES)])
LUMINANCE = (0.2126, 0.7152, 0.0722)


def field_network(widths: Sequence[int] = WIDTHS, deep: bool = False) -> keras.Model:
    """(image N,H,W,3 in [-1, 1]; mask N,H,W,1 in [0, 1]) -> slopes, trend, print, panels, warp, known, light.

    H, W: multiples of 2 ** len(widths).

    slopes: N,H,W,2, differences of log shading to the right-hand and the lower neighbour. A network that predicts the
        shading itself must draw every print's outline exactly to subtract it, and learns to iron the garment flat
        instead; which slope is a fold and which the edge of a print can be told locally (Tappen et al. 2005).
    trend: N,H/4,W/4,1, the shading itself, coarsely: what slopes cannot say across a print's edge.
    print: N,H,W,1, logits: whether a pixel shows another dye than the garment's ground (most of its cloth): a word,
        a badge, a block of colour; everywhere, where a print leaves no ground. On the ground, luminance is light.
    panels: N,H/2,W/2,PANELS, logits: which sewn panel a pixel belongs to. Cloth is smooth inside a panel and jumps
        across a seam; one warp for each panel lets the jump be sharp where a single smooth field would smear it.
    warp: N,H/4,W/4,2*PANELS, (x, y) of each panel: cloth position minus pixel position, in units of W.
    known: N,H/2,W/2,2*widths[0], what the network knows of each place, for a network of pieces.
    light: N,H,W,1, the shading as the garment's dyes tell it (garment_layers.DyeLight), which slopes and trend are made
        from; an output for training's sake.

    deep: with further blocks and attention at the small sizes, and with a second look at the whole garment in the light
        that its dyes tell: 2.3 M weights instead of 0.8 M, 1.6 times the multiply-adds. All of it starts as nothing.

    Slopes start as the photo's own luminance and the warp as zero: an untrained network is the classical baseline.
    """
    image = keras.Input((None, None, 3), name="image")
    mask = keras.Input((None, None, 1), name="mask")
    seen = GarmentFeatures(name="features")(image, mask)
    decoded = unet_trunk(seen, widths, deep=DEEP, attend=ATTEND) if deep else unet_trunk(seen, widths)
    fine, middle, coarse = decoded[-1], decoded[-2], decoded[0]

    hidden = layers.Conv2D(48, 3, padding="same", activation="silu", name="middle_hidden")(middle)
    guess = layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros", name="trend_guess")(hidden)
    light = _light(image, mask, seen, fine, guess)

    lit, again = _lit(seen, fine, light), None
    if deep:
        again = layers.Concatenate(name="again_seen")([fine, lit])
        again = unet_trunk(again, widths[1:4], "again_", deep=DEEP[1:4], attend=ATTEND[1:4])[-1]
        lit, fine = _changed(lit, again, "lit_again"), _changed(fine, again, "fine_again")
    outputs = {
        "slopes": _slopes(image, mask, light, lit),
        "trend": _trend(hidden, guess, light, again),
        "print": _print(fine, seen),
        "panels": layers.Conv2D(PANELS, 3, padding="same", name="panels")(fine),
        "warp": _warp(coarse, hidden),
        "light": light,
        "known": layers.Concatenate(name="known")([fine, lit]),
    }
    return keras.Model([image, mask], outputs, name="fields")


def pieces_network(width: int) -> keras.Model:
    """(image N,H,W,3; mask N,H,W,1; known N,H/2,W/2,2*width of a field network of that width at half size) -> roles,
    grain. H, W: multiples of 16.

    roles: N,H,W,ROLES, logits: what piece of cloth a pixel belongs to (garments/pieces.py).
    grain: N,H/2,W/2,2, cosine and sine of how far the grain of a pixel's piece is turned from upright, clockwise.
    A network of its own: it is asked at the size at which the pose is read only. A small U-Net over what is known: that
    a strip of darkness is an opening is a matter of the whole garment. At first each panel is one piece.
    """
    image = keras.Input((None, None, 3), name="image")
    mask = keras.Input((None, None, 1), name="mask")
    known = keras.Input((None, None, 2 * width), name="known")
    seen = GarmentFeatures(name="features")(image, mask)
    x = layers.Conv2D(NEAR, 3, padding="same", activation="silu", name="near")(known)
    skips = []
    for level, (channels, reach, blocks) in enumerate(FAR):
        skips.append(x)
        x = layers.DepthwiseConv2D(3, strides=2, padding="same", name=f"down_{level}")(x)
        x = layers.Conv2D(channels, 1, activation="silu", name=f"wider_{level}")(x)
        for k in range(blocks):
            x = _around(x, reach, f"far_{level}_{k}")
    for level in reversed(range(len(FAR))):
        x = layers.Conv2D(skips[level].shape[-1], 1, name=f"narrow_{level}")(x)
        x = BilinearUp(name=f"up_{level}")(x)
        x = layers.Add(name=f"both_{level}")([skips[level], x])
        if level:
            x = _around(x, 5, f"near_{level}")
    hidden = layers.Conv2D(48, 3, padding="same", activation="silu", name="hidden")(x)
    upright = {"kernel_initializer": "zeros", "bias_initializer": UPRIGHT}
    grain = layers.Conv2D(2, 3, padding="same", name="grain", **upright)(hidden)
    roles = DepthToSpace(2, name="roles_unfold")(layers.Conv2D(64, 1, name="roles_wide")(hidden))
    roles = layers.Concatenate(name="roles_seen")([roles, seen])
    roles = layers.Conv2D(24, 3, padding="same", activation="silu", name="roles_edges")(roles)
    start = {"kernel_initializer": "zeros", "bias_initializer": ONE_FOR_EACH_PANEL}
    roles = layers.Conv2D(ROLES, 3, padding="same", name="roles", **start)(roles)
    return keras.Model([image, mask, known], {"roles": roles, "grain": grain}, name="pieces")


def _around(x: Any, reach: int, name: str) -> Any:
    """N,h,w,C plus what is seen of it within reach x reach."""
    seen = layers.DepthwiseConv2D(reach, padding="same", name=f"{name}_around")(x)
    seen = layers.Conv2D(x.shape[-1], 1, activation="silu", name=f"{name}_mix")(seen)
    return layers.Add(name=name)([x, seen])


def _changed(x: Any, coarse: Any, name: str) -> Any:
    """N,h,w,C plus what N,h/2,w/2,c says of it: nothing at first."""
    change = layers.Conv2D(x.shape[-1], 1, kernel_initializer="zeros", name=name)(coarse)
    return layers.Add(name=f"{name}_sum")([x, layers.UpSampling2D(2, name=f"{name}_scale")(change)])


def _light(image: Any, mask: Any, seen: Any, fine: Any, guess: Any) -> Any:
    """The shading as the dyes tell it. seen: N,H,W,6 features of pixels; fine: N,H/2,W/2,C; guess: N,H/4,W/4,1."""
    around = layers.Conv2D(48, 3, padding="same", activation="silu", name="dyes_hidden")(fine)
    around = DepthToSpace(2, name="dyes_unfold")(layers.Conv2D(64, 1, name="dyes_wide")(around))
    around = layers.Concatenate(name="dyes_seen")([around, seen])
    dyes = layers.Conv2D(DYES, 1, name="dyes")(layers.Conv2D(32, 1, activation="silu", name="dyes_edges")(around))
    points = layers.Conv2D(12, 1, name="points")(layers.Conv2D(32, 1, activation="silu", name="points_hidden")(around))
    return DyeLight(name="light")(image, mask, dyes, points, guess)


def _lit(seen: Any, fine: Any, light: Any) -> Any:
    """`fine` once more, of the same shape, after a look at the light: as it was at first. light: N,H,W,1."""
    lit = layers.Concatenate(name="lit_wide")([light, seen])
    lit = layers.Conv2D(16, 4, strides=2, padding="same", name="lit_half")(lit)
    lit = layers.Concatenate(name="lit_seen")([fine, lit])
    lit = layers.Conv2D(fine.shape[-1], 3, padding="same", activation="silu", name="lit_hidden")(lit)
    change = layers.Conv2D(fine.shape[-1], 1, kernel_initializer="zeros", name="lit_change")(lit)
    return layers.Add(name="lit")([fine, change])


def _slopes(image: Any, mask: Any, light: Any, lit: Any) -> Any:
    """N,H,W,2: slopes of the photo's colours and of the light of the dyes, each weighed at each pixel."""
    weights = layers.Conv2D(48, 3, padding="same", activation="silu", name="slopes_hidden")(lit)
    weights = layers.Conv2D(32, 3, padding="same", kernel_initializer="zeros", name="slopes_head")(weights)
    weights = DepthToSpace(2, name="slopes_full")(weights)
    start = [PASSED * share for share in (*LUMINANCE, 0.0) * 2]
    return ShadingSlopes(start=start, name="slopes")(image, mask, light, weights)


def _trend(hidden: Any, guess: Any, light: Any, again: Any) -> Any:
    """N,H/4,W/4,1: the first guess, changed by what the light tells, and by the second look where there is one."""
    told = layers.AveragePooling2D(4, name="light_coarse")(light)
    told = layers.Concatenate(name="trend_seen")([hidden, guess, told])
    told = layers.Conv2D(32, 3, padding="same", activation="silu", name="trend_hidden")(told)
    told = layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros", name="trend_change")(told)
    parts = [guess, told]
    if again is not None:
        parts.append(layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros", name="trend_again")(again))
    return layers.Add(name="trend")(parts)


def _print(fine: Any, seen: Any) -> Any:
    """N,H,W,1, logits. Whether it is print is known at half the size; to the pixel it ends where the photo's own colour
    changes.
    """
    dyed = layers.Conv2D(32, 3, padding="same", activation="silu", name="print_hidden")(fine)
    dyed = DepthToSpace(2, name="print_unfold")(layers.Conv2D(32, 1, name="print_wide")(dyed))
    dyed = layers.Concatenate(name="print_seen")([dyed, seen])
    dyed = layers.Conv2D(16, 3, padding="same", activation="silu", name="print_edges")(dyed)
    return layers.Conv2D(1, 3, padding="same", name="print")(dyed)


def _warp(coarse: Any, hidden: Any) -> Any:
    """N,H/4,W/4,2*PANELS: the pose of each panel, an affine map told by the whole garment, and its folds."""
    whole = layers.GlobalAveragePooling2D(name="pooled")(coarse)
    whole = layers.Dense(96, activation="silu", name="pose_hidden")(whole)
    pose = layers.Dense(6 * PANELS, kernel_initializer="zeros", name="pose")(whole)
    local = layers.Conv2D(2 * PANELS, 3, padding="same", kernel_initializer="zeros", name="warp_local")(hidden)
    return layers.Add(name="warp")([AffineWarp(name="warp_pose")(pose, local), local])

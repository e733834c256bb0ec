"""The drape generator: photo and mask -> shading, panels and warp of the cloth."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from muslin.layers import DepthToSpace, GarmentFeatures, LogLuminance
from muslin.networks.unet import WIDTHS, unet_trunk

PANELS = 4  # body, limb at the viewer's left, limb at the viewer's right, trim
PANEL_STRIDE = 2  # the panels come at half the resolution, the smooth warps at a quarter
WARP_STRIDE = 4


def field_network(widths: Sequence[int] = WIDTHS) -> keras.Model:
    """(image N,H,W,3 in [-1, 1]; mask N,H,W,1 in [0, 1]) -> shading, panels, warp. H, W: multiples of 32.

    shading: N,H,W,1, log gain in linear light, about 0 on average inside the mask.
    panels: N,H/2,W/2,PANELS, logits: which sewn panel a pixel belongs to. Cloth is smooth inside a panel and jumps
        across a seam; one warp for each panel lets the jump be sharp where a single smooth field would smear it.
    warp: N,H/4,W/4,2*PANELS, (x, y) of each panel: cloth position minus pixel position, in units of W.

    Shading starts as the photo's own luminance (gate 0.88 of it, nothing added) and the warp as zero: an untrained
    network is the classical baseline, and what training adds is only what it can prove.
    """
    image = keras.Input((None, None, 3), name="image")
    mask = keras.Input((None, None, 1), name="mask")
    decoded = unet_trunk(GarmentFeatures(name="features")(image, mask), widths)

    shading = layers.Conv2D(32, 3, padding="same", activation="silu", name="shading_hidden")(decoded[-1])
    shading = layers.Conv2D(8, 1, kernel_initializer="zeros", name="shading_head")(shading)
    shading = DepthToSpace(2, name="shading_full")(shading)
    # log shading = gate * log luminance + albedo term: on plain cloth the gate passes every thread of the photo.
    gate = layers.Activation("sigmoid", name="gate")(shading[..., :1] + 2.0)
    luminance = LogLuminance(name="log_luminance")(image, mask)
    shading = layers.Multiply(name="shaded")([gate, luminance]) + shading[..., 1:]

    panels = layers.Conv2D(PANELS, 3, padding="same", name="panels")(decoded[-1])

    warp = layers.Conv2D(48, 3, padding="same", activation="silu", name="warp_hidden")(decoded[-2])
    warp = layers.Conv2D(2 * PANELS, 3, padding="same", kernel_initializer="zeros", name="warp")(warp)
    return keras.Model([image, mask], {"shading": shading, "panels": panels, "warp": warp}, name="fields")

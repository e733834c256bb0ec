"""Sleeves and legs are tubes that were cut straight: on each of them cloth lies by one affine map.

A field network bends it beside their outlines, where the rendered garments that taught it turn away: a print came out
stretched fourfold along the inner edge of sleeves on photos, and of what the bends say nothing is true (in the truth
world straight limbs err as little).
"""

from __future__ import annotations

import cv2
import numpy as np

LIMBS = (1, 2)  # indices of fields.PANELS
LEAST = 12  # cells of a limb, from which it has a direction
STEADY = 1e-6  # added to the normal equations


def straight(warp: np.ndarray, panels: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The warp with each limb's own replaced by the affine map that is nearest to it on the limb; a panel else stays.

    warp: g x g x P x 2. panels: logits hxwxP. inside: SxS in [0, 1]. Returns float32 g x g x P x 2.
    """
    size = warp.shape[:2]
    best = cv2.resize(panels, size[::-1], interpolation=cv2.INTER_AREA).argmax(-1)
    garment = cv2.resize(inside, size[::-1], interpolation=cv2.INTER_AREA) > 0.5
    y, x = (np.mgrid[: size[0], : size[1]] / size[0] - 0.5).astype(np.float32)
    places = np.stack([np.ones_like(x), x, y], -1)
    warp = warp.astype(np.float32)
    for limb in LIMBS:
        here = garment & (best == limb)
        if here.sum() < LEAST:
            continue
        at, lies = places[here], warp[here, limb]
        warp[:, :, limb] = places @ np.linalg.solve(at.T @ at + STEADY * np.eye(3, dtype=np.float32), at.T @ lies)
    return warp

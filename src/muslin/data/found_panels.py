"""Which panels the garments of training photos were sewn from, as the shipped drape network sees them where it can be
trusted.

Only rendered garments come with panels; what is learned from them alone errs on photos (a pullover without sleeves, a
skirt with legs). What the name of a photo's folder says of its garment, and that clothes are much the same left and
right, tells good answers from bad ones, and the good ones teach ("Noisy Student", Xie et al. 2020).
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from muslin.data.found_masks import kept
from muslin.data.photos import GarmentPhoto
from muslin.garments.fields import GEOMETRY, MIRRORED, PANELS, ask, garment_square
from muslin.garments.framing import about_centre, garment_box, garment_frame, rotation
from muslin.garments.network import Network

DRAPE_NETWORK = Path(__file__).parent.parent / "models" / "drape" / "generator.onnx"
TURNS = (-7.0, 0.0, 7.0)  # degrees: the mean of what the network says of a garment turned is better than one answer
BODY, LEFT, RIGHT, TRIM = range(len(PANELS))
LEGS = {"pants", "trousers", "jeans", "leggings", "shorts"}  # names of folders: two legs and trim, no body
LIMBLESS = {"skirt", "skirts"}
LONG_SLEEVED = {"longsleeve", "long sleeve", "outwear", "outerwear", "hoodie", "blazer", "coat", "jacket", "sweater"}
SHORT_SLEEVED = {"t-shirt", "tshirt", "polo", "shirt"}
NOT_SEWN = {"hat", "shoes", "bag", "bags"}  # of panels that these four could name
LEAST_LIMB = {**dict.fromkeys(LEGS, 0.1), **dict.fromkeys(LONG_SLEEVED, 0.07), **dict.fromkeys(SHORT_SLEEVED, 0.035)}
MOST_TRIM = 0.3  # of the garment
BALANCE = 0.5  # the smaller limb is at least this share of the larger one
SYMMETRY = 0.9  # overlap (IoU) of a garment with its mirror image from which both halves are one garment's
LIKELY = 0.7  # probability from which a pixel's panel is told at all
TOLD = 0.8  # of the garment, from which the answer is one


def with_panels(photos: Iterable[GarmentPhoto]) -> list[GarmentPhoto]:
    """The photos, all with a mask, in their order, each with the panels of its garment where they are sure."""

    def seen(photo: GarmentPhoto) -> GarmentPhoto:
        assert photo.mask is not None
        mask, name = photo.mask, _kind(photo.key)
        content = name.encode() + photo.pixels.tobytes() + mask.tobytes()
        return replace(photo, panels=kept("panels", DRAPE_NETWORK, content, lambda: _seen(name, photo.pixels, mask)))

    if not DRAPE_NETWORK.is_file():
        return list(photos)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(seen, photos))


def _kind(key: str) -> str:
    """What the garment of a photo is called: its folder's name."""
    return key.split("/")[0].lower() if "/" in key else ""


def _seen(name: str, pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """uint8 HxW: 1.. = panel (fields.PANELS), 0 = not told; 0 everywhere where the answer is not to be trusted."""
    return trusted(panel_logits(pixels, mask), mask > 127, name)


def trusted(logits: np.ndarray, inside: np.ndarray, name: str) -> np.ndarray:
    """Labels uint8 HxW (1.. = panel, 0 = not told) of a garment called `name`; 0 everywhere if they cannot be true.

    logits: HxWxP. inside: bool HxW. name: of the garment's kind, "" where nobody knows.
    """
    nothing = np.zeros(inside.shape, np.uint8)
    possible = (LEFT, RIGHT, TRIM) if name in LEGS else (BODY, TRIM) if name in LIMBLESS else range(len(PANELS))
    if name in NOT_SEWN or not inside.any():
        return nothing
    bar = np.full(len(PANELS), -1e4, np.float32)
    bar[list(possible)] = 0
    odds = logits + bar
    probability = np.exp(odds - odds.max(-1, keepdims=True))
    probability /= probability.sum(-1, keepdims=True)
    best = probability.argmax(-1)
    share = np.bincount(best[inside], minlength=len(PANELS)) / inside.sum()
    small, large = sorted(share[[LEFT, RIGHT]])
    told = np.where(inside & (probability.max(-1) > LIKELY), best + 1, 0).astype(np.uint8)
    good = (
        share[TRIM] <= MOST_TRIM
        and (large < 0.01 or small >= BALANCE * large)
        and small >= LEAST_LIMB.get(name, 0.0)
        and (told > 0).sum() >= TOLD * inside.sum()
    )
    return told if good else nothing


def panel_logits(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean logits HxWxP of a garment as it is, turned and in the mirror; of both halves where they look alike.

    pixels: uint8 HxWx3 sRGB. mask: uint8 HxW, 255 = garment.
    """
    alpha = mask.astype(np.float32) / 255
    frame = garment_frame(garment_box(alpha), GEOMETRY)
    frames = [about_centre(rotation(turn), frame, GEOMETRY) for turn in TURNS]
    squares = [garment_square(pixels, alpha, one, GEOMETRY) for one in frames]
    both = [np.stack([view for field in one for view in (field, field[:, ::-1])]) for one in zip(*squares, strict=True)]
    found = ask(_network(), both[0], both[1])["panels"]
    own = [(found[2 * i] + found[2 * i + 1][:, ::-1][..., MIRRORED]) / 2 for i in range(len(frames))]
    back = [_through(one, _between(turned, frame), one.shape) for one, turned in zip(own, frames, strict=True)]
    logits = np.mean(back, axis=0)
    inside = garment_square(pixels, alpha, frame, GEOMETRY)[1] > 0.5
    other = inside[:, ::-1]
    if (inside & other).sum() >= SYMMETRY * (inside | other).sum():
        logits = (logits + logits[:, ::-1][..., MIRRORED]) / 2
    return _through(logits, _cells(frame), mask.shape)


def _through(field: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A picture of `shape` (height, width) whose pixel p shows `field` at matrix . p."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field, matrix, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _cells(frame: np.ndarray) -> np.ndarray:
    """Photo pixel -> cell of two pixels of the square, 2x3. Seen twice, in the mirror too, cell i lies at 2 i + 0.5."""
    matrix = frame.astype(np.float64) / 2
    matrix[:, 2] -= 0.25
    return matrix


def _between(turned: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Cell of the square `frame` -> cell of the square `turned`. 2x3."""
    whole, own = (np.vstack([_cells(one), [0, 0, 1]]) for one in (frame, turned))
    return (own @ np.linalg.inv(whole))[:2]


@cache
def _network() -> Network:
    return Network(DRAPE_NETWORK, threads=1)

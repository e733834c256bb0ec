"""Lay cloth on a garment: sample it through the warp, multiply by the shading in linear light, composite by the mask.

Works in bands of rows, so that memory does not grow with the photo, and only inside the garment's box, so that every
other pixel is the input's own byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np

from muslin.garments.bands import MOST_POINTS, Band, band, cloth_positions, parts_of, places, positions_within
from muslin.garments.fields import Fields
from muslin.garments.framing import garment_box
from muslin.garments.interreflection import fold_exponent
from muslin.images import linear_to_srgb, srgb_to_linear
from muslin.textiles.mix import Overprint
from muslin.textiles.placement import Placement
from muslin.textiles.repeat import PreparedCloth

BACKDROP_SIDE = 512  # px, the longer side at which the backdrop's colour is looked up
LEAST_REACH = (
    5  # px of the photo, from which the backdrop's colour is taken: an outline and its fringe are up to four wide
)
TINTED = 0.25  # share of old cloth in a pixel, from which its own colour is no backdrop's any more
KNEE = 0.8  # linear light above which highlights are rolled off instead of clipped
KEPT = -1  # in place of a cloth's index: the photo's own stays

AnyCloth = PreparedCloth | Overprint | Placement


def dress(
    pixels: np.ndarray,
    alpha: np.ndarray,
    fields: Fields,
    cloths: Sequence[AnyCloth],
    of: np.ndarray | None = None,
    *,
    strength: float = 1.0,
    shading: float = 1.0,
) -> np.ndarray:
    """The photo with its garment in new cloth. uint8 HxWx3 sRGB, the photo's size.

    pixels: uint8 HxWx3 sRGB. alpha: float32 HxW in [0, 1]. of: of each part (bands.parts_of) the index of its cloth, or
    KEPT; None: there is one cloth for the whole garment, or one for each panel of `fields.PANELS`. A Placement leaves
    the photo where it does not lie. strength: 0 leaves the photo, 1 replaces the cloth. shading: exponent on the gain,
    1 = folds as deep as they are in the new cloth (interreflection.py).
    """
    result, backdrop = pixels.copy(), _backdrop(pixels, alpha)
    light_on = lighting(fields, cloths, shading, of)

    def lay(place: tuple[slice, slice]) -> None:
        if not alpha[place].any():
            return
        seen = band(pixels, fields, *place)
        share = _share(cloths[0], light_on, fields, seen, strength)
        if not np.any(share):
            return
        light = _roll_off(_light(cloths, light_on, fields, seen))
        result[place] = _composite(pixels, alpha, backdrop, place, linear_to_srgb(light), share)

    box = garment_box((alpha > 0).astype(np.uint8) * np.uint8(255))
    # Bands share nothing but the photo, and NumPy and OpenCV release the interpreter's lock.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        list(pool.map(lay, places(box) if strength > 0 else ()))
    return result


class Lighting(NamedTuple):
    """How the light of a garment falls on its new cloths.

    exponents: of each cloth, the power to which the gain is raised. exposures: what it is multiplied by. Both float32.
    of: int, of each part (bands.parts_of) the index of its cloth, or KEPT.
    """

    exponents: np.ndarray
    exposures: np.ndarray
    of: np.ndarray

    def cloth_of(self, part: np.ndarray) -> np.ndarray | int:
        """The cloth of each pixel; 0 where there is but one."""
        return self.of[part] if self.of.any() else 0

    def gain(self, shading: np.ndarray, cloth: np.ndarray | int) -> np.ndarray:
        """What light is multiplied by, hxw. shading: hxw log gain. cloth: as `cloth_of` says."""
        gains: np.ndarray = np.exp(shading * self.exponents[cloth]) * self.exposures[cloth]
        return gains


def lighting(
    fields: Fields, cloths: Sequence[AnyCloth], shading: float = 1.0, of: np.ndarray | None = None
) -> Lighting:
    """shading, of: as in `dress`.

    White cloth is exposed a little less, as a photographer does: what is brighter than average has to find room below
    white, or its folds are gone. Half of the way (in logarithms) to where the cloth itself would lie at the knee.
    """
    old, new = fields.reflectance, [cloth.reflectance for cloth in cloths]
    exponents = [shading * (1.0 if old is None else fold_exponent(old, one)) for one in new]
    exposures = [(KNEE / max(KNEE, one)) ** (0.5 * min(1.0, shading)) for one in new]
    if of is None:
        panel = parts_of(fields).panel
        of = panel if len(cloths) > 1 else np.zeros_like(panel)
    return Lighting(np.array(exponents, np.float32), np.array(exposures, np.float32), of)


def gain(seen: Band, light: Lighting) -> np.ndarray:
    """What the light of a band is multiplied by, hxw; 1 where the photo's own cloth stays."""
    cloth = light.cloth_of(seen.part)
    gains = light.gain(seen.shading, cloth)
    return np.where(cloth == KEPT, np.float32(1), gains) if (light.of == KEPT).any() else gains


def lay_over(pixels: np.ndarray, alpha: np.ndarray, cloth: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """The photo with `cloth` (a finished picture of its size) inside the mask, outlines as clean as those of `dress`.

    All uint8 HxWx3 but alpha, float32 HxW in [0, 1]; where it is 0, and at strength 0, the photo's own bytes.
    """
    if strength <= 0:
        return pixels.copy()
    place = (slice(0, alpha.shape[0]), slice(0, alpha.shape[1]))
    return _composite(pixels, alpha, _backdrop(pixels, alpha), place, cloth, strength)


def _light(cloths: Sequence[AnyCloth], light_on: Lighting, fields: Fields, seen: Band) -> np.ndarray:
    """The light that the cloths of a band send back, linear hxwx3; anything where the photo's own stays.

    A pixel that a seam crosses shows both its cloths.
    """
    u, v = cloth_positions(fields, seen.rows, seen.columns, seen.warp)
    cloth = light_on.cloth_of(seen.part)
    light = srgb_to_linear(_sample(cloths, u, v, cloth))
    for y, x, (across, down, part) in _on_seams(fields, seen):
        each = light_on.cloth_of(part)
        reflected = srgb_to_linear(_sample(cloths, across, down, each))
        if isinstance(cloth, int) or isinstance(each, int) or not (each == KEPT).any():
            light[y, x] = reflected.mean(0)
            continue
        new = (each != KEPT)[..., None].astype(np.float32)  # what stays is none of the new cloth's colour
        light[y, x] = (reflected * new).sum(0) / np.maximum(new.sum(0), 1)
        cloth[y, x] = np.where(cloth[y, x] == KEPT, each.max(0), cloth[y, x])
    return light * light_on.gain(seen.shading, cloth)[..., None]


def _share(cloth: AnyCloth, light_on: Lighting, fields: Fields, seen: Band, strength: float) -> float | np.ndarray:
    """How much of a band's old cloth the new one hides: one number, or hxw where it does not lie everywhere."""
    if not isinstance(cloth, Placement) and not (light_on.of == KEPT).any():
        return strength

    def hidden(u: np.ndarray, v: np.ndarray, part: np.ndarray) -> np.ndarray:
        if isinstance(cloth, Placement):
            return cloth.cover(u, v) * (parts_of(fields).panel[part] == cloth.panel)
        return (light_on.of[part] != KEPT).astype(np.float32)

    cover = hidden(*cloth_positions(fields, seen.rows, seen.columns, seen.warp), seen.part)
    for y, x, points in _on_seams(fields, seen) if cover.any() else ():
        cover[y, x] = hidden(*points).mean(0)
    return cover * np.float32(strength)


def _on_seams(
    fields: Fields, seen: Band
) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """The pixels of a band that a seam crosses, some at a time: (rows, columns, what `positions_within` says)."""
    rows, columns = np.nonzero(seen.seam)
    for start in range(0, len(rows), MOST_POINTS):
        y, x = rows[start : start + MOST_POINTS], columns[start : start + MOST_POINTS]
        yield y, x, positions_within(fields, x + seen.columns.start, y + seen.rows.start)


def _sample(cloths: Sequence[AnyCloth], u: np.ndarray, v: np.ndarray, of: np.ndarray | int) -> np.ndarray:
    """Colours at the positions u, v, each of its own cloth. of: indices of cloths, as many; one for all."""
    colour = cloths[0].sample(u, v)
    for k, cloth in enumerate(cloths[1:], start=1):
        if cloth is not cloths[0] and np.any(of == k):
            # Everywhere, though it is seen here and there: how cloth is compressed is told from its neighbours.
            colour = np.where(np.asarray(of == k)[..., None], cloth.sample(u, v), colour)
    return colour


def _roll_off(light: np.ndarray) -> np.ndarray:
    """Highlights above KNEE approach 1 smoothly: white cloth keeps its folds. Identity below the knee."""
    if light.size == 0 or light.max() <= KNEE:
        return light
    span = np.float32(1 - KNEE)
    over = np.maximum(light - np.float32(KNEE), 0)
    return np.minimum(light, np.float32(KNEE)) + over * span / (over + span)


def _composite(
    pixels: np.ndarray,
    alpha: np.ndarray,
    backdrop: np.ndarray,
    place: tuple[slice, slice],
    cloth: np.ndarray,
    strength: float | np.ndarray,
) -> np.ndarray:
    """strength * (alpha * cloth + (1 - alpha) * backdrop) + (1 - strength) * photo; the photo where alpha is 0.

    A pixel on the outline shows old cloth and backdrop mixed; new cloth over it would leave a fringe of the old
    colour. So the backdrop alone is estimated there, from its neighbours outside the garment.
    """
    own, inside = pixels[place], alpha[place]
    if isinstance(strength, np.ndarray):
        cloth = cv2.blendLinear(cloth, np.ascontiguousarray(own), strength, 1 - strength)
    elif strength < 1:
        cloth = cv2.addWeighted(cloth, strength, np.ascontiguousarray(own), 1 - strength, 0)
    result = np.where((inside == 1)[..., None], cloth, own)
    rows, columns = np.nonzero((inside > 0) & (inside < 1))
    if len(rows):
        share = inside[rows, columns][:, None]
        old = own[rows, columns].astype(np.float32)
        behind = _behind(backdrop, rows + place[0].start, columns + place[1].start, alpha.shape, old)
        behind = old + np.minimum(share / TINTED, 1) * (behind - old)  # a shadow beside the garment stays
        hidden = strength[rows, columns][:, None] if isinstance(strength, np.ndarray) else np.float32(strength)
        behind = hidden * behind + (1 - hidden) * old
        mixed = share * cloth[rows, columns] + (1 - share) * behind
        result[rows, columns] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return result


def _backdrop(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Mean colour of the photo's pixels outside the garment around each place, and how many they are.

    Float32 hxwx4, at most BACKDROP_SIDE px: a mean over many pixels does not need them all.
    """
    scale = min(1.0, BACKDROP_SIDE / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    free = (cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) <= 0.02).astype(np.float32)
    radius = max(round(LEAST_REACH * scale), max(size) // 128, 2)
    window = (2 * radius + 1, 2 * radius + 1)
    total = cv2.blur(free, window, borderType=cv2.BORDER_CONSTANT)
    colour = cv2.blur(small * free[..., None], window, borderType=cv2.BORDER_CONSTANT)
    return np.dstack([colour / np.maximum(total, 1e-3)[..., None], total])


def _behind(
    backdrop: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, ...], old: np.ndarray
) -> np.ndarray:
    """The backdrop at pixels (rows, columns) of a photo of `shape`; `old` where nothing outside is near."""
    y = np.minimum(rows * backdrop.shape[0] // shape[0], backdrop.shape[0] - 1)
    x = np.minimum(columns * backdrop.shape[1] // shape[1], backdrop.shape[1] - 1)
    found = backdrop[y, x]
    return np.where(found[:, 3:] > 1e-3, found[:, :3], old)

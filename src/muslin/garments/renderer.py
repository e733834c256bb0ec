"""Lay cloth on a garment: sample it through the warp, multiply by the shading in linear light, composite by the mask.

Works in bands of rows, so that memory does not grow with the photo, and only inside the garment's box, so that every
other pixel is the input's own byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from muslin.garments.fields import Fields
from muslin.garments.framing import garment_box
from muslin.garments.shading import log_colour
from muslin.images import linear_to_srgb, srgb_to_linear
from muslin.textiles.repeat import PreparedCloth

BAND_PIXELS = 1 << 18  # of a band; ten float32 fields of it take 10 MB
BACKDROP_SIDE = 1024  # px, the longer side at which the backdrop's colour is looked up
GAIN_RANGE = (-3.0, 1.1)  # of the log gain: a white badge on black cloth is no light three times the brightest fold's
KNEE = 0.8  # linear light above which highlights are rolled off instead of clipped


@dataclass(frozen=True)
class Band:
    """Fields of rows top:bottom, columns left:right of the photo, at its own size."""

    rows: slice
    columns: slice
    shading: np.ndarray  # hxw log gain
    warp: np.ndarray  # hxwx2, photo pixels
    panel: np.ndarray  # hxw uint8, index into fields.PANELS


def bands(pixels: np.ndarray, fields: Fields, box: tuple[int, int, int, int]) -> Iterator[Band]:
    """The fields at the photo's own size, band by band over `box` (left, top, right, bottom)."""
    for rows, columns in _places(box):
        yield _band(pixels, fields, rows, columns)


def _places(box: tuple[int, int, int, int]) -> Iterator[tuple[slice, slice]]:
    left, top, right, bottom = box
    height = max(16, BAND_PIXELS // max(1, right - left))
    for start in range(top, bottom, height):
        yield slice(start, min(bottom, start + height)), slice(left, right)


def _band(pixels: np.ndarray, fields: Fields, rows: slice, columns: slice) -> Band:
    return Band(rows, columns, _shading(pixels, fields, rows, columns), *_warp(fields, rows, columns))


def _enlarge(
    field: np.ndarray, fields: Fields, rows: slice, columns: slice, stride: int = 1, side: int | None = None
) -> np.ndarray:
    """A field of the square seen from the photo's pixels in rows x columns.

    side: pixels of the square when the field was made (default: `fields.size`), of which each cell covers `stride`.
    """
    frame = fields.frame.astype(np.float64)
    ratio = fields.size / (side or fields.size)
    shift = frame[:, :2] @ [columns.start, rows.start] + frame[:, 2]
    # Cell i belongs to pixel stride * i + stride // 2 of its own square; pixel x there is ratio * (x + 0.5) - 0.5 here.
    first = ratio * ((stride // 2 if stride > 1 else 0) + 0.5) - 0.5
    matrix = np.hstack([frame[:, :2], shift[:, None] - first]) / (stride * ratio)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _shading(pixels: np.ndarray, fields: Fields, rows: slice, columns: slice) -> np.ndarray:
    log = log_colour(np.ascontiguousarray(pixels[rows, columns]))
    slopes = _enlarge(fields.slopes, fields, rows, columns)
    shading = np.einsum("hwc,hwc->hw", slopes, log) + _enlarge(fields.offset, fields, rows, columns)
    return np.clip(shading, *GAIN_RANGE)


def _warp(fields: Fields, rows: slice, columns: slice) -> tuple[np.ndarray, np.ndarray]:
    """(warp, panel): each pixel takes the warp of its most probable panel, so that seams are sharp at any size."""
    order = np.argsort(-fields.panels.reshape(-1, fields.panels.shape[-1]).mean(0))
    present = [k for k in order if (fields.panels.argmax(-1) == k).mean() > 0.002]
    side = fields.side
    first = present[0]
    warp = _enlarge(fields.warp[:, :, first], fields, rows, columns, 4, fields.geometry) * np.float32(side)
    best = _enlarge(fields.panels[..., first], fields, rows, columns, 2, fields.geometry)
    panel = np.full(best.shape, first, np.uint8)
    for k in present[1:]:
        logits = _enlarge(fields.panels[..., k], fields, rows, columns, 2, fields.geometry)
        wins = logits > best
        if wins.any():
            best = np.maximum(best, logits)
            own = _enlarge(fields.warp[:, :, k], fields, rows, columns, 4, fields.geometry) * np.float32(side)
            cv2.copyTo(own, wins.view(np.uint8), warp)
            panel[wins] = k
    return warp, panel


def cloth_positions(fields: Fields, rows: slice, columns: slice, warp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(u, v): where on the cloth each pixel lies, in photo pixels from the garment's centre."""
    x, y = fields.centre
    across = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(x)
    down = np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(y)
    return across[None, :] + warp[..., 0], down[:, None] + warp[..., 1]


def dress(
    pixels: np.ndarray,
    alpha: np.ndarray,
    fields: Fields,
    cloths: list[PreparedCloth],
    *,
    strength: float = 1.0,
    shading: float = 1.0,
) -> np.ndarray:
    """The photo with its garment in new cloth. uint8 HxWx3 sRGB, the photo's size.

    pixels: uint8 HxWx3 sRGB. alpha: float32 HxW in [0, 1]. cloths: one for the whole garment, or one for each panel
    of `fields.PANELS`. strength: 0 leaves the photo, 1 replaces the cloth. shading: exponent on the gain, 1 = as it is.
    """
    result, backdrop = pixels.copy(), _backdrop(pixels, alpha)

    def lay(place: tuple[slice, slice]) -> None:
        if not alpha[place].any():
            return
        band = _band(pixels, fields, *place)
        u, v = cloth_positions(fields, *place, band.warp)
        colour = _sample(cloths, u, v, band.panel)
        gain = np.exp(band.shading * np.float32(shading))
        light = _roll_off(srgb_to_linear(colour) * gain[..., None])
        result[place] = _composite(pixels, alpha, backdrop, place, linear_to_srgb(light), strength)

    places = list(_places(garment_box((alpha > 0).astype(np.uint8) * np.uint8(255)))) if strength > 0 else []
    # Bands share nothing but the photo, and NumPy and OpenCV release the interpreter's lock.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        list(pool.map(lay, places))
    return result


def lay_over(pixels: np.ndarray, alpha: np.ndarray, cloth: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """The photo with `cloth` (a finished picture of its size) inside the mask, outlines as clean as those of `dress`.

    All uint8 HxWx3 but alpha, float32 HxW in [0, 1]; where it is 0, and at strength 0, the photo's own bytes.
    """
    if strength <= 0:
        return pixels.copy()
    place = (slice(0, alpha.shape[0]), slice(0, alpha.shape[1]))
    return _composite(pixels, alpha, _backdrop(pixels, alpha), place, cloth, strength)


def _sample(cloths: list[PreparedCloth], u: np.ndarray, v: np.ndarray, panel: np.ndarray) -> np.ndarray:
    colour = cloths[0].sample(u, v)
    for k, cloth in enumerate(cloths[1:], start=1):
        if cloth is not cloths[0] and (panel == k).any():
            colour = np.where((panel == k)[..., None], cloth.sample(u, v), colour)
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
    strength: float,
) -> np.ndarray:
    """strength * (alpha * cloth + (1 - alpha) * backdrop) + (1 - strength) * photo; the photo where alpha is 0.

    A pixel on the outline shows old cloth and backdrop mixed; new cloth over it would leave a fringe of the old
    colour. So the backdrop alone is estimated there, from its neighbours outside the garment.
    """
    own, inside = pixels[place], alpha[place]
    if strength < 1:
        cloth = cv2.addWeighted(cloth, strength, np.ascontiguousarray(own), 1 - strength, 0)
    result = np.where((inside == 1)[..., None], cloth, own)
    rows, columns = np.nonzero((inside > 0) & (inside < 1))
    if len(rows):
        share = inside[rows, columns][:, None]
        old = own[rows, columns].astype(np.float32)
        behind = _behind(backdrop, rows + place[0].start, columns + place[1].start, alpha.shape, old)
        behind = np.float32(strength) * behind + np.float32(1 - strength) * old
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
    radius = max(2, max(size) // 150)
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

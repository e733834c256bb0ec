"""A collection of pictures at one small size, and an endless stream of batches from it.

A collection is a folder, a list of files, an array, or nothing: then the embedded one, rendered by the truth
world (garments) or woven by the procedural textiles (swatches).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError

EMBEDDED = ("garments", "textiles")
EMBEDDED_COUNT = 512  # pictures of an embedded collection: seconds to make, enough not to be learned by heart
FEWEST = 4
LARGEST = 1024  # px of a side
HALF_A_STEP = 1 / 510  # of 8 bits: what rounding leaves below 0 is no range of its own
STUDIO = 244.0  # sRGB of the embedded garments' background


def load_collection(data: Any = None, size: int = 48, *, count: int = EMBEDDED_COUNT, seed: int = 0) -> np.ndarray:
    """Pictures as uint8 N x size x size x 3 sRGB, squared by cropping to the centre.

    data: a folder (searched below too), a list of files, an array or a list of arrays (whole numbers from 0 to 255, or
        float in [0, 1] or [-1, 1]; N x H x W x 3, x 4, x 1 or none), the name of an embedded collection, or None, the
        first.
    count: how many pictures of an embedded collection.
    Raises UserError where nothing can be read or the collection is too small to learn from.
    """
    require_whole("size", size, 8, LARGEST)
    require_whole("count", count, FEWEST)
    require_whole("seed", seed, 0)
    if data is None or (isinstance(data, str) and data in EMBEDDED):
        return _embedded(data or EMBEDDED[0], size, count, seed).copy()
    if isinstance(data, np.ndarray) or (isinstance(data, Sequence) and len(data) and not _is_path(data[0])):
        pictures = [square(picture, size) for picture in to_uint8(data)]
    else:
        pictures = _read(data, size)
    if len(pictures) < FEWEST:
        raise UserError(
            "A collection is too small to learn from.",
            received=f"{len(pictures)} readable pictures",
            possible=f"at least {FEWEST}; some hundreds are better",
            exit_code=EXIT_DATA,
        )
    return np.stack(pictures)


def square(picture: np.ndarray, size: int) -> np.ndarray:
    """The centre of `picture` (uint8 HxWx3) as uint8 size x size x 3."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    cut = picture[top : top + side, left : left + side]
    return cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def to_uint8(pictures: Any) -> list[np.ndarray]:
    """uint8 HxWx3 of each of several pictures: whole numbers from 0 to 255, or floats in [0, 1] or [-1, 1].

    pictures: N x H x W x 3, x 4 (laid over white), x 1 or none. Which of the two ranges is meant, all of them tell
    together: a pale picture alone would not. Raises UserError for other arrays.
    """
    if isinstance(pictures, np.ndarray) and pictures.ndim == 3 and pictures.shape[2] in (3, 4):
        raise UserError(
            "One picture is no collection.",
            received=f"an array of shape {pictures.shape}",
            possible="N x height x width x 3",
            exit_code=EXIT_DATA,
        )
    arrays = [_of_three_axes(picture) for picture in pictures]
    signed = any(array.dtype.kind == "f" and array.min() < -HALF_A_STEP for array in arrays)
    return [_eight_bits(array, signed) for array in arrays]


def _of_three_axes(picture: Any) -> np.ndarray:
    """HxWx1, x3 or x4 with something in it; booleans become 0 and 255."""
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.shape[-1] not in (1, 3, 4) or not picture.size or picture.dtype.kind not in "buif":
        raise UserError(
            "A picture must be numbers, height x width x 3.",
            received=f"an array of {picture.dtype}, shape {picture.shape}",
            exit_code=EXIT_DATA,
        )
    return picture * np.uint8(255) if picture.dtype == bool else picture


def _eight_bits(picture: np.ndarray, signed: bool) -> np.ndarray:
    from muslin.images import as_pixels, over_white

    lowest, highest, kind = (-1.001, 1.001, "floating-point") if picture.dtype.kind == "f" else (0, 255, "whole")
    if not np.isfinite(picture).all() or picture.min() < lowest or picture.max() > highest:
        raise UserError(
            f"A picture of {kind} numbers must lie in {'[0, 1] or [-1, 1]' if kind != 'whole' else '[0, 255]'}.",
            received=f"values from {picture.min():.3g} to {picture.max():.3g}",
            advice="Divide by 255, or pass uint8." if kind != "whole" else "Divide by the largest there can be.",
            exit_code=EXIT_DATA,
        )
    if picture.dtype.kind == "f":
        picture = picture.astype(np.float32)
        picture = as_pixels(picture) if signed else np.rint(picture * 255.0).clip(0, 255)
    picture = picture.astype(np.uint8)
    if picture.shape[2] == 4:
        return over_white(np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3]))
    return np.ascontiguousarray(np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture)


class CollectionStream:
    """Shuffled pictures, mirrored at random, as a pure function of (seed, images_seen)."""

    def __init__(self, pictures: np.ndarray, batch_size: int, seed: int = 0, *, mirror: bool = True) -> None:
        """pictures: uint8 N x H x W x 3."""
        self.pictures, self.batch_size, self.seed, self.mirror = pictures, batch_size, seed, mirror

    def real(self, images_seen: int) -> np.ndarray:
        """batch_size x H x W x 3 float32 in [-1, 1]. Each picture comes once before any comes again."""
        chosen = self.pictures[self.order(images_seen)].astype(np.float32) / 127.5 - 1.0
        return self.mirrored(chosen, images_seen)

    def mirrored(self, chosen: np.ndarray, images_seen: int) -> np.ndarray:
        """Half of them, drawn at random, left for right."""
        if self.mirror:
            flipped = self.rng(images_seen, 1).random(self.batch_size) < 0.5
            chosen[flipped] = chosen[flipped, :, ::-1]
        return chosen

    def order(self, images_seen: int) -> np.ndarray:
        """Indices of one batch: consecutive places in an endless row of shuffles."""
        places = images_seen + np.arange(self.batch_size)
        count = len(self.pictures)
        rounds = {turn: self.rng(int(turn), 0).permutation(count) for turn in np.unique(places // count)}
        return np.array([rounds[place // count][place % count] for place in places])

    def rng(self, images_seen: int, purpose: int) -> np.random.Generator:
        """An independent generator for one purpose of one batch."""
        return np.random.default_rng((self.seed, purpose, images_seen))


@cache
def _embedded(kind: str, size: int, count: int, seed: int) -> np.ndarray:
    if kind == "textiles":
        from muslin.textiles.procedural import TEXTILES, swatch

        names = sorted(TEXTILES)

        def make(index: int) -> np.ndarray:
            return square(swatch(names[index % len(names)], seed * count + index, 2 * size), size)
    else:
        from muslin.data.truth import render

        def make(index: int) -> np.ndarray:
            drawn = render(seed * count + index, max(64, size))
            # On white, as in a catalogue: the networks spend their few minutes on clothes, not on floors.
            photo = drawn.photo * drawn.mask[..., None] + STUDIO * (1.0 - drawn.mask[..., None])
            return square(np.rint(photo).astype(np.uint8), size)

    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(make, range(count))))


def require_whole(what: str, value: Any, lowest: int, highest: int | None = None) -> None:
    """Raises UserError where `value`, which the caller knows as `what`, is no whole number in that range."""
    good = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not good or value < lowest or (highest is not None and value > highest):
        raise UserError(
            f"`{what}` must be a whole number.",
            received=repr(value),
            possible=f"{lowest} or more" if highest is None else f"{lowest} to {highest:,}",
            exit_code=EXIT_USAGE,
        )


def _is_path(value: Any) -> bool:
    return isinstance(value, (str, Path))


def _read(data: Any, size: int) -> list[np.ndarray]:
    from muslin.images import find_images, read_image

    paths = find_images([data] if _is_path(data) else data)
    if _is_path(data) and not Path(data).is_dir():
        read_image(data)  # a single file that is no picture is named

    def load(path: Path) -> np.ndarray | None:
        try:
            return square(read_image(path).pixels, size)
        except UserError:  # `muslin data check` names the bad files; training goes on without them
            return None

    with ThreadPoolExecutor(2) as pool:
        return [picture for picture in pool.map(load, paths) if picture is not None]

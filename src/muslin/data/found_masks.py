"""Masks for training photos that came without one: found by the shipped network, once, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from muslin.data.photos import GarmentPhoto, read_quickly
from muslin.garments.masks import agreement, confidence, grabcut, segment
from muslin.garments.network import Network
from muslin.images import at_most

MASK_NETWORK = Path(__file__).parent.parent / "models" / "mask" / "generator.onnx"
KEPT_SIDE = 256  # px, longest side of a mask in the cache
SURE, ALIKE = 0.93, 0.93  # confidence, and the overlap with GrabCut's outline, from which a mask is good for learning


def found_mask(path: Path, pixels: np.ndarray) -> np.ndarray | None:
    """uint8 hxw, 255 = garment, at most KEPT_SIDE px, by the network alone; None where no network is shipped.

    path: of the photo, whose content is the key. pixels: uint8 HxWx3 sRGB.
    """
    if not MASK_NETWORK.is_file():
        return None
    return _kept_mask("masks", path, lambda: segment(at_most(pixels, KEPT_SIDE), _mask_network()))


def sure_masks(photos: Iterable[tuple[str, Path]]) -> list[GarmentPhoto]:
    """Those of the photos (key, path) whose garment the shipped network is sure of, with its mask; in their order.

    Sure: by its own word, and GrabCut, which goes by this photo's colours, draws nearly the same outline. To teach a
    network more garments than were masked by hand (Xie et al. 2020, "Noisy Student").
    """

    def found(photo: tuple[str, Path]) -> GarmentPhoto | None:
        key, path = photo
        pixels = read_quickly(path, cv2.IMREAD_COLOR)
        if pixels is None or not MASK_NETWORK.is_file():
            return None
        pixels = at_most(np.ascontiguousarray(pixels[..., ::-1]), KEPT_SIDE)
        mask = _kept_mask("sure_masks", path, lambda: _agreed(pixels))
        return GarmentPhoto(key, pixels, mask, None) if mask.any() else None

    with ThreadPoolExecutor(2) as pool:
        return [photo for photo in pool.map(found, photos) if photo is not None]


def _agreed(pixels: np.ndarray) -> np.ndarray:
    """The mask that network and GrabCut agree on, float32 HxW; nothing where they do not."""
    probability = segment(pixels, _mask_network())
    drawn = grabcut(pixels, probability).alpha
    sure = confidence(probability) >= SURE and agreement(probability, drawn) >= ALIKE
    return drawn if sure else np.zeros_like(drawn)


def _kept_mask(kind: str, path: Path, find: Callable[[], np.ndarray]) -> np.ndarray:
    """uint8 hxw of `find()` in [0, 1], from the cache where it has this photo."""
    return kept(kind, MASK_NETWORK, path.read_bytes(), lambda: np.rint(255 * find()).astype(np.uint8))


def kept(kind: str, network: Path, content: bytes, find: Callable[[], np.ndarray]) -> np.ndarray:
    """uint8 hxw of `find()`, what `network` says about a photo of this content; from the cache where it is there.

    A later muslin with a better network finds it again.
    """
    name = f"{hashlib.sha256(content).hexdigest()}.png"
    there = cache_folder() / kind / _name(network) / name
    found = cv2.imread(str(there), cv2.IMREAD_GRAYSCALE) if there.is_file() else None
    if found is not None:
        return found
    found = find()
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        part = there.with_name(f".{there.stem}.{os.urandom(6).hex()}.png")  # another thread may find the same
        cv2.imwrite(str(part), found)
        os.replace(part, there)
    except OSError:  # a cache that cannot be written costs time, nothing else
        pass
    return found


@cache
def _name(network: Path) -> str:
    return hashlib.sha256(network.read_bytes()).hexdigest()[:12]


@cache
def _mask_network() -> Network:
    return Network(MASK_NETWORK, threads=1)


def cache_folder() -> Path:
    """Where things that can be found again are kept: $MUSLIN_CACHE, else the cache folder of the user."""
    if os.environ.get("MUSLIN_CACHE"):
        return Path(os.environ["MUSLIN_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "muslin"

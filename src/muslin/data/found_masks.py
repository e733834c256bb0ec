"""Masks for training photos that came without one: found by the shipped network, once, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from muslin.garments.masks import segment
from muslin.garments.network import Network

MASK_NETWORK = Path(__file__).parent.parent / "models" / "mask" / "generator.onnx"
KEPT_SIDE = 256  # px, longest side of a mask in the cache


def found_mask(path: Path, pixels: np.ndarray) -> np.ndarray | None:
    """uint8 hxw, 255 = garment, at most KEPT_SIDE px, by the network alone; None where no network is shipped.

    path: of the photo, whose content is the key. pixels: uint8 HxWx3 sRGB.
    """
    if not MASK_NETWORK.is_file():
        return None
    kept = cache_folder() / "masks" / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.png"
    mask = cv2.imread(str(kept), cv2.IMREAD_GRAYSCALE) if kept.is_file() else None
    if mask is not None:
        return mask
    scale = min(1.0, KEPT_SIDE / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = np.rint(255 * segment(small, _mask_network())).astype(np.uint8)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f".{kept.stem}.{os.getpid()}.png")
        cv2.imwrite(str(part), mask)
        os.replace(part, kept)
    except OSError:  # a cache that cannot be written costs time, nothing else
        pass
    return mask


@cache
def _mask_network() -> Network:
    return Network(MASK_NETWORK, threads=1)


def cache_folder() -> Path:
    """Where things that can be found again are kept: $MUSLIN_CACHE, else the cache folder of the user."""
    if os.environ.get("MUSLIN_CACHE"):
        return Path(os.environ["MUSLIN_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "muslin"

"""What pictures of training swatches stand for: cloth as it is, and of what shows a garment its cloth."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from muslin.data.found_masks import MASK_NETWORK
from muslin.data.found_panels import DRAPE_NETWORK
from muslin.garments import masks
from muslin.garments.fields import Fields, predict_fields
from muslin.garments.network import Network
from muslin.garments.references import cloth_shown
from muslin.garments.sight import Sight
from muslin.images import Photo

MODELS = Path(__file__).parent.parent / "models"
LOOKERS = [
    MODELS / "features" / "network.onnx",
    *(MODELS / name / "head.onnx" for name in ("garment", "closeup", "plain")),
]


def cloth_in(pixels: np.ndarray) -> np.ndarray:
    """The cloth cut from a picture that surely shows a garment, whole or from near; any other as it is.

    uint8 HxWx3 sRGB.
    """
    if not all(path.is_file() for path in (MASK_NETWORK, DRAPE_NETWORK, *LOOKERS)):
        return pixels
    cut = cloth_shown(Photo(pixels), _look_at, _sight())
    return pixels if cut is None else cut.pixels


def _look_at(photo: Photo) -> tuple[np.ndarray, Fields]:
    finder, fields = _networks()
    alpha = masks.automatic(photo.pixels, finder).alpha
    return alpha, predict_fields(photo.pixels, alpha, fields)


@cache
def _sight() -> Sight:
    return Sight(*(Network(path, threads=1) for path in LOOKERS))


@cache
def _networks() -> tuple[Network, Network]:
    return Network(MASK_NETWORK, threads=1), Network(DRAPE_NETWORK, threads=1)

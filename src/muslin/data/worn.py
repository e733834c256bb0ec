"""What pictures of training swatches stand for: cloth as it is, and of what shows a garment its cloth."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from muslin.data.found_masks import MASK_NETWORK
from muslin.data.found_panels import DRAPE_NETWORK
from muslin.garments import masks
from muslin.garments.closeup import Construction
from muslin.garments.fields import Fields, predict_fields
from muslin.garments.network import Network
from muslin.garments.references import cloth_shown
from muslin.images import Photo

MODELS = Path(__file__).parent.parent / "models"
FEATURE_NETWORK, CLOSEUP_HEAD = MODELS / "features" / "network.onnx", MODELS / "closeup" / "head.onnx"


def cloth_in(pixels: np.ndarray) -> np.ndarray:
    """The cloth cut from a picture that surely shows a garment, whole or from near; any other as it is.

    uint8 HxWx3 sRGB.
    """
    if not (MASK_NETWORK.is_file() and DRAPE_NETWORK.is_file()):
        return pixels
    cut = cloth_shown(Photo(pixels), _look_at, _networks()[0], _construction())
    return pixels if cut is None else cut.pixels


def _look_at(photo: Photo) -> tuple[np.ndarray, Fields]:
    finder, fields = _networks()
    alpha = masks.automatic(photo.pixels, finder).alpha
    return alpha, predict_fields(photo.pixels, alpha, fields)


@cache
def _construction() -> Construction | None:
    if not (FEATURE_NETWORK.is_file() and CLOSEUP_HEAD.is_file()):
        return None
    return Construction(Network(FEATURE_NETWORK, threads=1), Network(CLOSEUP_HEAD, threads=1))


@cache
def _networks() -> tuple[Network, Network]:
    return Network(MASK_NETWORK, threads=1), Network(DRAPE_NETWORK, threads=1)

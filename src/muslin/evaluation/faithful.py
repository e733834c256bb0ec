"""One made picture beside the photo it was made from and the swatches it was dressed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muslin.errors import UserError
from muslin.evaluation.pictures import LOSSY, Origin
from muslin.garments.network import Network
from muslin.garments.shading import LOG_FLOOR
from muslin.images import Photo, luminance, read_image, resize, srgb_to_linear
from muslin.metrics import cloth, garment, hues
from muslin.restyle.restyler import find_mask

GHOST_SIDE = 320  # px at which the old print is looked for
LOSSY_LEVELS = 16  # grey levels by which a good JPEG changes a pixel


@dataclass(frozen=True)
class Faithful:
    """Measures of metrics.garment and metrics.cloth for one picture; None where one cannot be taken.

    leakage: None where the sizes differ. ghost: either way, None where the hues tell no print. palette: None where
    the swatch is not known.
    """

    leakage: float | None
    silhouette: float
    shading: float
    edges: float
    ghost: float | None
    palette: float | None
    lossy: bool

    @property
    def worries(self) -> list[tuple[float, str]]:
        """(weight, words) of what a person should look at."""
        found = []
        if self.leakage:
            found.append((4.0 + self.leakage, "changed outside the garment"))
        for value, limit, words in (
            (self.silhouette, 0.9, "another outline"),
            (self.shading, 0.6, "folds lost or hidden by the print"),
            (1.0 - (self.ghost or 0.0), 0.75, "the old print shows"),
            (0.3 if self.palette is None else 1.0 - self.palette / 20.0, 0.25, "other colours"),
        ):
            if value < limit:
                found.append((2.0 * (limit - value) / limit, words))
        found.append((0.3 * (1.0 - self.shading), ""))
        return found

    def as_dict(self) -> dict[str, Any]:
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


def judge_faithful(made: Path, origin: Origin, segment: Network | None) -> Faithful:
    """made: a file. origin: with a photo. segment: the network that finds garments, None: GrabCut.

    Raises UserError where a file cannot be read or the photo shows no garment.
    """
    assert origin.photo is not None
    result, photo = read_image(made), read_image(origin.photo)
    alpha = find_mask(photo, origin.mask, segment)[0].alpha
    pixels, same_size = photo.pixels, photo.pixels.shape == result.pixels.shape
    if not same_size:  # a model of one size: what can be compared is compared at its size
        height, width = result.pixels.shape[:2]
        pixels, alpha = resize(pixels, width, height), resize(np.ascontiguousarray(alpha, np.float32), width, height)
    lossy = made.suffix.lower() in LOSSY
    leak = garment.leakage(pixels, result.pixels, alpha, LOSSY_LEVELS if lossy else 0) if same_size else None
    return Faithful(
        leak,
        _silhouette(alpha, result.pixels, segment),
        garment.shading_correlation(pixels, result.pixels, alpha),
        garment.edge_agreement(pixels, result.pixels, alpha),
        _ghost(pixels, result.pixels, alpha),
        _palette(result.pixels, alpha, origin.swatches),
        lossy,
    )


def _silhouette(alpha: np.ndarray, made: np.ndarray, segment: Network | None) -> float:
    """Overlap with the outline found in the made picture; 0 where no garment is left in it: the worst there is."""
    try:
        return garment.silhouette_iou(alpha, find_mask(Photo(made), "auto", segment)[0].alpha)
    except UserError:
        return 0.0


def _ghost(photo: np.ndarray, made: np.ndarray, alpha: np.ndarray) -> float | None:
    """Of the old print, in the made picture's luminance; looked at small, as a print is large beside a pixel."""
    scale = min(1.0, GHOST_SIDE / max(photo.shape[:2]))
    width, height = (max(1, round(side * scale)) for side in photo.shape[1::-1])
    photo, made = resize(photo, width, height), resize(made, width, height)
    log = np.log(luminance(srgb_to_linear(made)) + LOG_FLOOR).astype(np.float32)
    left = hues.ghost(log, photo, resize(np.ascontiguousarray(alpha, np.float32), width, height))
    return None if left is None else abs(left)


def _palette(pixels: np.ndarray, alpha: np.ndarray, swatches: tuple[Path, ...]) -> float | None:
    """Distance to the swatch's colours; of several swatches, to the nearest."""
    found = []
    for swatch in swatches:
        try:
            found.append(cloth.palette_distance(pixels, read_image(swatch).pixels, alpha))
        except UserError:
            continue
    return min(found) if found else None

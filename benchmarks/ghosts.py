"""How much of a real print is left in the light that `drape` sees?

    python benchmarks/ghosts.py DATA [--model NAME] [--json FILE]

Prints laid onto plain garments by a program (benchmarks/drape.py) have a known truth and a program's look. Of garments
as they are sold the true light is unknown; but where their dyes differ in hue, the hue says what of their luminance is
print (`metrics.hues`), and light does not go with it. Of garments kept out of training whose hues tell:

ghost: the share of the print's contrast that is found in the predicted light: 0 is right, luminance has 1.
folds: correlation of the local light with what hue does not explain of local luminance: folds, and the rest of the
    print. No figure to reach: what irons every garment flat has no ghosts and no folds.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from drape import See, full_shading

from muslin.data.found_masks import sure_masks
from muslin.data.photos import GarmentPhoto, held_out, load_garments, photo_paths
from muslin.garments.shading import log_luminance
from muslin.metrics.hues import around, ghost, told_by_hue
from muslin.restyle.restyler import Restyler

SIDE = 320  # px


def held_garments(data: Path) -> list[GarmentPhoto]:
    """Kept out of training, with a given mask or a sure one, no larger than SIDE."""
    photos = [photo for photo in load_garments(data, side=SIDE, masked=True) if held_out(photo.key)]
    keys = {photo.key for photo in photos}
    photos += sure_masks((key, path) for key, path in photo_paths(data) if held_out(key) and key not in keys)
    return [shrunk(photo) for photo in photos]


def shrunk(photo: GarmentPhoto) -> GarmentPhoto:
    scale = SIDE / max(photo.pixels.shape[:2])
    if scale >= 1:
        return photo
    pixels = cv2.resize(photo.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(photo.mask, pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    return GarmentPhoto(photo.key, pixels, mask, photo.look)


def _mask(photo: GarmentPhoto) -> np.ndarray:
    return photo.mask.astype(np.float32) / 255


def judge(photo: GarmentPhoto, see: See | None) -> tuple[float, float]:
    """(ghost, folds). see: None for plain luminance."""
    mask, print_ = _mask(photo), told_by_hue(photo.pixels, _mask(photo))
    luminance = log_luminance(photo.pixels, mask)
    shading = luminance
    if see is not None:
        shading = full_shading(photo.pixels, mask, see(photo.pixels, mask))
    inside = (print_ != 0).astype(np.float32)
    total = around(inside) + 1e-3

    def local(field: np.ndarray) -> np.ndarray:
        return (field - around(field * inside) / total)[inside > 0]

    rest = local(luminance) - print_[inside > 0]
    left = ghost(shading, photo.pixels, mask)
    assert left is not None  # of these photos the hues tell
    return left, float(np.corrcoef(local(shading), rest)[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="drape", help="a folder or a name")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    photos, said = held_garments(options.data), {}
    printed = [photo for photo in photos if told_by_hue(photo.pixels, _mask(photo)).any()]
    restyler = Restyler(options.model)
    restyler._footwear = None  # a shoe keeps its parts on purpose: here it is a garment like any other
    for name, see in ("drape", restyler.fields), ("luminance", None):
        ghosts, folds = np.array([judge(photo, see) for photo in printed]).T
        said[name] = {
            "garments": len(photos),
            "whose hues tell": len(printed),
            "ghost, mean": round(float(ghosts.mean()), 3),
            "ghost, median": round(float(np.median(ghosts)), 3),
            "ghost, 90th percentile": round(float(np.quantile(ghosts, 0.9)), 3),
            "folds": round(float(folds.mean()), 3),
        }
        print(name, said[name])
    if options.json:
        options.json.write_text(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    main()

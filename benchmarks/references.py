"""Is a picture given as a style cloth alone, or a garment whose cloth is meant? How often muslin is right.

    python benchmarks/references.py DATA [--sheet FILE.png]

DATA holds garments/ and styles/ (see src/muslin/data/photos.py). Garments are those kept out of training; swatches are
all of styles/ (the model of close-ups has seen them: what it says of others tells benchmarks/closeups.py), and of each
procedural textile forty in four sizes. --sheet: what is cut from 24 of the garments.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import cv2
import numpy as np

from muslin import Restyler
from muslin.data.photos import held_out, photo_paths
from muslin.errors import UserError
from muslin.garments.references import cloth_of
from muslin.images import Photo, read_image, write_image
from muslin.textiles.procedural import TEXTILES, swatch

CROPPED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")  # names of the photos that they are from
SIDES = (96, 192, 300, 512)
WHOLE = ("hat", "shoes")  # from which nobody cuts cloth
TILE = (200, 260)  # px, of the sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    restyler = Restyler()
    garments = [path for key, path in photo_paths(options.data) if held_out(key) and key.split("/")[0] not in WHOLE]
    swatches = sorted(p for p in (options.data / "styles").rglob("*") if p.suffix.lower() in (".jpg", ".png"))
    cropped = {path for path in swatches if CROPPED.match(path.stem)}  # from garments: close-ups
    drawn = [Photo(swatch(name, 1000 + k, SIDES[k % 4])) for name in sorted(TEXTILES) for k in range(40)]
    for name, pictures in (
        ("garments kept out", map(read_image, garments)),
        ("swatches cropped from garments", (read_image(path) for path in swatches if path in cropped)),
        ("other swatches", (read_image(path) for path in swatches if path not in cropped)),
        ("drawn textiles", iter(drawn)),
    ):
        found = [restyler._styles.shown(picture, "auto") for picture in pictures]
        near = sum(one is not None and one.near for one in found)
        whole = sum(one is not None for one in found) - near
        print(
            f"{name}: {len(found)}, {whole} taken for whole garments ({whole / len(found):.1%}), {near} for close-ups"
        )
    cut, tiles = 0, []
    for path in garments:
        try:
            cloth, _ = cloth_of(read_image(path), restyler._look_at)
        except UserError:
            continue
        cut += 1
        if len(tiles) < 24 and cut % 12 == 0:
            tiles.append(np.hstack([_fitted(read_image(path).pixels), _fitted(cloth)]))
    print(f"cloth can be cut from {cut} of {len(garments)}")
    if options.sheet:
        rows = [np.hstack(tiles[start : start + 6]) for start in range(0, len(tiles) // 6 * 6, 6)]
        write_image(options.sheet, np.vstack(rows), overwrite=True)


def _fitted(pixels: np.ndarray) -> np.ndarray:
    """On white, TILE[0] x TILE[1]."""
    scale = min(TILE[0] / pixels.shape[1], TILE[1] / pixels.shape[0])
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((TILE[1], TILE[0], 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile


if __name__ == "__main__":
    main()

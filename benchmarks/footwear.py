"""Make the model that tells shoes from other garments, and say how often it is right: src/muslin/models/footwear.

    python benchmarks/footwear.py DATA [--out FOLDER] [--sheet FILE.png]

DATA/garments holds photos by kind, shoes in `shoes`; masks are given or found, as `drape` learns from them. Validated
in five parts by file name, and on the garments kept out of training. --out: trained on all but these, written there.
--sheet: of shoes kept out the photo, and the photo restyled as any garment and as a shoe.

Logistic regression on the mean of the feature network's last map over the garment alone.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import heads
import numpy as np

from muslin import store
from muslin.data.found_masks import sure_masks
from muslin.data.photos import GarmentPhoto, held_out, load_garments, photo_paths
from muslin.garments.fields import garment_square
from muslin.garments.footwear import SIDE, looked_at
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.images import write_image
from muslin.restyle.restyler import Restyler
from muslin.textiles.procedural import swatch

MISPLACED = {"79ff13ef"}  # boots among the shorts: the one photo of another kind that showed shoes, by eye


def garments(data: Path) -> list[GarmentPhoto]:
    """Those with a mask, and of the others those whose garment the shipped network is sure of."""
    photos = load_garments(data, side=320, masked=True)
    known = {photo.key for photo in photos}
    return photos + sure_masks(pair for pair in photo_paths(data) if pair[0] not in known)


def means(photos: list[GarmentPhoto], network: Network) -> np.ndarray:
    """N x 320."""
    rows = []
    for photo in photos:
        mask = photo.mask.astype(np.float32) / 255
        image, inside = garment_square(photo.pixels, mask, garment_frame(garment_box(mask), SIDE), SIDE)
        rows.append(network(image=looked_at(image, inside)[None])["stage_32"][0].mean((1, 2)))
    return np.stack(rows)


def say(name: str, logits: np.ndarray, shoe: np.ndarray, keys: list[str]) -> dict[str, float]:
    found, wrong = logits[shoe] > 0, (logits > 0) & ~shoe
    print(f"{name}: {found.sum()} of {shoe.sum()} shoes found; {wrong.sum()} of {(~shoe).sum()} others taken for some")
    print("  ", ", ".join(keys[k] for k in np.flatnonzero(wrong)), f"; next {np.sort(logits[~shoe & ~wrong])[-1]:.1f}")
    return {
        f"shoes, {name}": int(shoe.sum()),
        f"shoes found, {name}": round(float(found.mean()), 3),
        f"other garments, {name}": int((~shoe).sum()),
        f"others taken for shoes, {name}": int(wrong.sum()),
    }


def sheet(photos: list[GarmentPhoto], side: int = 220) -> np.ndarray:
    """Rows of two shoes: as photographed, restyled as any garment, restyled as shipped."""
    restyler, rows = Restyler(), []
    told = restyler._footwear
    cloths = ("tartan", "floral", "houndstooth", "plain")
    for index, photo in enumerate(photos):
        row = [photo.pixels]
        for restyler._footwear in (None, told):
            row.append(restyler.restyle(photo.pixels, swatch(cloths[index % 4], index, 256), photo.mask).image)
        rows.append(row_of(row, side))
    return np.vstack([np.hstack(rows[k : k + 2]) for k in range(0, len(rows) // 2 * 2, 2)])


def row_of(pictures: list[np.ndarray], side: int) -> np.ndarray:
    """Pictures of one size side by side, each in a square."""
    scale = side / max(pictures[0].shape[:2])
    small = [cv2.resize(one, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for one in pictures]
    return np.hstack([_padded(one, side) for one in small])


def _padded(pixels: np.ndarray, side: int) -> np.ndarray:
    down, across = side - pixels.shape[0], side - pixels.shape[1]
    edges = (down // 2, down - down // 2, across // 2, across - across // 2)
    return cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def main() -> None:
    options = heads.asked(__doc__)
    photos = garments(options.data)
    channels = means(photos, Network(store.load("features").file()))
    keys = [photo.key for photo in photos]
    shoe = np.array([key.startswith("shoes/") or Path(key).name[:8] in MISPLACED for key in keys])
    kept = np.array([held_out(key) for key in keys])
    known, others = [key for key in keys if not held_out(key)], [key for key in keys if held_out(key)]
    seen = heads.validated(channels[~kept], shoe[~kept], heads.parts_of([Path(key).stem for key in known]))
    figures = say("in five parts", seen, shoe[~kept], known)
    value = heads.trained(channels[~kept], shoe[~kept])
    figures |= say("kept out", heads.logits(value, channels[kept]), shoe[kept], others)
    if options.out:
        heads.write(
            options.out,
            value,
            "footwear",
            title="whether a garment is a shoe",
            summary="Whether a garment is a shoe or a pair of them, whose light is read another way.",
            data="garment photos (clothing-dataset, CC0-1.0) by their kind. On the maps of the model 'features'.",
            made_by="benchmarks/footwear.py",
            metrics=figures,
            input="stage_32 N,320,h,w of the model 'features', of the garment alone in its square of 128 px",
            limits="Trained on pairs and single shoes from above and from the side, boots and sandals among them.",
        )
    if options.sheet:
        shoes = [photo for photo, one in zip(photos, shoe & kept, strict=True) if one]
        write_image(options.sheet, sheet(shoes), overwrite=True)


if __name__ == "__main__":
    main()

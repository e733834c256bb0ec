"""Make the model that tells plain cloth from patterned in close-ups, and say how often it is right: models/plain.

    python benchmarks/plain.py DATA [--out FOLDER]

Pictures: swatches of styles/ that were cropped from garments, by their folder (denim and leather are plain; knits,
which may be either, are left out), and crops of 45 to 80 % of garments labelled in garments/style_labels.csv. Judged
in five parts by the name of the original, and on crops of garments kept out of training.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import heads
import numpy as np
from footwear import garments
from references import CROPPED, originals, swatches

from muslin import store
from muslin.data.photos import GarmentPhoto, held_out, labels, photo_paths
from muslin.garments.framing import garment_box
from muslin.garments.network import Network
from muslin.garments.sight import looked_at
from muslin.images import read_image

PLAIN = {"plain", "denim", "leather"}
EITHER = {"knit"}
CROPS = 2  # of a garment


def crops(photo: GarmentPhoto, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Upright squares about the middle of a garment."""
    assert photo.mask is not None
    left, top, right, bottom = garment_box(photo.mask.astype(np.float32) / 255)
    shorter = min(right - left, bottom - top)
    for _ in range(CROPS):
        side = max(8, round(rng.uniform(0.45, 0.8) * shorter))
        middle = np.array([top + bottom, left + right]) / 2 + rng.uniform(-0.1, 0.1, 2) * shorter
        y, x = np.clip(np.round(middle - side / 2), 0, np.array(photo.mask.shape) - side).astype(int)
        yield np.ascontiguousarray(photo.pixels[y : y + side, x : x + side])


def pictures(data: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """(look, name of the original, pixels)."""
    known = originals(data)
    for path in swatches(data):
        if CROPPED.match(path.stem):
            name = path.relative_to(data / "styles").as_posix()
            yield name.split("/")[0], known.get(name, name), read_image(path).pixels
    looks, rng = labels(data), np.random.default_rng(0)
    for photo in garments(data):
        if photo.key in looks:
            for crop in crops(photo, rng):
                yield looks[photo.key], photo.key, crop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    network = Network(store.load("features").file())
    rows = [
        (look, name, network(image=looked_at(pixels)[None])["stage_32"][0].mean((1, 2)))
        for look, name, pixels in pictures(options.data)
        if look not in EITHER
    ]
    look, names = np.array([row[0] for row in rows]), [Path(row[1]).stem for row in rows]
    channels, plain = np.stack([row[2] for row in rows]), np.isin(look, sorted(PLAIN))
    kept_out = {Path(key).stem for key, _ in photo_paths(options.data) if held_out(key)}
    kept = np.array([name in kept_out for name in names])  # with the swatches that were cropped from these garments
    value = heads.trained(channels[~kept], plain[~kept])
    logits = heads.logits(value, channels)
    logits[~kept] = heads.validated(channels[~kept], plain[~kept], heads.parts_of(names)[~kept])
    figures: dict[str, float] = {}
    for words, chosen in (("in five parts", ~kept), ("kept out", kept)):
        for kind in (True, False):
            some = logits[chosen & (plain == kind)] > 0
            said = f"{'plain' if kind else 'patterned'}, {words}"
            print(f"{said}: {some.sum()} of {some.size} taken for plain")
            figures[said] = round(float(some.mean()), 4)
    for one in sorted(set(look)):
        some = logits[look == one] > 0
        print(f"   {one}: {some.sum()} of {some.size}")
    if options.out:
        heads.write(
            options.out,
            value,
            "plain",
            title="whether the cloth of a close-up is plain",
            summary="Whether the cloth of a garment seen from near is of one dye: what is broad in it is light.",
            data="swatches and garment photos of clothing-dataset (CC0-1.0), by their look. On the maps of 'features'.",
            made_by="benchmarks/plain.py",
            metrics={f"taken for plain: {name}": share for name, share in figures.items()},
            input="stage_32 N,320,h,w of the model 'features', of the picture at 224 px",
            limits="Knits may be either and were left out. Words and pictures on plain cloth were not looked for.",
        )


if __name__ == "__main__":
    main()

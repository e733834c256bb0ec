"""Is what a person wears told from the person?

    python benchmarks/worn.py PHOTOS LABELS [--json FILE]

PHOTOS: *.jpg. LABELS: NAME.png beside each, grey, of the photo's size: 0 backdrop, 1 worn above the waist (dresses and
coats too), 2 skin and hair, 3 else (shoes, bags, jewellery), 4 worn below it. docs/benchmarks.md has the figures of 200
street photos of Clothing Co-Parsing (Yang, Luo and Lin, CVPR 2014; every fifth of its 1,004 from 0003 on), which are
not part of muslin.

The network of masks alone stands beside, as it was before there were faces. Upper and lower parts are asked for where
each is at least a sixth of what is worn. One half of the photos was looked at while the rules were made, the other not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin import store
from muslin.errors import UserError
from muslin.garments import masks
from muslin.garments.faces import Faces
from muslin.garments.network import Network
from muslin.garments.outfits import PARTS
from muslin.images import read_image

UPPER, PERSON, LOWER = 1, 2, 4
LEAST = 1 / 6


def measured(alpha: np.ndarray, labels: np.ndarray, worn: tuple[int, ...] = (UPPER, LOWER)) -> list[float]:
    """[overlap (IoU) with what is worn, share of it that is found, share of skin and hair that is taken along]."""
    found, cloth, person = alpha > 0.5, np.isin(labels, worn), labels == PERSON
    kept = (found & cloth).sum()
    return [
        float(kept / max(1, (found | cloth).sum())),
        float(kept / max(1, cloth.sum())),
        float((found & person).sum() / max(1, person.sum())),
    ]


def summary(rows: list[list[float]]) -> dict[str, Any]:
    table = np.array(rows)
    return {
        "photos": len(table),
        "IoU, median": round(float(np.median(table[:, 0])), 3),
        "worn found, mean": round(float(table[:, 1].mean()), 3),
        "skin and hair taken along, mean": round(float(table[:, 2].mean()), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    network = Network(store.load("mask").file())
    faces = Faces(Network(store.load("face").file()))
    rows: dict[str, list[list[float]]] = {
        f"{way}, {half} half": [] for way in ("network alone", "with faces", *PARTS) for half in ("first", "second")
    }
    people = refused = 0
    for number, path in enumerate(sorted(options.photos.glob("*.jpg"))):
        pixels = read_image(path).pixels
        labels = read_image(options.labels / f"{path.stem}.png").pixels[..., 0]
        labels = cv2.resize(labels, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        half = ("first", "second")[number % 2]
        rows[f"network alone, {half} half"].append(measured(masks.automatic(pixels, network).alpha, labels))
        try:
            found = masks.automatic(pixels, network, faces)
        except UserError as error:
            refused += 1
            print(f"{path.name}: {error}")
            continue
        people += found.worn
        rows[f"with faces, {half} half"].append(measured(found.alpha, labels))
        sizes = [(labels == value).sum() for value in (UPPER, LOWER)]
        if not found.worn or min(sizes) < LEAST * sum(sizes):
            continue
        for part, value in zip(PARTS, (UPPER, LOWER), strict=True):
            alone = masks.automatic(pixels, network, faces, part)
            rows[f"{part}, {half} half"].append(measured(alone.alpha, labels, (value,)))
    made = {name: summary(of_half) for name, of_half in rows.items()}
    for name, figures in made.items():
        print(f"{name}: {figures}")
    print(f"somebody was seen to wear it in {people} photos; {refused} were refused")
    if options.json:
        options.json.write_text(json.dumps(made, indent=2))


if __name__ == "__main__":
    main()

"""How deep are folds in dark cloth, and how deep in light cloth? What garments/interreflection.py stands on.

    python benchmarks/folds.py DATA

For all garments of DATA that are labelled plain and have a mask: the deviation of log luminance inside the garment, in
five groups by its mean luminance, of all and of t-shirts alone; and the line a (1 - b r) that is nearest to them.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from muslin.data.photos import GarmentPhoto, load_garments
from muslin.garments.interreflection import DARKEST, LIGHTEST
from muslin.garments.shading import LOG_FLOOR
from muslin.images import luminance, srgb_to_linear

GROUPS = (DARKEST, 0.12, 0.22, 0.35, 0.5, 1.0)  # mean luminance


def measured(photo: GarmentPhoto) -> tuple[float, float]:
    """(mean luminance, deviation of log luminance) well inside the garment."""
    inside = cv2.erode((photo.mask > 200).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    light = luminance(srgb_to_linear(photo.pixels))[inside]
    return float(light.mean()), float(np.log(light + LOG_FLOOR).std())


def nearest_line(reflected: np.ndarray, deviation: np.ndarray) -> tuple[float, float]:
    """(a, b) of a (1 - b r) with the least mean distance in logarithms, on a grid of hundredths."""
    best = (np.inf, 0.0, 0.0)
    for b in np.arange(0, 1.2, 0.01):
        shape = np.log(np.maximum(1 - b * reflected, 0.05))
        a = np.median(np.log(deviation) - shape)
        best = min(best, (float(np.abs(np.log(deviation) - shape - a).mean()), float(np.exp(a)), float(b)))
    return best[1], best[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    photos = [photo for photo in load_garments(parser.parse_args().data, masked=True) if photo.look == "plain"]
    kinds = np.array([photo.key.split("/")[0] for photo in photos])
    reflected, deviation = np.array([measured(photo) for photo in photos]).T
    for name, chosen in (("all", kinds != ""), ("t-shirts", kinds == "t-shirt")):
        cells = []
        for low, high in pairwise(GROUPS):
            group = deviation[chosen & (reflected >= low) & (reflected < high)]
            cells.append(f"{low:.2f}-{high:.2f}: {np.median(group):.2f} ({len(group)})")
        print(f"{name:8s} mean luminance: median deviation (garments)  " + "  ".join(cells))
    known = (reflected > DARKEST) & (reflected < LIGHTEST)
    a, b = nearest_line(reflected[known], deviation[known])
    print(f"nearest line: {a:.2f} (1 - {b:.2f} r), {known.sum()} garments")


if __name__ == "__main__":
    main()

"""Do swatches tile once they are mended, and do they keep their colours?

    python benchmarks/seams.py DATA [--count 300] [--sheet FILE.png]

Of `count` swatches of DATA/styles, drawn at random, those whose seam is seen when they are repeated. Colours lost: mean
distance in CIELAB between the sorted projections of the swatch's pixels and of the mended one's on 24 directions
(sliced Wasserstein distance, Rabin et al. 2011). --sheet: those that lose most, each beside two by two of its tile.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from muslin.images import read_image
from muslin.textiles.seamless import VISIBLE, make_seamless, seam_score


def colours_lost(before: np.ndarray, after: np.ndarray, points: int = 500) -> float:
    directions = np.random.default_rng(0).normal(size=(3, 24))
    directions /= np.linalg.norm(directions, axis=0)
    shares = np.linspace(0, 1, points)
    found = []
    for picture in (before, after):
        pixels = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3) @ directions
        found.append(np.quantile(pixels, shares, axis=0))
    return float(np.abs(found[0] - found[1]).mean())


def pair(before: np.ndarray, after: np.ndarray, side: int = 170) -> np.ndarray:
    shown = [cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in (before, np.tile(after, (2, 2, 1)))]
    return np.pad(np.hstack(shown), [(4, 4), (4, 4), (0, 0)], constant_values=255)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    files = sorted(path for path in (options.data / "styles").rglob("*") if path.suffix in (".jpg", ".png"))
    drawn = np.random.default_rng(0).permutation(len(files))[: options.count]
    found = []
    for number in drawn:
        swatch = read_image(files[number]).pixels
        before = seam_score(swatch)
        if before > VISIBLE:
            mended = make_seamless(swatch)
            found.append((colours_lost(swatch, mended), before, seam_score(mended), swatch, mended))
    lost, before, after = (np.array([row[k] for row in found]) for k in range(3))
    figures = {
        "swatches with a seam": f"{len(found)} of {len(drawn)}",
        "seam score, before and after, mean": [round(float(before.mean()), 3), round(float(after.mean()), 3)],
        "still seen": round(float((after > VISIBLE).mean()), 4),
        "colours lost, mean and 90th percentile": [
            round(float(lost.mean()), 2),
            round(float(np.quantile(lost, 0.9)), 2),
        ],
    }
    print(json.dumps(figures, indent=2))
    if options.sheet:
        worst = [pair(*row[3:]) for row in sorted(found, key=lambda row: -row[0])[:30]]
        worst += [np.full_like(worst[0], 255)] * (-len(worst) % 5)
        rows = [np.hstack(worst[k : k + 5]) for k in range(0, len(worst), 5)]
        cv2.imwrite(str(options.sheet), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()

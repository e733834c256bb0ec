"""How well does the automatic mask find the garment? IoU with given masks, on garments kept out of training.

    python benchmarks/masks.py DATA [--model FOLDER] [--json FILE]

DATA holds garments/ and garment_masks/ (see src/muslin/data/photos.py). GrabCut, started as it is without a network,
stands beside it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from muslin import store
from muslin.data.photos import held_out, load_garments
from muslin.garments import masks
from muslin.garments.network import Network


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a > 0.5, b > 0.5
    return float((a & b).sum() / max(1, (a | b).sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="mask")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    network = Network(store.load(options.model).file())
    photos = [p for p in load_garments(options.data, side=320, masked=True) if held_out(p.key)][: options.limit]
    scores: dict[str, list[float]] = {"automatic": [], "network alone": [], "grabcut": []}
    confidences = []
    for photo in photos:
        truth = photo.mask / 255.0
        probability = masks.segment(photo.pixels, network)
        found = masks.automatic(photo.pixels, network)
        scores["automatic"].append(overlap(found.alpha, truth))
        scores["network alone"].append(overlap(probability, truth))
        scores["grabcut"].append(overlap(masks.grabcut(photo.pixels).alpha, truth))
        confidences.append(found.confidence)
    figures = {
        name: {
            "median IoU": round(float(np.median(values)), 4),
            "mean IoU": round(float(np.mean(values)), 4),
            "tenth percentile": round(float(np.quantile(values, 0.1)), 4),
        }
        for name, values in scores.items()
    }
    agreement = np.corrcoef(confidences, scores["automatic"])[0, 1]
    figures["confidence"] = {"correlation with IoU": round(float(agreement), 3)}
    figures["garments"] = len(photos)
    print(json.dumps(figures, indent=2))
    worst = np.argsort(scores["automatic"])[:10]
    print("worst:", ", ".join(f"{photos[i].key} {scores['automatic'][i]:.2f}" for i in worst))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

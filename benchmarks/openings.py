"""Does `drape` see on photos whether a garment opens at the front, and whether it has a collar?

    python benchmarks/openings.py DATA [--model NAME] [--json FILE]

openings.csv says it of garments kept out of training (files of DATA/garments), as told by eye from the photo alone:
opens = yes, no, or nothing where nobody can tell; collar = yes for two leaves, no, or nothing. A front opens where both
its halves are 3 % of the garment; a leaf is there from 0.4 % on. Masks are given or found, as `drape` learns from them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from muslin import store
from muslin.data.found_masks import found_mask
from muslin.data.photos import clean_mask, read_quickly
from muslin.data.tables import read_rows
from muslin.garments.fields import garment_square, predict_fields
from muslin.garments.network import Network
from muslin.garments.pieces import ROLES
from muslin.images import at_most
from muslin.restyle.restyler import PIECES

TABLE = Path(__file__).with_suffix(".csv")
LONGEST = 512  # px
FRONTS, LEAVES = ("left front", "right front"), ("left collar", "right collar")
LEAST_FRONT, LEAST_LEAF = 0.03, 0.004  # of the garment


def shares(data: Path, key: str, network: Network, sewn: Network) -> dict[str, float]:
    """Role -> its share of the garment on one photo."""
    path = data / "garments" / key
    pixels = read_quickly(path, cv2.IMREAD_COLOR)
    if pixels is None:
        raise SystemExit(f"{path} cannot be read.")
    pixels = np.ascontiguousarray(at_most(pixels, LONGEST)[..., ::-1])
    given = read_quickly(data / "garment_masks" / Path(key).with_suffix(".png"), cv2.IMREAD_GRAYSCALE)
    mask = found_mask(path, pixels) if given is None else clean_mask(given)
    assert mask is not None
    alpha = cv2.resize(mask, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    fields = predict_fields(pixels, alpha, network, sewn=sewn)
    assert fields.pieces is not None
    inside = garment_square(pixels, alpha, fields.frame, fields.size)[1] > 0.5
    role = fields.pieces.role[fields.pieces.shares.argmax(-1)][inside]
    return dict(zip(ROLES, np.bincount(role, minlength=len(ROLES)) / max(len(role), 1), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="drape")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    model = store.load(asked.model)
    network, sewn = Network(model.file()), Network(model.file(PIECES))
    told: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for row in read_rows(TABLE, "file", "opens", "collar"):
        found = shares(asked.data, row["file"], network, sewn)
        seen = {
            "opens": min(found[role] for role in FRONTS) > LEAST_FRONT,
            "collar": (min if row["collar"] == "yes" else max)(found[role] for role in LEAVES) > LEAST_LEAF,
        }
        for what, is_seen in seen.items():
            if row[what]:
                counts[f"{what}: {row[what]}"] = counts.get(f"{what}: {row[what]}", 0) + 1
                told.setdefault(f"{what}: {row[what]}", []).extend([row["file"]] if is_seen else [])
    rows = {name: {"of": count, "seen": len(told[name])} for name, count in counts.items()}
    for name, value in rows.items():
        wrong = [] if name.endswith("yes") else told[name]
        print(f"{name:12s} {value['seen']} of {value['of']} seen", *wrong, sep="\n    " if wrong else " ")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

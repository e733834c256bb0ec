"""Does `drape` see what a garment is sewn from?

    python benchmarks/pieces.py [--model NAME] [--count N] [--json FILE]

Truth world: garments of seeds kept out of training, in cloth of their own, where the piece of every pixel is known.
Told for each role: intersection over union of the pixels, over all garments; and of the lines where two pieces meet,
how many px of 256 the found ones lie from a true one and the true ones from a found one (median; share within 3 px).
Beside them the four panels, by their pieces and as the network says them apart from pieces.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from muslin import store
from muslin.data.truth import render
from muslin.garments.bands import seam_pixels
from muslin.garments.fields import PANELS, SIZE, predict_fields
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.garments.pieces import PANEL, ROLES
from muslin.restyle.restyler import PIECES

FIRST_SEED = 2**31 + 5_000_000  # training draws seeds below 2**31
KINDS = (
    "jacket",
    "polo",
    "shirt",
    "blazer",
    "hoodie",
    "coat",
    "t-shirt",
    "long sleeve",
    "dress",
    "trousers",
    "skirt",
)
NEAR = 3  # px of the square


def distances(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Of each pixel of `found` from the nearest of `true`, px; bool SxS each."""
    if not true.any():
        return np.full(int(found.sum()), float(SIZE))
    return cv2.distanceTransform((~true).astype(np.uint8), cv2.DIST_L2, 5)[found]


def run(network: Network, sewn: Network, count: int) -> dict[str, float]:
    roles = len(ROLES)
    both, either, shown_of, panels = np.zeros(roles), np.zeros(roles), np.zeros(roles), np.zeros((2, 2, 4))
    apart: dict[str, list[np.ndarray]] = {"found from true": [], "true from found": []}
    for index in range(count):
        shown = render(FIRST_SEED + index, 320, kind=KINDS[index % len(KINDS)], plain=index % 5 < 3, camera=True)
        fields = predict_fields(shown.photo, shown.mask, network, sewn=sewn)
        pieces = fields.pieces
        assert pieces is not None
        frame = garment_frame(garment_box(shown.mask), SIZE)
        nearest = {"dsize": (SIZE, SIZE), "flags": cv2.INTER_NEAREST}
        true, piece = cv2.warpAffine(shown.roles, frame, **nearest), cv2.warpAffine(shown.pieces, frame, **nearest)
        best = pieces.shares.argmax(-1)
        found, inside = pieces.role[best], true > 0
        for k in range(roles):
            mine, yours = found == k, true == k + 1
            both[k] += (mine & yours & inside).sum()
            either[k] += ((mine | yours) & inside).sum()
            shown_of[k] += yours.sum()
        alone = cv2.resize(fields.panels, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR).argmax(-1)
        known = np.array(PANEL)[np.maximum(true, 1) - 1]
        for row, said in enumerate((np.array(PANEL)[found], alone)):
            for k in range(4):
                panels[row, 0, k] += ((said == k) & (known == k) & inside).sum()
                panels[row, 1, k] += (((said == k) | (known == k)) & inside).sum()
        deep = cv2.erode(inside.astype(np.uint8), np.ones((9, 9))) > 0  # the outline is none of theirs
        lines = seam_pixels(np.where(inside, true.astype(int) * 64 + piece, 0)) & deep
        mine = seam_pixels(best) & deep
        apart["found from true"].append(distances(mine, lines))
        apart["true from found"].append(distances(lines, mine))
    rows: dict[str, float] = {role: float(both[k] / either[k]) for k, role in enumerate(ROLES) if shown_of[k]}
    rows["mean of the roles"] = float(np.mean(list(rows.values())))
    for name, (shared, any_of) in zip(("panels, by pieces", "panels alone"), panels, strict=True):
        rows |= {f"{name}: {panel}": float(x) for panel, x in zip(PANELS, shared / np.maximum(any_of, 1), strict=True)}
    for name, parts in apart.items():
        every = np.concatenate(parts)
        rows[f"{name}, median px"] = float(np.median(every))
        rows[f"{name}, within {NEAR} px"] = float((every <= NEAR).mean())
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="drape")
    parser.add_argument("--count", type=int, default=110)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    model = store.load(asked.model)
    rows = run(Network(model.file()), Network(model.file(PIECES)), asked.count)
    for name, value in rows.items():
        print(f"{name:36s} {value:.3f}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

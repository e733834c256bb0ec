"""Make the model that tells garments of one dye where their light is in doubt, and judge it: models/solid.

    python benchmarks/solids.py DATA [--out FOLDER] [--sheet FILE.png]

Garments of DATA/garments whose light `drape` does not hold for plain (fields.IN_DOUBT), shoes left out: those that
garments/style_labels.csv names (knits, which may be either, are left out), and those told by eye in solids.csv: 1 of
one dye, give or take a small logo; 0 printed, lettered, of two dyes; what nobody can tell was left out. Those of one
dye stand among the others, too, with words, blocks and motifs laid on (data/graphics.py). Validated in five parts by
file name, and on the garments kept out of training. --out: trained on all but these, written there. --sheet: garments
kept out, as they are, restyled without asking, and as shipped.

Logistic regression on the means of two of the feature network's maps over the garment.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import heads
import numpy as np
from footwear import row_of

from muslin import store
from muslin.data.graphics import badge, blocks, drawing, scatter, words
from muslin.data.photos import held_out, labels, load_swatches, photo_paths
from muslin.garments import masks, solids
from muslin.garments.fields import IN_DOUBT, SIZE, ask, garment_square, light_of
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.garments.shading import plain_share
from muslin.images import linear_to_srgb, luminance, read_image, srgb_to_linear, write_image
from muslin.restyle.restyler import Restyler

ONE_DYE, EITHER = {"plain", "denim", "leather"}, {"knit"}
TOLD = Path(__file__).with_suffix(".csv")
KINDS = (blocks, words, drawing, badge, scatter)
SHARES = (0.45, 0.25, 0.1, 0.1, 0.1)  # of KINDS, as often as garments of two dyes and lettered ones were mistaken
SEEN, LEAST = 0.35, 0.01  # of log luminance, and of the garment, that an added print changes at least
TRIES = 6


class Square(NamedTuple):
    """A garment and its square, as networks see it: image uint8 SxSx3, inside float32 SxS."""

    key: str
    pixels: np.ndarray
    mask: np.ndarray
    image: np.ndarray
    inside: np.ndarray
    solid: bool


def told(data: Path) -> dict[str, bool]:
    """Which garments are of one dye, by key."""
    looks = {key: look in ONE_DYE for key, look in labels(data).items() if look not in EITHER}
    with TOLD.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["solid"] == "1" for row in csv.DictReader(file)} | looks


def in_doubt(data: Path) -> list[Square]:
    """The garments that are told, and whose light the network does not hold for plain. Masks as muslin finds them."""
    known, found = told(data), []
    network, segment = (Network(store.load(name).file()) for name in ("drape", "mask"))
    for key, path in photo_paths(data):
        if key not in known or key.startswith("shoes/"):
            continue
        pixels = read_image(path).pixels
        mask = masks.automatic(pixels, segment).alpha
        image, inside = garment_square(pixels, mask, garment_frame(garment_box(mask), SIZE), SIZE)
        read = {name: field[0] for name, field in ask(network, image[None], inside[None]).items()}
        if plain_share(light_of(read, image, inside), read, image, inside) < IN_DOUBT:
            found.append(Square(key, pixels, mask, image, inside, known[key]))
    return found


def printed(square: Square, swatches: list[np.ndarray], rng: np.random.Generator) -> Square | None:
    """A garment of one dye with a print laid on; None where none of a few was to be seen."""
    linear, inside = srgb_to_linear(square.image), square.inside
    dye = np.maximum(np.median(linear[inside > 0.5], 0), 0.012)
    ground = np.broadcast_to(dye, linear.shape).astype(np.float32)
    kind = KINDS[rng.choice(len(KINDS), p=SHARES)]
    for _ in range(TRIES):
        if kind is badge:
            picture = cv2.resize(swatches[rng.integers(len(swatches))], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
            laid = badge(rng, ground, inside, srgb_to_linear(picture))
        else:
            laid = kind(rng, ground, inside) if kind in (words, drawing) else kind(rng, ground)
        change = np.abs(np.log((luminance(laid) + 0.01) / (luminance(ground) + 0.01)))
        share = float(((change > SEEN) * inside).sum() / inside.sum())
        if LEAST < share < 0.95 and (kind is not blocks or share > 0.05):
            worn = linear * (1 + inside[..., None] * (laid / ground - 1))
            return square._replace(image=linear_to_srgb(np.clip(worn, 0, 1)), solid=False)
    return None


def rows(squares: list[Square], features: Network) -> np.ndarray:
    """N x C."""
    return np.stack([solids.means(features, square.image, square.inside) for square in squares])


def say(name: str, taken: np.ndarray, squares: list[Square]) -> dict[str, float]:
    solid = np.array([square.solid for square in squares])
    found, wrong = taken[solid].sum(), taken[~solid].sum()
    print(f"{name}: {found} of {solid.sum()} of one dye found; {wrong} of {(~solid).sum()} others taken for such")
    print("  ", ", ".join(squares[k].key for k in np.flatnonzero(taken & ~solid)))
    return {
        f"of one dye, {name}": int(solid.sum()),
        f"found, {name}": round(float(found / solid.sum()), 3),
        f"others, {name}": int((~solid).sum()),
        f"others taken for such, {name}": int(wrong),
    }


def judged(squares: list[Square], logits: np.ndarray, near: Callable[..., float]) -> np.ndarray:
    """Which are taken for garments of one dye, by half or more."""
    both = zip(squares, logits, strict=True)
    return np.array([solids.sureness(one, near(square.image, square.inside)) >= 0.5 for square, one in both])


def sheet(squares: list[Square], side: int = 220) -> np.ndarray:
    """Rows of two garments: as photographed, restyled without asking, restyled as shipped."""
    restyler, shown = Restyler(), []
    told, cloth = restyler._solid, np.full((64, 64, 3), (190, 185, 170), np.uint8)
    for square in squares:
        row = [square.pixels]
        for restyler._solid in (None, told):
            row.append(restyler.restyle(square.pixels, cloth, square.mask).image)
        shown.append(row_of(row, side))
    return np.vstack([np.hstack(shown[k : k + 2]) for k in range(0, len(shown) // 2 * 2, 2)])


def main() -> None:
    options = heads.asked(__doc__)
    squares, features = in_doubt(options.data), Network(store.load("features").file())
    rng, swatches = np.random.default_rng(0), load_swatches(options.data)
    kept = [square for square in squares if held_out(square.key)]
    known = [square for square in squares if not held_out(square.key)]
    made = [printed(square, swatches, rng) for square in known if square.solid]
    known += [square for square in made if square is not None]
    channels, solid = rows(known, features), np.array([square.solid for square in known])
    near = solids.Solids(features, features, Network(store.load("plain").file())).near
    seen = heads.validated(channels, solid, heads.parts_of([Path(square.key).stem for square in known]))
    real = len(squares) - len(kept)
    figures = say("in five parts", judged(known[:real], seen[:real], near), known[:real])
    added = judged(known[real:], seen[real:], near).mean()
    print(f"of {len(known) - real} of one dye with a print laid on {added:.0%} are taken for such")
    value = heads.trained(channels, solid)
    figures |= say("kept out", judged(kept, heads.logits(value, rows(kept, features)), near), kept)
    if options.out:
        heads.write(
            options.out,
            value,
            "solid",
            given="means",
            title="whether a garment is of one dye",
            summary="Whether a garment is of one dye all over, though the network of the light sees a print.",
            data="garment photos (clothing-dataset, CC0-1.0) by their look and by eye. On the maps of 'features'.",
            made_by="benchmarks/solids.py",
            metrics=figures,
            input="means N,432: of stage_16 and stage_32 of the model 'features', over the garment, at 256 px",
            limits="Asked where the network of the light does not hold a garment for plain. Tone on tone may pass.",
        )
    if options.sheet:
        write_image(options.sheet, sheet([square for square in kept if square.solid]), overwrite=True)


if __name__ == "__main__":
    main()

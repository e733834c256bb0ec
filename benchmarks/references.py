"""Is a picture given as a style cloth alone, or a garment whose cloth is meant? How often muslin is right.

    python benchmarks/references.py DATA [--out FOLDER] [--sheet FILE.png]

DATA holds garments/ and styles/ (see src/muslin/data/photos.py). First the linear model that tells whole garments
(src/muslin/models/garment) is trained, and judged in five parts by name, crops of one original in one of them: on
photos of garments; garments cut out and laid on a plain backdrop, as shops show them; swatches; textiles drawn by
muslin; and swatches in the shape of a motif on a plain backdrop, since something in front of nothing is not yet a
garment. Hats and shoes, from which nobody cuts cloth, are left out. --out: it is written there.

Then all that is shipped is asked. Garments are those kept out of training; swatches are all of styles/ (the models have
seen them: what they say of others the parts tell, and benchmarks/closeups.py). --sheet: what is cut from 24 garments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import heads
import numpy as np

from muslin import Restyler, store
from muslin.data.photos import GarmentPhoto, held_out, load_garments, photo_paths
from muslin.data.tables import read_rows
from muslin.errors import UserError
from muslin.garments.network import Network
from muslin.garments.references import GARMENT, cloth_of
from muslin.garments.sight import looked_at
from muslin.images import Photo, read_image, write_image
from muslin.textiles.procedural import TEXTILES, swatch

CROPPED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")  # names of the photos that they are from
SIDES = (96, 192, 300, 512)
DRAWN = 40  # of each textile
WHOLE = ("hat", "shoes")  # from which nobody cuts cloth
TILE = (200, 260)  # px, of the sheet


class Shown(NamedTuple):
    """One picture: of what group, of which original, whether that is kept out of training, its channels."""

    group: str
    name: str
    kept: bool
    channels: np.ndarray


def shown(data: Path, network: Network) -> Iterator[Shown]:
    """The pictures that the model of whole garments is trained on and judged by."""

    def one(group: str, name: str, pixels: np.ndarray, kept: bool = False) -> Shown:
        return Shown(group, name, kept, network(image=looked_at(pixels)[None])["stage_32"][0].mean((1, 2)))

    rng = np.random.default_rng(0)
    for key, path in photo_paths(data):
        if key.split("/")[0] not in WHOLE:
            yield one("garments", key, read_image(path).pixels, held_out(key))
    for photo in load_garments(data, side=320, masked=True):
        if photo.key.split("/")[0] not in WHOLE:
            yield one("garments on a plain backdrop", photo.key, _laid(rng, photo), held_out(photo.key))
    known = originals(data)
    for index, path in enumerate(swatches(data)):
        name = known.get(path.relative_to(data / "styles").as_posix(), path.stem)
        pixels = read_image(path).pixels
        yield one("crops of garments" if CROPPED.match(path.stem) else "other swatches", name, pixels)
        if index % 2 == 0:
            square = cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA)
            yield one("motifs", name, _laid(rng, GarmentPhoto(name, square, _motif(rng, 256), None)))
    for name in sorted(TEXTILES):
        for seed in range(DRAWN):
            yield one("drawn textiles", name, swatch(name, 1000 + seed, SIDES[seed % 4]))


def originals(data: Path) -> dict[str, str]:
    """Swatch (LOOK/NAME) -> the name of the picture it is a crop of."""
    return {row["file"]: row["original_path"] for row in read_rows(data / "styles" / "manifest.csv")}


def swatches(data: Path) -> list[Path]:
    return sorted(p for p in (data / "styles").rglob("*") if p.suffix.lower() in (".jpg", ".png"))


def _laid(rng: np.random.Generator, photo: GarmentPhoto) -> np.ndarray:
    """What the mask shows, on a backdrop of one colour, most often a light grey or white."""
    assert photo.mask is not None
    alpha = photo.mask.astype(np.float32)[..., None] / 255
    backdrop = rng.choice((255, 245, 235, 128)) if rng.random() < 0.6 else rng.integers(0, 256, 3)
    return np.round(photo.pixels * alpha + np.float32(backdrop) * (1 - alpha)).astype(np.uint8)


def _motif(rng: np.random.Generator, side: int) -> np.ndarray:
    """A polygon, a disc or a flower of at most nine petals in the middle of a square, uint8, 255 = motif."""
    kind = rng.integers(3)
    turns = np.linspace(0, 2 * np.pi, rng.integers(3, 9) if kind == 0 else 60, endpoint=False) + rng.uniform(0, 6)
    petals = rng.uniform(0.1, 0.4) * np.sin(rng.integers(2, 10) * turns) if kind == 2 else 0
    radius, aspect = rng.uniform(0.25, 0.42) * side * (1 + petals), np.sqrt(rng.uniform(0.6, 1.5))
    points = side / 2 + np.stack([radius * np.cos(turns) * aspect, radius * np.sin(turns) / aspect], -1)
    return cv2.fillPoly(np.zeros((side, side), np.uint8), [points.astype(np.int32)], 255, cv2.LINE_AA)


def model_of_garments(data: Path, out: Path | None) -> None:
    pictures = list(shown(data, Network(store.load("features").file())))
    group, channels = np.array([p.group for p in pictures]), np.stack([p.channels for p in pictures])
    kept, positive = np.array([p.kept for p in pictures]), np.char.startswith(group, "garments")
    part = heads.parts_of([p.name for p in pictures])
    value = heads.trained(channels[~kept], positive[~kept])
    logits = heads.logits(value, channels)
    logits[~kept] = heads.validated(channels[~kept], positive[~kept], part[~kept])
    figures: dict[str, float] = {}
    for name in dict.fromkeys(group):
        for words, chosen in (("in five parts", ~kept), ("kept out", kept)):
            some = logits[(group == name) & chosen] > GARMENT
            if some.size:
                print(f"{name}, {words}: {some.sum()} of {some.size} taken for garments")
                figures[f"{name}, {words}"] = round(float(some.mean()), 4)
    if out:
        heads.write(
            out,
            value,
            "garment",
            title="whether a picture shows a whole garment",
            summary="Whether a picture given as a style shows a garment, whose cloth is meant, and not cloth alone.",
            data="garment photos (clothing-dataset, CC0-1.0), swatches of training (CC0-1.0, MIT, public domain), "
            "textiles drawn by muslin. On the maps of the model 'features'.",
            made_by="benchmarks/references.py",
            metrics={f"taken for garments: {name}": share for name, share in figures.items()},
            input="stage_32 N,320,h,w of the model 'features', of the picture at 224 px",
            limits="Single garments, photographed flat, hanging, or cut out; nobody wears one in the training photos.",
        )


def main() -> None:
    options = heads.asked(__doc__)
    model_of_garments(options.data, options.out)
    restyler = Restyler()
    garments = [path for key, path in photo_paths(options.data) if held_out(key) and key.split("/")[0] not in WHOLE]
    cropped = {path for path in swatches(options.data) if CROPPED.match(path.stem)}  # from garments: close-ups
    others = [path for path in swatches(options.data) if path not in cropped]
    drawn = [Photo(swatch(name, 1000 + k, SIDES[k % 4])) for name in sorted(TEXTILES) for k in range(DRAWN)]
    for name, pictures in (
        ("garments kept out", map(read_image, garments)),
        ("swatches cropped from garments", map(read_image, sorted(cropped))),
        ("other swatches", map(read_image, others)),
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
            cloth, _ = cloth_of(read_image(path), restyler._look_at, restyler._styles._tell)
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

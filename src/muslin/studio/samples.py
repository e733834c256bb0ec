"""Sample garments and looks: rendered once at the first start, so that the studio is never empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from muslin.studio import garments, looks
from muslin.studio.service import Studio

VERSION = "1"
SIZE = (960, 720)  # height, width of the garment photos
SWATCH = 512  # px
FIRST_SEED = 2**31  # training draws its seeds below


@dataclass(frozen=True)
class Sample:
    """A garment of the truth world. length_cm: of its longer side."""

    name: str
    kind: str
    seed: int
    length_cm: float


GARMENTS = (
    Sample("Bag", "bag", 9, 38), Sample("Skirt", "skirt", 3, 65), Sample("Coat", "coat", 9, 108),
    Sample("Shirt", "shirt", 3, 74), Sample("Dress", "dress", 9, 112),
)  # fmt: skip
# name, textile, seed, real width of one repeat in cm; the last is shown first
LOOKS = (
    ("Denim", "denim", 4, 6.0), ("Polka dots", "polka dots", 2, 8.0), ("Stripes", "stripes", 5, 10.0),
    ("Argyle", "argyle", 3, 18.0), ("Paisley", "paisley", 6, 24.0), ("Houndstooth", "houndstooth", 6, 8.0),
    ("Leopard", "leopard", 0, 26.0), ("Terrazzo", "terrazzo", 6, 30.0), ("Shibori", "shibori", 7, 30.0),
    ("Ikat", "ikat", 3, 26.0), ("Tartan", "tartan", 5, 20.0), ("Floral", "floral", 6, 30.0),
)  # fmt: skip


def present(studio: Studio) -> bool:
    return studio.database.value("SELECT value FROM meta WHERE key = 'samples'") == VERSION


def make(studio: Studio, on_change: Callable[[], None] = lambda: None) -> None:
    """Render what is not there yet; looks first, they take a tenth of a second each."""
    if present(studio):
        return
    have = {row["name"] for row in studio.database.all("SELECT name FROM looks WHERE sample = 1")}
    for name, textile, seed, width_cm in LOOKS:
        if name not in have:
            _look(studio, name, textile, seed, width_cm)
            on_change()
    have = {row["name"] for row in studio.database.all("SELECT name FROM garments WHERE project IS NULL")}
    for sample in GARMENTS:
        if sample.name not in have:
            _garment(studio, sample)
            on_change()
    with studio.database.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('samples', ?)", (VERSION,))


def _look(studio: Studio, name: str, textile: str, seed: int, width_cm: float) -> None:
    from muslin.images import encode_image
    from muslin.textiles.procedural import swatch

    data = encode_image(swatch(textile, FIRST_SEED + seed, SWATCH), "PNG")
    looks.add(studio, data, name, sample=1, repeat_cm=width_cm)


def _garment(studio: Studio, sample: Sample) -> None:
    import numpy as np

    from muslin.data.truth import render
    from muslin.images import encode_image

    made = render(FIRST_SEED + sample.seed, SIZE, kind=sample.kind, plain=True)
    mask = encode_image(np.round(made.mask * 255).astype(np.uint8), "PNG")
    garments.add(studio, encode_image(made.photo, "PNG"), None, sample.name, sample.length_cm, mask=mask)

"""Swatches in memory, by look: what `print` learns from.

Layouts: LOOK/*.png, styles/LOOK/*.png, or pictures alone, which are one look with the folder's name. A manifest.csv
with the columns file and original_path keeps crops of one original on one side of the split.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from muslin.data.photos import held_out, read_quickly
from muslin.data.tables import read_rows
from muslin.data.worn import cloth_in
from muslin.errors import EXIT_DATA, UserError
from muslin.images import at_most, find_images
from muslin.textiles.exemplars import REPEAT
from muslin.textiles.procedural import swatch

Looks = dict[str, list[np.ndarray]]

EMBEDDED_COUNT = 24  # swatches of each embedded look
SMALLEST = 32  # px
LARGEST = 4 * REPEAT  # px: larger swatches are shrunk

EMBEDDED: dict[str, tuple[str, ...]] = {
    "stripes": ("stripes",),
    "tartan": ("tartan", "windowpane"),
    "gingham": ("gingham",),
    "dots": ("polka dots",),
    "houndstooth": ("houndstooth", "herringbone"),
    "chevron": ("chevron", "argyle"),
    "ikat": ("ikat",),
    "garden": ("floral", "botanical"),
    "paisley": ("paisley",),
    "shibori": ("shibori", "tie dye"),
    "brushstrokes": ("brushstrokes",),
    "scales": ("scales", "leopard"),
}
"""Looks that muslin weaves and prints itself: name -> procedural textiles."""


def embedded_looks(count: int = EMBEDDED_COUNT, seed: int = 0) -> Looks:
    """`count` procedural swatches of each embedded look, uint8 REPEAT,REPEAT,3."""
    return {
        look: [swatch(names[number % len(names)], 1000 * seed + number, REPEAT) for number in range(count)]
        for look, names in EMBEDDED.items()
    }


def load_looks(folder: Path, *, held: bool | None = False, fewest: int = 1, worn: bool = False) -> Looks:
    """Look -> swatches (uint8 HxWx3 sRGB) of the training side, of the held-out side when `held`, of both for None.

    A folder of up to a few dozen pictures without looks is one look and has no held-out side. worn: of a picture that
    shows a garment its cloth alone is taken (data/worn.py).
    Raises UserError when nothing can be read or a look would be too small.
    """
    root = folder / "styles" if (folder / "styles").is_dir() else folder
    originals = _originals(root / "manifest.csv")
    paths = sorted(find_images([root]))
    keys = [path.relative_to(root).as_posix() for path in paths]
    flat = all("/" not in key for key in keys)
    if not flat and held is not None:
        sides = [held_out(originals.get(key, key)) == held for key in keys]
        paths = [path for path, side in zip(paths, sides, strict=True) if side]
    elif flat and held:
        return {}
    names = [look_name(folder.resolve().name if flat else path.relative_to(root).parts[0]) for path in paths]
    looks: Looks = {}
    with ThreadPoolExecutor(2) as pool:
        for name, pixels in zip(names, pool.map(_read_worn if worn else _read, paths), strict=True):
            if pixels is not None:
                looks.setdefault(name, []).append(pixels)
    looks = {name: swatches for name, swatches in looks.items() if len(swatches) >= fewest}
    if not looks and not held:
        raise UserError(
            "This folder holds no swatches to learn from.",
            received=folder,
            possible="pictures of cloth, or one folder of pictures for each look",
            advice="`muslin data check DIR` says what is wrong with each file.",
            exit_code=EXIT_DATA,
        )
    return looks


def look_name(text: str) -> str:
    """A folder's name as the name of a look: small letters, digits, '.', '_', '-'."""
    return re.sub(r"[^a-z0-9._-]+", "_", text.strip().lower()).strip("._-")[:64] or "look"


def _originals(manifest: Path) -> dict[str, str]:
    if not manifest.is_file():
        return {}
    return {row["file"]: row.get("original_path") or row["file"] for row in read_rows(manifest, "file")}


def _read(path: Path) -> np.ndarray | None:
    """None for what cannot be read or is too small to be a swatch."""
    pixels = read_quickly(path, cv2.IMREAD_COLOR)
    return None if pixels is None else _fitted(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def _read_worn(path: Path) -> np.ndarray | None:
    """As _read, of what shows a garment the cloth alone, unless that is too small to learn from."""
    pixels = read_quickly(path, cv2.IMREAD_COLOR)
    if pixels is None:
        return None
    picture = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    cloth = _fitted(cloth_in(picture))
    return _fitted(picture) if cloth is None else cloth


def _fitted(pixels: np.ndarray) -> np.ndarray | None:
    """At most LARGEST px; None for less than SMALLEST."""
    if min(pixels.shape[:2]) < SMALLEST:
        return None
    return at_most(pixels, LARGEST)

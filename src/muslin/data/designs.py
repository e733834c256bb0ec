"""The pictures that recipes learn to design from: a whole folder, its garments cut out where there are masks.

A picture with a mask (a file beside it, or its own transparency) is laid on white in its garment's own square, so
that networks spend themselves on clothes and not on floors; one without is cut square.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from muslin.data import folder
from muslin.data.collection import FEWEST, load_collection
from muslin.data.domains import MASKS, Item, picture
from muslin.data.splits import held_out
from muslin.errors import EXIT_DATA, UserError

SPLIT_FROM = 200  # pictures: a smaller folder is all learned from


def load_designs(data: Any, size: int, masks: str = "auto", *, held: bool = False) -> np.ndarray:
    """Pictures as uint8 N x size x size x 3 sRGB, those that a training run may see.

    data: a folder; of one with garments/ the garments alone. Or whatever else load_collection takes, whole.
    masks: "auto" finds those of the others where some pictures of the folder have masks, "given" finds none, "none"
        takes every picture whole.
    held: the tenth that is kept out of training instead; nothing where there is none.
    Raises UserError for a folder with too few readable pictures.
    """
    if masks not in MASKS:
        raise UserError("There is no such way to find masks.", received=repr(masks), possible=MASKS)
    if not isinstance(data, (str, Path)) or not Path(data).expanduser().is_dir():
        return load_collection(data, size) if not held else np.zeros((0, size, size, 3), np.uint8)
    layout, files = folder.list_files(data)
    if layout == "collection":
        files = [(place, mask) for place, mask in files if (place.domain or "").lower() == "garments"]
    items = [Item(place.relative.as_posix(), place.path, mask) for place, mask in files]
    if masks == "auto" and not any(item.mask for item in items):
        masks = "given"
    split = len(items) >= SPLIT_FROM
    chosen = [item for item in items if held == (split and held_out(_key(item.key, layout)))]
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda item: picture(item, size, masks, 255), chosen)
        pictures = [pair[0] for pair in made if pair is not None]
    if held and not pictures:
        return np.zeros((0, size, size, 3), np.uint8)
    if len(pictures) < FEWEST:
        raise UserError(
            "A collection is too small to learn from.",
            received=f"{len(pictures)} readable pictures in '{data}'",
            possible=f"at least {FEWEST}; some hundreds are better",
            advice="`muslin data check DIR` says what is wrong with each file.",
            exit_code=EXIT_DATA,
        )
    return np.stack(pictures)


def _key(relative: str, layout: str) -> str:
    return relative.partition("/")[2] if layout == "collection" else relative

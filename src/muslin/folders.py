"""A folder and all folders inside it. Links are followed, loops are not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def walk(root: str | Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """(folder, names of the folders in it, names of its files), sorted, without hidden folders. As os.walk, top down.

    Each is entered once, by whichever way it is reached first. Names taken out of the first list are not entered.
    """
    entered: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        place = os.path.realpath(folder)
        if place in entered:
            folders.clear()
            continue
        entered.add(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(folder), folders, sorted(names)

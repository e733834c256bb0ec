"""Whatever reads a folder takes the same files for its pictures: no hidden ones, no contact sheets of muslin's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from muslin.data.folder import list_files
from muslin.data.pairs import find_pairs
from muslin.data.photos import load_swatches, photo_paths
from muslin.data.prints import load_looks
from muslin.data.splits import held_out
from muslin.images import write_image

NAMES = [name for name in (f"{index}.png" for index in range(40)) if not held_out(name)][:5]
COUNTS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "files": ("", lambda root: len(list_files(root)[1])),
    "photos": ("", lambda root: len(photo_paths(root))),
    "looks": ("", lambda root: len(load_looks(root, held=None)["swatches"])),
    "swatches": ("styles", lambda root: len(load_swatches(root.parent))),
    "pairs": ("", lambda root: len([*find_pairs(root)[1], *find_pairs(root, held=True)[1]])),
}


@pytest.mark.parametrize("kind", COUNTS)
def test_only_pictures_are_pictures(tmp_path: Path, kind: str) -> None:
    inside, count = COUNTS[kind]
    root = tmp_path / (inside or "swatches")
    root.mkdir()
    for number, name in enumerate(NAMES):
        write_image(root / name, np.full((64, 64, 3), 40 * number, np.uint8))
    before = count(root)
    assert before == len(NAMES)
    for name in ("ikat.contact-sheet.png", "contact-sheet.png", ".hidden.png"):
        shutil.copy(root / NAMES[0], root / name)
    (root / ".cache").mkdir()
    shutil.copy(root / NAMES[0], root / ".cache" / "thumbnail.png")
    (root / "notes.txt").write_text("no picture")
    assert count(root) == before

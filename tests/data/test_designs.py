"""What recipes from noise learn from: garments cut out by masks, a tenth kept out, whole pictures otherwise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data.designs import SPLIT_FROM, load_designs
from muslin.data.splits import held_out
from muslin.errors import UserError


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


def test_garments_are_cut_out_and_laid_on_white(tmp_path: Path) -> None:
    """A red square on a blue floor, masked: nothing blue is left, and red fills the middle."""
    photo = np.zeros((96, 96, 3), np.uint8)
    photo[..., 0] = 255  # blue, in OpenCV's order
    photo[30:70, 24:64] = (0, 0, 200)
    mask = np.zeros((96, 96), np.uint8)
    mask[30:70, 24:64] = 255
    for number in range(4):
        write(tmp_path / "garments" / "dress" / f"{number}.png", photo)
        write(tmp_path / "garment_masks" / "dress" / f"{number}.png", mask)
    write(tmp_path / "styles" / "floral" / "swatch.png", np.full((96, 96, 3), 77, np.uint8))
    made = load_designs(tmp_path, 32, "given")
    assert made.shape == (4, 32, 32, 3)  # the swatch is none of them
    np.testing.assert_allclose(made[0, 12:20, 12:20], np.broadcast_to([200, 0, 0], (8, 8, 3)), atol=3)
    blue = (made[..., 2].astype(int) - made[..., 0]) > 40
    assert blue.mean() < 0.01 and (made[:, 0, 0] > 250).all()
    whole = load_designs(tmp_path, 32, "none")
    assert ((whole[..., 2].astype(int) - whole[..., 0]) > 40).mean() > 0.7


def test_a_tenth_is_kept_out_of_a_large_folder_and_nothing_of_a_small_one(tmp_path: Path) -> None:
    """Each picture has a colour of its own, so that both sides can be told apart by it."""
    names = [f"{number}.png" for number in range(SPLIT_FROM)]
    for number, name in enumerate(names):
        write(tmp_path / "many" / name, np.full((8, 8, 3), (number % 256, number // 256, 9), np.uint8))
    train, held = load_designs(tmp_path / "many", 16), load_designs(tmp_path / "many", 16, held=True)
    kept = {number for number, name in enumerate(names) if held_out(name)}
    assert {int(picture[0, 0, 2]) for picture in held} == kept and 5 < len(kept) < 40
    assert {int(picture[0, 0, 2]) for picture in train} == set(range(SPLIT_FROM)) - kept
    for number in range(5):
        write(tmp_path / "few" / f"{number}.png", np.full((8, 8, 3), number, np.uint8))
    assert len(load_designs(tmp_path / "few", 16)) == 5 and len(load_designs(tmp_path / "few", 16, held=True)) == 0


def test_arrays_pass_and_mistakes_are_explained(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (5, 16, 16, 3)).astype(np.uint8)
    np.testing.assert_array_equal(load_designs(pictures, 16), pictures)
    with pytest.raises(UserError, match="auto, given, none"):
        load_designs(pictures, 16, "yes")
    write(tmp_path / "one.png", pictures[0])
    with pytest.raises(UserError, match="too small"):
        load_designs(tmp_path, 16)

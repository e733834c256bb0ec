"""A look may be learned from photos of the garments that wear it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data.prints import load_looks
from muslin.data.truth import render
from muslin.recipes import build
from muslin.textiles.procedural import swatch


def folder(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """Two swatches and a garment on white, as in a catalogue."""
    shown = next(one for seed in range(99) if (one := render(seed, 256, textile="gingham")).kind == "t-shirt")
    pictures = {
        "a": swatch("tartan", 1, 128),
        "b": swatch("stripes", 2, 96),
        "worn": np.where(shown.mask[..., None] > 0, shown.photo, np.uint8(245)),
    }
    (tmp_path / "mine").mkdir()
    for name, pixels in pictures.items():
        cv2.imwrite(str(tmp_path / "mine" / f"{name}.png"), pixels[..., ::-1])
    return tmp_path / "mine", pictures


def test_of_a_garment_the_cloth_is_taken_and_swatches_stay_as_they_are(tmp_path: Path) -> None:
    mine, pictures = folder(tmp_path)
    whole, cut = (load_looks(mine, worn=worn)["mine"] for worn in (False, True))
    for found, given in zip(whole, pictures.values(), strict=True):
        np.testing.assert_array_equal(found, given)
    for found, given in zip(cut[:2], list(pictures.values())[:2], strict=True):
        np.testing.assert_array_equal(found, given)
    piece = cut[2]
    assert max(piece.shape[:2]) < 160 and not (piece >= 245).all(-1).any()  # nothing of the white around it


def test_a_look_of_ones_own_is_learned_from_the_cloth(tmp_path: Path) -> None:
    mine, _ = folder(tmp_path)
    stream = build("print", {"look": "mine", "size": 64, "batch_size": 2}).stream(mine, 0)
    real = stream.batch(0)["real"]
    assert real.shape[0] == 2 and stream.names == ("mine",)  # type: ignore[attr-defined]
    assert not (stream.reals[0][2] >= 240).all(-1).any()  # type: ignore[attr-defined]


def test_a_picture_whose_cloth_is_too_small_is_learned_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's picture is lost because a garment was seen in it."""
    mine, pictures = folder(tmp_path)
    monkeypatch.setattr("muslin.data.prints.cloth_in", lambda pixels: pixels[:20])
    for found, given in zip(load_looks(mine, worn=True)["mine"], pictures.values(), strict=True):
        np.testing.assert_array_equal(found, given)

"""Masks that the shipped network finds for training photos without one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data import found_masks
from muslin.data.photos import photo_paths
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.recipes import build


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two rendered garments, one of them masked, a picture of nothing and a file that is no picture."""
    monkeypatch.setenv("MUSLIN_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "data"
    (data / "garments").mkdir(parents=True)
    (data / "garment_masks").mkdir()
    for name, seed in (("masked", 3), ("bare", 4)):
        cv2.imwrite(str(data / "garments" / f"{name}.png"), render(seed, 192).photo[..., ::-1])
    cv2.imwrite(str(data / "garment_masks" / "masked.png"), np.rint(render(3, 192).mask * 255).astype(np.uint8))
    noise = np.random.default_rng(0).integers(0, 255, (192, 192, 3)).astype(np.uint8)
    cv2.imwrite(str(data / "garments" / "nothing.png"), noise)
    (data / "garments" / "broken.jpg").write_bytes(b"no picture")
    return data


def test_only_what_the_network_is_sure_of_comes_with_a_mask_and_the_mask_is_right(folder: Path) -> None:
    found = {photo.key: photo for photo in found_masks.sure_masks(photo_paths(folder))}
    assert "bare.png" in found and not set(found) & {"nothing.png", "broken.jpg"}
    mask, truth = found["bare.png"].mask, render(4, 192).mask > 0.5
    assert mask is not None and mask.shape == found["bare.png"].pixels.shape[:2]
    assert ((mask > 127) & truth).sum() / ((mask > 127) | truth).sum() > 0.93


def test_they_are_found_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = found_masks.sure_masks(photo_paths(folder))
    monkeypatch.setattr(found_masks, "_agreed", None)
    again = found_masks.sure_masks(photo_paths(folder))
    assert [photo.key for photo in again] == [photo.key for photo in first]
    for photo, before in zip(again, first, strict=True):
        assert (photo.mask == before.mask).all()  # type: ignore[union-attr]


def test_two_threads_with_one_photo_write_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    monkeypatch.setattr(found_masks.os, "replace", lambda part, there: written.append(part))
    for _ in range(2):
        found_masks.kept("masks", found_masks.MASK_NETWORK, b"one photo", lambda: np.zeros((4, 4), np.uint8))
    assert len(set(written)) == 2


def test_the_recipe_learns_from_them_beside_the_given_masks(folder: Path) -> None:
    keys = {
        found: {photo.key for photo in build("mask", {"found": found}).stream(folder, 0).photos}  # type: ignore[attr-defined]
        for found in (False, True)
    }
    assert keys == {False: {"masked.png"}, True: {"masked.png", "bare.png"}}


def test_a_folder_without_masks_is_refused_in_words_or_learned_from_by_wish(folder: Path) -> None:
    (folder / "garment_masks" / "masked.png").unlink()
    (folder / "garment_masks").rmdir()
    with pytest.raises(UserError, match="No photo in this folder has a mask"):
        build("mask", {}).stream(folder, 0)
    photos = build("mask", {"found": True}).stream(folder, 0).photos  # type: ignore[attr-defined]
    assert {photo.key for photo in photos} == {"masked.png", "bare.png"}


def test_a_folder_may_be_told_as_text(folder: Path) -> None:
    """As workers are told it (distributed/train.py)."""
    recipe = build("mask", {"size": 32, "widths": (8, 8), "found": True})
    assert [photo.key for photo in recipe.stream(str(folder), 0).photos] == [
        photo.key for photo in recipe.stream(folder, 0).photos
    ]

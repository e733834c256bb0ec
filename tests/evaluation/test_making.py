"""What a model is judged on: garments that training did not see, and the pictures it should be like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from muslin import store
from muslin.data.pairs import find_pairs
from muslin.data.splits import held_out
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.evaluation.evaluate import evaluate
from muslin.evaluation.making import _photos, _real_of, make
from muslin.images import read_image, write_image


def model(recipe: str, **card: object) -> store.Model:
    return store.Model(Path("."), {"name": "m", "recipe": recipe, "files": {}, **card})


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """garments/coat, garment_masks/coat, styles/plain, and drawings that are no garments."""
    root = tmp_path_factory.mktemp("collection")
    for folder in ("garments/coat", "garment_masks/coat", "styles/plain", "edges/coat"):
        (root / folder).mkdir(parents=True)
    for index in range(30):
        drawn = render(index % 3, 96)
        write_image(root / f"garments/coat/{index:02d}.png", np.rint(drawn.photo).astype(np.uint8))
        write_image(root / f"garment_masks/coat/{index:02d}.png", np.rint(drawn.mask * 255).astype(np.uint8))
        write_image(root / f"edges/coat/{index:02d}.png", np.full((9, 9, 3), 255, np.uint8))
    for index in range(12):
        write_image(root / f"styles/plain/{index:02d}.png", np.full((24, 24, 3), (20 * index, 90, 60), np.uint8))
    return root


def test_only_garments_that_training_did_not_see(collection):
    photos = _photos(model("drape"), collection)
    assert {photo.name for photo, _ in photos} == {
        f"{index:02d}.png" for index in range(30) if held_out(f"coat/{index:02d}.png")
    }
    assert photos and all("garments" in photo.parts and mask.parts[-3] == "garment_masks" for photo, mask in photos)


def test_what_they_should_be_like(collection):
    name, real = _real_of(model("dcgan"), collection)
    assert len(real) == 30 and all("garments" in path.parts for path in real) and name == collection.name
    assert all("styles" in path.parts for path in _real_of(model("print"), collection)[1])


def test_two_collections(tmp_path):
    for folder, count in (("trainA", 3), ("trainB", 2), ("testA", 1)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            write_image(tmp_path / folder / f"{folder}{index}.png", np.zeros((8, 8, 3), np.uint8))
    cut = model("cut", domains=["A", "B"])
    assert [photo.name for photo, _ in _photos(cut, tmp_path)] == ["testA0.png"]
    name, real = _real_of(cut, tmp_path)
    assert name.startswith("B of") and [path.name for path in real] == ["trainB0.png", "trainB1.png"]


@pytest.mark.parametrize("direction", ["auto", "BtoA"])
def test_pairs_are_judged_as_they_were_learned(tmp_path, direction):
    """Drawings that training kept out are dressed; their targets are no sources, and drawings are no garments."""
    for index in range(40):
        for side, grey in (("A", 255), ("B", 90)):
            (tmp_path / side).mkdir(exist_ok=True)
            write_image(tmp_path / side / f"{index:02d}.png", np.full((8, 8, 3), grey, np.uint8))
    pix2pix = model("pix2pix", settings={"direction": direction})
    sources, targets = "AB" if direction == "auto" else "BA"
    kept = {entry.key for entry in find_pairs(tmp_path, held=True)[1]}
    photos = [photo for photo, _ in _photos(pix2pix, tmp_path)]
    assert kept and {photo.stem for photo in photos} == kept
    assert {photo.parent.name for photo in photos} == {sources}
    real = _real_of(pix2pix, tmp_path)[1]
    assert {path.parent.name for path in real} == {targets} and not {path.stem for path in real} & kept


def test_pictures_of_both_sides_are_taken_apart(tmp_path):
    for index in range(40):
        both = np.hstack([np.full((16, 16, 3), 255, np.uint8), np.full((16, 16, 3), (200, 30, 40), np.uint8)])
        write_image(tmp_path / f"{index:02d}.png", both)
    pix2pix = model("pix2pix")
    assert {read_image(photo).pixels.min() for photo, _ in _photos(pix2pix, tmp_path)} == {255}
    assert read_image(_real_of(pix2pix, tmp_path)[1][0]).pixels[0, 0].tolist() == [200, 30, 40]


def test_the_shipped_drape_leaves_the_background_alone(collection, tmp_path):
    """From photo to figure by files alone: leakage must be exactly 0."""
    made = make("drape", collection, tmp_path / "made", count=2, seed=1)
    pictures = sorted(made.folder.iterdir())
    assert [path.name for path in pictures] == ["00001.png", "00002.png"] and not made.tiles
    found = evaluate(made.folder, made.real, name=made.name)
    assert found["leakage"].value == 0 and found["leakage"].count == 2
    assert all("garments" in case.origin.photo.parts and len(case.origin.swatches) == 1 for case in found.cases)
    again = make("drape", collection, tmp_path / "again", count=1, seed=1)
    assert np.array_equal(read_image(again.folder / "00001.png").pixels, read_image(pictures[0]).pixels)


def test_a_model_that_makes_no_pictures(collection, tmp_path):
    with pytest.raises(UserError, match="makes no pictures"):
        make("mask", collection, tmp_path)

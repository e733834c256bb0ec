"""A student copies its teacher, and its model stands in for it everywhere."""

from pathlib import Path

import numpy as np
import pytest
from keras import ops
from PIL import Image
from tiny_recipes import TEACHER, collection, write_teacher

from muslin import recipes, runs, store
from muslin.errors import UserError
from muslin.recipes.distill import Distill, Taught
from muslin.restyle import opening
from muslin.training import engine


def numbers(value: object) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(value))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collection(tmp_path_factory.mktemp("data"))


def test_the_loss_by_hand() -> None:
    """A student that is 0.5 off everywhere: three levels of 0.5, and no slope. Outside the mask nothing counts."""
    recipe = Distill(teacher=str(TEACHER))
    layer = recipe.networks["generator"].get_layer("gate_half")
    layer.kernel.assign(ops.zeros_like(layer.kernel))
    layer.bias.assign(ops.zeros_like(layer.bias) - 50)  # the student gives its input back
    source = np.random.default_rng(0).uniform(-0.4, 0.4, (2, 32, 32, 3)).astype(np.float32)
    mask = np.zeros((2, 32, 32, 1), np.float32)
    mask[:, 8:24, 8:24] = 1
    batch = {"source": source, "wanted": source + 0.5 * mask + (1 - mask) * 99, "source_mask": mask}
    loss, logs = recipe.loss(batch)
    assert float(logs["pixels"]) == pytest.approx(0.5, rel=1e-4)
    assert float(logs["slopes"]) == pytest.approx(0, abs=1e-5)
    assert float(loss) == pytest.approx(1.5, rel=1e-4)


def test_batches_are_the_teachers_and_what_it_makes_of_them(data: Path) -> None:
    stream = Distill(teacher=str(TEACHER), batch_size=4).stream(data, 3)
    assert isinstance(stream, Taught)
    batch, again = stream.batch(8), stream.batch(8)
    assert all((batch[name] == again[name]).all() for name in batch)
    np.testing.assert_allclose(batch["wanted"], 0.8 * batch["source"][..., [1, 2, 0]], atol=1e-6)
    assert batch["source_mask"].min() == 0 and batch["source_mask"].max() == 1


def test_a_student_learns_what_its_teacher_paints(data: Path) -> None:
    recipe = Distill(teacher=str(TEACHER), learning_rate=5e-3)
    stream = recipe.stream(data, 0)
    before = float(recipe.loss(stream.batch(0))[1]["pixels"])
    engine.train(recipe, stream, images=1280, preview_every_images=0, screen=False)
    assert float(recipe.loss(stream.batch(0))[1]["pixels"]) < 0.45 * before


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    folder = tmp_path_factory.mktemp("student")
    runs.train("distill", data, folder=folder, images=160, options={"teacher": str(TEACHER)}, screen=False, say=str)
    return folder / "model"


def test_the_finished_student_is_used_as_its_teacher_is(student: Path, data: Path, tmp_path: Path) -> None:
    found = store.load(student)
    assert (found.recipe, found.role) == ("distill", "cut")
    assert found.card["domains"] == ["plain", "stripes"] and found.card["teacher"]["name"] == "wide"
    restyler = opening.restyler_for(str(student))
    photo = next((data / "garments").rglob("*.png"))
    pixels = np.asarray(Image.open(photo).convert("RGB"))
    mask = np.asarray(Image.open(str(photo).replace("garments", "garment_masks"))).astype(np.float32) / 255
    made = restyler.restyle(photo, mask)
    assert (made.image[mask == 0] == pixels[mask == 0]).all()
    assert np.abs(made.image.astype(int) - pixels)[mask == 1].mean() > 5


def test_a_student_is_exported_again_without_its_teacher(student: Path, tmp_path: Path) -> None:
    found = store.load(student)
    assert found.card["settings"]["student"] == "translator" and found.card["settings"]["size"] == 32
    settings = {**found.card["settings"], "teacher": "gone"}
    assert recipes.build("distill", settings).networks["generator"].count_params() == found.card["parameters"]


def test_the_student_of_a_drawing_model_is_a_narrow_unet(tmp_path: Path) -> None:
    teacher = write_teacher(tmp_path, "pix2pix", whole=True, drawing=True, colours=["#aa0000"])
    student = Distill(teacher=str(teacher), channels=8)
    assert student.student == "unet" and student.networks["generator"].input_shape[1:] == (None, None, 3)
    pictures = np.random.default_rng(0).integers(0, 255, (8, 32, 64, 3), np.uint8)  # pairs side by side
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    stream = student.stream(tmp_path, 0)
    batch = stream.batch(0)
    assert batch["source"].shape == batch["wanted"].shape == (8, 32, 32, 3) and batch["source_mask"].min() == 1
    assert np.isfinite(float(student.loss(batch)[0]))
    card = student.card(stream)
    assert card["role"] == "pix2pix" and card["drawing"] and card["whole"] and card["colours"] == ["#aa0000"]


def test_mistakes_are_answered_with_what_is_possible() -> None:
    for options, words in (
        ({}, "needs a teacher"),
        ({"teacher": "drape"}, "cannot teach"),
        ({"teacher": "nobody"}, "no model"),
        ({"teacher": str(TEACHER), "channels": 12}, "multiples of 8"),
        ({"teacher": str(TEACHER), "blocks": 1}, "whole numbers from 2"),
        ({"teacher": str(TEACHER), "student": "twin"}, "no such student"),
    ):
        with pytest.raises(UserError, match=words):
            Distill(**options)

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from muslin import store
from muslin.cli import run
from muslin.data.sketch import wash
from muslin.errors import UserError
from muslin.images import read_image
from muslin.restyle.drawings import Dresser
from muslin.restyle.restyler import as_photo
from muslin.studio.work import painting

RED = (200, 30, 40)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that gives back what it sees: the result is the paint, whatever the drawing."""
    folder = tmp_path_factory.mktemp("model")
    shape = ["n", "h", "w", 3]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("image", "made")]
    graph = helper.make_graph([helper.make_node("Identity", ["image"], ["made"])], "same", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(folder / "generator.onnx"))
    colours = ["#c81e28", "#000080", "#208040"]
    card = {"name": "flat", "recipe": "pix2pix", "size": 64, "whole": True, "drawing": True, "colours": colours}
    store.write_card(folder, card)
    return folder


def skirt(height: int = 400, width: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """(a pen drawing on white paper, what it encloses)."""
    corners = np.array([(110, 80), (190, 80), (250, 320), (50, 320)])
    page, inside = np.full((height, width, 3), 255, np.uint8), np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [corners], 255)
    cv2.polylines(page, [corners], True, (20, 20, 20), 3, cv2.LINE_AA)
    return page, inside


def test_the_garment_has_the_asked_colour_inside_the_outline_and_nothing_outside(model: Path) -> None:
    page, inside = skirt()
    made = Dresser(model).restyle(page, palette="#c81e28")
    assert made.image.shape == page.shape
    core, far = cv2.erode(inside, np.ones((25, 25))) > 0, cv2.dilate(inside, np.ones((9, 9))) == 0
    assert np.abs(made.image[core] / 255 - wash(np.array(RED) / 255)).max() < 0.08  # 6 px a cell, so the rim is mixed
    assert made.image[far].min() >= 254
    assert made.params["controls"]["palette"] == ["#c81e28"]


def test_the_outline_stays_as_sharp_as_the_drawing(model: Path) -> None:
    """One pixel of the network is six of the drawing; the edge of the cloth is not six pixels wide."""
    page, _ = skirt()
    made = Dresser(model).restyle(page, palette="navy", lines=0.0).image
    row = made[200, :150].astype(int).sum(axis=1)
    edge = np.flatnonzero((row < 730) & (row > row[140] + 30))
    assert 1 <= len(edge) <= 4


def test_a_palette_goes_round_and_a_seed_is_kept(model: Path) -> None:
    page, _ = skirt()
    dresser = Dresser(model)
    tones = [tuple(made.image[200, 150]) for made in dresser.variants(page, n=3, palette="#c81e28,navy")]
    assert tones[0] == tones[2] != tones[1]
    drawn = [made.params["controls"]["palette"][0] for made in dresser.variants(page, n=3, seed=4)]
    again = [made.params["controls"]["palette"][0] for made in dresser.variants(page, n=3, seed=4)]
    assert drawn == again and sorted(drawn) == ["#000080", "#208040", "#c81e28"]  # each once before any comes again


@pytest.mark.parametrize("painted", [False, True])
def test_the_studio_paints_one_variant_and_no_other(
    model: Path, painted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, inside = skirt()
    if painted:
        page[cv2.erode(inside, np.ones((7, 7))) > 0] = (120, 160, 220)
    dresser, painted_so_far = Dresser(model), []
    family = [made.image for made in dresser.variants(page, n=5, seed=4)]
    paint = dresser.paint
    monkeypatch.setattr(dresser, "paint", lambda *given: painted_so_far.append(given) or paint(*given))
    monkeypatch.setattr(painting.learned, "origin", lambda look: {"model": "flat", "drawing": True})
    engine = SimpleNamespace(painter=lambda name: dresser)
    for number, image in enumerate(family):
        made = painting.paint(engine, [({}, 1.0)], as_photo(page), None, {"number": number}, 4)
        np.testing.assert_array_equal(made.image, image)
        assert len(painted_so_far) == number + 1


def test_a_drawing_that_somebody_painted_keeps_its_paint_first(model: Path) -> None:
    page, inside = skirt()
    page[cv2.erode(inside, np.ones((7, 7))) > 0] = (120, 160, 220)
    first, second = Dresser(model).variants(page, n=2)
    assert np.abs(first.image[200, 150].astype(int) - (120, 160, 220)).max() < 8
    assert "palette" not in first.params["controls"] and "palette" in second.params["controls"]


def test_strength_nought_is_the_drawing(model: Path) -> None:
    page, _ = skirt()
    np.testing.assert_array_equal(Dresser(model).restyle(page, strength=0.0).image, page)


def test_what_a_drawing_has_not_is_refused(model: Path) -> None:
    page, _ = skirt()
    with pytest.raises(UserError, match="no --style"):
        Dresser(model).restyle(page, style=[(page, 1.0)])
    with pytest.raises(UserError, match="no such control"):
        Dresser(model).restyle(page, rotation=3)
    for lines in (2.0, -0.1, float("nan"), "1", np.float32(1.5)):
        with pytest.raises(UserError, match="lines is outside its range"):
            Dresser(model).restyle(page, lines=lines)


def test_numbers_of_numpy_are_numbers(model: Path) -> None:
    page, _ = skirt()
    half = Dresser(model).restyle(page, strength=np.float32(0.5), lines=np.int64(1))
    np.testing.assert_array_equal(half.image, Dresser(model).restyle(page, strength=0.5, lines=1).image)


def test_restyle_at_the_terminal_dresses_a_drawing(model: Path, tmp_path: Path) -> None:
    page, _ = skirt()
    cv2.imwrite(str(tmp_path / "sketch.png"), page)
    arguments = ["restyle", str(tmp_path / "sketch.png"), "--model", str(model), "-n", "2", "--palette", "navy,#c81e28"]
    assert run([*arguments, "-o", str(tmp_path / "out"), "-q"]) == 0
    made = sorted((tmp_path / "out").iterdir())
    assert len(made) == 2
    blue, red = (read_image(path).pixels[200, 150].astype(int) for path in made)
    assert blue[2] - blue[0] > 50 and red[0] - red[2] > 50

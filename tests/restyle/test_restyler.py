from dataclasses import replace

import cv2
import numpy as np
import pytest

from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments.pieces import ROLES
from muslin.images import read_image, write_image
from muslin.restyle import metadata
from muslin.restyle.controls import Controls
from muslin.restyle.restyler import Restyler
from muslin.restyle.styles import prepare_swatch
from muslin.textiles.procedural import swatch


@pytest.fixture(scope="module")
def restyler() -> Restyler:
    return Restyler("luminance")  # the classical baseline; masks by the shipped network


@pytest.fixture(scope="module")
def shown():  # type: ignore[no-untyped-def]
    return render(31, (200, 150), textile="plain")


def test_a_result_has_what_it_promises(restyler: Restyler, shown) -> None:  # type: ignore[no-untyped-def]
    result = restyler.restyle(shown.photo, swatch("tartan", 1))
    assert result.image.shape == shown.photo.shape and result.image.dtype == np.uint8
    assert result.mask.shape == (200, 150) and 0 <= result.mask.min() <= result.mask.max() <= 1
    assert result.shading.shape == (200, 150) and (result.shading > 0).all()
    assert (result.shading[result.mask == 0] == 1).all()
    assert result.warp.shape == (200, 150, 2) and (result.warp == 0).all()  # the baseline lays cloth flat
    np.testing.assert_array_equal(result.image[result.mask == 0], shown.photo[result.mask == 0])
    assert (result.image != shown.photo)[result.mask == 1].mean() > 0.5


def test_the_shipped_mask_network_finds_rendered_garments() -> None:
    restyler = Restyler("luminance")
    overlaps = []
    for seed in range(40, 52):
        shown = render(2**31 + seed, 224)
        alpha = restyler.examine(shown.photo, "auto").mask.alpha > 0.5
        true = shown.mask > 0.5
        overlaps.append((alpha & true).sum() / (alpha | true).sum())
    assert np.median(overlaps) > 0.9, overlaps


def test_a_saved_picture_can_be_made_again_from_its_settings(restyler: Restyler, shown, tmp_path) -> None:  # type: ignore[no-untyped-def]
    photo = write_image(tmp_path / "photo.png", shown.photo)
    cloth = write_image(tmp_path / "cloth.png", swatch("ikat", 2))
    controls = {"scale": 0.7, "rotation": 30.0, "repeat": "half-drop", "strength": 0.8, "palette": "navy,#e8c1a0"}
    first = restyler.restyle(photo, cloth, seed=5, **controls)
    saved = first.save(tmp_path / "result.png")
    np.testing.assert_array_equal(read_image(saved).pixels, first.image)
    recalled = metadata.recall(metadata.settings_from(read_image(saved)), saved)
    again = restyler.restyle(recalled.source, recalled.styles, recalled.mask, seed=recalled.seed, **recalled.controls)
    np.testing.assert_array_equal(again.image, first.image)


def test_variants_begin_with_the_settings_and_repeat_with_the_seed(restyler: Restyler, shown) -> None:  # type: ignore[no-untyped-def]
    garment = restyler.examine(shown.photo)
    cloth = swatch("stripes", 1)
    family = [result.image for result in restyler.variants(garment, cloth, 3, seed=9)]
    again = [result.image for result in restyler.variants(garment, cloth, 3, seed=9)]
    np.testing.assert_array_equal(family[0], restyler.restyle(garment, cloth).image)
    for one, other in zip(family, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (family[1] != family[2]).any()


def test_a_mask_may_be_given_in_every_form(restyler: Restyler, shown, tmp_path) -> None:  # type: ignore[no-untyped-def]
    grey = np.uint8(np.round(shown.mask * 255))
    file = write_image(tmp_path / "mask.png", np.repeat(grey[..., None], 3, -1))
    cloth = swatch("gingham", 1)
    by_file = restyler.restyle(shown.photo, cloth, str(file))
    by_array = restyler.restyle(shown.photo, cloth, shown.mask)
    cut_out = restyler.restyle(np.dstack([shown.photo, grey]), cloth)
    np.testing.assert_array_equal(by_file.image, by_array.image)
    np.testing.assert_array_equal(by_file.mask, cut_out.mask)
    np.testing.assert_array_equal(cut_out.image[grey == 0], 255)  # what is transparent is white, as in a file
    assert restyler.restyle(shown.photo, cloth, "none").mask.min() == 1
    label = np.uint8(shown.mask > 0.5)  # 0 and 1, as most sets of training data have it
    for one in (label, label > 0, str(write_image(tmp_path / "label.png", np.repeat(label[..., None], 3, -1)))):
        np.testing.assert_array_equal(restyler.restyle(shown.photo, cloth, one).mask, label)
    faint = np.full(shown.mask.shape, 0.003)  # one level of 255, and no label
    with pytest.raises(UserError, match="empty"):
        restyler.restyle(shown.photo, cloth, faint)
    seen_through = np.dstack([np.zeros((*grey.shape, 3), np.uint8), grey])
    np.testing.assert_array_equal(restyler.restyle(shown.photo, cloth, seen_through).mask, by_file.mask)
    none = np.zeros(shown.mask.shape)
    for wrong in (
        none * np.nan,
        none + 255.0,
        (none + 255).astype(int),
        none.astype(str),
        none[:0],
        none[..., None][..., :0],
    ):
        with pytest.raises(UserError, match="given as an array"):
            restyler.restyle(shown.photo, cloth, wrong)
    with pytest.raises(UserError, match="examined already"):
        restyler.restyle(restyler.examine(shown.photo), cloth, shown.mask)
    for wrong in (0, 2.5, "3", True):
        with pytest.raises(UserError, match="n is outside"):
            next(restyler.variants(shown.photo, cloth, wrong))


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"scale": 0}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"strength": 1.5}, "strength"),
        ({"repeat": "diagonal"}, "half-drop"),
        ({"rotation": float("inf")}, "rotation"),
        ({"mix": "mud"}, "overprint"),
        ({"seams": "loose"}, "matched"),
        ({"size": 3}, "no such control"),
        ({"offset": [0.1]}, "offset"),
        ({"offset": 0.1}, "offset"),
        ({"offset": (float("nan"), 0)}, "offset"),
        ({"palette": "not-a-colour"}, "colou?r"),
        ({"palette": []}, "colou?r"),
        ({"palette": [(300, 0, 0)]}, "colou?r"),
        ({"palette": [(1, 2)]}, "colou?r"),
        ({"palette": 7}, "colou?r"),
    ],
)
def test_controls_outside_their_range_teach(restyler: Restyler, shown, controls, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match=message):
        restyler.restyle(shown.photo, swatch("denim", 1), "none", **controls)


def test_a_print_breaks_at_the_collar_or_runs_on() -> None:
    """Of a rendered shirt: matched, it is what the panels alone would give; cut, only where pieces lie apart."""
    restyler, shown = Restyler(), render(21, 256, kind="shirt", plain=True)
    garment = restyler.examine(shown.photo, shown.mask)
    assert garment.fields.pieces is not None
    roles = {ROLES[k] for k in garment.fields.pieces.role}
    assert {"left collar", "right collar"} <= roles
    cloth = swatch("tartan", 1)
    cut, matched = (restyler.restyle(garment, cloth, seams=seams) for seams in ("cut", "matched"))
    bare = replace(garment, fields=replace(garment.fields, pieces=None))
    np.testing.assert_array_equal(matched.image, restyler.restyle(bare, cloth).image)
    leaves = np.isin(shown.roles, [1 + ROLES.index(f"{side} collar") for side in ("left", "right")])
    collar = cv2.erode(leaves.astype(np.uint8), np.ones((7, 7))) > 0
    apart = np.abs(cut.image.astype(int) - matched.image).max(-1)
    assert (apart[collar] > 8).mean() > 0.4
    assert cut.params["controls"]["seams"] == "cut"


def test_numbers_of_numpy_are_numbers() -> None:
    given = Controls(scale=np.float32(2), strength=np.int64(1), rotation=np.float64(5), offset=np.array([0.25, 0.5]))
    assert given == Controls(scale=2.0, strength=1.0, rotation=5.0, offset=(0.25, 0.5))


def test_weights_must_be_positive(restyler: Restyler, shown) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="weight"):
        restyler.restyle(shown.photo, [(swatch("denim", 1), 0.0)], "none")
    with pytest.raises(UserError, match="swatch"):
        restyler.restyle(shown.photo, [], "none")


def test_overprint_of_a_cloth_with_itself_is_that_cloth(restyler: Restyler, shown) -> None:  # type: ignore[no-untyped-def]
    cloth = swatch("houndstooth", 1)
    one = restyler.restyle(shown.photo, cloth, "none").image.astype(int)
    two = restyler.restyle(shown.photo, [(cloth, 2.0), (cloth, 1.0)], "none").image.astype(int)
    assert np.abs(one - two).max() <= 2


def test_a_palette_moves_the_colours_and_keeps_the_print() -> None:
    cloth = swatch("polka dots", 3)
    painted = prepare_swatch(cloth, Controls(palette="black,white"))
    assert painted.shape == cloth.shape
    spread = painted.astype(int).max(-1) - painted.astype(int).min(-1)
    assert np.median(spread) < 12  # grey now
    assert abs(np.corrcoef(painted.mean(-1).ravel(), cloth.mean(-1).ravel())[0, 1]) > 0.8


def test_paper_around_a_swatch_is_cut_off_unless_the_whole_picture_is_meant(restyler: Restyler) -> None:
    cloth = np.clip(swatch("houndstooth", 1, 128), 40, 210)
    scan = np.pad(cloth, ((20, 30), (24, 24), (0, 0)), constant_values=255)
    assert restyler.cloth(scan).shape == (124, 124, 3)
    np.testing.assert_array_equal(restyler.cloth(scan, "cloth"), scan)
    grey = np.full((300, 300, 3), 120, np.uint8)
    auto, whole = (restyler.restyle(grey, scan, mask="none", shows=shows) for shows in ("auto", "cloth"))
    paper = [(made.image.min(-1) > 235).mean() for made in (auto, whole)]
    assert paper[0] < 0.01 and paper[1] > 0.2
    assert "shows" not in auto.params["styles"][0], "nothing was cut out of a garment"

"""A placement print lies once, where and as large as it was asked, and leaves every other byte of the photo."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments.bands import bands
from muslin.garments.fields import Fields, luminance_fields
from muslin.garments.framing import garment_box
from muslin.garments.placing import DOWN, cloth_place
from muslin.images import Photo, read_image, write_image
from muslin.restyle import metadata
from muslin.restyle.controls import NEAR, Controls, vary_print
from muslin.restyle.restyler import Restyler
from muslin.restyle.styles import REPEAT_SHARE
from muslin.textiles.placement import drawn, placed
from muslin.textiles.procedural import swatch

HEIGHT, WIDTH = 400, 300
GREY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
RED = (200, 10, 10)


@pytest.fixture(scope="module")
def flat() -> Restyler:
    return Restyler("luminance")


def red(height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), RED, np.uint8)


def disc(side: int = 120) -> np.ndarray:
    """A red disc with a soft outline on transparent black, uint8 side x side x 4."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    alpha = np.clip((0.4 * side - np.hypot(x, y)) / 6 + 0.5, 0, 1)
    picture = np.zeros((side, side, 4), np.uint8)
    picture[alpha > 0, :3] = RED
    picture[..., 3] = np.round(255 * alpha)
    return picture


def reached(image: np.ndarray, photo: np.ndarray = GREY) -> tuple[float, float, float, float]:
    """(x, y, width, height) of what has changed, to a fraction of a pixel by how much each row and column has."""
    changed = np.abs(image.astype(float) - photo).sum(-1)
    across, down = changed.max(0) / changed.max(), changed.max(1) / changed.max()
    return (
        float((across * np.arange(len(across))).sum() / across.sum()),
        float((down * np.arange(len(down))).sum() / down.sum()),
        float(across.sum()),
        float(down.sum()),
    )


@pytest.mark.parametrize("scale, offset, rotation", [(1, (0, 0), 0), (0.5, (0.1, -0.2), 0), (1.7, (-0.05, 0.15), 90)])
def test_it_lies_where_and_as_large_as_asked(flat: Restyler, scale: float, offset, rotation: float) -> None:  # type: ignore[no-untyped-def]
    image = flat.restyle(
        GREY, red(), "none", repeat="once", scale=scale, offset=offset, rotation=rotation, seamless=True
    ).image
    x, y, width, height = reached(image)
    longer = REPEAT_SHARE * HEIGHT * scale
    size = (longer, longer * 60 / 80)
    assert (width, height) == pytest.approx(size if rotation == 0 else size[::-1], abs=1.5)
    assert x == pytest.approx((WIDTH - 1) / 2 + offset[0] * HEIGHT, abs=2)
    assert y == pytest.approx(DOWN * HEIGHT + offset[1] * HEIGHT, abs=3)  # of cells of the square: three pixels
    middle = image[round(y), round(x)].astype(int)
    assert np.abs(middle - RED).max() <= 3  # flat grey cloth in even light


def test_outside_it_the_photo_stays_byte_for_byte() -> None:
    shown = render(33, (260, 200), textile="tartan")
    result = Restyler().restyle(shown.photo, disc(), repeat="once", scale=1.2)
    changed = (result.image != shown.photo).any(-1)
    assert 0.02 < changed.mean() < 0.3
    span = REPEAT_SHARE * 1.2 * result.garment.longer_side
    rows, columns = np.nonzero(changed)
    assert np.ptp(rows) < 1.4 * span and np.ptp(columns) < 1.4 * span  # a warp may stretch, and a disc is 0.8 of it


def test_what_is_transparent_leaves_no_fringe(flat: Restyler) -> None:
    """Along the outline pixels show print and cloth mixed, never what a program keeps in transparent pixels."""
    for scale in (0.4, 1.0, 3.0):
        image = flat.restyle(GREY, disc(), "none", repeat="once", scale=scale).image.astype(float)
        share = (image[..., 1] - 128) / (RED[1] - 128)
        assert share.min() >= -0.02 and share.max() <= 1.03
        for channel in (0, 2):
            expected = 128 + share * (RED[channel] - 128)
            assert np.abs(image[..., channel] - expected).max() <= 6, scale


@pytest.mark.parametrize("scale", [0.13, 0.5, 0.97, 2.5])
def test_a_smaller_print_covers_as_much_less(scale: float) -> None:
    """Averaging keeps the area of an outline: cover sums to the sum of alpha times scale squared."""
    picture = disc(200)
    print_ = placed(picture[..., :3], picture[..., 3], scale, 30.0, (300.5, 299.0), 0)
    v, u = np.mgrid[:600, :600].astype(np.float32)
    cover = print_.cover(u, v)
    assert cover.sum() == pytest.approx(picture[..., 3].sum() / 255 * scale**2, rel=0.01)
    assert (cover * u).sum() / cover.sum() == pytest.approx(300.5, abs=0.1)
    assert (cover * v).sum() / cover.sum() == pytest.approx(299.0, abs=0.1)


def test_it_ends_at_the_seam_of_its_panel() -> None:
    shown = render(12, (400, 320), "long sleeve", textile="plain")
    result = Restyler().restyle(shown.photo, red(), repeat="once", scale=4.0)
    changed = (result.image != shown.photo).any(-1)
    (panels,) = ([b.part for b in bands(shown.photo, result.garment.fields, (0, 0, 320, 400))],)
    panel = np.concatenate(panels)
    sleeves = cv2.erode(((panel == 1) | (panel == 2)).astype(np.uint8), np.ones((5, 5)))
    assert sleeves.sum() > 500 and not changed[sleeves > 0].any()
    body = cv2.erode(((panel == 0) & (result.mask == 1)).astype(np.uint8), np.ones((5, 5)))
    assert changed[body > 0].mean() > 0.95


def test_its_settings_make_it_again(flat: Restyler, tmp_path: Path) -> None:
    photo = write_image(tmp_path / "photo.png", render(31, (200, 150)).photo)
    picture = disc()
    logo = write_image(tmp_path / "logo.png", picture[..., :3], alpha=picture[..., 3])
    first = flat.restyle(photo, logo, repeat="once", rotation=10, offset=(0.05, 0.1), palette="navy", strength=0.7)
    saved = first.save(tmp_path / "result.png")
    recalled = metadata.recall(metadata.settings_from(read_image(saved)), saved)
    again = flat.restyle(recalled.source, recalled.styles, recalled.mask, seed=recalled.seed, **recalled.controls)
    np.testing.assert_array_equal(again.image, first.image)


def test_variants_stay_near_their_place_and_once() -> None:
    asked = Controls(repeat="once", offset=(0.1, -0.2), scale=0.8)
    for seed in range(40):
        varied = vary_print(asked, np.random.default_rng(seed))
        assert varied.repeat == "once" and abs(varied.rotation) <= 30
        assert np.abs(np.subtract(varied.offset, asked.offset)).max() <= NEAR


def test_several_pictures_are_refused(flat: Restyler) -> None:
    with pytest.raises(UserError, match="one picture") as error:
        flat.restyle(GREY, [(red(), 1), (swatch("polka dots", 1), 1)], "none", repeat="once")
    assert error.value.exit_code == 2 and "place the print on the result" in error.value.advice


def test_a_picture_that_shows_nothing_is_refused(flat: Restyler) -> None:
    with pytest.raises(UserError, match="transparent all over") as error:
        flat.restyle(GREY, np.zeros((40, 40, 4), np.uint8), "none", repeat="once")
    assert error.value.exit_code == 3


def test_beside_the_garment_nothing_changes(flat: Restyler) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[150:250, 100:200] = 255
    image = flat.restyle(GREY, red(), mask, repeat="once", scale=0.5, offset=(2, 0)).image
    np.testing.assert_array_equal(image, GREY)
    partly = flat.restyle(GREY, red(), mask, repeat="once", scale=0.5, offset=(0.5, 0)).image
    changed = (partly != GREY).any(-1)
    assert changed.any() and not changed[mask == 0].any()
    left, _, right, _ = garment_box(mask / np.float32(255))
    assert np.nonzero(changed)[1].min() > (left + right) / 2


def test_a_photo_of_a_garment_is_placed_as_it_is(flat: Restyler) -> None:
    """Whoever places a picture wants the picture; no cloth is cut from it."""
    shown = render(5, (160, 120), textile="tartan").photo
    result = flat.restyle(GREY, Photo(shown), "none", repeat="once")
    assert "shows" not in result.params["styles"][0]
    assert drawn(shown, None)[0] is shown


def test_clear_margins_do_not_count(flat: Restyler) -> None:
    """A mark on a large clear artboard is as large on the garment as the mark alone."""
    mark = disc(120)
    board = np.zeros((900, 700, 4), np.uint8)
    board[500:620, 40:160] = mark
    one, other = (flat.restyle(GREY, picture, "none", repeat="once").image for picture in (mark, board))
    np.testing.assert_allclose(reached(one), reached(other), atol=0.6)


def test_lines_are_as_thick_at_any_size() -> None:
    """Shares are averaged once: at 79.52 px thin lines took a quarter more ink than at 79.4."""
    stripes = np.zeros((200, 200), np.uint8)
    stripes[:, ::10] = 255
    colours = np.full((200, 200, 3), RED, np.uint8)
    v, u = np.mgrid[:140, :140].astype(np.float32)
    ink = []
    for side in (79.4, 79.52, 79.6):
        print_ = placed(colours, stripes, side / 200, 0.0, (70.0, 70.0), 0)
        ink.append(print_.cover(u, v).sum() / side**2)
    np.testing.assert_allclose(ink, ink[0], rtol=0.03)
    np.testing.assert_allclose(ink, 0.1, rtol=0.1)  # cubic interpolation adds a little


def test_a_picture_of_one_pixel_is_a_square(flat: Restyler) -> None:
    image = flat.restyle(GREY, red(1, 1), "none", repeat="once").image
    _, _, width, height = reached(image)
    assert width == pytest.approx(REPEAT_SHARE * HEIGHT, abs=3) and height == pytest.approx(width, abs=1)


def test_a_print_far_beside_is_refused(flat: Restyler) -> None:
    for offset in ((2.1, 0), (0, -1e300)):
        with pytest.raises(UserError, match="offset is outside its range"):
            flat.restyle(GREY, red(), "none", repeat="once", offset=offset)


def fields_of(panels: np.ndarray) -> Fields:
    """Flat fields of a garment that fills its photo of HEIGHT x WIDTH, with these panels (cells x cells, numbers)."""
    found = luminance_fields(GREY, np.ones((HEIGHT, WIDTH), np.float32))
    side = found.panels.shape[0]
    large = cv2.resize(panels.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    return replace(found, panels=np.eye(4, dtype=np.float32)[large])


def test_a_print_moves_down_from_a_collar() -> None:
    alpha = np.ones((HEIGHT, WIDTH), np.float32)
    plain = np.zeros((40, 40), int)
    collar = plain.copy()
    collar[:15, 14:26] = 3  # trim in the middle, to 37 % of the height
    places = [cloth_place(fields_of(panels), alpha, (0, 0), (100, 60), 0) for panels in (plain, collar)]
    assert places[0].panel == places[1].panel == 0 and places[1].alone
    assert 15 < places[1].centre[1] - places[0].centre[1] < 70
    asked = cloth_place(fields_of(collar), alpha, (0, 0.001), (100, 60), 0)
    assert asked.centre[1] == pytest.approx(places[0].centre[1], abs=6)  # where somebody says, it lies


def test_a_panel_in_shreds_is_no_seam() -> None:
    """The fronts of an open shirt may be told as sleeves; a print goes on over them."""
    shreds = np.ones((40, 40), int)
    shreds[:, 22:] = 2
    shreds[:, 19:23] = 0  # a strip of body beside the buttons
    place = cloth_place(fields_of(shreds), np.ones((HEIGHT, WIDTH), np.float32), (0, 0), (120, 90), 0)
    assert not place.alone
    sleeves = np.zeros((40, 40), int)
    sleeves[:, :10], sleeves[:, 30:] = 1, 2
    place = cloth_place(fields_of(sleeves), np.ones((HEIGHT, WIDTH), np.float32), (0, 0), (120, 90), 0)
    assert place.alone and place.panel == 0


def test_thin_lines_made_small_are_faint_and_still_drawn() -> None:
    faint = np.zeros((90, 90), np.uint8)
    faint[20:60, 30] = 18
    pixels, alpha = drawn(np.full((90, 90, 3), 250, np.uint8), faint)
    assert alpha is not None and alpha.max() == 18 and pixels.shape[0] >= 42

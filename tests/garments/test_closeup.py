"""Of a close-up of a garment the piece that is cloth alone. tests/pictures: swatches of clothing-dataset (CC0)."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin import store
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments.closeup import how_sewn, piece_of_cloth
from muslin.garments.network import Network
from muslin.garments.references import GARMENT
from muslin.garments.sight import SEWN, Sight, looked_at
from muslin.images import read_image, write_image
from muslin.restyle.restyler import Restyler
from muslin.restyle.styles import REPEAT_SHARE
from muslin.textiles.procedural import swatch
from muslin.textiles.seamless import VISIBLE, seam_score

PICTURES = Path(__file__).parent.parent / "pictures"


@pytest.fixture(scope="module")
def sight() -> Sight:
    return Sight(*(Network(store.load(name).file()) for name in ("features", "garment", "closeup", "plain")))


def shown(name: str) -> np.ndarray:
    return read_image(PICTURES / f"{name}.jpg").pixels


def test_waistband_and_fly_are_seen_where_they_are(sight: Sight) -> None:
    logits = sight(shown("jeans")).sewn
    middle, corner = slice(5, 9), slice(0, 3)
    assert how_sewn(logits) > SEWN
    assert logits[:3].mean() > 2 > -2 > logits[-4:, corner].mean()
    assert logits[3:10, middle].mean() > 4


def test_buttons_and_pockets_are_seen_and_a_print_is_not(sight: Sight) -> None:
    assert how_sewn(sight(shown("shirt")).sewn) > SEWN
    assert how_sewn(sight(shown("floral")).sewn) < 0


@pytest.mark.parametrize("textile", ["botanical", "houndstooth", "polka dots", "denim", "leopard", "windowpane"])
def test_drawn_textiles_are_cloth(sight: Sight, textile: str) -> None:
    assert how_sewn(sight(swatch(textile, 3, 240)).sewn) < SEWN


def test_a_picture_is_seen_at_one_size_in_its_own_shape() -> None:
    for height, width in ((166, 166), (2000, 2000), (400, 1000), (70, 900)):
        seen = looked_at(np.zeros((height, width, 3), np.uint8))
        assert max(seen.shape[:2]) == 224 and min(seen.shape[:2]) >= 96
        assert seen.shape[0] % 32 == seen.shape[1] % 32 == 0


def test_the_piece_is_the_largest_one_that_is_clean() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (140, 140, 3), dtype=np.uint8)
    logits = np.full((14, 14), -3.0, np.float32)
    logits[:5] = 4  # a waistband
    logits[:, 6] = 4  # a fly, nearer to the left
    np.testing.assert_array_equal(piece_of_cloth(pixels, logits, False), pixels[50:, 70:])


def test_where_all_is_sewn_the_least_of_it_is_taken_or_nothing() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (140, 140, 3), dtype=np.uint8)
    logits = np.full((14, 14), 3.0, np.float32)
    logits[8:, :8] = 1.2
    logits[:4] = 9
    np.testing.assert_array_equal(piece_of_cloth(pixels, logits, False), pixels[80:, :80])
    for plain in (False, True):
        assert piece_of_cloth(pixels, np.full((14, 14), 9, np.float32), plain) is None
        assert piece_of_cloth(pixels[:20, :20], logits, plain) is None


def worn_denim(side: int) -> np.ndarray:
    """Worn from blue to grey on the right, in light that comes from there, with white stitches and a fine weave."""
    worn = np.linspace(0, 1, side)[None, :, None]
    weave = np.random.default_rng(0).uniform(0.9, 1.1, (side, side, 1))
    cloth = ((1 - worn) * [78, 102, 132] + worn * [112, 118, 126]) * (0.8 + 0.3 * worn) * weave
    cloth[: side // 3] = [250, 60, 60]  # a waistband
    return np.uint8(cloth.clip(0, 255))


def test_plain_cloth_is_quilted_from_all_that_is_clean_and_evenly_lit_and_dyed() -> None:
    denim, logits = worn_denim(168), np.full((14, 14), -3.0, np.float32)
    logits[:6] = 6
    tile = piece_of_cloth(denim, logits, True).astype(np.float32)
    np.testing.assert_array_equal(tile, piece_of_cloth(denim, logits, True))
    assert (tile[..., 0] < tile[..., 2]).mean() > 0.99  # no waistband
    for one, even in ((denim[84:].astype(np.float32), False), (tile, True)):
        columns = one[:, : one.shape[1] // 6 * 6].reshape(one.shape[0], 6, -1, 3).mean((0, 2))
        blue, light = np.ptp(columns[:, 2] - columns[:, 0]), np.ptp(columns.mean(-1))
        assert (blue < 8 and light < 8) == even and (blue > 20 and light > 20) == (not even)
    assert tile.mean(-1).std() > 3  # the weave is kept
    assert seam_score(piece_of_cloth(denim, logits, True)) < VISIBLE


def test_patterned_cloth_keeps_its_own_light() -> None:
    stripes, logits = swatch("stripes", 4, 140), np.full((14, 14), -3.0, np.float32)
    logits[0] = 4
    np.testing.assert_array_equal(piece_of_cloth(stripes, logits, False), stripes[10:])


def test_denim_is_plain_and_a_print_is_not(sight: Sight) -> None:
    assert sight(shown("jeans")).plain > 0 > sight(shown("floral")).plain
    assert max(sight(swatch(name, 1, 240)).plain for name in ("gingham", "leopard", "botanical", "stripes")) < 0


def test_a_close_up_is_no_whole_garment_and_a_rendered_one_is(sight: Sight) -> None:
    for name in ("jeans", "shirt", "floral"):
        assert sight(shown(name)).garment < GARMENT
    assert sight(render(2**31 + 40, 288, kind="dress").photo).garment > GARMENT


def test_models_that_do_not_fit_are_named(sight: Sight) -> None:
    def wrong(**maps: np.ndarray) -> dict[str, np.ndarray]:
        square = np.zeros((1, 3, 3), np.float32)
        return {"construction": square, "garment": square, "plain": square}

    right = {"garment": sight.garment, "closeup": sight.closeup, "plain": sight.plain}
    for name, output in (("garment", "garment"), ("closeup", "construction"), ("plain", "plain")):
        with pytest.raises(UserError, match=output):
            Sight(sight.features, **{**right, name: wrong})(shown("jeans"))


def test_a_close_up_given_as_a_style_is_not_repeated_whole(tmp_path: Path) -> None:
    """Its piece is, in the size that it has in the close-up; `shows="cloth"` repeats all of it."""
    restyler, picture = Restyler(), shown("jeans")
    photo = np.full((300, 240, 3), 180, np.uint8)
    alpha = np.zeros((300, 240), np.float32)
    alpha[40:260, 40:200] = 1
    garment = restyler.examine(photo, alpha)
    piece = restyler.cloth(picture)
    assert piece.size < 0.5 * picture.size
    found = restyler.restyle(garment, picture)
    share = max(piece.shape[:2]) / max(picture.shape[:2])
    by_hand = restyler.restyle(garment, piece, shows="cloth", scale=share)
    np.testing.assert_array_equal(found.image, by_hand.image)
    assert restyler.cloth_and_span(picture)[1] == pytest.approx(REPEAT_SHARE * share)
    assert found.params["styles"][0]["shows"] == "garment"
    assert (restyler.restyle(garment, picture, shows="cloth").image != found.image).any()
    np.testing.assert_array_equal(restyler.cloth(picture, "cloth"), picture)
    np.testing.assert_array_equal(restyler.cloth(picture, "garment"), piece)


def test_a_large_close_up_gives_the_same_piece_of_at_most_1600_px() -> None:
    restyler, picture = Restyler(), shown("jeans")
    large = cv2.resize(picture, (3000, 3000), interpolation=cv2.INTER_CUBIC)
    (small, span), (grown, same) = restyler.cloth_and_span(picture), restyler.cloth_and_span(large)
    assert same == pytest.approx(span, abs=0.02) and 800 < max(grown.shape[:2]) < 1600
    assert np.abs(grown.mean((0, 1)) - small.mean((0, 1))).max() < 8


def test_transparency_and_other_shapes_are_no_obstacle() -> None:
    restyler, picture = Restyler(), shown("shirt")
    wide = np.ascontiguousarray(np.hstack([picture, picture[:, ::-1]]))
    for one in (
        wide,
        np.ascontiguousarray(wide.swapaxes(0, 1)),
        np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]),
    ):
        piece = restyler.cloth(one)
        assert piece.shape[2] == 3 and min(piece.shape[:2]) >= 16


def test_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from muslin.cli import run
    from muslin.data.truth import render

    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "photo.png", render(31, (240, 200), textile="plain").photo)
    line = ["restyle", "photo.png", "--style", str(PICTURES / "jeans.jpg")]
    assert run([*line, "-o", "found.png"]) == 0
    assert "shows a garment, whose cloth is taken" in capsys.readouterr().err
    assert run([*line, "-o", "whole.png", "--shows", "cloth"]) == 0
    assert capsys.readouterr().err == ""
    assert (read_image("found.png").pixels != read_image("whole.png").pixels).any()

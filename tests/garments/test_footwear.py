"""Shoes are told from other garments, and keep their parts. tests/pictures: photos of clothing-dataset (CC0)."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin import store
from muslin.data import truth
from muslin.errors import UserError
from muslin.garments.fields import garment_square, predict_fields
from muslin.garments.footwear import SIDE, Footwear, looked_at
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.garments.shading import log_luminance
from muslin.images import read_image
from muslin.restyle.restyler import Restyler
from muslin.textiles.procedural import swatch

SHOES = Path(__file__).parent.parent / "pictures" / "shoes.jpg"


@pytest.fixture(scope="module")
def footwear() -> Footwear:
    return Footwear(Network(store.load("features").file()), Network(store.load("footwear").file()))


@pytest.fixture(scope="module")
def restyler() -> Restyler:
    return Restyler()


def square(pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return garment_square(pixels, mask, garment_frame(garment_box(mask), SIDE), SIDE)


def test_a_photo_of_shoes_is_told_also_in_the_mirror_in_the_dark_and_in_grey(
    footwear: Footwear, restyler: Restyler
) -> None:
    garment = restyler.examine(SHOES)
    image, inside = square(garment.photo.pixels, garment.mask.alpha)
    grey = np.repeat(image.mean(-1, keepdims=True), 3, -1).astype(np.uint8)
    for seen in (image, image // 2, grey):
        assert footwear(seen, inside)
        assert footwear(seen[:, ::-1], inside[:, ::-1])


@pytest.mark.parametrize("kind", [kind for kind in sorted(truth.KINDS) if kind != "shoe"])
def test_no_other_rendered_garment_is_taken_for_a_shoe(footwear: Footwear, kind: str) -> None:
    for seed in range(3):
        made = truth.render(seed, 160, kind=kind, plain=seed == 0)
        assert not footwear(*square(made.photo, made.mask.astype(np.float32)))


def test_what_stands_around_a_garment_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    image, inside = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8), np.zeros((SIDE, SIDE), np.float32)
    inside[30:90, 40:100] = 1
    other = np.where(inside[..., None] > 0, image, 255 - image)
    np.testing.assert_array_equal(looked_at(image, inside), looked_at(other, inside))


def test_the_light_of_a_shoe_is_seven_tenths_of_its_log_luminance(restyler: Restyler) -> None:
    pixels = read_image(SHOES).pixels
    garment = restyler.examine(SHOES)
    image, inside = garment_square(pixels, garment.mask.alpha, garment.fields.frame, garment.fields.size)
    well_inside = cv2.erode((inside > 0.99).astype(np.uint8), np.ones((5, 5))) > 0
    np.testing.assert_allclose(garment.fields.shading[well_inside], 0.7 * log_luminance(image, inside)[well_inside])
    assert garment.fields.reflectance is None
    unasked = predict_fields(pixels, garment.mask.alpha, restyler._fields)
    assert unasked.reflectance is not None
    assert garment.fields.shading[well_inside].std() > 2 * unasked.shading[well_inside].std()


def test_straps_stay_lighter_than_the_insole_in_any_cloth(restyler: Restyler) -> None:
    garment = restyler.examine(SHOES)
    grey = garment.photo.pixels.mean(-1)
    inside = garment.mask.alpha > 0.99
    light, dark = inside & (grey > np.quantile(grey[inside], 0.8)), inside & (grey < np.quantile(grey[inside], 0.2))
    for textile in ("plain", "houndstooth"):
        worn = restyler.restyle(garment, swatch(textile, 1, 128)).image.mean(-1)
        assert worn[light].mean() > 1.3 * worn[dark].mean()


def test_a_head_of_another_network_is_refused(footwear: Footwear) -> None:
    wrong = Footwear(footwear.features, lambda **maps: {"footwear": np.zeros((1, 2), np.float32)})
    with pytest.raises(UserError, match="footwear"):
        wrong(np.zeros((SIDE, SIDE, 3), np.uint8), np.ones((SIDE, SIDE), np.float32))

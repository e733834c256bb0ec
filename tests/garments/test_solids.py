"""Garments of one dye are told from printed ones, and keep their folds. tests/pictures: clothing-dataset (CC0)."""

import cv2
import numpy as np
import pytest

from muslin import store
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments.fields import SIZE, garment_square, predict_fields
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.garments.shading import log_luminance, shading_of_solid
from muslin.garments.solids import NEAR, WHOLE, Solids, means, middle
from muslin.restyle.restyler import Restyler

ALL = np.ones((64, 64), np.float32)
CHECK = np.repeat(np.kron([[60, 200], [200, 60]], np.ones((4, 4)))[..., None], 3, -1).astype(np.uint8)  # of one hue


@pytest.fixture(scope="module")
def solids() -> Solids:
    return Solids(*(Network(store.load(name).file()) for name in ("features", "solid", "plain")))


def constant(**maps: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda **_: maps


def square(pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return garment_square(pixels, mask, garment_frame(garment_box(mask), SIZE), SIZE)


@pytest.mark.parametrize(
    ("whole", "near", "sure"),
    [(-9, 9, 0), (WHOLE[0], 9, 0), (sum(WHOLE) / 2, 9, 0.5), (9, sum(NEAR) / 2, 0.5), (9, -9, 0), (9, 9, 1)],
)
def test_the_words_of_both_heads_become_a_share(whole: float, near: float, sure: float) -> None:
    maps = constant(stage_16=np.ones((1, 2, 16, 16), np.float32), stage_32=np.ones((1, 3, 8, 8), np.float32))
    told = Solids(maps, constant(solid=np.float32([whole])), constant(plain=np.float32([near])))
    assert told(np.zeros((SIZE, SIZE, 3), np.uint8), np.ones((SIZE, SIZE), np.float32)) == pytest.approx(sure)


def test_what_is_seen_from_near_is_garment_alone() -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    inside = (np.hypot(x - 90, y - 140) < 50).astype(np.float32)
    seen = middle(np.repeat((255 * inside[..., None]).astype(np.uint8), 3, -1), inside)
    assert seen.shape[0] == seen.shape[1] == 88  # 0.9 of the radius, to either side
    assert (seen > 0).mean() > 0.9


def test_only_the_garment_counts_in_the_means() -> None:
    inside = np.zeros((SIZE, SIZE), np.float32)
    inside[64:192, 64:192] = 1
    coarse = cv2.resize(inside, (8, 8), interpolation=cv2.INTER_AREA)
    fine = cv2.resize(inside, (16, 16), interpolation=cv2.INTER_AREA)
    maps = constant(
        stage_16=np.where(fine > 0, 2.0, 99.0)[None, None], stage_32=np.where(coarse > 0, 3.0, -99.0)[None, None]
    )
    found = means(maps, np.zeros((SIZE, SIZE, 3), np.uint8), inside)
    np.testing.assert_allclose(found, [2, 3], rtol=0.02)


def test_a_head_of_another_network_is_refused(solids: Solids) -> None:
    wrong = Solids(solids.features, constant(solid=np.zeros((1, 2), np.float32)), solids.plain)
    with pytest.raises(UserError, match="solid"):
        wrong(np.zeros((SIZE, SIZE, 3), np.uint8), np.ones((SIZE, SIZE), np.float32))


@pytest.mark.parametrize("textile", ["floral", "tartan", "polka dots", "leopard", "stripes"])
def test_rendered_garments_in_prints_are_none(solids: Solids, textile: str) -> None:
    for seed in range(3):
        made = render(seed, SIZE, kind="t-shirt", textile=textile)
        assert solids(*square(made.photo, made.mask)) == 0


def test_a_solid_keeps_its_luminance_and_other_hues_do_not() -> None:
    rng = np.random.default_rng(0)
    light = cv2.GaussianBlur(rng.normal(0, 1, (64, 64)).astype(np.float32), (0, 0), 4) * 3
    linear = np.exp(light)[..., None] * np.float32([0.1, 0.2, 0.3])
    photo = np.clip(255 * linear ** (1 / 2.2), 0, 255).astype(np.uint8)
    ironed = np.zeros((64, 64, 2), np.float32)  # a network that takes all folds for print
    nothing = {"print": np.full((64, 64, 1), 9.0)}  # and all of the garment
    np.testing.assert_allclose(shading_of_solid(ironed, nothing, photo, ALL), log_luminance(photo, ALL), atol=1e-5)
    photo[24:40, 24:40] = (255, 210, 60)  # a badge
    found = shading_of_solid(ironed, nothing, photo, ALL)
    assert np.abs(log_luminance(photo, ALL)[28:36, 28:36]).mean() > 0.5
    assert np.abs(found[28:36, 28:36]).mean() < 0.2


def test_the_answer_decides_how_much_of_the_luminance_is_light() -> None:
    """A printed garment, of which somebody says that it is of one dye: its luminance; half so: half of the way."""
    restyler = Restyler()
    assert restyler._fields is not None
    shown = render(3, SIZE, kind="dress", textile=CHECK, scale=2.0)
    image, inside = square(shown.photo, shown.mask)
    deep = cv2.erode((inside > 0.99).astype(np.uint8), np.ones((7, 7))) > 0
    asked: list[tuple[int, ...]] = []

    def says(sure: float):  # type: ignore[no-untyped-def]
        def tell(image: np.ndarray, inside: np.ndarray) -> float:
            asked.append(image.shape)
            return sure

        return tell

    none, half, whole = (predict_fields(shown.photo, shown.mask, restyler._fields, solid=says(k)) for k in (0, 0.5, 1))
    assert asked == [(SIZE, SIZE, 3)] * 3
    np.testing.assert_array_equal(none.shading, predict_fields(shown.photo, shown.mask, restyler._fields).shading)
    np.testing.assert_allclose(half.shading[deep], (none.shading[deep] + whole.shading[deep]) / 2, atol=1e-4)
    assert np.corrcoef(whole.shading[deep], log_luminance(image, inside)[deep])[0, 1] > 0.8
    assert none.dyed is not None and whole.dyed is not None
    assert (whole.dyed > 0).mean() < (none.dyed > 0).mean()


def test_nobody_asks_where_the_light_is_plain() -> None:
    restyler = Restyler()
    assert restyler._fields is not None
    shown = render(7, SIZE, kind="long sleeve", textile=np.full((8, 8, 3), 120, np.uint8))

    def never(image: np.ndarray, inside: np.ndarray) -> float:
        raise AssertionError("asked")

    predict_fields(shown.photo, shown.mask, restyler._fields, solid=never)

from dataclasses import replace

import cv2
import numpy as np
import pytest

from muslin.data.truth import render
from muslin.garments.fields import luminance_fields, predict_fields
from muslin.garments.folds import MOST, REACH, bend
from muslin.garments.renderer import dress
from muslin.textiles.repeat import Cloth


def waves(side: int) -> np.ndarray:
    """Six upright folds."""
    return np.tile(0.3 * np.sin((np.arange(side) + 0.5) / side * 12 * np.pi), (side, 1)).astype(np.float32)


def test_even_light_bends_nothing_and_deep_light_no_more_than_that() -> None:
    whole = np.ones((64, 64), np.float32)
    assert np.abs(bend(np.full((64, 64), -0.7, np.float32), whole)).max() < 1e-6
    assert np.abs(bend(100 * waves(64), whole)).max() <= MOST * REACH
    half = whole.copy()
    half[:, :32] = 0
    assert (bend(waves(64), half)[:, :32] == 0).all()


def test_it_is_the_same_at_any_size_and_turns_round_with_the_light() -> None:
    small, large = (bend(waves(side), np.ones((side, side), np.float32)) for side in (128, 256))
    assert np.abs(cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA) - small).max() < 0.06 * small.max()
    np.testing.assert_allclose(bend(-waves(128), np.ones((128, 128), np.float32)), -small, atol=1e-7)
    assert small.max() > 0.3 * 0.3 * REACH, "folds this deep are seen"
    faint = bend(0.08 * waves(128), np.ones((128, 128), np.float32))
    assert np.abs(faint).max() == 0, "grain is no fold"


def test_the_light_of_the_truth_world_tells_how_its_folds_bend_the_rows() -> None:
    """Within the body, where the warp is smooth: what is as broad as folds are."""
    told, true = [], []
    for seed in range(20):
        shown = render(700_000 + seed, 192)
        body = (shown.parts == 1).astype(np.float32)

        def broad(field: np.ndarray, body: np.ndarray = body) -> np.ndarray:
            return cv2.GaussianBlur(field * body, (0, 0), 10.5) / (cv2.GaussianBlur(body, (0, 0), 10.5) + 1e-3)

        within = cv2.erode(body, np.ones((7, 7))) > 0
        down = shown.warp[..., 1].astype(np.float32)
        true.append((down - broad(down))[within])
        told.append(192 * bend(np.log(shown.shading).astype(np.float32), body)[within])
    told, true = np.concatenate(told), np.concatenate(true)
    assert np.corrcoef(told, true)[0, 1] > 0.35
    assert 0.5 < (told * true).sum() / (told**2).sum() < 2, "neither far more nor far less than they do"


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_rows_of_a_print_move_by_as_much(share: float) -> None:
    side = 128
    grey = np.full((side, side, 3), 128, np.uint8)
    flat = luminance_fields(grey, np.ones((side, side), np.float32), side)
    up = np.full((side, side), 4 / side, np.float32)
    rows = np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[:, None], 128, 1)  # a ramp: its value tells the row
    cloth = Cloth(np.stack([rows] * 3, -1)).prepare(1.0)
    alpha = np.zeros((side, side), np.float32)
    alpha[8:-8, 8:-8] = 1
    plain = dress(grey, alpha, flat, [cloth])[40:50, 40:50, 0].astype(int)
    bent = dress(grey, alpha, replace(flat, bend=up).folded(share), [cloth])[40:50, 40:50, 0].astype(int)
    assert np.abs(bent - plain - 2 * 4 * share * flat.side / side).max() <= 2


def test_a_shoe_and_the_classical_baseline_have_no_bends() -> None:
    shown = render(3, 96, kind="t-shirt")
    assert luminance_fields(shown.photo, shown.mask).bend is None

    def network(image: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        many, size = image.shape[:2]
        light = np.tile(0.05 * np.sin(np.arange(size) / 9), (many, size, 1))[..., None]
        return {"slopes": np.concatenate([light, 0 * light], -1), "trend": np.zeros((many, 32, 32, 1)),
                "print": np.full((many, size, size, 1), printed), "panels": np.zeros((many, size // 2, size // 2, 4)),
                "warp": np.zeros((many, size // 4, size // 4, 8))}  # fmt: skip

    def tall(image: np.ndarray, inside: np.ndarray) -> bool:
        return shoe

    half_dark = shown.photo.copy()
    half_dark[:, :48] //= 4  # so that the light leaves much out, and somebody asks whether it is a shoe
    for shoe, printed in ((False, -4.0), (True, -4.0), (False, 0.0)):
        worn = predict_fields(half_dark, shown.mask, network, footwear=tall)
        assert (worn.bend is None) == shoe
        if not shoe:  # of a printed garment the light holds rests of its print
            assert (0 < np.abs(worn.bend).max() <= MOST * REACH) == (printed < 0)

"""Seams: none where a swatch tiles by construction, and none after make_seamless where it did not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.errors import UserError
from muslin.textiles.repeat import Cloth
from muslin.textiles.seamless import INVISIBLE, VISIBLE, make_seamless, seam_score


def colored(values: np.ndarray) -> np.ndarray:
    """A pattern in 0..1 between two colours."""
    low, high = np.array([40, 60, 120]), np.array([230, 200, 90])
    return np.round(low + values[..., None] * (high - low)).astype(np.uint8)


def stripes(period: float, size: int = 128) -> np.ndarray:
    return colored(np.broadcast_to((np.arange(size) / period) % 1.0 < 0.5, (size, size)).astype(float))


def checks(period: float, size: int = 128) -> np.ndarray:
    band = ((np.arange(size) / period) % 1.0 < 0.4).astype(float)
    return colored((band[None, :] + band[:, None]) / 2.0)


def noise(size: int = 128, sigma: float = 2.0, seed: int = 0) -> np.ndarray:
    """A texture that tiles: noise blurred around the border."""
    values = np.pad(np.random.default_rng(seed).random((size, size)).astype(np.float32), 16, mode="wrap")
    values = cv2.GaussianBlur(values, (0, 0), sigma)[16:-16, 16:-16]
    return colored((values - values.min()) / np.ptp(values))


def shaded(swatch: np.ndarray, strength: float = 0.4) -> np.ndarray:
    height, width = swatch.shape[:2]
    y, x = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    return np.round(swatch * (1.0 - strength * (0.6 * x + 0.4 * y))[..., None]).astype(np.uint8)


TILING = {
    "plain": np.full((128, 128, 3), 90, np.uint8),
    "stripes": stripes(16),
    "stripes cut at an edge": np.roll(stripes(32), 16, axis=1),
    "wide stripes": stripes(64),
    "checks": checks(32),
    "noise": noise(),
    "fine noise": noise(sigma=0.5),
    "coarse noise": noise(sigma=5.0),
}
NOT_TILING = {
    "light": shaded(TILING["plain"]),
    "shaded stripes": shaded(stripes(16)),
    "broken stripes": stripes(21),
    "broken checks": checks(22.5),
    "cut noise": noise(256, 4.0)[:128, :128],
    "shaded cut noise": shaded(noise(256, 4.0)[:128, :128]),
}


@pytest.mark.parametrize("name", TILING)
def test_what_tiles_scores_near_nothing_and_is_left_alone(name: str) -> None:
    assert seam_score(TILING[name]) < INVISIBLE
    assert make_seamless(TILING[name]) is TILING[name]


def hard_edged(kind: str, side: int) -> np.ndarray:
    """One repeat as a designer draws it: edges between pixels, none of them softened."""
    along = np.arange(side) * 4 // side % 4
    across, down = (along > 1)[None, :], (along > 1)[:, None]
    ink = {
        "stripe": down & True | np.zeros_like(across),
        "check": across ^ down,
        "line": (along == 1)[:, None] | (along == 2)[None, :],
    }
    light = (across.astype(int) + down) * 85 if kind == "gingham" else ink[kind] * 200
    return np.uint8(230 - np.repeat(np.broadcast_to(light, (side, side))[..., None], 3, 2))


@pytest.mark.parametrize("side", [64, 72, 100, 150, 203, 256, 300])
@pytest.mark.parametrize("kind", ["stripe", "check", "line", "gingham"])
def test_a_repeat_with_hard_edges_is_left_alone(kind: str, side: int) -> None:
    tile = hard_edged(kind, side)
    assert seam_score(tile) < VISIBLE
    np.testing.assert_array_equal(make_seamless(tile), tile)


@pytest.mark.parametrize("name", NOT_TILING)
def test_what_does_not_tile_scores_and_is_mended(name: str) -> None:
    before = NOT_TILING[name]
    after = make_seamless(before)
    assert after.shape == before.shape and after.dtype == np.uint8
    assert seam_score(before) > 0.2
    assert seam_score(after) < 0.5 * seam_score(before)
    assert seam_score(np.roll(after, (40, 30), axis=(0, 1))) < 0.5 * seam_score(before)


def test_score_does_not_know_left_from_right_nor_up_from_across() -> None:
    swatch = NOT_TILING["shaded cut noise"]
    for turned in (swatch[::-1], swatch[:, ::-1], swatch.swapaxes(0, 1)):
        assert seam_score(turned) == pytest.approx(seam_score(swatch), rel=1e-4)


def test_broken_stripes_come_out_even() -> None:
    """Six periods of 21 px and a bit become a whole number, all of the same width."""
    line = np.tile(make_seamless(stripes(21)), (1, 3, 1))[64, :, 0] > 135
    edges = np.flatnonzero(np.diff(line.astype(int)) == 1)
    assert len(edges) >= 9
    assert np.ptp(np.diff(edges)) <= 2


def test_light_is_taken_out_and_the_print_stays() -> None:
    even = make_seamless(shaded(stripes(16), 0.4)).astype(float)
    blocks = even.reshape(2, 64, 2, 64, 3).mean(axis=(1, 3))
    shady = shaded(stripes(16), 0.4).astype(float).reshape(2, 64, 2, 64, 3).mean(axis=(1, 3))
    assert np.ptp(blocks, axis=(0, 1)).max() < 0.5 * np.ptp(shady, axis=(0, 1)).max()
    assert even.std() > 0.8 * shaded(stripes(16), 0.4).std()  # no smear


def horizon() -> np.ndarray:
    """A picture that nothing in it repeats: deep blue above goes over into sand, which takes most of it."""
    share = np.clip(np.linspace(1.6, -1.0, 128), 0.0, 1.0)[:, None, None]
    sand = np.array([240, 225, 190]) - 12 * noise(256, 3.0)[:128, :128] / 255.0
    return np.round(share * np.array([20, 40, 150]) + (1 - share) * sand).astype(np.uint8)


def test_a_picture_keeps_its_colours() -> None:
    """Its ends never meet, and the crop whose ends resemble each other most is the sand alone."""
    before = horizon()
    after = make_seamless(before)
    deep = [float((picture[..., 0] < 90).mean()) for picture in (before, after)]
    assert deep[0] > 0.3 and deep[1] > 0.6 * deep[0]
    assert after[..., 0].min() < before[..., 0].min() + 15  # as deep as it was: no light taken out of it
    assert seam_score(after) < 0.3 * seam_score(before)


def test_structure_survives() -> None:
    before = noise(256, 4.0)[:128, :128]
    after = make_seamless(before)
    sharpness = [float(np.abs(np.diff(image.astype(float), axis=1)).mean()) for image in (before, after)]
    assert sharpness[1] > 0.6 * sharpness[0]  # enlarged up to 1.8 times, never blurred away


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 5))
def test_any_size(height: int, width: int, seed: int) -> None:
    swatch = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    swatch[:, : width // 2] //= 3
    result = make_seamless(swatch)
    assert result.shape == swatch.shape and result.dtype == np.uint8
    assert 0.0 <= seam_score(result) < np.inf


def test_is_deterministic() -> None:
    swatch = NOT_TILING["shaded cut noise"]
    assert (make_seamless(swatch) == make_seamless(swatch)).all()


def test_other_arrays_are_refused() -> None:
    for wrong in (np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(UserError, match="swatch"):
            seam_score(wrong)


@pytest.mark.parametrize("repeat", ["half-drop", "brick"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_tiles_straight_is_mended_for_the_repeat_it_is_laid_in(repeat: str, seed: int) -> None:
    """A straight tile breaks off at each column of a half-drop, and at each row of bricks."""
    straight = noise(128, 5.0, seed)[:120]
    assert seam_score(noise(128, 5.0, seed)) < INVISIBLE < seam_score(straight, repeat)
    mended = make_seamless(straight, repeat)
    assert mended.shape == straight.shape and seam_score(mended, repeat) < VISIBLE
    breaks = []
    for swatch in (straight, mended):
        cell = Cloth(swatch, repeat).cell().astype(np.float32)
        cell = cell if repeat == "half-drop" else cell.swapaxes(0, 1)
        jump = np.abs(np.diff(np.concatenate([cell, cell[:, :1]], axis=1), axis=1)).mean((0, 2))
        middle = cell.shape[1] // 2
        breaks.append(max(jump[middle - 1], jump[-1]) / np.sort(jump)[-4])  # beside the largest elsewhere
    assert breaks[1] < 1.6 < breaks[0]


def test_what_suits_its_repeat_is_left_alone() -> None:
    for repeat in ("half-drop", "brick"):
        swatch = stripes(16) if repeat == "half-drop" else stripes(16).swapaxes(0, 1)
        assert make_seamless(np.ascontiguousarray(swatch), repeat) is not None
        assert seam_score(np.ascontiguousarray(swatch), repeat) < INVISIBLE

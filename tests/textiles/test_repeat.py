"""The endless cloth: its geometry against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.errors import UserError
from muslin.images import srgb_to_linear
from muslin.textiles.repeat import REPEATS, Cloth, tile

W, H = 24, 16


@pytest.fixture(scope="module")
def swatch() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (H, W, 3), dtype=np.uint8)


def grid(width: int, height: int, left: float = 0.0, top: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    u, v = np.meshgrid(np.arange(width, dtype=np.float32) + left, np.arange(height, dtype=np.float32) + top)
    return u, v


def test_cell_of_each_repeat_by_hand(swatch: np.ndarray) -> None:
    def at(repeat: str, x: int, y: int) -> np.ndarray:
        return tile(Cloth(swatch, repeat), 4 * W, 4 * H)[y, x]

    for x, y in [(0, 0), (5, 3), (W + 5, 3), (5, H + 3), (W + 5, H + 3), (2 * W + 5, 2 * H + 3)]:
        column, row = x // W, y // H
        i, j = x % W, y % H
        assert (at("straight", x, y) == swatch[j, i]).all()
        assert (at("half-drop", x, y) == swatch[(j - H // 2 * (column % 2)) % H, i]).all()
        assert (at("brick", x, y) == swatch[j, (i - W // 2 * (row % 2)) % W]).all()
        mirrored = swatch[H - 1 - j if row % 2 else j, W - 1 - i if column % 2 else i]
        assert (at("mirror", x, y) == mirrored).all()


def test_period() -> None:
    blank = np.zeros((H, W, 3), np.uint8)
    periods = [Cloth(blank, repeat).period for repeat in REPEATS]
    assert periods == [(W, H), (2 * W, H), (W, 2 * H), (2 * W, 2 * H)]


@pytest.mark.parametrize("repeat", REPEATS)
def test_integer_positions_at_scale_one_are_the_tile_itself(swatch: np.ndarray, repeat: str) -> None:
    cloth = Cloth(swatch, repeat)
    assert (cloth.sample(*grid(150, 90)) == tile(cloth, 150, 90)).all()


@pytest.mark.parametrize("repeat", REPEATS)
@settings(max_examples=20, deadline=None)
@given(
    periods=st.tuples(st.integers(-2000, 2000), st.integers(-2000, 2000)),
    scale=st.sampled_from([1.0, 2.0, 0.5]),
)
def test_whole_periods_change_nothing(repeat: str, periods: tuple[int, int], scale: float) -> None:
    cloth = Cloth(_waves(32)[:24], repeat)
    width, height = cloth.period
    near = cloth.sample(*grid(40, 30), scale)
    far = cloth.sample(*grid(40, 30, periods[0] * width * scale, periods[1] * height * scale), scale)
    assert np.abs(near.astype(int) - far).max() <= 2  # what float32 positions keep so far out


def test_scale_two_puts_each_pixel_two_apart(swatch: np.ndarray) -> None:
    sampled = Cloth(swatch).sample(*grid(2 * W, 2 * H), scale=2.0)
    assert (sampled[::2, ::2] == swatch).all()


@pytest.mark.parametrize("scale", [5.0, 16.0])
def test_large_scales_still_pass_through_the_pixels(scale: float) -> None:
    smooth = _waves(32)
    sampled = Cloth(smooth).sample(*grid(int(32 * scale), 40), scale=scale)
    assert np.abs(sampled[0, :: int(scale)].astype(int) - smooth[0]).max() <= 3


def test_quarter_turn_is_clockwise_about_the_origin(swatch: np.ndarray) -> None:
    # the print's own x axis then points down: cloth (-y, x) shows the print's (x, y)
    sampled = Cloth(swatch).sample(*grid(60, 60, -59.0), rotation=90.0)[:, ::-1]
    flat = tile(Cloth(swatch), 60, 60)
    assert (sampled == flat.transpose(1, 0, 2)).all()


def test_any_rotation_against_the_closed_form() -> None:
    size, angle, scale = 64, 27.0, 1.5
    sampled = Cloth(_waves(size)).sample(*grid(80, 80, -40.0, -40.0), scale=scale, rotation=angle)
    u, v = grid(80, 80, -40.0, -40.0)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = (c * u + s * v) / scale, (-s * u + c * v) / scale
    assert np.abs(sampled - _wave(x, y, size)).max() < 3.0


def test_offset_is_a_fraction_of_a_repeat_and_moves_the_print(swatch: np.ndarray) -> None:
    sampled = Cloth(swatch).sample(*grid(W, H), offset=(0.25, 0.5))
    assert (sampled == np.roll(swatch, (H // 2, W // 4), axis=(0, 1))).all()
    turned = Cloth(swatch).sample(*grid(W, W), rotation=90.0, offset=(0.25, 0.0))
    plain = Cloth(swatch).sample(*grid(W, W), rotation=90.0)
    assert (turned == np.roll(plain, W // 4, axis=0)).all()  # along the print's own axis, which points down


def test_minification_averages_in_linear_light() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    swatch = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    sampled = Cloth(swatch).sample(*grid(50, 50, 0.3, 0.7), scale=0.1)
    assert np.abs(srgb_to_linear(sampled) - 0.5).max() < 0.01


def test_a_fold_that_compresses_the_cloth_does_not_alias() -> None:
    stripes = np.zeros((4, 4, 3), np.uint8)
    stripes[:, 2:] = 255
    u, v = grid(200, 200)
    flat = Cloth(stripes).sample(u * 7.0, v)  # nearly two periods a pixel: aliases to slow, strong bands
    assert flat.astype(float).std() < 25 < Cloth(stripes).sample(u, v).astype(float).std()


def test_bands_equal_the_whole(swatch: np.ndarray) -> None:
    prepared = Cloth(swatch, "half-drop").prepare(0.8, 31.0, (0.1, 0.2))
    u, v = grid(120, 100)
    whole = prepared.sample(u, v)
    bands = [prepared.sample(u[top : top + 30], v[top : top + 30]) for top in range(0, 100, 30)]
    assert (np.concatenate(bands) == whole).all()


def test_wide_and_tiny_targets_and_swatches() -> None:
    pixel = np.full((1, 1, 3), 77, np.uint8)
    for repeat in REPEATS:
        assert (Cloth(pixel, repeat).sample(*grid(9, 9, -4.0), scale=3.3, rotation=12.0) == 77).all()
    narrow = np.zeros((1, 40_000, 3), np.uint8)
    narrow[:, 20_000:] = 200
    wide = Cloth(narrow).sample(*grid(40_000, 2))
    assert wide[0, 10_000, 0] == 0 and wide[1, 30_000, 0] == 200
    assert Cloth(pixel).sample(*grid(0, 5)).shape == (5, 0, 3)


def test_extreme_scales_give_the_mean_and_a_flat_area(swatch: np.ndarray) -> None:
    mean = Cloth(swatch).sample(*grid(20, 20), scale=1e-4)
    assert np.abs(srgb_to_linear(mean)[0, 0] - srgb_to_linear(swatch).mean(axis=(0, 1))).max() < 0.02
    flat = Cloth(swatch).sample(*grid(8, 8), scale=1000.0)
    assert np.abs(flat.astype(int) - swatch[0, 0]).max() <= 6


def test_mistakes_are_told() -> None:
    blank = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(UserError, match="half-drop"):
        Cloth(blank, "diagonal")
    with pytest.raises(UserError, match="uint8"):
        Cloth(blank.astype(np.float32))
    for scale in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(UserError, match="scale"):
            Cloth(blank).prepare(scale)
    with pytest.raises(UserError, match="height x width"):
        Cloth(blank).sample(np.zeros((3, 3), np.float32), np.zeros((4, 3), np.float32))


def _wave(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    turn = 2.0 * np.pi / size
    planes = [np.cos(turn * x), np.sin(turn * (x + 2 * y)), np.cos(turn * y)]
    return np.stack([127.5 + 100.0 * plane for plane in planes], axis=-1)


def _waves(size: int) -> np.ndarray:
    x, y = grid(size, size)
    return np.round(_wave(x, y, size)).astype(np.uint8)

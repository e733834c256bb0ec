"""sRGB against the formula of IEC 61966-2-1, luminance against Rec. 709, size against constant and mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muslin.errors import UserError
from muslin.images import as_pixels, linear_to_srgb, luminance, resize, srgb_to_linear


def decode(encoded: float) -> float:
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4


def encode(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def test_all_levels_decode_by_the_formula_and_return() -> None:
    levels = np.arange(256, dtype=np.uint8)
    linear = srgb_to_linear(levels)
    assert linear.dtype == np.float32
    np.testing.assert_allclose(linear, [decode(level / 255) for level in range(256)], rtol=1e-6)
    np.testing.assert_allclose(srgb_to_linear(levels / 255.0), linear, rtol=1e-5, atol=1e-9)
    assert (linear_to_srgb(linear) == levels).all()


@given(st.floats(0.0, 1.0))
def test_encoding_is_within_half_a_level(linear: float) -> None:
    assert abs(int(linear_to_srgb(np.array([linear]))[0]) - 255 * encode(linear)) <= 0.6


def test_outside_is_clipped() -> None:
    values = np.array([-1.0, -np.inf, np.nan, 1.5, 1e30, np.inf, 1.0, 0.0] * 9, np.float32)
    assert linear_to_srgb(values).tolist() == [0, 0, 0, 255, 255, 255, 255, 0] * 9


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 5), (3, 5, 3), (0, 3), (2, 3, 4, 3)])
def test_shapes_are_kept(shape: tuple[int, ...]) -> None:
    levels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert srgb_to_linear(levels).shape == shape
    assert (linear_to_srgb(srgb_to_linear(levels)) == levels).all()


def test_luminance_of_the_primaries() -> None:
    np.testing.assert_allclose(luminance(np.eye(3, dtype=np.float32)[None]), [[0.2126, 0.7152, 0.0722]], rtol=1e-6)
    assert luminance(np.ones((2, 3, 3), np.float32)) == pytest.approx(1.0)


@pytest.mark.parametrize("size", [(3, 5), (40, 50), (3, 50), (40, 5), (20, 10), (1, 1)])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_resize_keeps_a_constant_and_the_kind(size: tuple[int, int], channels: tuple[int, ...]) -> None:
    for dtype in (np.uint8, np.float32):
        image = np.full((10, 20, *channels), 77, dtype)
        result = resize(image, *size)
        assert result.shape == (size[1], size[0], *channels) and result.dtype == dtype
        np.testing.assert_allclose(result, 77, atol=1e-4)


def test_shrinking_averages() -> None:
    image = np.random.default_rng(0).random((12, 18)).astype(np.float32)
    np.testing.assert_allclose(resize(image, 6, 4), image.reshape(4, 3, 6, 3).mean(axis=(1, 3)), rtol=1e-5)


def test_no_size_below_one() -> None:
    with pytest.raises(UserError, match="1 x 1"):
        resize(np.zeros((4, 4), np.float32), 0, 4)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_networks_make_goes_to_the_nearest_level(kind):
    """Each level comes back, from anywhere within half a level of it; what lies outside is clipped."""
    levels = np.arange(256)
    for aside in (-0.49, 0.0, 0.49):
        assert (as_pixels(((levels + aside) / 127.5 - 1).astype(kind)) == levels).all()
    assert as_pixels(np.array([-7.0, -1.01, 1.01, 7.0], kind)).tolist() == [0, 0, 255, 255]
    assert as_pixels(np.zeros((2, 3, 3), kind)).dtype == np.uint8

"""A tile that is quilted from patches: of what may be used alone, without a seam, the same each time."""

import numpy as np
import pytest

from muslin.textiles.quilting import quilted
from muslin.textiles.seamless import VISIBLE, seam_score


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(60, 200, (height, width, 3)).astype(np.float32)


def test_one_colour_stays_one_colour() -> None:
    tile = quilted(np.full((40, 50, 3), 77, np.float32), np.ones((40, 50), bool), 12, 3)
    assert tile is not None and tile.shape == (24, 24, 3)
    np.testing.assert_allclose(tile, 77, atol=1e-3)


@pytest.mark.parametrize("patch", [8, 13, 20])
def test_what_may_not_be_used_is_not(patch: int) -> None:
    pixels, usable = noise(90, 120), np.ones((90, 120), bool)
    usable[30:50, 40:70] = usable[:, 100:] = False
    pixels[~usable] = 1000
    tile = quilted(pixels, usable, patch, 5)
    assert tile is not None and tile.max() < 201 and tile.min() > 59


def test_every_pixel_is_one_of_the_picture_but_for_the_cuts() -> None:
    """Most of a tile of noise are pixels of the picture: patches are laid, not blended."""
    pixels = np.round(noise(128, 128))
    tile = quilted(pixels, np.ones((128, 128), bool), 42, 3)
    known = {tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()}
    assert np.mean([tuple(pixel) in known for pixel in np.round(tile).reshape(-1, 3).tolist()]) > 0.6


def test_the_tile_has_no_seam_and_comes_out_the_same_again() -> None:
    stripes = np.broadcast_to(120 + 60 * np.sin(np.arange(96) / 3)[:, None, None], (96, 96, 3)).astype(np.float32)
    first, again = (quilted(stripes + 0.1 * noise(96, 96), np.ones((96, 96), bool), 24, 4, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    cloth = quilted(noise(96, 96), np.ones((96, 96), bool), 24, 4)
    assert seam_score(np.round(cloth).astype(np.uint8)) < VISIBLE
    across = np.abs(np.diff(first.mean((1, 2)))).max()
    assert np.abs(first[0] - first[-1]).mean() < 2 * across  # the last row meets the first


def test_stitches_are_left_out_where_enough_is_calm() -> None:
    pixels = noise(80, 80)
    pixels[38:41] = pixels[:, 20] = 255
    bright = (pixels > 250).all(-1).astype(np.float32)
    whole = np.ones((80, 80), bool)
    assert quilted(pixels, whole, 12, 4).max() > 250
    assert quilted(pixels, whole, 12, 4, restless=bright).max() < 201


def test_where_no_patch_fits_there_is_none() -> None:
    assert quilted(noise(20, 20), np.eye(20, dtype=bool), 8, 3) is None
    assert quilted(noise(6, 40), np.ones((6, 40), bool), 8, 3) is None

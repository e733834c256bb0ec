"""A tile enlarged: what it shows stays where it was, and it still tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.studio.colours import at_size
from muslin.textiles import enlarge as module
from muslin.textiles.enlarge import enlarge
from muslin.textiles.repeat import Cloth

COLUMNS, ROWS = 40, 28


def dotted(x: float, y: float) -> np.ndarray:
    """A tile with one soft round dot around (x, y), in pixels from the outer corner of its first pixel."""
    across = (np.arange(COLUMNS) + 0.5 - x + COLUMNS / 2) % COLUMNS - COLUMNS / 2
    down = (np.arange(ROWS) + 0.5 - y + ROWS / 2) % ROWS - ROWS / 2
    grey = 255 * np.exp(-(across[None] ** 2 + down[:, None] ** 2) / (2 * 2.0**2))
    return np.repeat(np.rint(grey)[..., None], 3, axis=2).astype(np.uint8)


def centre(tile: np.ndarray) -> np.ndarray:
    """Where its dot is, (x, y) in pixels of the small tile: by the phase of its slowest wave, cut by no border."""
    grey = tile[..., 0].astype(float)
    phases = [np.angle((grey.sum(axis) * np.exp(2j * np.pi * (np.arange(n) + 0.5) / n)).sum())
              for axis, n in enumerate(grey.shape[::-1])]  # fmt: skip
    return np.array(phases) / (2 * np.pi) % 1 * (COLUMNS, ROWS)


DOTS = [(13.0, 9.0), (20.5, 14.5), (0.3, 27.6), (39.9, 5.2)]


@pytest.mark.parametrize("dot", DOTS)
@pytest.mark.parametrize("size", [(80, 56), (120, 84), (280, 196), (57, 41)])
@pytest.mark.parametrize("larger", [enlarge, at_size, lambda tile, *size: enlarge(tile.astype(np.float32), *size)])
def test_a_dot_stays_where_it_was(dot, size, larger) -> None:
    made = larger(dotted(*dot), *size)
    assert made.shape == (size[1], size[0], 3) and made.dtype == np.uint8
    away = (centre(made) - dot + (COLUMNS / 2, ROWS / 2)) % (COLUMNS, ROWS) - (COLUMNS / 2, ROWS / 2)
    assert np.abs(away).max() < 0.05


@pytest.mark.parametrize("dot", DOTS)
def test_a_dot_stays_where_it_was_on_enlarged_cloth(dot) -> None:
    """Where a print is laid so large that the cloth keeps an enlarged swatch: pixel (i, j) at (i, j) * scale."""
    scale = 8
    v, u = np.mgrid[0 : ROWS * scale, 0 : COLUMNS * scale].astype(np.float32) - (scale - 1) / 2
    made = Cloth(dotted(*dot)).sample(u, v, scale)
    away = (centre(made) - dot + (COLUMNS / 2, ROWS / 2)) % (COLUMNS, ROWS) - (COLUMNS / 2, ROWS / 2)
    assert np.abs(away).max() < 0.05


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 30), columns=st.integers(1, 30), times=st.sampled_from([2, 3, 5]),
    shift=st.tuples(st.integers(0, 29), st.integers(0, 29)), seed=st.integers(0, 99),
)  # fmt: skip
def test_it_does_not_show_where_the_tile_was_cut(rows, columns, times, shift, seed) -> None:
    """Of a cloth cut elsewhere the enlarged tile is the same cloth cut elsewhere: there is no seam to be seen."""
    tile = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    made = enlarge(tile, columns * times, rows * times)
    moved = enlarge(np.roll(tile, shift, (0, 1)), columns * times, rows * times)
    expected = np.roll(made, (shift[0] * times, shift[1] * times), (0, 1))
    assert np.abs(moved.astype(int) - expected).max() <= 1


def test_bands_and_sizes_that_stay(monkeypatch) -> None:
    tile = np.random.default_rng(1).integers(0, 256, (19, 23, 3), dtype=np.uint8)
    whole = enlarge(tile, 90, 61)
    monkeypatch.setattr(module, "BAND", 3 * 90 * 7)
    assert (enlarge(tile, 90, 61) == whole).all()
    assert (enlarge(tile, 23, 19) == tile).all()
    assert (enlarge(np.full((4, 5, 3), -3.0, np.float32), 5, 4) == 0).all()  # what is mended may leave the range
    assert (enlarge(np.full((4, 5, 3), 258.0, np.float32), 5, 4) == 255).all()


def test_a_tile_smaller_one_way_and_larger_the_other_keeps_its_place() -> None:
    made = at_size(dotted(13.0, 9.0), 20, 84)
    assert made.shape == (84, 20, 3) and np.abs(centre(made) - (13.0, 9.0)).max() < 0.05

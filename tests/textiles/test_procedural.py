"""Procedural textiles: seamless, deterministic, the same design at any size."""

from __future__ import annotations

import numpy as np
import pytest

from muslin.errors import UserError
from muslin.textiles.procedural import TEXTILES, swatch


def test_there_are_enough() -> None:
    assert len(TEXTILES) >= 14


@pytest.mark.parametrize("name", TEXTILES)
def test_swatches_tile_without_a_seam(name: str) -> None:
    """The jump across the border is not larger than the jumps that the design has inside."""
    for seed in range(3):
        image = swatch(name, seed, 96).astype(float)
        for axis in (0, 1):
            steps = np.abs(image - np.roll(image, 1, axis)).mean((1 - axis, 2))
            assert steps[0] <= np.sort(steps)[-2:].mean() * 1.1 + 4


@pytest.mark.parametrize("name", TEXTILES)
def test_swatches_are_deterministic_and_the_same_at_any_size(name: str) -> None:
    first, again, large = swatch(name, 5, 64), swatch(name, 5, 64), swatch(name, 5, 128)
    assert first.shape == (64, 64, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.abs(first.mean((0, 1)) - large.mean((0, 1))).max() < 12
    if name != "plain":
        assert first.std() > 2


def test_seeds_vary() -> None:
    assert not np.array_equal(swatch("floral", 0, 64), swatch("floral", 1, 64))


def test_the_caller_may_write_on_its_swatch() -> None:
    image = swatch("ikat", 0, 32)
    image[:] = 0
    assert swatch("ikat", 0, 32).max() > 0


def test_an_unknown_name_is_explained() -> None:
    with pytest.raises(UserError, match="textile"):
        swatch("velvet")

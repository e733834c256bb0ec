"""What hues tell of a print, where print and light are known."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.garments.shading import LOG_FLOOR
from muslin.images import linear_to_srgb, luminance, srgb_to_linear
from muslin.metrics.hues import LEAST_HUE, ghost, hue, told_by_hue

SIDE = 128
MASK = np.pad(np.ones((SIDE - 16, SIDE - 16), np.float32), 8)
X, Y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
FOLDS = 0.5 * np.sin(Y / 5) + 0.2 * np.cos(X / 9)  # log gain
RED, CREAM, NAVY = np.array([[0.30, 0.02, 0.03], [0.55, 0.50, 0.42], [0.02, 0.03, 0.12]])


def photo(albedo: np.ndarray) -> np.ndarray:
    return linear_to_srgb((albedo * np.exp(FOLDS)[..., None] * MASK[..., None]).astype(np.float32))


@settings(deadline=None, max_examples=30)
@given(st.tuples(*[st.floats(0.03, 0.4)] * 3), st.floats(0.3, 2.4))
def test_light_does_not_change_hue(colour: tuple[float, float, float], gain: float) -> None:
    one, other = (linear_to_srgb(np.full((1, 1, 3), colour, np.float32) * np.float32(light)) for light in (1.0, gain))
    assert np.abs(hue(one) - hue(other)).max() < 4  # eight bits of the darkest are worth as much


def test_the_print_is_told_from_the_light() -> None:
    stripes = (X // 8) % 2 == 0
    found = told_by_hue(photo(np.where(stripes[..., None], RED, CREAM)), MASK)
    inside = found != 0
    true = np.log(luminance(np.where(stripes[..., None], RED, CREAM).astype(np.float32)) + 0.01)
    assert np.corrcoef(found[inside], true[inside])[0, 1] > 0.97
    assert abs(np.corrcoef(found[inside], FOLDS[inside])[0, 1]) < 0.1
    assert not found[MASK < 1].any()
    assert 0.8 < found[inside].std() / true[inside].std() < 1.1


def test_of_one_hue_nothing_is_known() -> None:
    """Folds in plain cloth, and a print of black on white, which hue cannot tell from light."""
    assert not told_by_hue(photo(np.broadcast_to(RED, (SIDE, SIDE, 3))), MASK).any()
    black_and_white = np.where(((X // 8) % 2 == 0)[..., None], np.full(3, 0.5), np.full(3, 0.03))
    assert not told_by_hue(photo(black_and_white), MASK).any()


def test_a_bright_red_whose_hue_fades_a_little_is_one_dye() -> None:
    """The hue differs by more than LEAST_HUE here and there, and by a fifth of what a red has of it: folds do that."""
    faded = np.where(((X // 8) % 2 == 0)[..., None], RED, np.array([0.30, 0.07, 0.03]))
    colours = hue(photo(faded))[MASK > 0]
    assert np.linalg.norm(np.ptp(colours, axis=0)) > 2 * LEAST_HUE and np.linalg.norm(colours, axis=1).mean() > 40
    assert not told_by_hue(photo(faded), MASK).any()


def test_without_a_garment_nothing_is_known() -> None:
    pixels = np.full((SIDE, SIDE, 3), 120, np.uint8)
    assert not told_by_hue(pixels, np.zeros((SIDE, SIDE), np.float32)).any()


def test_three_dyes() -> None:
    dyes = np.stack([RED, CREAM, NAVY])[(X // 8 + Y // 8) % 3]
    found = told_by_hue(photo(dyes), MASK)
    true = np.log(luminance(dyes.astype(np.float32)) + 0.01)
    inside = found != 0
    assert np.corrcoef(found[inside], true[inside])[0, 1] > 0.95


def test_a_ghost_is_the_share_of_the_print_that_is_left() -> None:
    """All of it in the photo's own luminance, none in the light alone or in a new check, a third where a third is."""
    stripes = (X // 8) % 2 == 0
    pixels = photo(np.where(stripes[..., None], RED, CREAM))
    log = np.log(luminance(srgb_to_linear(pixels)) + LOG_FLOOR)
    folds, check = FOLDS.astype(np.float32), np.where((Y // 11) % 2, 0.8, -0.8).astype(np.float32)
    assert abs(ghost(log, pixels, MASK) - 1) < 0.05
    assert abs(ghost(folds, pixels, MASK)) < 0.05 and abs(ghost(folds + check, pixels, MASK)) < 0.05
    assert abs(ghost(folds + (log - folds) / 3, pixels, MASK) - 1 / 3) < 0.05
    assert ghost(log, photo(np.broadcast_to(RED, (SIDE, SIDE, 3))), MASK) is None

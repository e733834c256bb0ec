import cv2
import numpy as np
import pytest

from muslin.garments.marks import APART, marks

SIZE = 128
ALL = np.ones((SIZE, SIZE), np.float32)
y, x = np.mgrid[:SIZE, :SIZE]
DISC = np.hypot(x - 60, y - 70) < 20


@pytest.mark.parametrize("contrast", [-0.8, -2 * APART, 2 * APART, 0.8])
def test_a_badge_is_one_lighter_or_darker_also_under_a_gradient(contrast: float) -> None:
    own = np.where(DISC, contrast, 0) + 0.004 * x
    found = marks(np.where(DISC, 0.9, 0.1), own.astype(np.float32), ALL)
    np.testing.assert_array_equal(found, cv2.dilate(DISC.astype(np.float32), np.ones((3, 3))))


def test_a_sheen_that_runs_on_beyond_its_outline_is_none() -> None:
    sheen = np.exp(-(((x - 60) / 14.0) ** 2)).astype(np.float32)  # a stripe of light across the garment
    assert not marks(np.where(DISC, 0.9, 0.1), sheen, ALL).any()


def test_a_faint_piece_a_speck_and_most_of_the_garment_are_none() -> None:
    own = np.where(DISC, 0.6 * APART, 0).astype(np.float32)
    assert not marks(np.where(DISC, 0.9, 0.1), own, ALL).any()
    speck = (x < 3) & (y < 3)
    assert not marks(np.where(speck, 0.9, 0.1), np.where(speck, 2.0, 0).astype(np.float32), ALL).any()
    most = y < 100
    assert not marks(np.where(most, 0.9, 0.1), np.where(most, 2.0, 0).astype(np.float32), ALL).any()


def test_a_piece_along_the_garments_outline_is_its_rounding() -> None:
    inside = (np.hypot(x - 60, y - 70) < 24).astype(np.float32)
    rim = (inside > 0) & (np.hypot(x - 60, y - 70) > 18) & (x > 60)
    assert not marks(np.where(rim, 0.9, 0.1), np.where(rim, -1.0, 0).astype(np.float32), inside).any()

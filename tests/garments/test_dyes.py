"""Cloth whose dyes and light are known: a jump of hue is print, a shadow is none."""

import cv2
import numpy as np
import pytest

from muslin.garments.dyes import across_one_hue, other_dye
from muslin.garments.fields import predict_fields
from muslin.images import linear_to_srgb

SIDE = 128


def folds(strength: float = 0.3) -> np.ndarray:
    """Log shading of a few upright folds under light from the left."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    field = strength * (np.sin(9 * x + 2 * y) + 0.8 * (0.5 - x))
    return (field - field.mean()).astype(np.float32)


def squares(*dyes: tuple[float, float, float], side: int = 16) -> np.ndarray:
    """Log of a check of dyes, SIDE x SIDE x 3."""
    y, x = np.mgrid[:SIDE, :SIDE] // side
    return np.log(np.array(dyes, np.float32))[(x + y) % len(dyes)]


ALL = np.ones((SIDE, SIDE), np.float32)


@pytest.mark.parametrize("inside", [0, 1, 40])
def test_a_garment_of_a_few_pixels_does_no_harm(inside: int) -> None:
    mask = np.zeros_like(ALL)
    mask[0, :inside] = 1
    assert np.isfinite(other_dye(squares((0.5, 0.1, 0.1), (0.6, 0.6, 0.6)), mask)).all()


def test_slopes_stay_where_the_hue_stays_and_go_where_it_jumps() -> None:
    slopes = np.ones((SIDE, SIDE, 2), np.float32)
    one_hue = squares((0.5, 0.25, 0.1), (0.2, 0.1, 0.04)) + folds()[..., None]
    np.testing.assert_allclose(across_one_hue(slopes, one_hue), slopes, atol=1e-4)
    two = across_one_hue(slopes, squares((0.5, 0.1, 0.1), (0.3, 0.3, 0.3)))
    assert two[5, 15, 0] < 1e-3 and two[15, 5, 1] < 1e-3  # the last pixel of a square, to the right and down
    assert two[5, 5].tolist() == [1, 1]


@pytest.mark.parametrize(("jump", "least", "most"), [(0.03, 0.9, 0.93), (0.1, 0.36, 0.38), (0.2, 0.01, 0.02)])
def test_a_jump_of_hue_of_a_tenth_leaves_a_third_of_a_slope(jump: float, least: float, most: float) -> None:
    """exp(-(jump / 0.1)^2), by the logarithm of red over green."""
    slopes = np.ones((SIDE, SIDE, 2), np.float32)
    left = across_one_hue(slopes, squares((0.3, 0.3, 0.3), (0.3 * np.exp(jump), 0.3, 0.3)))
    assert least < left[5, 15, 0] < most and least < left[15, 5, 1] < most


def test_lettering_is_another_dye_and_a_shadow_or_a_button_is_none() -> None:
    colour = squares((0.05, 0.08, 0.3)) + folds()[..., None]
    colour[:, 90:] -= 1  # a hard shadow
    shadow = other_dye(colour, ALL)
    assert shadow.max() < 0.01
    colour[30:50, 30:36] = np.log(0.8)
    colour[100:102, 60:62] = np.log(0.8)
    found = other_dye(colour, ALL)
    assert found[32:48, 31:35].min() > 0.9
    assert found[96:106, 56:66].max() < 0.01


def test_lettering_on_a_plain_shirt_is_not_taken_for_light() -> None:
    """With a network that takes everything for light, the shirt keeps its luminance and the letters lose theirs."""

    def all_is_light(image: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        log = np.log(((image + 1) / 2) ** 2.2 + 0.004) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        slopes = np.zeros((*log.shape, 2), np.float32)
        slopes[:, :, :-1, 0], slopes[:, :-1, :, 1] = np.diff(log, axis=2), np.diff(log, axis=1)
        many, height, width = log.shape
        small = (width // 4, height // 4)
        trends = [cv2.resize(one - one.mean(), small, interpolation=cv2.INTER_AREA)[..., None] for one in log]
        return {
            "slopes": slopes,
            "trend": np.stack(trends),
            "print": np.full((many, height, width, 1), -9, np.float32),
            "panels": np.zeros((many, height // 2, width // 2, 4), np.float32),
            "warp": np.zeros((many, height // 4, width // 4, 8), np.float32),
        }

    true = folds(0.2)
    dyed = np.exp(squares((0.05, 0.08, 0.3)) + true[..., None])
    shirt, lettered = dyed.copy(), dyed.copy()
    lettered[40:70, 50:58] = 0.7 * np.exp(true[40:70, 50:58, None])
    shading = [predict_fields(linear_to_srgb(one), ALL, all_is_light).shading for one in (shirt, lettered)]
    assert np.abs(shading[0] - shading[0].mean() - cv2.resize(true, shading[0].shape)).mean() < 0.1
    apart = (shading[1] - shading[0])[80:140, 100:116]
    around = (shading[1] - shading[0])[80:140, 70:90]
    assert abs(float(apart.mean() - around.mean())) < 0.5  # in luminance the letters are 2.1 brighter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muslin.garments.interreflection import DARKEST, DEEPEST, FILLED, LIGHTEST, depth, fold_exponent, reflectance

CLOTH = st.floats(DARKEST, LIGHTEST)


@given(CLOTH, st.floats(0.001, 0.02))
def test_a_shallow_hollow_is_as_deep_as_its_closed_form(reflected: float, itself: float) -> None:
    """Light bounces in a hollow that sees the share f of itself: 1 - f of it comes in, r f of it comes back, and again.

    The sum of that series against depth, but for the 7 % that photographs say is lost.
    """
    bounces = (1 - itself) * sum((reflected * itself) ** k for k in range(60))
    assert np.log(bounces) == pytest.approx(-itself * (1 - reflected), rel=0.03)
    assert depth(reflected) == pytest.approx(1 - reflected, abs=(1 - FILLED) * LIGHTEST + 1e-9)


@given(CLOTH, CLOTH)
def test_darker_cloth_deepens_and_lighter_cloth_lifts(old: float, new: float) -> None:
    exponent = fold_exponent(old, new)
    assert (exponent >= 1) == (depth(new) >= depth(old))
    assert 0.5 < exponent <= DEEPEST


@given(CLOTH)
def test_the_same_cloth_keeps_its_folds(reflected: float) -> None:
    assert fold_exponent(reflected, reflected) == 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_outside_of_what_was_measured_the_last_that_was_holds(old: float, new: float) -> None:
    inside = [min(max(value, DARKEST), LIGHTEST) for value in (old, new)]
    assert fold_exponent(old, new) == fold_exponent(*inside)


def test_reflectance_is_the_mean_of_linear_light_where_the_weight_is() -> None:
    picture = np.zeros((4, 10, 3), np.uint8)
    picture[:, 5:] = 255
    assert reflectance(picture) == pytest.approx(0.5)
    weight = np.zeros((4, 10), np.float32)
    weight[:, 4:6] = 1
    assert reflectance(picture, weight) == pytest.approx(0.5, abs=0.001)
    assert reflectance(picture, np.zeros((4, 10), np.float32)) == 0

"""KID and the Fréchet distance against kernels written out by hand, closed forms, and the truth of many draws."""

from __future__ import annotations

import numpy as np
import pytest

from muslin.metrics import distribution, estimates
from muslin.metrics.distribution import frechet, frechet_distance, kid, polynomial_kernel


def test_kernel_and_kid_by_hand():
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    y = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 2.0], [0.0, 0.0], [1.0, 2.0]])
    assert polynomial_kernel(x[:1], x[2:3])[0, 0] == pytest.approx((1 / 2 + 1) ** 3)
    value = 0.0
    for a, sign in ((x, 1.0), (y, 1.0)):
        pairs = [(a[i] @ a[j] / 2 + 1) ** 3 for i in range(len(a)) for j in range(len(a)) if i != j]
        value += sign * np.mean(pairs)
    value -= 2 * np.mean([(p @ q / 2 + 1) ** 3 for p in x for q in y])
    assert kid(x, y).value == pytest.approx(value)


def test_kid_of_one_distribution_is_zero_on_average_and_grows_with_the_distance():
    rng = np.random.default_rng(0)
    draws = [kid(*rng.standard_normal((2, 60, 8))) for _ in range(40)]
    values = np.array([draw.value for draw in draws])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert (values < 0).any()  # unbiased: it falls on both sides
    assert np.mean([draw.low <= 0 <= draw.high for draw in draws]) > 0.85
    shifted = [
        kid(rng.standard_normal((200, 8)) + shift, rng.standard_normal((200, 8))).value for shift in (0.2, 0.5, 1)
    ]
    assert 0 < shifted[0] < shifted[1] < shifted[2]


def test_the_interval_of_kid_holds_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(1)
    wide = np.array([1.5, 0.5, 1.0])
    many = rng.standard_normal((1500, 3)) * wide + 0.3, rng.standard_normal((1500, 3))
    truth = sum(polynomial_kernel(a, b).mean() * sign for a, b, sign in zip(
        (many[0], many[1], many[0]), (many[0], many[1], many[1]), (1, 1, -2), strict=True))  # fmt: skip
    held = [
        draw.low <= truth <= draw.high
        for draw in (
            kid(rng.standard_normal((80, 3)) * wide + 0.3, rng.standard_normal((80, 3)), seed=k) for k in range(60)
        )
    ]
    assert 0.85 <= np.mean(held) <= 1.0


def test_patches_of_one_picture_count_as_one_thing():
    """Rows repeated within a picture leave the value as it was: pairs within a picture are left out."""
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((30, 5)), rng.standard_normal((40, 5)) + 0.3
    once = kid(x, y)
    thrice = kid(
        x.repeat(3, 0), y.repeat(2, 0), made_groups=np.arange(30).repeat(3), real_groups=np.arange(40).repeat(2)
    )
    assert thrice.value == pytest.approx(once.value)
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert kid(x.repeat(3, 0), y).value > once.value + 0.01  # without groups, copies look like closeness


def test_kid_in_pieces_is_kid(monkeypatch):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((50, 6)), rng.standard_normal((70, 6))
    whole = kid(x, y)
    monkeypatch.setattr(distribution, "ROWS", 7)
    assert kid(x, y).value == pytest.approx(whole.value)


def with_moments(rng, count, mean, covariance):
    """Points whose mean and covariance are exactly these."""
    z = rng.standard_normal((count, len(mean)))
    z -= z.mean(0)
    white = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_frechet_of_two_known_gaussians():
    rng = np.random.default_rng(4)
    # Axis-parallel: the sum of (difference of means)^2 + (difference of standard deviations)^2
    x = with_moments(rng, 50, np.array([1.0, 2.0, 0.0]), np.diag([4.0, 9.0, 1.0]))
    y = with_moments(rng, 70, np.array([0.0, 2.0, 2.0]), np.diag([1.0, 1.0, 1.0]))
    assert frechet_distance(x, y) == pytest.approx(1 + 4 + 1 + 4 + 0)
    # Any pair: by eigenvalues of the product of covariances
    a, b = (m @ m.T + np.eye(3) for m in rng.standard_normal((2, 3, 3)))
    root = np.sqrt(np.linalg.eigvals(a @ b).real).sum()
    x, y = with_moments(rng, 40, np.zeros(3), a), with_moments(rng, 60, np.ones(3), b)
    assert frechet_distance(x, y) == pytest.approx(3 + np.trace(a + b) - 2 * root)


def test_frechet_with_fewer_pictures_than_features_agrees_with_the_definition():
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((9, 20)), 2 * rng.standard_normal((12, 20))
    values = np.linalg.eigvals(np.cov(x.T) @ np.cov(y.T))
    expected = (
        ((x.mean(0) - y.mean(0)) ** 2).sum()
        + np.trace(np.cov(x.T) + np.cov(y.T))
        - 2 * np.sqrt(np.maximum(values.real, 0)).sum()
    )
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-4)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_the_interval_of_frechet_is_as_wide_as_it_scatters():
    rng = np.random.default_rng(6)
    found = [frechet(rng.standard_normal((300, 4)) + 0.5, rng.standard_normal((300, 4)), seed=k) for k in range(40)]
    scatter = np.std([one.value for one in found])
    assert 0.6 < np.mean([one.error for one in found]) / scatter < 1.5


def test_proportion_against_wilson_by_hand():
    found = estimates.proportion(8, 10)  # published example: 0.490 to 0.943
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=2e-4)
    assert estimates.proportion(0, 5).low == 0 and estimates.proportion(5, 5).high == 1


def test_the_interval_of_an_average_narrows_with_the_root_of_the_count():
    rng = np.random.default_rng(7)
    few, many = (estimates.average(rng.standard_normal(count)) for count in (100, 1600))
    assert (few.high - few.low) == pytest.approx(2 * 1.96 / 10, rel=0.25)
    assert (many.high - many.low) == pytest.approx((few.high - few.low) / 4, rel=0.25)


def test_halves_are_halves():
    chosen = estimates.halves(11, 50)
    assert (chosen.sum(1) == 6).all() and len({row.tobytes() for row in chosen}) > 40


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="at least 4"):
        kid(np.zeros((3, 2)), np.zeros((9, 2)))
    with pytest.raises(ValueError, match="more than 10"):
        frechet(np.zeros((9, 2)), np.zeros((90, 2)))

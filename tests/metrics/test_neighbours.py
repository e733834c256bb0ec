"""Neighbours on points whose answers can be read off."""

from __future__ import annotations

import numpy as np
import pytest

from muslin.metrics import neighbours
from muslin.metrics.neighbours import CLOSE, manifold, nearest_real, radii, told_apart

LINE = np.arange(10.0)[:, None]


def test_radii_on_a_line():
    assert radii(LINE, 1) == pytest.approx(np.ones(10))
    assert radii(LINE, 3) == pytest.approx([3, 2, 2, 2, 2, 2, 2, 2, 2, 3])


def test_precision_recall_density_and_coverage_by_hand():
    made = np.array([[4.5], [5.5], [4.4], [5.6], [4.6], [100.0]])
    found = manifold(made, LINE)
    assert found.precision.value == pytest.approx(5 / 6)  # the one at 100 lies among nothing real
    # Third neighbours of the made ones reach: 4.5 -> 1.0, 5.5 -> 1.0, 4.4 -> 1.1, 5.6 -> 1.1, 4.6 -> 0.9, 100 -> 95.4
    reached = [any(abs(x - m) <= r for m, r in zip(made[:, 0], (1.0, 1.0, 1.1, 1.1, 0.9, 95.4), strict=True))
               for x in LINE[:, 0]]  # fmt: skip
    assert found.recall.value == pytest.approx(np.mean(reached))
    # Fifth neighbours of the real ones reach 5 4 3 3 3 3 3 3 4 5
    reach = np.array([5, 4, 3, 3, 3, 3, 3, 3, 4, 5.0])
    inside = np.abs(made - LINE[:, 0]) <= reach
    assert found.density.value == pytest.approx(inside.sum(1).mean() / 5)
    assert found.coverage.value == pytest.approx(inside.any(0).mean())
    assert found.precision.low < 5 / 6 < found.precision.high


def test_same_distribution_and_a_lost_half(monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr(neighbours, "ROWS", 64)
    real, made = rng.standard_normal((2, 400, 2))
    good = manifold(made, real)
    assert good.precision.value > 0.9 and good.recall.value > 0.9 and good.coverage.value > 0.9
    assert good.density.value == pytest.approx(1, abs=0.15)
    half = manifold(made[made[:, 0] > 0], real)  # every picture is fine, half of the kinds are missing
    assert half.precision.value > 0.9 and half.recall.value < 0.7 and half.coverage.value < 0.7


def test_told_apart():
    rng = np.random.default_rng(1)
    real = rng.standard_normal((200, 3))
    assert told_apart(rng.standard_normal((200, 3)), real).value == pytest.approx(0.5, abs=0.1)
    assert told_apart(real + 50, real).value == 1
    assert told_apart(real + 1e-6, real).value < 0.05  # copies: the nearest is always the other kind


def test_copies_are_found_and_duplicates_in_the_collection_do_not_hide_them():
    rng = np.random.default_rng(2)
    real = rng.standard_normal((100, 20))
    made = rng.standard_normal((30, 20))
    made[[3, 7]] = real[[40, 90]] + 0.01 * rng.standard_normal((2, 20))
    for collection in (real, np.concatenate([real, real[:60] + 1e-4])):
        found = nearest_real(made, collection)
        assert np.flatnonzero(found.copied).tolist() == [3, 7]
        assert (found.index[[3, 7]] % 100).tolist() == [40, 90]
        assert found.closeness[~found.copied].min() > CLOSE + 0.2
        assert found.share.value == pytest.approx(2 / 30)

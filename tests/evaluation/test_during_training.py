"""KID during training: what it is computed on, how often, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from muslin.evaluation import during_training
from muslin.evaluation.during_training import EVERY, Judge, in_words, judge
from muslin.metrics.distribution import kid


class Pictures:
    """A recipe that shows the pictures it is given."""

    size = 32

    def __init__(self, made: np.ndarray, real: np.ndarray) -> None:
        self.shown, self.calls, self.networks = (made, real), 0, {}

    def evaluation(self, networks, stream, count):
        self.calls += 1
        return self.shown


@pytest.fixture(scope="module")
def recipe():
    rng = np.random.default_rng(0)
    return Pictures(*(rng.integers(0, 255, (24, 16, 16, 3), dtype=np.uint8) // part for part in (1, 3)))


def test_it_is_kid_on_the_shipped_network(recipe):
    made = Judge(recipe, None)
    score = made({})
    expected = kid(*(made.network.features(part) for part in recipe.shown))
    assert score == {"kid": pytest.approx(expected.value), "kid_error": pytest.approx(expected.error)}
    assert during_training.for_the_card(made, {"validation/kid": 0.1, "images_seen": 8})["kid_in_training"][
        "pictures"
    ] == {"made": 24, "real": 24}
    assert made({}) == score  # the same pictures, the same figure, to the bit
    assert made.network.side == 128


def test_how_often(recipe, monkeypatch):
    monkeypatch.setattr(Judge, "__call__", lambda self, networks: setattr(self, "seconds", 2.0) or {"kid": 1.0})
    # 2 s may take 4 % of the time, so one in 50 s, which are 5,000 images here
    assert judge(recipe, None, 60_000, {"images_per_second": 100.0})[1] == 5_000
    assert judge(recipe, None, 600_000, {"images_per_second": 100.0})[1] == 25_000  # 24 times at most
    assert judge(recipe, None, 14_000, {"images_per_second": 100.0}) is None  # a small run is left alone
    assert judge(recipe, None, 60_000, {"images_per_second": 100.0, EVERY: 1234})[1] == 1234  # as the run began
    assert judge(recipe, None, 60_000, {EVERY: 0}) is None
    assert judge(recipe, None, 60_000, {})[1] == 6_000
    assert judge(recipe, None, 16, {}) is None


def test_recipes_without_pictures_are_left_alone(recipe):
    few = Pictures(recipe.shown[0][:5], recipe.shown[1])
    assert judge(few, None, 60_000, {}) is None
    nothing = Pictures(recipe.shown[0], recipe.shown[1])
    nothing.evaluation = lambda *given: None
    assert judge(nothing, None, 60_000, {}) is None


def test_words_name_the_figure_and_where_it_began():
    records = [{"images_seen": 100, "validation/kid": 0.2, "validation/kid_error": 0.01}, {"images_seen": 150},
               {"images_seen": 200, "validation/kid": 0.05, "validation/kid_error": 0.004}]  # fmt: skip
    assert "KID 50.0 ± 8.0; 200 at 100 images" in in_words(records[2], records)
    assert in_words(None, records) == "" and in_words(records[0], []) == ""
    assert during_training.for_the_card(Judge(None, None), None) == {}


def test_a_last_network_that_is_no_surer_to_be_worse_is_said_to_be_kept():
    records = [
        {"images_seen": seen, "validation/kid": value, "validation/kid_error": 0.038}
        for seen, value in ((4_400, 0.410), (11_000, 0.75), (20_752, 0.465))
    ]
    assert in_words(records[-1], records).startswith("Kept: the last network, of 20,752 images (KID 465 ± 76")
    assert "410 at 4,400 images" in in_words(records[-1], records)
    assert in_words(records[0], records).startswith("Kept: the network at 4,400 images")

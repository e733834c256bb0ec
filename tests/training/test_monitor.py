"""Verdicts on traces that were drawn, and on tiny games that were really played."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.errors import UserError
from muslin.training import monitor
from muslin.training.monitor import Monitor, has_settled

RNG = np.random.default_rng(0)


def play(count: int = 60, *, flat_ends: bool = True, **traces: Any) -> monitor.Verdict:
    """The last verdict on traces given as functions of progress in 0..1, with a little noise."""
    watch = Monitor(until_converged=True, flat_ends=flat_ends)
    verdict = watch.verdict()
    for index in range(count):
        progress = index / (count - 1)
        record = {"images_seen": 100.0 * (index + 1)}
        for name, trace in traces.items():
            record[name.replace("__", "/")] = float(trace(progress) + 0.002 * RNG.standard_normal())
        verdict = watch.observe(record)
    return verdict


BALANCED = {
    "d__real_accuracy": lambda p: 0.65,
    "d__fake_accuracy": lambda p: 0.6,
    "g__diversity": lambda p: 0.3,
    "g__real_diversity": lambda p: 0.32,
    "d__loss": lambda p: 1.3 + math.exp(-12 * p),
    "g__loss": lambda p: 0.8 + math.exp(-12 * p),
}


def test_drawn_traces() -> None:
    assert play(**BALANCED).state == monitor.CONVERGED and play(**BALANCED).ends_run
    falling_rate = play(flat_ends=False, **BALANCED)
    assert falling_rate.state == monitor.CONVERGED and not falling_rate.ends_run
    assert play(**BALANCED | {"validation__distance": lambda p: 1 - 0.9 * p}).state == monitor.LEARNING
    assert play(**BALANCED | {"validation__distance": lambda p: math.exp(-12 * p)}).state == monitor.CONVERGED
    winning = BALANCED | {"d__real_accuracy": lambda p: 0.999, "d__fake_accuracy": lambda p: 0.998}
    assert play(**winning).state == monitor.WINNING
    assert play(**BALANCED | {"g__diversity": lambda p: 0.3 * math.exp(-8 * p)}).state == monitor.COLLAPSE
    even_in_the_end = BALANCED | {"d__real_accuracy": lambda p: 0.5 + 0.4 * math.exp(-9 * p)}
    assert play(**even_in_the_end).state == monitor.CONVERGED
    never_began = play(**BALANCED | {"d__real_accuracy": lambda p: 0.4, "d__fake_accuracy": lambda p: 0.61})
    assert (
        never_began.state == monitor.BLIND
        and not never_began.ends_run
        and "51%" in str(never_began)
        and "r1_weight" in str(never_began)
    )
    diverged = play(**BALANCED | {"g__loss": lambda p: 0.7 + 1e4 * max(0.0, p - 0.8)})
    assert diverged.state == monitor.DIVERGED and diverged.ends_run
    assert "grew" in str(diverged)


def test_not_a_number_and_the_first_images() -> None:
    watch = Monitor(until_converged=True, min_images=10_000)
    assert watch.verdict().state == monitor.LEARNING
    for index in range(40):
        assert watch.observe({"images_seen": index, "d/real_accuracy": 1.0, "d/fake_accuracy": 1.0}).state == (
            monitor.LEARNING
        )
    assert watch.observe({"images_seen": 41, "d/loss": float("nan")}).state == monitor.DIVERGED


def test_a_supervised_recipe_can_converge() -> None:
    falling = play(**{"mask__loss": lambda p: 1 - p})
    settled = play(**{"mask__loss": lambda p: 0.1 + math.exp(-15 * p)})
    assert (falling.state, settled.state) == (monitor.LEARNING, monitor.CONVERGED)


def test_settled() -> None:
    assert not has_settled([1.0] * 5)  # too short to tell
    assert has_settled([1.0] * 20)
    assert not has_settled(list(np.linspace(1, 0, 40)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["d/loss", "d/real_accuracy", "g/diversity", "validation/x"]),
                                st.floats(allow_nan=True, allow_infinity=True)), max_size=30))  # fmt: skip
def test_any_log_gets_a_verdict(records: list[dict[str, float]]) -> None:
    watch = Monitor(until_converged=True)
    for index, record in enumerate(records):
        verdict = watch.observe({"images_seen": float(index), **record})
        assert verdict.state in (
            monitor.LEARNING, monitor.CONVERGED, monitor.WINNING, monitor.BLIND, monitor.COLLAPSE, monitor.DIVERGED
        )  # fmt: skip
        assert str(verdict)


def really_play(images: int = 64 * 500, **options: Any) -> Any:
    from game import Game

    from muslin.training.engine import train

    recipe = Game(**options)
    watch = Monitor(until_converged=True, min_images=64 * 200)
    return train(
        recipe, recipe.stream(), images=images, report_every_images=640, monitor=watch, screen=False,
        preview_every_images=0,
    )  # fmt: skip


def test_absurd_learning_rate_diverges() -> None:
    with pytest.raises(UserError, match=r"diverged.*lower learning rate"):
        really_play(learning_rate=30.0, loss="wasserstein", r1_weight=0.0)


def test_far_faster_discriminator_wins() -> None:
    history = really_play(learning_rate=1e-5, discriminator_factor=300.0, loss="non_saturating", r1_weight=0.0)
    assert history.ended in (monitor.WINNING, monitor.COLLAPSE)
    assert "%" in history.verdict


@pytest.mark.filterwarnings("ignore")
def test_a_fair_game_covers_all_modes_and_is_called_converged() -> None:
    from game import Game, modes_covered

    from muslin.training.engine import train

    recipe = Game()
    before, _ = modes_covered(recipe.sample(2000))
    watch = Monitor(until_converged=True, min_images=64 * 2000)
    history = train(
        recipe, recipe.stream(), images=64 * 4500, report_every_images=64 * 60, monitor=watch, screen=False,
        preview_every_images=0,
    )  # fmt: skip
    covered, near = modes_covered(recipe.sample(2000))
    assert before < 5
    assert covered >= 7 and near > 0.5, (covered, near)
    assert history.ended in (monitor.CONVERGED, "finished")

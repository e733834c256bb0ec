"""The best state is kept, whatever happens to the run, and KID that is flat ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from game import Game

from muslin.training import monitor
from muslin.training.best import BEST, Best
from muslin.training.engine import train
from muslin.training.monitor import Monitor, Verdict

STEPS, EVERY = 40, 5


def weights(recipe: Game) -> np.ndarray:
    return np.concatenate([keras.ops.convert_to_numpy(v.value).ravel() for v in recipe.networks["generator"].variables])


class Scores:
    """A validation that scores moments as told, and remembers the weights it saw."""

    def __init__(self, recipe: Game, scores: list[float], error: float = 0.1) -> None:
        self.recipe, self.scores, self.error, self.seen = recipe, scores, error, []

    def __call__(self, networks: Any) -> dict[str, float]:
        self.seen.append(weights(self.recipe))
        return {"kid": self.scores[len(self.seen) - 1], "kid_error": self.error}


def play(folder: Path | None, recipe: Game, validate: Any, **options: Any) -> Any:
    every = EVERY * recipe.batch_size
    return train(
        recipe, recipe.stream(), folder, images=STEPS * recipe.batch_size, report_every_images=every,
        validate_every_images=every, validate=validate, keep_best="kid", preview_every_images=0, screen=False, **options
    )  # fmt: skip


def test_the_networks_end_with_the_weights_that_scored_best() -> None:
    recipe = Game(batch_size=8)
    scores = Scores(recipe, [5.0, 4.0, 1.0, 3.0, 2.0, 1.5, 1.0, 4.0])
    history = play(None, recipe, scores)
    assert len(scores.seen) == STEPS // EVERY
    assert np.array_equal(weights(recipe), scores.seen[2])  # the first of two equals
    assert not np.array_equal(weights(recipe), scores.seen[-1])
    assert history.best is not None and history.best["images_seen"] == 3 * EVERY * 8
    assert history.best["validation/kid"] == 1.0


@pytest.mark.parametrize(
    "final, error, at", [(1.2, 0.1, "last"), (1.4, 0.1, "best"), (1.2, 0.0, "best"), (0.5, 0.0, "last")]
)
def test_the_last_network_stays_unless_its_score_is_worse_beyond_the_errors(
    final: float, error: float, at: str
) -> None:
    """Two standard errors of the difference: 2 * hypot(0.1, 0.1) = 0.28, so 1.2 is no worse than 1.0, and 1.4 is."""
    recipe = Game(batch_size=8)
    scores = Scores(recipe, [5.0, 4.0, 1.0, 3.0, 2.0, 1.5, 4.0, final], error)
    history = play(None, recipe, scores)
    moment = {"best": 2, "last": 7}[at]
    assert np.array_equal(weights(recipe), scores.seen[moment])
    assert history.best is not None and history.best["images_seen"] == (moment + 1) * EVERY * 8


class StopAfter:
    def __init__(self, records: int) -> None:
        self.left = records

    def observe(self, record: Any) -> Verdict:
        self.left -= 1
        return Verdict("stopped", "pulled the plug", ends_run=self.left == 0)


def distance(recipe: Game) -> Any:
    """A score that falls and rises: how far the weights' length is from what it is after half of the run."""
    return lambda networks: {"kid": abs(float(np.linalg.norm(weights(recipe))) - distance.middle), "kid_error": 0.0}


def test_a_broken_run_keeps_the_best_of_the_whole_run(tmp_path: Path) -> None:
    first = Game(batch_size=8)
    traced: list[float] = []

    def trace(networks: Any) -> dict[str, float]:
        traced.append(float(np.linalg.norm(weights(first))))
        return {"kid": 0.0}

    play(None, first, trace)
    distance.middle = traced[3]  # type: ignore[attr-defined]
    whole = Game(batch_size=8)
    history = play(tmp_path / "whole", whole, distance(whole))
    assert history.best is not None and history.best["images_seen"] == 4 * EVERY * 8
    for records in (2, 4, 6):  # stopped before, at and after its best moment
        folder = tmp_path / str(records)
        play(folder, half := Game(batch_size=8), distance(half), monitor=StopAfter(records))
        again = Game(batch_size=8)
        continued = play(folder, again, distance(again))
        assert continued.best == {**history.best, "seconds": continued.best["seconds"]}
        assert np.array_equal(weights(again), weights(whole))


def test_a_state_older_than_the_best_one_and_a_damaged_file(tmp_path: Path) -> None:
    """Killed between the best state and the next checkpoint: the moment comes again and changes nothing."""
    recipe = Game(batch_size=8)
    ahead = Best(tmp_path, recipe.networks)
    assert ahead.offer(0.5, 400) and not ahead.offer(0.5, 800) and not ahead.offer(float("nan"), 900)
    kept = weights(recipe)
    recipe.networks["generator"].variables[0].assign_add(np.float32(1) + 0 * recipe.networks["generator"].variables[0])
    back = Best(tmp_path, recipe.networks)
    assert (back.score, back.images_seen) == (0.5, 400) and not back.offer(0.5, 400)
    assert back.restore() and np.array_equal(weights(recipe), kept)
    (tmp_path / BEST).write_bytes(b"half a file")
    assert Best(tmp_path, recipe.networks).score == float("inf")


def observed(values: list[float], error: float, **options: Any) -> Verdict:
    watch = Monitor(until_converged=True, **options)
    verdict = watch.verdict()
    for index, value in enumerate(values):
        verdict = watch.observe({"images_seen": 1000.0 * (index + 1), "validation/kid": value,
                                 "validation/kid_error": error, "d/loss": 1.0})  # fmt: skip
    return verdict


def test_flat_kid_ends_a_run_in_words() -> None:
    falling = [0.1 * 0.8**step for step in range(20)]
    assert observed(falling, 1e-4).state == monitor.LEARNING
    flat = observed(falling[:8] + [falling[7]] * 12, 1e-3)
    assert flat.state == monitor.CONVERGED and flat.ends_run
    assert "no closer to yours since 8,000 images" in flat.sentence and "validation/" not in flat.sentence
    # Progress within the noise is none; a learning rate that still falls forbids the verdict.
    assert observed(falling[:8] + [falling[7] - 1e-4 * step for step in range(12)], 1e-2).state == monitor.CONVERGED
    assert observed(falling[:8] + [falling[7]] * 12, 1e-3, flat_ends=False).state == monitor.LEARNING
    assert observed(falling[:8] + [falling[7]] * 12, 1e-3, min_images=50_000).state == monitor.LEARNING

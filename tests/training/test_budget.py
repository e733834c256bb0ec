from __future__ import annotations

import time
from typing import Any

import pytest
from game import Game

from muslin.training import budget, engine


class Slow:
    """A stream in which every batch takes a known time, so that the rate of a run is known."""

    def __init__(self, stream: Any, seconds: float) -> None:
        self.stream, self.seconds = stream, seconds

    def batch(self, images_seen: int) -> Any:
        time.sleep(self.seconds)
        return self.stream.batch(images_seen)


def test_measures_the_steady_rate() -> None:
    recipe = Game(batch_size=16)
    speed = budget.measure(recipe, Slow(recipe.stream(), 0.08))
    # Two threads make batches of 16 in 0.08 s each: 400 images a second, whatever the network costs below that.
    assert speed.images_per_second == pytest.approx(400, rel=0.3)
    assert speed.compiling_seconds > 0


def test_ctrl_c_while_it_measures_is_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine ends between two steps and returns: there is no rate to tell, and nobody wants the run."""
    monkeypatch.setattr(engine, "train", lambda *_, **__: engine.History(ended="stopped"))
    recipe = Game(batch_size=16)
    with pytest.raises(KeyboardInterrupt):
        budget.measure(recipe, recipe.stream())


def test_a_planned_run_ends_in_time() -> None:
    begin = time.perf_counter()
    made = budget.plan(lambda size: Game(batch_size=16), lambda recipe: Slow(recipe.stream(), 0.04), 8.0)
    assert made.size is None and made.images % 16 == 0
    assert "a second" in made.sentence and "little" in made.sentence
    recipe = Game(batch_size=16)
    engine.train(recipe, Slow(recipe.stream(), 0.04), images=made.images, screen=False, preview_every_images=0)
    assert 4.0 < time.perf_counter() - begin < 10.0


def test_takes_the_largest_size_that_leaves_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {32: 400.0, 64: 100.0, 128: 25.0}
    measured = []

    class Sized(Game):
        enough_images = 30_000

    def measure(recipe: Any, stream: Any) -> budget.Speed:
        measured.append(stream)
        return budget.Speed(rates[stream], 0.0)

    monkeypatch.setattr(budget, "measure", measure)

    def chosen(minutes: float) -> int | None:
        measured.clear()
        sizes: list[int] = []
        return budget.plan(
            lambda size: (sizes.append(size or 0), Sized())[1], lambda _: sizes[-1], minutes * 60, (32, 64, 128)
        ).size  # type: ignore[arg-type,return-value]

    assert chosen(1) == 32 and measured == [32]  # 24,000 images: little, but the smallest there is
    assert chosen(6) == 64
    assert chosen(60) == 128

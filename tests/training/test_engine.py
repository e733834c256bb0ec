"""The loop: phases in turn, averages, a run's folder, and what happens when a run goes wrong."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from game import Game
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin import backend
from muslin.errors import UserError
from muslin.recipes.base import Phase
from muslin.training import checkpoint
from muslin.training.engine import _Loop, _prefetch, train
from muslin.training.monitor import CONVERGED, Verdict


def weights(recipe: Game, name: str = "generator") -> np.ndarray:
    values = [keras.ops.convert_to_numpy(v.value).ravel() for v in recipe.networks[name].trainable_variables]
    return np.concatenate(values)


def run(recipe: Game, folder: Path | None, steps: int, **options: Any) -> Any:
    return train(recipe, recipe.stream(), folder, images=steps * recipe.batch_size, screen=False, **options)


def test_a_phase_trains_its_own_networks_on_its_own_steps() -> None:
    recipe = Game(batch_size=8)
    late = dataclasses.replace(recipe.phases[1], every=3)
    recipe.phases[1] = late
    loop, stream, moved = _Loop(recipe), recipe.stream(), []
    for step in range(6):
        before = weights(recipe), weights(recipe, "discriminator")
        loop.step(stream.batch(step * 8), step * 8, 48)
        moved.append(((weights(recipe) != before[0]).any(), (weights(recipe, "discriminator") != before[1]).any()))
    assert moved == [(step % 3 == 0, True) for step in range(6)]


def test_what_is_changed_in_one_pass_is_changed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Optimisers and averages of large networks go through another compiler: the same weights but for rounding."""
    ends = []
    for many in (backend.MANY, 0):
        monkeypatch.setattr(backend, "MANY", many)
        recipe = Game(batch_size=8)
        loop, stream = _Loop(recipe), recipe.stream()
        start = weights(recipe)
        for step in range(4):
            loop.step(stream.batch(step * 8), step * 8, 80)
        loop.average.apply()
        ends.append(weights(recipe))
        assert np.abs(ends[-1] - start).max() > 1e-3
    np.testing.assert_allclose(*ends, rtol=1e-4, atol=1e-5)


def test_the_learning_rate_follows_the_images_seen() -> None:
    class Fading(Game):
        def learning_rate_factor(self, progress: float) -> float:
            return 1.0 - progress

    recipe = Fading(batch_size=8, learning_rate=0.01)
    loop = _Loop(recipe)
    for images_seen in (0, 8, 16):
        loop.step(recipe.stream().batch(images_seen), images_seen, 32)
    assert float(recipe.phases[0].optimizer.learning_rate) == pytest.approx(0.01 * (1 - 16 / 32))


def test_one_optimizer_for_each_phase() -> None:
    recipe = Game()
    recipe.phases[1] = Phase("again", ("generator",), recipe.generator_loss, recipe.phases[0].optimizer)
    with pytest.raises(ValueError, match="optimizer of its own"):
        _Loop(recipe)


def test_the_folder_of_a_run(tmp_path: Path) -> None:
    history = run(Game(batch_size=8), tmp_path, 40, report_every_images=80, preview_every_images=160)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["images_seen"] for line in lines] == [80, 160, 240, 320]
    assert lines == history.records
    assert sorted(path.name for path in (tmp_path / "previews").iterdir()) == ["00000160.png", "00000320.png"]
    assert json.loads((tmp_path / "config.json").read_text())["settings"]["batch_size"] == 8
    assert len(list((tmp_path / "events").iterdir())) == 1

    again = run(Game(batch_size=8), tmp_path, 40)  # nothing left to do, and nothing done
    assert again.images_seen == 320 and again.records == history.records


def test_another_configuration_is_not_continued(tmp_path: Path) -> None:
    run(Game(batch_size=8), tmp_path, 2)
    for recipe, steps in ((Game(batch_size=8, learning_rate=1.0), 2), (Game(batch_size=8), 3)):
        with pytest.raises(UserError, match="begun with another"):
            run(recipe, tmp_path, steps)
    (tmp_path / checkpoint.STATE).write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(UserError, match="cannot be read"):
        run(Game(batch_size=8), tmp_path, 2)


def test_not_a_number_keeps_the_last_good_state(tmp_path: Path) -> None:
    recipe = Game(batch_size=8)

    class Poisoned:
        def batch(self, images_seen: int) -> Any:
            batch = recipe.stream().batch(images_seen)
            return batch if images_seen < 240 else {**batch, "real": batch["real"] * np.float32("nan")}

    with pytest.raises(UserError, match=r"between 160 and \d+ images.*last good state"):
        train(recipe, Poisoned(), tmp_path, images=800, report_every_images=160, screen=False,
              checkpoint_every_seconds=0.0)  # fmt: skip
    with np.load(tmp_path / checkpoint.STATE) as state:
        assert int(state["images_seen"]) <= 240
        assert all(np.isfinite(state[key]).all() for key in state.files)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 30), st.integers(1, 40), st.integers(1, 7))
def test_batches_come_in_order(start: int, count: int, size: int) -> None:
    class Counting:
        def batch(self, images_seen: int) -> dict[str, Any]:
            return {"seen": images_seen}

    start *= size
    got = [(seen, batch["seen"]) for seen, batch in _prefetch(Counting(), start, start + count * size, size)]
    assert got == [(start + i * size, start + i * size) for i in range(count)]


def test_a_killed_line_of_the_log_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"images_seen": 8}\n{"images_seen": 16}\n{"images_seen": 24}\n{"images_se')
    assert checkpoint.keep_log_until(path, 16) == [{"images_seen": 8}, {"images_seen": 16}]
    assert path.read_text().count("\n") == 2


class EndsAfter:
    """A monitor that ends a run at its third record, and judges what it has been shown only."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    def observe(self, record: Any) -> Verdict:
        self.records.append(record)
        return Verdict(CONVERGED, "three records.", ends_run=len(self.records) >= 3)


def test_a_run_that_its_monitor_ended_is_not_trained_on(tmp_path: Path) -> None:
    """Killed between its end and its export, a run ends with the networks that it would have had."""
    options: dict[str, Any] = {"report_every_images": 32, "preview_every_images": 0}
    first, again = Game(batch_size=8), Game(batch_size=8)
    ended = run(first, tmp_path, 40, monitor=EndsAfter(), **options)
    assert (ended.ended, ended.images_seen) == (CONVERGED, 96)
    same = run(again, tmp_path, 40, monitor=EndsAfter(), **options)
    assert (same.ended, same.images_seen, len(same.records)) == (CONVERGED, 96, 3)
    np.testing.assert_array_equal(weights(again), weights(first))

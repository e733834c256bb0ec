"""The one training loop. It knows a Recipe (networks, phases, a stream), never a recipe by name.

Everything is counted in images seen, and everything that a step uses is a function of (seed, images seen), so
that a run that was stopped anywhere continues as if nothing had happened: run the same command again.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from muslin import backend, groups, precision
from muslin.errors import EXIT_USAGE, UserError
from muslin.optim import Average, ema_decay
from muslin.recipes.base import Batch, Phase, Recipe, Stream
from muslin.training import checkpoint
from muslin.training.best import Best
from muslin.training.monitor import DIVERGED
from muslin.training.report import Report

AHEAD = 4  # batches made before they are needed

Validate = Callable[[Mapping[str, Any]], Mapping[str, float]]


@dataclass
class History:
    """What a run did. records: one dict a report, as in log.jsonl. ended: finished, stopped, converged...

    best: the record of the state that the networks hold now, where `keep_best` chose one.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    images_seen: int = 0
    seconds: float = 0.0
    ended: str = "finished"
    verdict: str = ""
    best: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> list[float]:
        """The trace of one log, for instance history["discriminator/loss"]."""
        return [record[key] for record in self.records if key in record]


def train(
    recipe: Recipe,
    stream: Stream,
    run: Path | None = None,
    *,
    images: int,
    report_every_images: int | None = None,
    preview_every_images: int | None = None,
    checkpoint_every_seconds: float = 60.0,
    validate: Validate | None = None,
    validate_every_images: int | None = None,
    keep_best: str | None = None,
    monitor: Any = None,
    plan: Mapping[str, Any] | None = None,
    screen: bool = True,
    deterministic: bool = True,
) -> History:
    """Train `recipe` on batches of `stream` until `images` images were seen.

    run: folder of the run (config.json, state.npz, log.jsonl, previews/); where it holds a state, the run is
        continued. None keeps nothing.
    report_every_images: one record of averaged logs (default: 100 records a run, at least 20 steps each).
    preview_every_images: one contact sheet (default: 10 a run). 0: none.
    validate: networks with averaged weights -> name -> score, each `validate_every_images` (as previews).
    keep_best: name of a score of `validate`, lower is better: in the end the networks hold the averaged weights of
        the last moment or, where theirs was lower beyond the scores' errors (`<name>_error`), of the best one.
    monitor: object with `observe(record) -> verdict`, whose `ends_run` ends the run (see training.monitor).
    plan: how the configuration was chosen, kept in config.json.
    screen: progress on stderr.
    deterministic: repeatable operations only; costs nothing measurable on a CPU, some speed on a GPU.

    In a group of workers (groups.join) all of them call this with the same recipe and stream; the chief alone judges,
    writes and shows, and all end at the same step.

    Afterwards the networks of the recipe hold their averaged weights, the last or the best ones. Ctrl-C saves the
    state and returns.
    Raises UserError when the run diverges (a loss or a weight is no number any more, or the monitor says so);
    the last good state stays in the run's folder.
    """
    if deterministic:
        backend.set_determinism()
    group = groups.current()
    _refuse_group(recipe, group.size)
    loop = _Loop(recipe)
    due = _Schedule.of(recipe.batch_size, images, report_every_images, preview_every_images, validate_every_images)
    history = History()
    if run is not None:
        if group.is_chief:
            run.mkdir(parents=True, exist_ok=True)
            _match_config(run, recipe, due.images, plan)
        history.images_seen = checkpoint.load_state(run, loop.groups) or 0
    if not group.is_chief:
        run, validate, keep_best, monitor, screen = None, None, None, None, False
        due = replace(due, preview_every=0)
    judge = _Judge(loop, run, validate, keep_best, monitor)
    training = _Training(loop, stream, run, due, judge, history, screen)
    try:
        training.go_on(checkpoint_every_seconds)
    finally:
        training.report.close()
    history.seconds = time.perf_counter() - training.started
    loop.average.apply()
    if history.ended != "stopped":
        history.best = judge.settle(history.records)
    return history


@dataclass(frozen=True)
class _Schedule:
    """How long a run is and how often what is due, in images seen, whole steps of them. 0: never."""

    images: int
    report_every: int
    preview_every: int
    validate_every: int

    @classmethod
    def of(
        cls, batch_size: int, images: int, report_every: int | None, preview_every: int | None,
        validate_every: int | None,
    ) -> _Schedule:  # fmt: skip
        """Where they are None, as `train` says."""
        images = -(-images // batch_size) * batch_size
        report_every = _whole_steps(report_every or batch_size * max(20, images // batch_size // 100), batch_size)
        preview_every = _whole_steps(images // 10 if preview_every is None else preview_every, batch_size)
        # Scores stand in records, so they are taken when a record is written.
        validate_every = _whole_steps(validate_every or preview_every, report_every)
        return cls(images, report_every, preview_every, validate_every)

    def ends(self, seen: int) -> bool:
        return seen >= self.images

    def record(self, seen: int) -> bool:
        return seen % self.report_every == 0 or self.ends(seen)

    def scores(self, seen: int) -> bool:
        return (bool(self.validate_every) and seen % self.validate_every == 0) or self.ends(seen)

    def preview(self, seen: int, last: bool) -> bool:
        return bool(self.preview_every) and (seen % self.preview_every == 0 or last)


class _Judge:
    """How good a run is: scores of its averaged weights, the best of which are kept, and what the monitor says."""

    def __init__(
        self, loop: _Loop, run: Path | None, validate: Validate | None, keep_best: str | None, monitor: Any
    ) -> None:
        self.loop, self.validate, self.keep_best, self.monitor = loop, validate, keep_best or "", monitor
        networks = loop.recipe.networks
        names = dict.fromkeys([*loop.recipe.exported, *loop.average.names])
        self.best = Best(run, {name: networks[name] for name in names if name in networks}) if keep_best else None

    def scores(self, seen: int) -> dict[str, float]:
        """What `validate` says of the averaged weights, as a record's `validation/NAME`; they are offered as the best.

        Nothing where there is no `validate`.
        """
        if self.validate is None:
            return {}
        with self.loop.average.applied():
            scores = {key: float(value) for key, value in self.validate(self.loop.recipe.networks).items()}
            if self.best is not None and self.keep_best in scores:
                self.best.offer(scores[self.keep_best], seen, scores.get(f"{self.keep_best}_error", 0.0))
        return {f"validation/{key}": value for key, value in scores.items()}

    def observe(self, record: Mapping[str, Any], history: History) -> Any:
        """Let the monitor see a record; the history takes its verdict, which is returned. None: there is no monitor."""
        if self.monitor is None:
            return None
        verdict = self.monitor.observe(record)
        history.verdict, history.ended = str(verdict), verdict.state if verdict.ends_run else "finished"
        return verdict

    def settle(self, records: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Leave the last weights or take the best ones; returns the record of those that the networks now hold."""
        if self.best is None:
            return None
        score, last = f"validation/{self.keep_best}", records[-1] if records else {}
        if score in last and not self.best.beats(last[score], last.get(f"{score}_error", 0.0)):
            return last
        if not self.best.restore():
            return None
        found = [record for record in records if record["images_seen"] == self.best.images_seen]
        return found[0] if found else {"images_seen": self.best.images_seen, score: self.best.score}


class _Training:
    """A run under way: takes up what its folder holds, takes the steps, and does after each what is due."""

    def __init__(
        self, loop: _Loop, stream: Stream, run: Path | None, due: _Schedule, judge: _Judge, history: History,
        screen: bool,
    ) -> None:  # fmt: skip
        """history: with the images seen by the state that `loop` holds."""
        self.loop, self.stream, self.run, self.due, self.judge, self.history = loop, stream, run, due, judge, history
        self.logs: list[Mapping[str, Any]] = []  # of the steps since the last record, on the device as yet
        if run is not None:
            self.logs += checkpoint.load_logs(run) if history.images_seen else []
            history.records = checkpoint.keep_log_until(run / "log.jsonl", history.images_seen)
            for record in history.records:
                judge.observe(record, history)
        self.recorded = history.records[-1]["images_seen"] if history.records else 0  # images, by the last record
        self.report = Report(run, due.images, name=loop.recipe.name, screen=screen)
        if history.images_seen:
            self.report.say(f"Continuing at {history.images_seen:,} images.")

    def go_on(self, checkpoint_every_seconds: float) -> None:
        """Step after step to the end, Ctrl-C, or what the monitor calls the end. Raises UserError as `train`."""
        group, history, due = groups.current(), self.history, self.due
        ended_before = group.decide(history.ended != "finished")  # by the monitor, and not exported yet
        self.started = self.saved = time.perf_counter()
        stop = history.images_seen if ended_before else due.images
        with _interrupt() as interrupted:
            for images_seen, batch in _prefetch(self.stream, history.images_seen, stop, self.loop.recipe.batch_size):
                self.logs.append(self.loop.step(batch, images_seen, due.images))
                seen = history.images_seen = images_seen + self.loop.recipe.batch_size
                last = due.ends(seen) or interrupted.is_set()
                self.report.advance(seen)
                # No record where Ctrl-C came: its steps are kept with the state, and the run continued writes the same
                # records as an unbroken one, by which the monitor may end it.
                if due.record(seen):
                    last = self._record(seen) or last
                if due.record(seen) or last:
                    last = group.decide(last)  # the chief sees scores that the others do not
                if due.preview(seen, last):
                    self._preview(seen)
                if self.run is not None and (last or time.perf_counter() - self.saved > checkpoint_every_seconds):
                    self._save(self.run, seen)
                if last:
                    break
            if interrupted.is_set() and history.images_seen < due.images:
                history.ended = "stopped"

    def _record(self, seen: int) -> bool:
        """Write what was logged since the last record, with scores where they are due; whether that ends the run."""
        record = _summary(self.logs, seen, time.perf_counter() - self.started)
        _refuse_nan(record, self.recorded, seen, self.run)
        self.logs, self.recorded = [], seen
        if self.due.scores(seen):
            record |= self.judge.scores(seen)
        self.history.records.append(record)
        self.report.record(record)
        verdict = self.judge.observe(record, self.history)
        if verdict is None or not verdict.ends_run:
            return False
        if verdict.state == DIVERGED:
            raise _diverged(verdict.sentence, self.run)
        return True

    def _preview(self, seen: int) -> None:
        recipe = self.loop.recipe
        with self.loop.average.applied():
            self.report.preview(recipe.preview(recipe.networks, self.stream), seen)

    def _save(self, run: Path, seen: int) -> None:
        """Keep the state, with the logs that no record holds yet: it is the last good one, so it has to be one."""
        if not checkpoint.all_finite(self.loop.groups):
            raise _not_a_number("a weight", self.recorded, seen, run)
        checkpoint.save_state(run, self.loop.groups, seen, [_as_numbers(log) for log in self.logs])
        self.saved = time.perf_counter()


def restore(recipe: Recipe, run: Path) -> int:
    """Give the recipe's networks the averaged weights of a run's last state; returns images_seen.

    Raises UserError where there is no state, or one of other networks.
    """
    loop = _Loop(recipe)
    images_seen = checkpoint.load_state(run, loop.groups)
    if images_seen is None:
        raise UserError(f"The run in '{run}' has not kept a state yet.", advice="Wait a minute, or train it again.")
    loop.average.apply()
    return images_seen


class _Loop:
    """The variables of a run and its compiled steps, one for each set of phases that falls due together."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        precision.check(recipe.precision)
        if len({id(phase.optimizer) for phase in recipe.phases}) < len(recipe.phases):
            raise ValueError("Each phase needs an optimizer of its own.")
        self.base_rates = {}
        for phase in recipe.phases:
            phase.optimizer.build(_trained(recipe, phase))
            self.base_rates[phase.name] = float(keras.ops.convert_to_numpy(phase.optimizer.learning_rate))
        self.average = Average({name: recipe.networks[name] for name in recipe.half_life_images})
        self.groups = {
            **{f"network/{name}": list(network.variables) for name, network in recipe.networks.items()},
            **{f"optimizer/{phase.name}": list(phase.optimizer.variables) for phase in recipe.phases},
            "average": self.average.variables,
            **({"state": list(recipe.state)} if recipe.state else {}),
        }
        self._steps: dict[tuple[str, ...], Callable[..., Any]] = {}
        self._parts = {phase.name: backend.compile_part(_part_of(recipe, phase)) for phase in recipe.phases}

    def step(self, batch: Batch, images_seen: int, images: int) -> Mapping[str, Any]:
        """Each phase that is due, in order, then the averages. Returns the logs, still on the device."""
        recipe, index = self.recipe, images_seen // self.recipe.batch_size
        due = tuple(phase.name for phase in recipe.phases if index % phase.every == 0)
        if due not in self._steps:
            variables = [variable for group in self.groups.values() for variable in group]
            unique = list({id(variable): variable for variable in variables}.values())
            self._steps[due] = groups.compile_step(self._step_of(due), unique)
        factor = recipe.learning_rate_factor(images_seen / images)
        rates = {name: np.float32(rate * factor) for name, rate in self.base_rates.items()}
        decays = {
            name: np.float32(ema_decay(recipe.batch_size, half_life, images_seen + recipe.batch_size))
            for name, half_life in recipe.half_life_images.items()
        }
        return self._steps[due](groups.share(batch), rates, decays)

    def _step_of(self, due: tuple[str, ...]) -> Callable[..., dict[str, Any]]:
        phases = [phase for phase in self.recipe.phases if phase.name in due]

        def step(batch: Batch, rates: Mapping[str, Any], decays: Mapping[str, Any]) -> dict[str, Any]:
            logs: dict[str, Any] = {}
            for phase in phases:
                found = self._parts[phase.name](batch, rates[phase.name])
                batch = {**batch, **{key: found.pop(key) for key in phase.hands_on}}
                logs |= {f"{phase.name}/{key}": log for key, log in found.items()}
            self.average.update(decays)
            scalars = [keras.ops.cast(log, "float32") for log in logs.values()]
            return dict(zip(logs, groups.average(scalars), strict=True))

        return step


def _part_of(recipe: Recipe, phase: Phase) -> Callable[..., dict[str, Any]]:
    """(batch, learning rate) -> logs, its loss among them: one optimiser step of one phase."""
    trained = _trained(recipe, phase)
    apply = backend.fuse(lambda gradients: phase.optimizer.apply(gradients, trained), trained)

    def part(batch: Batch, rate: Any) -> dict[str, Any]:
        with precision.lowered(recipe.networks.values(), recipe.precision):
            (value, logs), gradients = backend.value_and_gradients(partial(phase.loss, batch), trained)
        phase.optimizer.learning_rate.assign(rate)
        apply(groups.average(gradients))
        return {"loss": value, **logs}

    return part


def _refuse_group(recipe: Recipe, workers: int) -> None:
    if workers > 1 and recipe.batch_size % workers:
        raise UserError(
            "A batch is shared by the workers in equal parts.",
            received=f"{recipe.batch_size} images a step, {workers} workers",
            advice="Choose --batch as a multiple of --workers.",
            exit_code=EXIT_USAGE,
        )
    if not recipe.separable and not groups.sees_whole_batch():
        raise UserError(
            f"The recipe '{recipe.name}' looks at a batch as a whole; a worker on {backend.name()} sees its part.",
            possible="any recipe on JAX, where each loss is of the whole batch",
            advice="Set KERAS_BACKEND=jax (pip install 'muslin[jax]'), or train with one worker.",
            exit_code=EXIT_USAGE,
        )


def _trained(recipe: Recipe, phase: Phase) -> list[Any]:
    return [variable for name in phase.trains for variable in recipe.networks[name].trainable_variables]


def _whole_steps(images: int, batch_size: int) -> int:
    return max(1, round(images / batch_size)) * batch_size if images else 0


def _prefetch(
    stream: Stream, start: int, stop: int, batch_size: int, *, ahead: int = AHEAD, threads: int = 2
) -> Iterator[tuple[int, Batch]]:
    """(images seen before it, batch) in order, the next ones made by threads while a step runs.

    Safe since a batch is a pure function of images seen.
    """
    waiting: deque[tuple[int, Future[Batch]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="batch")
    try:
        for images_seen in range(start, stop, batch_size):
            waiting.append((images_seen, pool.submit(stream.batch, images_seen)))
            if len(waiting) > ahead:
                seen, future = waiting.popleft()
                yield seen, future.result()
        while waiting:
            seen, future = waiting.popleft()
            yield seen, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _as_numbers(log: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(keras.ops.convert_to_numpy(value)) for key, value in log.items()}


def _summary(logs: list[Mapping[str, Any]], images_seen: int, seconds: float) -> dict[str, Any]:
    """Mean of each log over the steps in which it occurred (a phase may be due on some steps only)."""
    values: dict[str, list[float]] = {}
    for log in logs:
        for key, value in _as_numbers(log).items():
            values.setdefault(key, []).append(value)
    record: dict[str, Any] = {"images_seen": images_seen, "seconds": round(seconds, 3)}
    return record | {key: float(np.mean(trace)) for key, trace in values.items()}


def _refuse_nan(record: Mapping[str, Any], start: int, end: int, run: Path | None) -> None:
    for key, value in record.items():
        if not np.isfinite(value):
            raise _not_a_number(key, start, end, run)


def _not_a_number(what: str, start: int, end: int, run: Path | None) -> UserError:
    return _diverged(f"{what} stopped being a finite number between {start:,} and {end:,} images.", run)


def _diverged(sentence: str, run: Path | None) -> UserError:
    return UserError(
        f"Training diverged: {sentence}",
        advice="Train with a lower learning rate, or with a stronger regularisation of the discriminator."
        + (f" The last good state is kept in '{run}'." if run else ""),
    )


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Every field of a recipe that it can be built again from."""
    return {item.name: getattr(recipe, item.name) for item in fields(recipe) if item.init}


def _match_config(run: Path, recipe: Recipe, images: int, plan: Mapping[str, Any] | None) -> None:
    """Write config.json of a new run; refuse to continue a run that was begun with another configuration."""
    config = {"recipe": recipe.name, "settings": settings_of(recipe), "images": images, "plan": dict(plan or {})}
    stored = checkpoint.read_config(run)
    if stored is None:
        checkpoint.write_config(run, {**config, "machine": backend.describe()})
        return
    asked = _as_json(config)
    differing = [key for key in ("recipe", "settings", "images") if stored.get(key) != asked[key]]
    if differing:
        raise UserError(
            f"The run in '{run}' was begun with another {' and another '.join(differing)}.",
            received={key: asked[key] for key in differing},
            possible=str({key: stored.get(key) for key in differing}),
            advice="Repeat the first command exactly to continue it, or train into another folder.",
        )


def _as_json(value: Any) -> Any:
    import json

    return json.loads(json.dumps(value, default=str))


@contextmanager
def _interrupt() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, so that a run ends between two steps; a second Ctrl-C ends it at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def stop(*_: Any) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)

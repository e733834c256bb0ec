"""A batch of photos on any number of workers: each photo once, whatever is killed on the way."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from muslin.distributed import cluster
from muslin.distributed.manifest import FOLDER, Manifest, leftovers
from muslin.distributed.order import Order, Outcome, Record, Task, as_error, error_record, model_hash
from muslin.distributed.worker import Worker, expand
from muslin.errors import EXIT_DATA, UserError

BLOCK = 8  # photos that are handed to a worker at once; what a killed worker has to look at again
MOST_BLOCKS = 20_000
IN_FLIGHT_BYTES = 16_000_000  # of photos read ahead, for each block: memory stays flat whatever a shard holds
RETRIES = 2  # of a block whose worker died; what is left then is tried once more, photo by photo
READING = 0.25  # CPUs of a task that only fetches bytes

Watch = Callable[[Record, int], None]


def run(
    order: Order,
    tasks: Iterable[Task],
    *,
    address: str = cluster.LOCAL,
    workers: int | None = None,
    output: str = "",
    manifest: Path,
    watch: Watch = lambda record, total: None,
    worker: Any = Worker,
) -> Outcome:
    """Restyle every task that the manifest does not know as done, and write down what came of each.

    workers: actors of `order.threads` threads; None: as many as the cluster has cores. output: folder or URI of what
    comes from shards. watch: called with each record of a photo and the number of tasks. worker: class of the actors.
    Raises UserError where Ray is missing, no cluster answers, the batch runs already, or what is wrong with
    one photo is wrong with all (no such model, control outside its range).
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = workers or max(1, cores // order.threads)
    cluster.module()
    outcome = Outcome()
    with Manifest(manifest) as kept:
        todo = [task for task in (_remaining(task, kept, outcome) for task in tasks) if task is not None]
        old = [file for place in _folders(todo, output) for file in leftovers(place)]
        if todo:
            with cluster.connected(address, cpus=asked * order.threads + 2) as ray:
                free = int(ray.cluster_resources().get("CPU", 1) - 1) // order.threads  # one is left to readers
                actors = workers or (asked if address == cluster.LOCAL else max(1, min(free, len(todo))))
                batch = _Batch(ray, order, actors, output, worker)
                for record in batch.records(todo):
                    kept.add(record)
                    _count(record, outcome)
                    if record.fatal and record.error:
                        raise as_error(record.error)
                    if record.rows is None:
                        watch(record, len(todo))
    for file in old:  # of workers that died in an earlier run
        with suppress(OSError):
            file.unlink()
    return outcome


def manifest_path(output: str, order: Order) -> Path:
    """Where the record of a batch is kept: beside its results; in the working folder where they go to a URI."""
    return Path("." if "://" in output else output) / FOLDER / f"{order.fingerprint}.jsonl"


class _Batch:
    """One order on a connected cluster."""

    def __init__(self, ray: Any, order: Order, workers: int, output: str, worker: Any) -> None:
        self.ray, self.order, self.workers, self.output, self.worker = ray, order, workers, output, worker
        self.models = {name: model_hash(name) for name in (order.model, "mask")}

    def records(self, tasks: list[Task]) -> Iterator[Record]:
        """One record for each photo. A block whose workers keep dying is done again, one photo at a time."""
        tally = _Tally()
        for record in self._pass(tasks, _block(len(tasks), self.workers)):
            tally.add(record)
            yield record
        left = [rest for task in tasks if (rest := tally.rest(task)) is not None]
        if not left:
            return
        for record in self._pass(left, 1):
            tally.add(record)
            yield record
        for task in left:
            if tally.rest(task) is not None:
                yield Record(task.key, error=error_record(_deadly(task, tally.missing(task))), state=task.state)

    def _pass(self, tasks: list[Task], block: int) -> Iterator[Record]:
        data, order = self.ray.data, self.order
        context = data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = -1  # a dead worker costs its photos a second try, never the batch
        context.target_max_block_size = IN_FLIGHT_BYTES if block > 1 else 1
        _hush()
        rows = [{"task": task.as_json(), "data": b"", "record": ""} for task in tasks]
        dataset = data.from_items(rows, override_num_blocks=-(-len(rows) // block))
        if any(task.kind != "file" for task in tasks):
            fetch = partial(expand, order=replace(order, styles=[], on={}), output=self.output)
            dataset = dataset.flat_map(fetch, num_cpus=READING)
        with warnings.catch_warnings():
            # Ray 2.64 takes these two away; pyproject.toml stops before it until there is another way to say them.
            warnings.simplefilter("ignore", DeprecationWarning)
            results = dataset.map(
                self.worker,
                fn_constructor_args=(order, self.models),
                compute=data.ActorPoolStrategy(size=self.workers),
                num_cpus=order.threads,
                max_restarts=-1,
                max_task_retries=RETRIES,
            )
        for batch in results.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            for text in batch.column("record").to_pylist():
                yield Record.from_json(text)


class _Tally:
    """Of which photos a record has come. A block of photos is lost with its worker, whatever their shard's end says."""

    def __init__(self) -> None:
        self.told: dict[str, set[str]] = defaultdict(set)  # shard -> keys; "" for photos that are tasks
        self.ends: dict[str, int | None] = {}  # shard -> photos in it; None: it could not be read to its end

    def add(self, record: Record) -> None:
        if record.shard and record.key == record.shard:
            self.ends[record.shard] = record.rows
        else:
            self.told[record.shard].add(record.key)

    def missing(self, task: Task) -> int | None:
        """Photos of a task of which nothing was heard; None: all of a shard, which has not told how many they are."""
        if task.kind != "shard":
            return int(not self.told[""] & {task.key, task.place})
        if task.key not in self.ends:
            return None
        rows = self.ends[task.key]
        return 0 if rows is None else max(0, rows - len(self.told[task.key].union(task.skip)))

    def rest(self, task: Task) -> Task | None:
        """What is to be done again; None: nothing."""
        if self.missing(task) == 0:
            return None
        if task.kind != "shard":
            return task
        return replace(task, skip=tuple(dict.fromkeys((*task.skip, *sorted(self.told[task.key])))))


def _remaining(task: Task, kept: Manifest, outcome: Outcome) -> Task | None:
    """What of a task is still to be done. A result that was deleted is made again."""
    if task.kind == "shard":
        names = kept.done_in(task.key, task.state)
        if names is None:
            outcome.before += 1
            return None
        outcome.before += len(names)
        return replace(task, skip=names)
    if not kept.is_done(task.key, task.state):
        return task
    if any("://" not in target and not os.path.exists(target) for target in task.targets):
        kept.forget(task.key)
        return task
    outcome.before += 1
    return None


def _count(record: Record, outcome: Outcome) -> None:
    if record.error is not None:
        outcome.failed.append(record)
    elif record.rows is None:
        outcome.done += 1


def _block(photos: int, workers: int) -> int:
    """Photos a block: small where there are few, so that no worker waits for another at the end."""
    return max(1, min(BLOCK, photos // (workers * 8)), -(-photos // MOST_BLOCKS))


def _folders(tasks: list[Task], output: str) -> set[str]:
    folders = {os.path.dirname(target) or "." for task in tasks for target in task.targets if "://" not in target}
    return folders | ({output} if output and "://" not in output and os.path.isdir(output) else set())


def _deadly(task: Task, photos: int | None) -> UserError:
    of_shard = "" if task.kind != "shard" or photos is None else f"{photos} of the photos of "
    return UserError(
        f"The worker died at {of_shard}'{task.place}', each time it was tried.",
        advice="It may be too large for the memory of one worker: try it alone, without --ray.",
        exit_code=EXIT_DATA,
    )


def _hush() -> None:
    """Ray Data tells its plans on stderr; the command line tells what a person wants to know."""
    import logging

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    for name, logger in logging.Logger.manager.loggerDict.items():
        if name.startswith("ray.data") and isinstance(logger, logging.Logger):
            logger.setLevel(logging.CRITICAL)

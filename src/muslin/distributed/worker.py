"""One worker of a batch: reads a photo, restyles it, writes the result whole or not at all, says what came of it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from muslin.distributed import sources
from muslin.distributed.order import Order, Record, Task, check_models, error_record
from muslin.errors import EXIT_DATA, EXIT_DEPENDENCY, EXIT_MODEL, EXIT_USAGE, UserError
from muslin.restyle.metadata import MASK_WORDS

WITH_ALL = (EXIT_USAGE, EXIT_MODEL, EXIT_DEPENDENCY)  # exit codes of what is wrong with one photo and so with all

Row = dict[str, Any]  # what travels: {"task": JSON of a Task, "data": bytes of a photo or none}


def expand(row: Row, order: Order, output: str) -> Iterator[Row]:
    """The photos of a URI or a shard, one row each, without those that are done; a shard ends with its count."""
    task = Task.from_json(row["task"])
    done, taken = set(task.skip), set[str]()
    whole, rows = True, 0
    for name, data in sources.rows_of(task):
        key = task.key
        if task.kind == "shard" and name:
            inside, count = name, 1
            while inside in taken:
                count += 1
                inside = f"{os.path.splitext(name)[0]}_{count}{os.path.splitext(name)[1]}"
            taken.add(inside)
            key, rows = inside, rows + 1
        if key in done and name and task.kind == "shard":
            continue
        if isinstance(data, Exception):
            whole = False
            record = Record(key or task.place, error=error_record(data), state=task.state, shard=_shard(task))
            yield {"task": "", "data": b"", "record": record.as_json()}
            continue
        targets = task.targets or tuple(sources.names(f"{output.rstrip('/')}/{task.key}", key, order))
        photo = replace(task, key=key, targets=targets, skip=(), place=f"{task.place}#{key}" if rows else task.place)
        yield {"task": photo.as_json(), "data": data, "record": _shard(task)}
    if task.kind == "shard" and whole:
        end = Record(task.key, state=task.state, shard=task.key, rows=rows)
        yield {"task": "", "data": b"", "record": end.as_json()}


def _shard(task: Task) -> str:
    return task.key if task.kind == "shard" else ""


class Worker:
    """An actor with one restyler. Called with a row of `expand` (or of the driver), gives the JSON of a Record."""

    def __init__(self, order: Order, models: dict[str, str | None]) -> None:
        self.order, self.problem = order, None
        try:
            import cv2

            from muslin.restyle.opening import restyler_for

            cv2.setNumThreads(order.threads)
            check_models(models)
            self.restyler = restyler_for(order.model, order.threads)
        except Exception as error:
            self.problem = error_record(error)

    def __call__(self, row: Row) -> Row:
        if not row["task"]:  # what the reader had to say
            return {"record": row["record"]}
        task = Task.from_json(row["task"])
        shard = row["record"]
        if self.problem is not None:
            return {"record": Record(task.key, error=self.problem, fatal=True).as_json()}
        started = time.perf_counter()
        record = Record(task.key, state=task.state, shard=shard)
        try:
            record = replace(record, outputs=task.targets, **self._make(task, row["data"]))
            record = replace(record, seconds=round(time.perf_counter() - started, 4))
        except Exception as error:  # one photo must not end the batch, whatever it is
            fatal = isinstance(error, UserError) and error.exit_code in WITH_ALL
            record = replace(record, error=error_record(error), fatal=fatal)
        return {"record": record.as_json()}

    def _make(self, task: Task, data: bytes) -> dict[str, Any]:
        """What a Record says of the results: size, confidence of the mask if it was found, parts if any were named."""
        order = self.order
        asked = {**order.controls, "on": order.on} if order.on else order.controls
        photo: Any = Path(task.place) if task.kind == "file" else _photo(task, data)
        mask = Path(task.mask) if task.mask not in (None, *MASK_WORDS) else task.mask
        made = self.restyler.variants(photo, order.styles, n=order.number, mask=mask, seed=order.seed, **asked)
        said: dict[str, Any] = {"size": (0, 0)}
        for target, restyled in zip(task.targets, made, strict=True):
            if task.kind != "file":
                restyled.params["source"] = {"path": task.place, "sha256": _sha256(data)}
            keep(target, _encoded(restyled), overwrite=order.overwrite)
            size = (restyled.image.shape[1], restyled.image.shape[0])
            said = {"size": size, "confidence": restyled.params["mask"].get("confidence")}
            if order.on:
                said |= {"parts": tuple(restyled.parts), "missing": tuple(restyled.missing)}
        return said


def keep(target: str, content: bytes, *, overwrite: bool) -> None:
    """Write a result whole or not at all. One that is there already with the same bytes is kept: it is ours.

    So a photo that was finished by a worker that was killed before it could say so is not an error, and not
    written twice. Raises UserError for another file of that name unless `overwrite`.
    """
    from muslin.images.writing import write_bytes

    system, path = sources.file_system(target) if "://" in target else (None, target)
    if system is not None and system.type_name == "local":
        system = None
    if system is None:
        with_same_name = Path(path).read_bytes() if os.path.isfile(path) else None
        if with_same_name != content:
            with suppress(OSError):  # write_bytes says it in words
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content, overwrite=overwrite)
        return
    import pyarrow.fs

    if system.get_file_info(path).type != pyarrow.fs.FileType.NotFound:
        with system.open_input_file(path) as file:
            if file.read() == content:
                return
        if not overwrite:
            raise UserError(f"'{target}' exists already.", advice="Allow replacing it with --overwrite, or use -o.")
    with system.open_output_stream(path) as stream:  # an object appears when its upload is complete
        stream.write(content)


def _photo(task: Task, data: bytes) -> Any:
    from muslin.images import read_image

    if not data:
        raise UserError(f"'{task.place}' is empty (0 bytes).", exit_code=EXIT_DATA)
    try:
        return read_image(data)
    except UserError as error:
        error.problem = error.problem.replace("The image", f"'{task.place}'", 1)
        raise


def _encoded(restyled: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="muslin-") as folder:
        path = Path(folder) / "result.png"
        restyled.save(path)
        return path.read_bytes()


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()

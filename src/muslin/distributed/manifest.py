"""The manifest of a batch: one line of JSON for each photo, so that a batch that was killed goes on where it was."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from muslin.distributed.order import Record
from muslin.errors import UserError

FOLDER = ".muslin"


class Manifest:
    """Appends records, and knows what earlier runs of the same order have done. One process at a time.

    path: FOLDER/FINGERPRINT.jsonl. A line that was being written when its writer was killed is dropped; what it
    told is found out again (worker.keep).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[str, dict[str, str]] = {}  # shard ("" for single files) -> key -> the photo's state then
        self._counts: dict[str, Counter[str]] = {}  # shard -> state -> how many photos were done in it
        self._rows: dict[str, tuple[int, str]] = {}  # shard -> (how many photos it holds, its state)
        self._whole: dict[str, str] = {}  # shards that are done to the last photo -> their state
        self._file: Any = None

    def __enter__(self) -> Manifest:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")
        except OSError as error:
            raise UserError(
                f"The record of the batch '{self.path}' cannot be written.", received=error.strerror
            ) from error
        self._lock()
        for record in self._read():
            self._note(record)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, record: Record) -> None:
        """Append one line. It has left this process when this returns, so that only the computer's end loses it."""
        self._file.write(record.as_json().encode() + b"\n")
        self._file.flush()
        self._note(record)

    def is_done(self, key: str, state: str) -> bool:
        """Whether this photo, as it is now, was done."""
        return self._done.get("", {}).get(key) == state

    def forget(self, key: str) -> None:
        self._done.get("", {}).pop(key, None)

    def done_in(self, shard: str, state: str) -> tuple[str, ...] | None:
        """Keys done in a shard; None: all that it holds."""
        if self._whole.get(shard) == state:
            return None
        return tuple(key for key, was in self._done.get(shard, {}).items() if was == state)

    def _note(self, record: Record) -> None:
        done = self._done.setdefault(record.shard, {})
        counts = self._counts.setdefault(record.shard, Counter())
        if record.rows is not None:
            self._rows[record.shard] = (record.rows, record.state)
        else:
            if (before := done.pop(record.key, None)) is not None:
                counts[before] -= 1
            if record.error is None:
                done[record.key] = record.state
                counts[record.state] += 1
        rows, state = self._rows.get(record.shard, (-1, ""))
        if record.shard and rows >= 0 and counts[state] == rows:
            self._whole[record.shard] = state
            for kept in (self._done, self._counts, self._rows):  # a hundred million names would fill the memory
                del kept[record.shard]

    def _read(self) -> Iterator[Record]:
        self._file.seek(0)
        whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            with suppress(ValueError, TypeError, KeyError):
                yield Record.from_json(line.decode())
            whole += len(line)
        self._file.seek(whole)
        self._file.truncate()

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows, on which Ray has no clusters
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise UserError(
                "The same batch is running already.", received=str(self.path), advice="Wait for it, or stop it."
            ) from error


def leftovers(folder: str) -> list[Path]:
    """Half-written files that a killed worker left in a folder of results."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != FOLDER]
        found += [Path(place) / name for name in names if name.startswith(".muslin-") and name.endswith(".part")]
    return found

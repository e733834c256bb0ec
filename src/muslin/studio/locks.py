"""A lock that one process holds for as long as it lives, whatever ends it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any


class Busy(Exception):
    """Another process holds the lock; `text` is what it wrote into the file."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def acquire(path: Path, *, wait: bool, text: str = "") -> IO[Any]:
    """The open file that holds the lock: keep it. Raises Busy where another has it and `wait` is False."""
    file = open(path, "a+", encoding="utf-8")  # noqa: SIM115
    try:
        _lock(file, wait)
    except OSError:
        file.seek(0)
        busy = Busy(file.read().strip())
        file.close()
        raise busy from None
    file.truncate(0)
    file.write(text)
    file.flush()
    return file


def _lock(file: IO[Any], wait: bool) -> None:
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

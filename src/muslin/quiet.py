"""Silence for libraries in C, which talk on the screen whatever they are told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Send what C code writes to the error stream nowhere; one at a time, as all threads share the stream."""
    with _lock:
        try:
            kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        except OSError:  # there is no error stream to write to
            yield
            return
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)

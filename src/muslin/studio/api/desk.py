"""What every route needs: the studio, its workers, the news; and gates before the work done while someone waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request, UploadFile

from muslin.studio.errors import StudioError
from muslin.studio.service import Studio
from muslin.studio.supervisor import Supervisor

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class News:
    """Wakes everyone who listens for events, from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[asyncio.Event] = set()
        self.closing = False

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def announce(self) -> None:
        """Something changed in the database."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        self.closing = True
        self._wake()

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)


class Gate:
    """At most `most` inside or waiting; the next is told to come again. Work inside takes turns of `abreast`."""

    def __init__(self, most: int, abreast: int) -> None:
        self.most = most
        self._count, self._lock = 0, threading.Lock()
        self._turns = threading.Semaphore(abreast)

    def __enter__(self) -> None:
        with self._lock:
            if self._count >= self.most:
                raise StudioError(429, "The studio is busy.", advice="Ask again in a moment.", retry_after=1)
            self._count += 1
        self._turns.acquire()

    def __exit__(self, *_: object) -> None:
        self._turns.release()
        with self._lock:
            self._count -= 1


@dataclass(frozen=True)
class Desk:
    studio: Studio
    supervisor: Supervisor
    news: News
    previews: Gate
    uploads: Gate
    renderings: Gate

    @property
    def most_waiting(self) -> int:
        """Requests that hold a thread each, inside the gates or before them."""
        return self.previews.most + self.uploads.most + self.renderings.most


def make_desk(studio: Studio) -> Desk:
    news = News()
    limits = studio.limits
    return Desk(studio, Supervisor(studio, news.announce), news, Gate(limits.previews, 2), Gate(12, 2), Gate(24, 2))


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
Cursor = Annotated[str | None, Query(pattern=r"^s?[0-9]{1,18}$")]
Limit = Annotated[int, Query(ge=1, le=200)]


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem answers of a route, for its OpenAPI document."""
    common = (400, 401, 403, 405, 413, 422)
    words = {
        400: "Not a request", 401: "The token is missing", 403: "Another origin or host", 404: "Not found",
        405: "Another method", 409: "Conflict", 413: "Too large", 415: "Another media type", 422: "Refused",
        429: "Busy: come again after Retry-After seconds", 501: "Not installed", 503: "Not ready",
    }  # fmt: skip
    return {status: {"description": words[status], "content": PROBLEM} for status in sorted({*common, *statuses})}


def read_upload(file: UploadFile, most: int) -> bytes:
    """The bytes of an upload, not more than `most`. Raises StudioError (413)."""
    data = file.file.read(most + 1)
    if len(data) > most:
        raise StudioError(413, "The file is too large.", possible=f"at most {most / 1e6:.0f} MB")
    return data

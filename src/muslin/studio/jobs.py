"""The queue: jobs in the database, each in one of five states, each change a transaction.

    queued -> running -> done | failed | cancelled      running -> queued, when its worker or the server died

A worker owns the job it runs by its token. What it wants to write is refused once the job is no longer its own, so a
cancelled job gets no more results, and a job that was queued again is not written by two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muslin.errors import UserError
from muslin.studio import database
from muslin.studio.database import Database, Row, insert, new_id, now, revise, update
from muslin.studio.errors import StudioError, not_found, problem
from muslin.studio.service import Studio

if TYPE_CHECKING:
    import sqlite3

LANES = {"restyle": "work", "colourways": "work", "imagine": "work", "deliver": "work", "train": "train"}
MOST_CRASHES = 8  # of the worker in one job without a result in between; then the job is to blame
LOG_LINES = 40
HERE = "http://muslin.studio"  # stands for the studio's own address in a kept command: the port may be another tomorrow
SAMPLES = 48


class NoLongerOwn(Exception):
    """The job was cancelled or given to another worker: stop, and write nothing."""


def view(studio: Studio, row: Row, whole: bool = True) -> dict[str, Any]:
    """As the API answers it. whole: with `output`, which of a long batch is a megabyte."""
    ids = studio.database.all
    return {
        "id": row["id"],
        "kind": row["kind"],
        "project": row["project"],
        "state": row["state"],
        "progress": row["progress"],
        "note": row["note"],
        "created": row["created"],
        "started": row["started"],
        "ended": row["ended"],
        "request": json.loads(row["request"]),
        "problem": json.loads(row["problem"]) if row["problem"] else None,
        "command": row["command"].replace(f"curl {HERE}", studio.curl),
        "results": [r["id"] for r in ids("SELECT id FROM results WHERE job = ? ORDER BY number", row["id"])],
        "looks": [r["id"] for r in ids("SELECT id FROM looks WHERE job = ? ORDER BY seq", row["id"])],
        "files": [
            {"name": file["name"], "picture": studio.files.describe(file["sha256"])}
            for file in json.loads(row["files"])
        ],
        "resumable": bool(row["resumable"]) and row["state"] in ("failed", "cancelled"),
        "samples": [studio.files.describe(sha256) for sha256 in json.loads(row["samples"])],
        "log": json.loads(row["log"]),
        "output": json.loads(row["output"]) if whole and row["output"] else None,
        "revision": row["revision"],
    }


def get(studio: Studio, identity: str) -> Row:
    """Raises StudioError (404) where there is none."""
    row = studio.database.one("SELECT * FROM jobs WHERE id = ?", identity)
    if row is None:
        raise not_found("job", identity)
    return row


def listed(
    studio: Studio, project: str | None, state: str | None, cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    pairs = [("project = ?", project), ("state = ?", state)]
    where = [(condition, value) for condition, value in pairs if value is not None]
    return database.page_of(
        studio.database, "jobs", [condition for condition, _ in where], [value for _, value in where], cursor, limit
    )


# ------------------------------------------------------------------------------------------------- the server's side


def submit(studio: Studio, request: Mapping[str, Any], command: str, key: str | None) -> tuple[Row, bool]:
    """Put a job into the queue: (job, whether it is new). The same idempotency key gives the job made first.

    Raises StudioError: 409 for a key that came with another request, 429 where too many jobs wait.
    """
    lane = LANES[request["kind"]]
    with studio.database.writing() as connection:
        known = connection.execute("SELECT * FROM jobs WHERE idempotency_key = ?", (key,)).fetchone()
        if known is not None:
            return _same(known, request), False
        _refuse_when_full(studio, connection, lane)
        identity = new_id()
        insert(
            connection, "jobs", id=identity, kind=request["kind"], lane=lane, project=request["project"],
            state="queued", created=now(), request=dict(request), command=command, idempotency_key=key,
            fingerprint=_fingerprint(request), revision=revise(connection),
        )  # fmt: skip
    return get(studio, identity), True


def known(studio: Studio, request: Mapping[str, Any], key: str | None) -> Row | None:
    """The job that came with this idempotency key before; what would be refused by now was taken then.

    Raises StudioError (409) for a key that came with another request.
    """
    row = studio.database.one("SELECT * FROM jobs WHERE idempotency_key = ?", key)
    return None if row is None else _same(row, request)


def _same(row: Row, request: Mapping[str, Any]) -> Row:
    if row["fingerprint"] != _fingerprint(request):
        raise StudioError(
            409, "This Idempotency-Key came with another request before.", received=row["idempotency_key"]
        )
    return row


def _fingerprint(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _refuse_when_full(studio: Studio, connection: sqlite3.Connection, lane: str) -> None:
    waiting = connection.execute("SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND lane = ?", (lane,)).fetchone()[0]
    if waiting < studio.limits.queue:
        return
    mean = connection.execute(
        "SELECT AVG(ended - started) FROM (SELECT ended, started FROM jobs WHERE lane = ? AND state = 'done' "
        "ORDER BY seq DESC LIMIT 20)",
        (lane,),
    ).fetchone()[0]
    raise StudioError(
        429,
        "Too many jobs are waiting.",
        received=waiting,
        possible=f"at most {studio.limits.queue} in the queue",
        advice="Ask again when some are done.",
        retry_after=int(min(60, max(1, mean or 1))),
    )


def cancel(studio: Studio, identity: str) -> tuple[Row, bool]:
    """End a job that has not ended; what it made so far stays: (job, whether a worker was at it).

    Raises StudioError (409) for one that has ended.
    """
    with studio.database.writing() as connection:
        row = connection.execute("SELECT * FROM jobs WHERE id = ?", (identity,)).fetchone()
        if row is None:
            raise not_found("job", identity)
        if row["state"] not in ("queued", "running"):
            raise StudioError(409, "The job has ended already.", received=row["state"])
        _change(connection, identity, state="cancelled", ended=now(), worker=None, note="")
    return get(studio, identity), row["state"] == "running"


def resume(studio: Studio, identity: str) -> Row:
    """Queue a stopped training again; it goes on where its last saved state is."""
    with studio.database.writing() as connection:
        row = connection.execute("SELECT * FROM jobs WHERE id = ?", (identity,)).fetchone()
        if row is None:
            raise not_found("job", identity)
        if not row["resumable"] or row["state"] not in ("failed", "cancelled"):
            raise StudioError(409, "This job cannot be resumed.", possible="a training that was stopped or failed")
        _refuse_when_full(studio, connection, row["lane"])
        _change(connection, identity, state="queued", ended=None, problem=None, crashes=0)
    return get(studio, identity)


def requeue_orphans(studio: Studio) -> int:
    """At the start of a server nobody runs a job: what was running when the last server died is queued again."""
    with studio.database.writing() as connection:
        rows = connection.execute("SELECT id FROM jobs WHERE state = 'running'").fetchall()
        for row in rows:
            _change(connection, row["id"], state="queued", worker=None, note="")
    return len(rows)


def requeue_of(studio: Studio, worker: str) -> None:
    """A worker has died: its job is queued again, or, where it killed several workers, failed."""
    with studio.database.writing() as connection:
        rows = connection.execute("SELECT * FROM jobs WHERE state = 'running' AND worker = ?", (worker,)).fetchall()
        for row in rows:
            if row["crashes"] + 1 < MOST_CRASHES:
                _change(connection, row["id"], state="queued", worker=None, note="", crashes=row["crashes"] + 1)
                continue
            error = UserError(
                f"The work ended without a word {MOST_CRASHES} times.",
                advice="There may be too little memory for this picture: try a smaller one.",
            )
            _change(connection, row["id"], state="failed", worker=None, ended=now(), problem=problem(error))


def waiting(studio: Studio, lane: str) -> bool:
    return studio.database.value("SELECT 1 FROM jobs WHERE state = 'queued' AND lane = ?", lane) is not None


# ------------------------------------------------------------------------------------------------- the worker's side


@dataclass(frozen=True)
class Own:
    """A running job, for the worker that owns it. Each method raises NoLongerOwn once it does not.

    tell: called with "change" after each commit, so that the server hears of it.
    """

    database: Database
    identity: str
    worker: str
    request: Mapping[str, Any]
    tell: Callable[[str], object] = bool

    @contextmanager
    def writing(self, **columns: Any) -> Iterator[sqlite3.Connection]:
        """A transaction that changes these columns of the job, and whatever else is written in the block."""
        with self.database.writing() as connection:
            row = connection.execute("SELECT state, worker FROM jobs WHERE id = ?", (self.identity,)).fetchone()
            if row is None or row["state"] != "running" or row["worker"] != self.worker:
                raise NoLongerOwn
            yield connection
            if columns:
                _change(connection, self.identity, **columns)
        self.tell("change")

    def write(self, **columns: Any) -> None:
        with self.writing(**columns):
            pass

    def append(self, column: str, items: Sequence[str], most: int) -> None:
        """To the JSON list `column`, of which the last `most` items are kept."""
        with self.writing() as connection:
            row = connection.execute(f"SELECT {column} FROM jobs WHERE id = ?", (self.identity,)).fetchone()
            _change(connection, self.identity, **{column: [*json.loads(row[0]), *items][-most:]})

    def end(self, output: Mapping[str, Any] | None, **columns: Any) -> None:
        """Done."""
        self.write(state="done", progress=1.0, note="", ended=now(), worker=None, output=output, **columns)

    def fail(self, error: UserError, **columns: Any) -> None:
        document = problem(error, f"/v1/jobs/{self.identity}")
        self.write(state="failed", note="", ended=now(), worker=None, problem=document, **columns)


def claim(database: Database, lane: str, worker: str, tell: Callable[[str], object] = bool) -> Own | None:
    """The job that has waited longest in this lane, now running and owned by `worker`; None where none waits."""
    with database.writing() as connection:
        row = connection.execute(
            "SELECT * FROM jobs WHERE state = 'queued' AND lane = ? ORDER BY seq LIMIT 1", (lane,)
        ).fetchone()
        if row is None:
            return None
        _change(connection, row["id"], state="running", worker=worker, started=row["started"] or now())
    return Own(database, row["id"], worker, json.loads(row["request"]), tell)


def _change(connection: sqlite3.Connection, identity: str, **columns: Any) -> None:
    update(connection, "jobs", identity, **columns, revision=revise(connection))

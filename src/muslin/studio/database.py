"""The studio's memory: one SQLite file that server and workers share.

Write-ahead logging lets them read while one writes; what was committed survives the death of any process. Every change
that a page should hear of takes the next revision, one counter for all tables.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from muslin.errors import UserError

VERSION = 1
WAIT_MS = 15_000  # for another process to end its transaction; they last milliseconds

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
  sha256 TEXT PRIMARY KEY, media_type TEXT NOT NULL, bytes INTEGER NOT NULL, width INTEGER, height INTEGER,
  created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE projects (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created REAL NOT NULL, opened REAL NOT NULL
);
CREATE TABLE garments (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project TEXT, name TEXT NOT NULL, created REAL NOT NULL,
  photo TEXT NOT NULL, mask TEXT NOT NULL, mask_kind TEXT NOT NULL, mask_source TEXT NOT NULL,
  confidence REAL NOT NULL, share REAL NOT NULL, box TEXT NOT NULL, length_cm REAL NOT NULL, auto TEXT NOT NULL
);
CREATE INDEX garments_of ON garments (project, seq);
CREATE TABLE looks (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, sample INTEGER NOT NULL,
  created REAL NOT NULL, picture TEXT NOT NULL, repeat_cm REAL, parts TEXT NOT NULL, mix TEXT, palette TEXT NOT NULL,
  seam REAL NOT NULL, origin TEXT, job TEXT, revision INTEGER NOT NULL
);
CREATE INDEX looks_of ON looks (job);
CREATE INDEX looks_news ON looks (revision);
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, lane TEXT NOT NULL, project TEXT NOT NULL,
  state TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '', created REAL NOT NULL,
  started REAL, ended REAL, request TEXT NOT NULL, problem TEXT, command TEXT NOT NULL DEFAULT '', output TEXT,
  files TEXT NOT NULL DEFAULT '[]', samples TEXT NOT NULL DEFAULT '[]', log TEXT NOT NULL DEFAULT '[]',
  worker TEXT, crashes INTEGER NOT NULL DEFAULT 0, resumable INTEGER NOT NULL DEFAULT 0,
  idempotency_key TEXT UNIQUE, fingerprint TEXT, revision INTEGER NOT NULL
);
CREATE INDEX jobs_waiting ON jobs (state, lane, seq);
CREATE INDEX jobs_of ON jobs (project, seq);
CREATE INDEX jobs_news ON jobs (revision);
CREATE TABLE results (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL, job TEXT NOT NULL, garment TEXT NOT NULL,
  looks TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, created REAL NOT NULL, picture TEXT NOT NULL,
  controls TEXT NOT NULL, print_cm REAL, seed INTEGER NOT NULL, starred INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '', mask TEXT NOT NULL, command TEXT NOT NULL,
  settings TEXT NOT NULL, record TEXT NOT NULL, revision INTEGER NOT NULL, UNIQUE (job, number)
);
CREATE INDEX results_of ON results (project, seq);
CREATE INDEX results_news ON results (revision);
CREATE TABLE sets (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created REAL NOT NULL, findings TEXT NOT NULL
);
CREATE TABLE set_pictures (
  place INTEGER PRIMARY KEY, owner TEXT NOT NULL, sha256 TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (owner, sha256)
);
INSERT INTO meta VALUES ('revision', '0');
"""

Row = sqlite3.Row


class Database:
    """Connections to one file, one a thread, closed when the thread has ended. Rows come as sqlite3.Row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._opening = threading.Lock()
        with self.writing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise UserError(
                    f"'{path}' was written by another version of the studio.",
                    received=version,
                    possible=VERSION,
                    advice="Name another folder with --data, or install the newer muslin.",
                )
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            found.row_factory = sqlite3.Row
            found.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = found
            self._keep(found)
        return found

    def _keep(self, connection: sqlite3.Connection) -> None:
        """Remember it for `close`, and close those of threads that have ended: a server's threads come and go."""
        with self._opening:
            ended = [old for thread, old in self._open if not thread.is_alive()]
            self._open = [(thread, old) for thread, old in self._open if thread.is_alive()]
            self._open.append((threading.current_thread(), connection))
        for old in ended:
            old.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is committed, or, where an exception leaves the block, nothing."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def all(self, query: str, *values: Any) -> list[Row]:
        return self.connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Row | None:
        row: Row | None = self.connection.execute(query, values).fetchone()
        return row

    def value(self, query: str, *values: Any) -> Any:
        row = self.one(query, *values)
        return None if row is None else row[0]

    def close(self) -> None:
        with self._opening:
            for _, connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()


def revise(connection: sqlite3.Connection) -> int:
    """The next revision; call it inside `writing`, where nobody else can."""
    row = connection.execute(
        "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'revision' RETURNING CAST(value AS INTEGER)"
    ).fetchone()
    return int(row[0])


def revision(database: Database) -> int:
    """The last one taken: a place in the log of changes."""
    return int(database.value("SELECT value FROM meta WHERE key = 'revision'"))


def insert(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    """One row; lists and dicts become JSON. Table and column names are the caller's own, never a user's."""
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [_stored(value) for value in values.values()])


def update(connection: sqlite3.Connection, table: str, identity: str, **values: Any) -> None:
    """Columns of the row with this id."""
    names = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE {table} SET {names} WHERE id = ?", [*map(_stored, values.values()), identity])


def _stored(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=True)
    return value


def new_id() -> str:
    """16 hexadecimal digits nobody has had before."""
    return secrets.token_hex(8)


def now() -> float:
    return round(time.time(), 3)


def page_of(
    database: Database, table: str, where: Sequence[str], values: Sequence[Any], cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """At most `limit` rows, newest first, and the cursor of the next page (None at the end)."""
    conditions = list(where)
    if cursor is not None:
        conditions.append("seq < ?")
        values = [*values, int(cursor)]
    condition = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = database.all(f"SELECT * FROM {table} {condition} ORDER BY seq DESC LIMIT ?", *values, limit + 1)
    return rows[:limit], str(rows[limit - 1]["seq"]) if len(rows) > limit else None

"""Projects: what belongs together. There is always one."""

from __future__ import annotations

from typing import Any

from muslin.studio import database
from muslin.studio.database import Row, insert, new_id, now, update
from muslin.studio.errors import not_found
from muslin.studio.service import Studio
from muslin.studio.uploads import clean

FIRST_NAME = "My project"


def view(studio: Studio, row: Row) -> dict[str, Any]:
    """As the API answers it."""
    count = studio.database.value
    return {
        "id": row["id"],
        "name": row["name"],
        "created": row["created"],
        "opened": row["opened"],
        "garments": count("SELECT COUNT(*) FROM garments WHERE project = ?", row["id"]),
        "results": count("SELECT COUNT(*) FROM results WHERE project = ?", row["id"]),
    }


def get(studio: Studio, identity: str) -> Row:
    """Raises StudioError (404) where there is none."""
    row = studio.database.one("SELECT * FROM projects WHERE id = ?", identity)
    if row is None:
        raise not_found("project", identity)
    return row


def create(studio: Studio, name: str) -> Row:
    identity = new_id()
    with studio.database.writing() as connection:
        insert(connection, "projects", id=identity, name=clean(name) or FIRST_NAME, created=now(), opened=now())
    return get(studio, identity)


def change(studio: Studio, identity: str, name: str | None, opened: bool | None) -> Row:
    get(studio, identity)
    changes: dict[str, Any] = {}
    if name is not None and clean(name):
        changes["name"] = clean(name)
    if opened:
        changes["opened"] = now()
    if changes:
        with studio.database.writing() as connection:
            update(connection, "projects", identity, **changes)
    return get(studio, identity)


def current(studio: Studio) -> Row:
    """The project opened last; the first one is made here."""
    row = studio.database.one("SELECT * FROM projects ORDER BY opened DESC, seq DESC LIMIT 1")
    return row if row is not None else create(studio, FIRST_NAME)


def delete(studio: Studio, identity: str) -> None:
    """With its garments, results and jobs. Files go later, when nothing refers to them."""
    get(studio, identity)
    with studio.database.writing() as connection:
        for table in ("garments", "results", "jobs"):
            connection.execute(f"DELETE FROM {table} WHERE project = ?", (identity,))
        connection.execute("DELETE FROM projects WHERE id = ?", (identity,))
    current(studio)


def listed(studio: Studio, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    return database.page_of(studio.database, "projects", [], [], cursor, limit)

"""Results: restyled pictures with everything it took to make them; starred, rejected, compared, never lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from muslin.studio import database
from muslin.studio.database import Row, insert, new_id, now, revise, update
from muslin.studio.errors import not_found
from muslin.studio.service import Studio

if TYPE_CHECKING:
    import sqlite3

COMPARED_SIDE = 256  # px at which the difference of two results is measured


def view(studio: Studio, row: Row) -> dict[str, Any]:
    """As the API answers it."""
    return {
        "id": row["id"],
        "project": row["project"],
        "job": row["job"],
        "garment": row["garment"],
        "looks": json.loads(row["looks"]),
        "number": row["number"],
        "name": row["name"],
        "created": row["created"],
        "picture": studio.files.describe(row["picture"]),
        "controls": controls_of(row),
        "print_cm": row["print_cm"],
        "seed": row["seed"],
        "starred": bool(row["starred"]),
        "rejected": bool(row["rejected"]),
        "note": row["note"],
        "mask": row["mask"],
        "command": row["command"],
        "settings": json.loads(row["settings"]),
        "revision": row["revision"],
    }


def controls_of(row: Row) -> dict[str, Any]:
    """Of results that are older than cloth by part, too."""
    return {"on": {}, **json.loads(row["controls"])}


def get(studio: Studio, identity: str) -> Row:
    """Raises StudioError (404) where there is none."""
    row = studio.database.one("SELECT * FROM results WHERE id = ?", identity)
    if row is None:
        raise not_found("result", identity)
    return row


def insert_result(connection: sqlite3.Connection, **columns: Any) -> str:
    """The row, inside a transaction; returns its id."""
    identity = new_id()
    insert(connection, "results", id=identity, created=now(), revision=revise(connection), **columns)
    return identity


def change(studio: Studio, identity: str, changes: Mapping[str, Any]) -> Row:
    """changes: starred, rejected, note. A star takes the rejection away, and the reverse."""
    get(studio, identity)
    columns = {name: value for name, value in changes.items() if value is not None}
    if columns.get("starred"):
        columns["rejected"] = False
    elif columns.get("rejected"):
        columns["starred"] = False
    if columns:
        with studio.database.writing() as connection:
            update(connection, "results", identity, **columns, revision=revise(connection))
    return get(studio, identity)


def delete(studio: Studio, identity: str) -> None:
    get(studio, identity)
    with studio.database.writing() as connection:
        connection.execute("DELETE FROM results WHERE id = ?", (identity,))


def listed(studio: Studio, wanted: Mapping[str, Any], cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    """wanted: values of the columns project, garment, job, starred, rejected; None is any."""
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = [f"{name} = ?" for name in given]
    return database.page_of(studio.database, "results", conditions, list(given.values()), cursor, limit)


def compare(studio: Studio, first: Row, second: Row) -> dict[str, Any]:
    """What differs between two results, in controls and in colour."""
    one, other = controls_of(first), controls_of(second)
    same_garment = first["garment"] == second["garment"]
    return {
        "same": {"garment": same_garment, "looks": json.loads(first["looks"]) == json.loads(second["looks"])},
        "controls": [
            {"name": name, "first": one.get(name), "second": other.get(name)}
            for name in one
            if one.get(name) != other.get(name)
        ],
        "difference": _difference(studio, first, second) if same_garment else None,
    }


def _difference(studio: Studio, first: Row, second: Row) -> float | None:
    """Mean CIEDE2000 where either garment is; None for pictures of different sizes."""
    from muslin.images import at_most
    from muslin.textiles.palette import delta_e

    pictures = [at_most(studio.engine.photo(row["picture"]).pixels, COMPARED_SIDE) for row in (first, second)]
    masks = [at_most(studio.engine.photo(row["mask"]).pixels, COMPARED_SIDE)[..., 0] > 127 for row in (first, second)]
    if pictures[0].shape != pictures[1].shape or masks[0].shape != masks[1].shape:
        return None
    inside = masks[0] | masks[1]
    return round(float(delta_e(*pictures)[inside].mean()), 2) if inside.any() else 0.0

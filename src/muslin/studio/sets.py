"""Sets of pictures to train on, looked through before any time is spent on them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from muslin.errors import EXIT_USAGE, UserError
from muslin.studio import database
from muslin.studio.database import Row, insert, new_id, now, update
from muslin.studio.errors import StudioError, not_found
from muslin.studio.service import Studio
from muslin.studio.uploads import clean, name_from, picture


def view(studio: Studio, row: Row) -> dict[str, Any]:
    """As the API answers it."""
    findings = json.loads(row["findings"])
    return {
        "id": row["id"],
        "name": row["name"],
        "created": row["created"],
        "pictures": [studio.files.describe(sha256) for sha256 in pictures_of(studio, row["id"])],
        "ready": all(finding["level"] != "unusable" for finding in findings),
        "check": findings,
    }


def get(studio: Studio, identity: str) -> Row:
    """Raises StudioError (404) where there is none."""
    row = studio.database.one("SELECT * FROM sets WHERE id = ?", identity)
    if row is None:
        raise not_found("set", identity)
    return row


def pictures_of(studio: Studio, identity: str) -> list[str]:
    """SHA-256 of each picture, in the order of their coming."""
    rows = studio.database.all("SELECT sha256 FROM set_pictures WHERE owner = ? ORDER BY place", identity)
    return [row["sha256"] for row in rows]


def create(studio: Studio, name: str) -> Row:
    identity = new_id()
    with studio.database.writing() as connection:
        insert(connection, "sets", id=identity, name=clean(name) or "Pictures", created=now(), findings=[])
    return get(studio, identity)


class Full(UserError):
    """The set has all the pictures that it may have."""


def add(studio: Studio, identity: str, files: Iterable[tuple[bytes, str | None]]) -> Row:
    """Pictures as (bytes, file name); the same one twice is kept once. What fits stays, and what is no picture or does
    not fit becomes a finding.

    Raises UserError where none of them is a picture, or none fits.
    """
    get(studio, identity)
    refused: list[dict[str, Any]] = []
    known: list[str] = []
    errors: list[UserError] = []
    kept, rest = 0, iter(files)
    for data, file_name in rest:
        name = name_from(None, file_name, "picture")
        try:
            _, sha256 = picture(studio, data)
            if _enter(studio, identity, sha256, name):
                kept += 1
            else:
                known.append(name)
        except Full as error:
            errors.append(error)
            words = f"The set is full: {1 + sum(1 for _ in rest)} of these pictures were left out."
            advice = f"A set has {error.possible} pictures: remove some first."
            refused.append(_finding("warning", "full", words, advice))
        except UserError as error:
            errors.append(error)
            advice = error.advice or "It was left out."
            refused.append(_finding("warning", "unreadable", f"'{name}': {error.problem}", advice))
    if errors and not kept and not known:
        raise errors[0]
    if known:
        words = f"'{known[0]}' was in the set already." if len(known) == 1 else (
            f"'{known[0]}' and {len(known) - 1} more were in the set already.")  # fmt: skip
        refused.append(_finding("note", "known", words, "Each picture counts once."))
    return _checked(studio, identity, refused)


def _enter(studio: Studio, identity: str, sha256: str, name: str) -> bool:
    """Whether the set did not have the picture yet. Raises Full, and leaves the set as it is, where it has no room."""
    most = studio.limits.set_pictures[1]
    with studio.database.writing() as connection:
        new = connection.execute(
            "INSERT INTO set_pictures (owner, sha256, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (identity, sha256, name),
        )
        of_set = "SELECT COUNT(*) FROM set_pictures WHERE owner = ?"
        count = connection.execute(of_set, (identity,)).fetchone()[0]
        if count > most:
            raise Full("The set would hold too many pictures.", received=count, possible=f"at most {most}",
                       exit_code=EXIT_USAGE)  # fmt: skip
    return new.rowcount > 0


def remove(studio: Studio, identity: str, sha256: str) -> Row:
    """Raises StudioError (404) for a picture that is not in the set."""
    get(studio, identity)
    with studio.database.writing() as connection:
        gone = connection.execute("DELETE FROM set_pictures WHERE owner = ? AND sha256 = ?", (identity, sha256))
        if gone.rowcount == 0:
            raise StudioError(404, "There is no such picture in the set.", received=sha256[:80])
    return _checked(studio, identity, [])


def delete(studio: Studio, identity: str) -> None:
    get(studio, identity)
    with studio.database.writing() as connection:
        connection.execute("DELETE FROM set_pictures WHERE owner = ?", (identity,))
        connection.execute("DELETE FROM sets WHERE id = ?", (identity,))


def listed(studio: Studio, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    return database.page_of(studio.database, "sets", [], [], cursor, limit)


def materialise(studio: Studio, identity: str, folder: Path) -> list[str]:
    """The pictures of a set as files of a folder, named by place; returns their SHA-256 in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    order = pictures_of(studio, identity)
    for place, sha256 in enumerate(order, start=1):
        kept = studio.files.path(sha256)
        target = folder / f"{place:03d}{kept.suffix}"
        if not target.exists():
            try:
                os.link(kept, target)
            except OSError:  # another disk, or a file system without hard links
                shutil.copyfile(kept, target)
    return order


def _checked(studio: Studio, identity: str, refused: Sequence[dict[str, Any]]) -> Row:
    """Look the set through and keep what was found, the worst first."""
    from muslin.data.check import LEVELS

    findings = [*refused, *_findings(studio, identity)]
    findings.sort(key=lambda finding: LEVELS.index(finding["level"]))
    with studio.database.writing() as connection:
        update(connection, "sets", identity, findings=findings)
    return get(studio, identity)


def _findings(studio: Studio, identity: str) -> list[dict[str, Any]]:
    from muslin.data.check import check

    least = studio.limits.set_pictures[0]
    count = len(pictures_of(studio, identity))
    few = [
        _finding("unusable", "amount", f"A look is learned from at least {least} pictures; here are {count}.",
                 f"Add {least - count} more.")
    ] if count < least else []  # fmt: skip
    if count == 0:
        return few
    with tempfile.TemporaryDirectory(dir=studio.data, prefix=".set-") as folder:
        order = materialise(studio, identity, Path(folder))
        names = {f"{place:03d}": sha256 for place, sha256 in enumerate(order, start=1)}
        report = check(folder)
    found = []
    for finding in report.findings:
        files = [*finding.files, *(file for group in finding.groups for file in group)]
        hashes = [names[Path(file).stem] for file in dict.fromkeys(files) if Path(file).stem in names]
        found.append(_finding(finding.level, finding.kind, finding.text, finding.advice, hashes))
    return [*few, *found]


def _finding(level: str, kind: str, text: str, advice: str, hashes: Sequence[str] = ()) -> dict[str, Any]:
    return {"level": level, "kind": kind, "problem": text, "advice": advice, "pictures": list(hashes)}

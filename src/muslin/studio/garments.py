"""Garments of the studio: a photo, where the garment is in it, and how long it is in reality."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from muslin.errors import UserError
from muslin.studio import database, projects
from muslin.studio.database import Row, insert, new_id, now, update
from muslin.studio.errors import StudioError, not_found
from muslin.studio.service import Studio
from muslin.studio.uploads import clean, picture

if TYPE_CHECKING:
    import numpy as np

LENGTH_CM = 70.0  # of a garment nobody has measured
BEFORE_ALL = 10**18 - 1  # the place before the newest row, in as many digits as api.desk.Cursor takes


def view(studio: Studio, row: Row) -> dict[str, Any]:
    """As the API answers it."""
    left, top, right, bottom = box = json.loads(row["box"])
    return {
        "id": row["id"],
        "project": row["project"],
        "sample": row["project"] is None,
        "name": row["name"],
        "created": row["created"],
        "photo": studio.files.describe(row["photo"]),
        "mask": {
            "picture": studio.files.describe(row["mask"]),
            "kind": row["mask_kind"],
            "source": row["mask_source"],
            "confidence": row["confidence"],
            "share": row["share"],
        },
        "box": box,
        "length_cm": row["length_cm"],
        "cm_per_pixel": row["length_cm"] / max(1, right - left, bottom - top),
    }


def get(studio: Studio, identity: str) -> Row:
    """Raises StudioError (404) where there is none."""
    row = studio.database.one("SELECT * FROM garments WHERE id = ?", identity)
    if row is None:
        raise not_found("garment", identity)
    return row


def add(
    studio: Studio, data: bytes, project: str | None, name: str, length_cm: float = LENGTH_CM, mask: bytes | None = None
) -> Row:
    """Keep a photo and find its garment. project: None for a sample. mask: PNG bytes that are known to be right.

    Raises UserError for bytes that are no picture, StudioError (404) for an unknown project.
    """
    if project is not None:
        projects.get(studio, project)
    photo, sha256 = picture(studio, data)
    if mask is None:
        grey, kind, source, sure = studio.engine.look_at(photo)
    else:
        grey, kind, source, sure = _grey(mask, photo.pixels.shape[:2]), "auto", "file", 1.0
    found = {**_measured(studio, grey), "mask_kind": kind, "mask_source": source, "confidence": sure}
    identity = new_id()
    with studio.database.writing() as connection:
        insert(
            connection, "garments", id=identity, project=project, name=clean(name) or "Garment", created=now(),
            photo=sha256, length_cm=length_cm, auto=json.dumps(found), **found,
        )  # fmt: skip
    return get(studio, identity)


def _measured(studio: Studio, grey: np.ndarray) -> dict[str, Any]:
    """Columns of a mask (uint8 HxW): its file, share and box."""
    from muslin.garments.framing import garment_box
    from muslin.images import encode_image

    height, width = grey.shape
    return {
        "mask": studio.files.add(encode_image(grey, "PNG"), "image/png", width, height),
        "share": round(float(grey.mean()) / 255, 4),
        "box": json.dumps(garment_box(grey)),
    }


def _grey(data: bytes, size: tuple[int, ...]) -> np.ndarray:
    """A mask file as uint8 HxW of the photo's size. Raises UserError for another shape or an empty one."""
    import numpy as np

    from muslin.garments import masks
    from muslin.images import read_image

    file = read_image(data)
    drawn = file.alpha if file.alpha is not None and file.alpha.min() < 255 else file.pixels
    return np.round(masks.given(drawn, size[0], size[1]).alpha * 255).astype(np.uint8)


def set_mask(studio: Studio, identity: str, data: bytes) -> Row:
    """A mask that was brushed or loaded. Raises UserError for another shape, an empty one, or no picture."""
    row = get(studio, identity)
    photo = studio.files.entry(row["photo"])
    grey = _grey(data, (photo["height"], photo["width"]))
    found = {**_measured(studio, grey), "mask_kind": "edited", "mask_source": "file", "confidence": 1.0}
    with studio.database.writing() as connection:
        update(connection, "garments", identity, **found)
    return get(studio, identity)


def take_part(studio: Studio, identity: str, part: str) -> Row:
    """The upper or the lower part of what somebody in the photo wears. Raises UserError where nobody is seen to."""
    row = get(studio, identity)
    grey = studio.engine.part_of(studio.engine.photo(row["photo"]), part)
    found = {**_measured(studio, grey), "mask_kind": "edited", "mask_source": "network", "confidence": 1.0}
    with studio.database.writing() as connection:
        update(connection, "garments", identity, **found)
    return get(studio, identity)


def reset_mask(studio: Studio, identity: str) -> Row:
    """Back to what was found automatically."""
    row = get(studio, identity)
    with studio.database.writing() as connection:
        update(connection, "garments", identity, **json.loads(row["auto"]))
    return get(studio, identity)


def copy_mask(studio: Studio, identity: str, to: Sequence[str]) -> dict[str, Any]:
    """The same mask for other photos of the same shape (a set photographed alike)."""
    data = studio.files.path(get(studio, identity)["mask"]).read_bytes()
    done, failed = [], []
    for other in to:
        try:
            set_mask(studio, other, data)
            done.append(other)
        except UserError as error:
            failed.append({"garment": other, "problem": error.problem})
    return {"done": done, "failed": failed}


def change(studio: Studio, identity: str, name: str | None, length_cm: float | None) -> Row:
    get(studio, identity)
    changes: dict[str, Any] = {}
    if name is not None and clean(name):
        changes["name"] = clean(name)
    if length_cm is not None:
        changes["length_cm"] = float(length_cm)
    if changes:
        with studio.database.writing() as connection:
            update(connection, "garments", identity, **changes)
    return get(studio, identity)


def delete(studio: Studio, identity: str) -> None:
    """Results made of it stay. Raises StudioError (409) for a sample."""
    if get(studio, identity)["project"] is None:
        raise StudioError(409, "A sample garment cannot be deleted.")
    with studio.database.writing() as connection:
        connection.execute("DELETE FROM garments WHERE id = ?", (identity,))


def listed(studio: Studio, project: str | None, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    """The project's own, then the samples; with no project, all. The cursor 's...' pages through the samples."""
    if project is None:
        return database.page_of(studio.database, "garments", [], [], cursor and cursor.lstrip("s"), limit)
    rows: list[Row] = []
    if cursor is None or not cursor.startswith("s"):
        rows, after = database.page_of(studio.database, "garments", ["project = ?"], [project], cursor, limit)
        if after is not None:
            return rows, after
        cursor = None
    cursor = cursor[1:] if cursor else None
    if limit == len(rows):
        return rows, f"s{BEFORE_ALL}"
    samples, after = database.page_of(studio.database, "garments", ["project IS NULL"], [], cursor, limit - len(rows))
    return [*rows, *samples], None if after is None else f"s{after}"

"""Looks of the studio: what a garment is dressed in. One swatch, or a mix of two to four."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from muslin.studio import database, learned
from muslin.studio.database import Row, insert, new_id, now, revise, update
from muslin.studio.errors import StudioError, not_found
from muslin.studio.garments import LENGTH_CM
from muslin.studio.service import Studio
from muslin.studio.uploads import clean, picture

if TYPE_CHECKING:
    import sqlite3

    import numpy as np

LONGEST_SIDE = 1600  # px of a kept swatch: a print spans a third of a garment, and no garment 5,000 px
COLOURS = 5
MEASURED_SIDE = 512  # px at which a swatch's palette and seam are measured
MIX_TILE = 384  # px, side of the picture of a mix


def view(studio: Studio, row: Row) -> dict[str, Any]:
    """As the API answers it."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": row["name"],
        "sample": bool(row["sample"]),
        "created": row["created"],
        "picture": studio.files.describe(row["picture"]),
        "repeat_cm": row["repeat_cm"],
        "parts": json.loads(row["parts"]),
        "mix": row["mix"],
        "palette": json.loads(row["palette"]),
        "seam": row["seam"],
        "origin": json.loads(row["origin"]) if row["origin"] else None,
        "revision": row["revision"],
    }


def get(studio: Studio, identity: str) -> Row:
    """Raises StudioError (404) where there is none."""
    row = studio.database.one("SELECT * FROM looks WHERE id = ?", identity)
    if row is None:
        raise not_found("look", identity)
    return row


def add(studio: Studio, data: bytes, name: str, shows: str = "cloth", **more: Any) -> Row:
    """Keep a swatch. more: kind, sample, repeat_cm, origin, job. Raises UserError for bytes that are no picture.

    shows: "cloth", "garment" (its cloth is cut out and kept), or "auto".
    """
    from muslin.images import at_most, encode_image, off_white
    from muslin.restyle.styles import trimmed

    given, sha256 = picture(studio, data)
    photo, alpha = trimmed(given, shows), None
    swatch, span = (photo.pixels, 0.0) if shows == "cloth" else studio.engine.cloth(photo, shows)
    if swatch is given.pixels and given.alpha is not None:  # a placement print is transparent around
        alpha = at_most(given.alpha, LONGEST_SIDE)
    if swatch is not given.pixels or max(swatch.shape[:2]) > LONGEST_SIDE:
        if swatch is not photo.pixels:
            more["origin"] = {"cut": True, "picture": sha256}
            own = LENGTH_CM * span * swatch.shape[1] / max(swatch.shape[:2])  # as wide as it was in the picture
            more["repeat_cm"] = more.get("repeat_cm") or round(own, 1)
        swatch = at_most(swatch, LONGEST_SIDE)
        data = encode_image(off_white(swatch, alpha), "PNG", alpha=alpha)
        sha256 = studio.files.add(data, "image/png", swatch.shape[1], swatch.shape[0])
    return keep(studio, swatch, sha256, name, alpha, **more)


def keep(
    studio: Studio, pixels: np.ndarray, sha256: str, name: str, alpha: np.ndarray | None = None, **more: Any
) -> Row:
    """A look of a picture that is kept already; pixels: its content, uint8 hxwx3; alpha: uint8 hxw."""
    with studio.database.writing() as connection:
        identity = insert_look(connection, sha256, name, **measured(pixels, alpha), **more)
    return get(studio, identity)


def measured(pixels: np.ndarray, alpha: np.ndarray | None = None) -> dict[str, Any]:
    """Palette and visibility of the seam; uint8 hxwx3. alpha: uint8 hxw; None: all of it shows."""
    from muslin.images import at_most
    from muslin.studio.colours import inks, stable_palette
    from muslin.textiles.seamless import seam_score

    small = at_most(pixels, MEASURED_SIDE)
    colours, shown = (small, None) if alpha is None else inks(pixels, alpha, MEASURED_SIDE)
    return {"palette": stable_palette(colours, shown, COLOURS).names(), "seam": round(float(seam_score(small)), 3)}


def insert_look(connection: sqlite3.Connection, sha256: str, name: str, **more: Any) -> str:
    """The row, inside a transaction; returns its id."""
    identity = new_id()
    columns = {"kind": "swatch", "sample": 0, "repeat_cm": None, "parts": [], "mix": None, "origin": None, "job": None}
    insert(
        connection, "looks", id=identity, name=clean(name) or "Look", created=now(), picture=sha256,
        revision=revise(connection), **{**columns, **more},
    )  # fmt: skip
    return identity


def flattened(studio: Studio, asked: Sequence[Mapping[str, Any]], cloth: bool = True) -> list[tuple[Row, float]]:
    """Swatches and weights of [{"look", "weight"}], mixes taken apart, each swatch once.

    Raises StudioError (404) for a look that is not there; UserError where only `cloth` is of use and a look is none.
    """
    weights: dict[str, float] = {}
    for item in asked:
        row = get(studio, item["look"])
        parts = json.loads(row["parts"]) or [{"look": row["id"], "weight": 1.0}]
        total = sum(part["weight"] for part in parts)
        for part in parts:
            weights[part["look"]] = weights.get(part["look"], 0.0) + item["weight"] * part["weight"] / total
    found = [(get(studio, identity), weight) for identity, weight in weights.items()]
    if cloth:
        learned.refuse([row for row, _ in found])
    return found


def mix(studio: Studio, name: str, parts: Sequence[Mapping[str, Any]], how: str) -> Row:
    """A named mix of looks. Mixes among the parts are taken apart. Raises StudioError (404) for an unknown look."""
    from muslin.images import encode_image
    from muslin.studio.colours import at_one_size

    flat = flattened(studio, parts)
    made = [studio.engine.swatch(row["picture"]) for row, _ in flat]
    tile = at_one_size(made, [weight for _, weight in flat], MIX_TILE, MIX_TILE)
    sha256 = studio.files.add(encode_image(tile, "PNG"), "image/png", MIX_TILE, MIX_TILE)
    total = sum(weight for _, weight in flat)
    kept = [{"look": row["id"], "weight": round(weight / total, 6)} for row, weight in flat]
    return keep(studio, tile, sha256, name, kind="mix", parts=kept, mix=how)


def change(studio: Studio, identity: str, changes: Mapping[str, Any]) -> Row:
    """changes: name, repeat_cm (None forgets it)."""
    get(studio, identity)
    columns = {name: changes[name] for name in ("name", "repeat_cm") if name in changes}
    if "name" in columns and not clean(columns["name"] or ""):
        del columns["name"]
    elif "name" in columns:
        columns["name"] = clean(columns["name"])
    if columns:
        with studio.database.writing() as connection:
            update(connection, "looks", identity, **columns, revision=revise(connection))
    return get(studio, identity)


def delete(studio: Studio, identity: str) -> None:
    """Raises StudioError (409) for a sample, and for a part of a mix."""
    row = get(studio, identity)
    if row["sample"]:
        raise StudioError(409, "A sample look cannot be deleted.")
    if learned.is_learned(row):
        name = learned.origin(row)["model"]
        raise StudioError(409, "This look belongs to a model.", advice=f"Remove the model '{name}' itself.")
    for row in studio.database.all("SELECT name, parts FROM looks WHERE kind = 'mix'"):
        if any(part["look"] == identity for part in json.loads(row["parts"])):
            raise StudioError(409, f"The look is part of the mix '{row['name']}'.", advice="Delete the mix first.")
    with studio.database.writing() as connection:
        connection.execute("DELETE FROM looks WHERE id = ?", (identity,))


def listed(studio: Studio, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    """Newest first; the samples were made first, so they come last."""
    return database.page_of(studio.database, "looks", [learned.LISTED], [], cursor, limit)

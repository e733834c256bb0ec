"""Looks that models have learned to paint (cut, cyclegan, pix2pix, stargan_v2), beside the cloths of the studio."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError
from muslin.studio.database import Row, revise, update
from muslin.studio.service import Studio

if TYPE_CHECKING:
    import numpy as np

    from muslin.store import Model

KIND = "learned"
LISTED = "COALESCE(json_extract(origin, '$.gone'), 0) = 0"  # SQL: looks whose model is still installed
SHOWN = 384  # px of the garment that shows what the look does
DRAWING = 640  # px, longer side of a drawing that shows it
_turn = threading.Lock()
_broken: set[str] = set()  # SHA-256 of networks that could not be run: not tried again and again


def is_learned(row: Row) -> bool:
    return str(row["kind"]) == KIND


def origin(row: Row | Mapping[str, Any]) -> dict[str, Any]:
    """{"model", "look" (None: the model knows one), "recipe", "sha256", "drawing"} of a learned look."""
    return dict(json.loads(row["origin"]))


def painted(rows: Sequence[Row]) -> bool:
    """Whether these looks together are painted by one model. False: they are cloths to lay.

    Raises UserError for what does not go together: a learned look and a cloth, two models, two looks of a model that
    cannot mix them.
    """
    if not any(map(is_learned, rows)):
        return False
    found = [origin(row) if is_learned(row) else {} for row in rows]
    mixes = len(rows) == 1 or (found[0].get("recipe") == "stargan_v2")
    if not mixes or len({entry.get("model") for entry in found}) != 1:
        raise UserError(
            "A look that a model paints does not mix with these.",
            received=" + ".join(row["name"] for row in rows),
            possible="looks of one stargan_v2 model, or one look alone",
            advice="Choose it alone.",
            exit_code=EXIT_USAGE,
        )
    return True


def refuse(rows: Sequence[Row]) -> None:
    """Raises UserError for looks that are no cloth: they cannot be tiled, recoloured or printed over another."""
    for row in filter(is_learned, rows):
        raise UserError(
            f"'{row['name']}' is painted by a model; there is no cloth of it.",
            advice="Use it on a garment.",
            exit_code=EXIT_USAGE,
        )


# ------------------------------------------------------------------------------------ what is installed, as rows


def installed() -> Iterator[dict[str, Any]]:
    """The looks of all installed models that paint, as `origin` has them."""
    from muslin import store
    from muslin.restyle.opening import PAINTERS

    for model in store.models():
        if model.role in PAINTERS and model.sha256 not in _broken:
            common = {"model": model.name, "recipe": model.role, "sha256": model.sha256,
                      "drawing": bool(model.card.get("drawing"))}  # fmt: skip
            yield from ({**common, "look": look} for look in _looks_of(model))


def _looks_of(model: Model) -> list[str | None]:
    if model.recipe == "stargan_v2":
        return [str(name) for name in model.card.get("looks") or []]
    if model.card.get("drawing"):
        return [None]
    from muslin.restyle.translate import looks_of

    known = list(looks_of(model))
    return [*known] if len(known) > 1 else [None]


def _key(entry: dict[str, Any]) -> tuple[Any, Any]:
    return entry["model"], entry["look"]


def stale(studio: Studio) -> bool:
    """Whether models came, went or changed since the rows were made."""
    have = {_key(entry): entry for entry in map(origin, _rows(studio))}
    there = {_key(entry): entry["sha256"] for entry in installed()}
    return there != {key: entry["sha256"] for key, entry in have.items() if not entry.get("gone")}


def refresh(studio: Studio, on_change: Callable[[], None] = lambda: None) -> None:
    """Make the rows agree with what is installed; a look that is gone is hidden, results that wear it stay."""
    with _turn:
        have = {_key(origin(row)): row for row in _rows(studio)}
        for entry in installed():
            row = have.pop(_key(entry), None)
            if row is None or origin(row) != entry:
                _show(studio, entry, row)
                on_change()
        for row in have.values():
            if not origin(row).get("gone"):
                _write(studio, row["id"], origin={**origin(row), "gone": True})


def _rows(studio: Studio) -> list[Row]:
    return studio.database.all("SELECT * FROM looks WHERE kind = ? ORDER BY seq", KIND)


def _show(studio: Studio, entry: dict[str, Any], row: Row | None) -> None:
    """The look's row with a picture of what it does to a sample garment."""
    from muslin.images import encode_image
    from muslin.studio import looks

    try:
        pixels = _sample(studio, entry)
    except Exception as error:  # a model that cannot be read or run is nobody's look, and no reason to stop
        print(f"muslin studio: the model '{entry['model']}' is left out: {error}")
        _broken.add(entry["sha256"])
        return
    sha256 = studio.files.add(encode_image(pixels, "PNG"), "image/png", pixels.shape[1], pixels.shape[0])
    if row is not None:
        _write(studio, row["id"], picture=sha256, origin=entry)
        return
    name = _name(studio, entry)
    with studio.database.writing() as connection:
        looks.insert_look(connection, sha256, name, kind=KIND, origin=entry, palette=[], seam=0.0)


def _name(studio: Studio, entry: dict[str, Any]) -> str:
    """What the look is called; with its model's name where a cloth or another model's look is called so already."""
    words, model = (str(entry[key] or "").replace("_", " ").replace("-", " ") for key in ("look", "model"))
    name = (words or model)[:1].upper() + (words or model)[1:]
    taken = studio.database.value(f"SELECT COUNT(*) FROM looks WHERE LOWER(name) = LOWER(?) AND {LISTED}", name)
    return f"{name} ({model})" if taken and words else name


def _write(studio: Studio, identity: str, **columns: Any) -> None:
    with studio.database.writing() as connection:
        update(connection, "looks", identity, **columns, revision=revise(connection))


def _sample(studio: Studio, entry: dict[str, Any]) -> np.ndarray:
    """A square picture of a sample garment in the look, uint8 SxSx3."""
    import numpy as np

    from muslin.garments.framing import garment_box
    from muslin.images import Photo, at_most

    photo, mask = _garment(studio)
    if entry["drawing"]:
        from muslin.data.lines import photo_drawing

        photo = np.repeat(photo_drawing(photo, mask)[..., None], 3, axis=2)
    made = studio.engine.painter(entry["model"]).restyle(
        Photo(photo), mask=mask, **({"look": entry["look"]} if entry["look"] else {})
    )
    left, top, right, bottom = garment_box(mask)
    side = round(1.08 * max(right - left, bottom - top))
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    padded = np.pad(made.image, [(side, side), (side, side), (0, 0)], mode="edge")
    return at_most(padded[y + side : y + 2 * side, x + side : x + 2 * side], SHOWN)


def _garment(studio: Studio) -> tuple[np.ndarray, np.ndarray]:
    """Photo uint8 HxWx3 and mask uint8 HxW of the sample garment that shows looks."""
    import numpy as np

    from muslin.images import at_most

    row = studio.database.one("SELECT * FROM garments WHERE project IS NULL ORDER BY name = 'Shirt' DESC LIMIT 1")
    if row is not None:
        photo, mask = (studio.engine.photo(row[column]).pixels for column in ("photo", "mask"))
        return at_most(photo, DRAWING), np.ascontiguousarray(at_most(mask, DRAWING)[..., 0])
    from muslin.data.truth import render

    made = render(2**31, (256, 192), kind="shirt", plain=True)
    return made.photo, np.round(made.mask * 255).astype(np.uint8)


def same(connection: Any, entry: Any) -> Any:
    """The row of that look of that model, for an imported project. Raises UserError for what names no such look."""
    from muslin.restyle.opening import PAINTERS
    from muslin.store import NAME

    kinds: dict[str, Any] = {"model": str, "recipe": str, "sha256": str, "drawing": bool, "look": (str, type(None))}
    whole = isinstance(entry, dict) and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())
    # A name only: a path would open any folder of this computer.
    if not whole or not NAME.fullmatch(entry["model"]) or entry["recipe"] not in PAINTERS:
        raise UserError("A learned look of this project names no model.", exit_code=EXIT_DATA)
    found = "SELECT id FROM looks WHERE kind = ? AND json_extract(origin, '$.model') = ?"
    found += " AND json_extract(origin, '$.look') IS ?"
    return connection.execute(found, (KIND, entry["model"], entry["look"])).fetchone()

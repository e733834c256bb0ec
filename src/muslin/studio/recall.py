"""An exported picture comes back: its settings, and which garment, looks, mask and result of the studio they mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from muslin.errors import EXIT_DATA, UserError
from muslin.studio import learned
from muslin.studio.controls import as_answered
from muslin.studio.files import SHA256
from muslin.studio.parts import KEEP
from muslin.studio.service import Studio


def recall(studio: Studio, data: bytes) -> dict[str, Any]:
    """As the API answers it. Raises UserError for what is no picture, or carries no settings that can be read."""
    from muslin.images import read_image
    from muslin.restyle import metadata
    from muslin.restyle.controls import Controls

    photo = read_image(data, max_pixels=studio.limits.upload_pixels)
    settings = metadata.settings_from(photo)
    if settings is None:
        raise UserError(
            "This picture carries no settings.",
            advice="Only pictures saved by muslin do, as long as no other program has saved them again.",
            exit_code=EXIT_DATA,
        )
    notes: list[str] = []
    given = metadata.controls_from(_mapping(settings.get("controls")))
    known = {name: given[name] for name in Controls.__dataclass_fields__ if name in given}
    controls = Controls(**known)  # refuses values outside their ranges
    garment = _garment(studio, settings, notes)
    return {
        "settings": settings,
        "garment": garment,
        "looks": _looks(studio, settings, notes),
        "controls": {**as_answered({**vars(controls)}), "on": _on(studio, settings, notes)},
        "mask": _mask(studio, settings, garment, notes),
        "seed": seed if isinstance(seed := settings.get("seed"), int) and not isinstance(seed, bool) else 0,
        "result": studio.database.value(
            "SELECT id FROM results WHERE picture = ? ORDER BY seq DESC", hashlib.sha256(data).hexdigest()
        ),
        "notes": notes,
    }


def _garment(studio: Studio, settings: Mapping[str, Any], notes: list[str]) -> str | None:
    entry = _mapping(settings.get("source"))
    mask = _hash(_mapping(settings.get("mask")))
    found: str | None = studio.database.value(
        "SELECT id FROM garments WHERE photo = ? ORDER BY mask = ? DESC, seq DESC", _hash(entry), mask
    )
    if found is None:
        notes.append(f"The photo '{_name(entry)}' is not in the studio.")
    return found


def _looks(studio: Studio, settings: Mapping[str, Any], notes: list[str]) -> list[dict[str, Any]]:
    looks = []
    styles = settings.get("styles")
    for entry in map(_mapping, styles[:4] if isinstance(styles, list) else []):
        found = _look(studio, entry)
        weight = entry.get("weight", 1.0)
        if found is None:
            notes.append(f"The swatch '{_name(entry)}' is not in the studio.")
        elif isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0 < weight < 1e6:
            looks.append({"look": found, "weight": float(weight)})
    return looks or _learned(studio, settings, notes)


def _on(studio: Studio, settings: Mapping[str, Any], notes: list[str]) -> dict[str, str]:
    """What parts wear: ids of looks, or 'keep'. Raises UserError for names that no garment's part has."""
    from muslin.restyle import metadata

    on = {}
    for name, entry in metadata.parts_from(settings).items():
        found = entry if entry == KEEP else _look(studio, _mapping(entry))
        if found is None:
            notes.append(f"The swatch '{_name(_mapping(entry))}' is not in the studio.")
        else:
            on[name] = found
    return on


def _look(studio: Studio, entry: Mapping[str, Any]) -> str | None:
    """The look of a style; of one whose cloth was cut from a picture of a garment, the cloth that was cut here."""
    own = "SELECT id FROM looks WHERE picture = ? AND kind != 'mix' ORDER BY seq DESC"
    cut = "SELECT id FROM looks WHERE json_extract(origin, '$.picture') = ? AND kind = 'swatch' ORDER BY seq DESC"
    found: str | None = None
    for question in (cut, own) if entry.get("shows") == "garment" else (own,):
        found = found or studio.database.value(question, _hash(entry))
    return found


def _learned(studio: Studio, settings: Mapping[str, Any], notes: list[str]) -> list[dict[str, Any]]:
    """The looks that a model painted."""
    recorded = _mapping(settings.get("controls"))
    model = str(_mapping(settings.get("model")).get("name") or "")
    mix = _mix(recorded) or {recorded.get("look"): 1.0}
    looks = []
    for row in studio.database.all("SELECT * FROM looks WHERE kind = 'learned' AND " + learned.LISTED):
        source = learned.origin(row)
        known = source["look"] in mix or (len(mix) == 1 and source["look"] is None)
        if source["model"] == model and known:
            looks.append({"look": row["id"], "weight": float(mix.get(source["look"], 1.0))})
    if recorded.get("look") and not looks:
        notes.append(f"The look '{str(recorded['look'])[:60]}' of the model '{model[:60]}' is not in the studio.")
    return looks[:4]


def _mix(recorded: Mapping[str, Any]) -> dict[Any, float]:
    from muslin.restyle import metadata

    return dict(metadata.controls_from({"look_mix": recorded.get("look_mix")}).get("look_mix") or {})


def _mask(studio: Studio, settings: Mapping[str, Any], garment: str | None, notes: list[str]) -> str | None:
    sha256 = _hash(_mapping(settings.get("mask")))
    if studio.database.value("SELECT 1 FROM files WHERE sha256 = ?", sha256) is None:
        return None
    if garment is not None and studio.database.value("SELECT mask FROM garments WHERE id = ?", garment) != sha256:
        notes.append("The garment has another mask now than when the picture was made.")
    return sha256


def _hash(entry: Mapping[str, Any]) -> str:
    value = entry.get("sha256")
    return value if isinstance(value, str) and SHA256.fullmatch(value) else ""


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("path") or "without a name")[:120]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

"""The parts of a garment as people call them: body, sleeves, collar, ...; which of them a photo shows, and where.

A part is what is of certain roles (pieces.ROLES), or of certain panels where nobody knows what a garment is sewn from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.garments.bands import bands, parts_of
from muslin.garments.fields import PANELS, Fields
from muslin.garments.framing import garment_box
from muslin.garments.pieces import ROLES

KEEP = "keep"  # in place of a cloth: the photo's own stays

# Left and right as the viewer sees them.
NAMES: dict[str, tuple[str, ...]] = {
    "body": ("front", "left front", "right front"),
    "left-front": ("left front",),
    "right-front": ("right front",),
    "sleeves": ("left limb", "right limb"),
    "left-sleeve": ("left limb",),
    "right-sleeve": ("right limb",),
    "collar": ("left collar", "right collar", "stand"),
    "inside": ("inside",),
    "strip": ("strip",),
    "pocket": ("pocket",),
    "cuffs": ("left cuff", "right cuff"),
    "band": ("band",),
    "trim": ("trim",),
}
PANELS_OF = {"body": ("body",), "sleeves": ("left", "right"), "left-sleeve": ("left",), "right-sleeve": ("right",),
             "trim": ("trim",)}  # fmt: skip
LEGS = {"legs": "sleeves", "left-leg": "left-sleeve", "right-leg": "right-sleeve"}
ALSO = {**LEGS, "pockets": "pocket", "placket": "strip", "waistband": "band", "hem": "band"}


def called(name: str) -> str:
    """The part of NAMES that is meant by `name`. Raises UserError (usage) for none, naming all."""
    word = "-".join(str(name).lower().replace("_", " ").split())
    word = ALSO.get(word, word)
    if word not in NAMES:
        raise UserError(
            "Garments have no part of that name.",
            received=name,
            possible=[*NAMES, *ALSO],
            exit_code=EXIT_USAGE,
        )
    return word


def found(fields: Fields) -> dict[str, list[int]]:
    """The parts that a garment shows, by name, in the order of NAMES: of each its indices in `bands.parts_of`."""
    parts = parts_of(fields)
    if fields.pieces is None:
        of, wanted = {k: PANELS[parts.panel[k]] for k in parts.present}, PANELS_OF
    else:
        of, wanted = {k: ROLES[fields.pieces.role[k]] for k in parts.present}, NAMES
    named = {name: [k for k, what in of.items() if what in wanted.get(name, ())] for name in NAMES}
    return {name: indices for name, indices in named.items() if indices}


def worn_as(fields: Fields) -> list[str]:
    """The names of what `found` finds, as people call it on this garment: what hangs from a waist has legs."""
    names = list(found(fields))
    if "body" in names:
        return names
    legs = {sleeve: leg for leg, sleeve in LEGS.items()}
    return [legs.get(name, name) for name in names]


def masks(pixels: np.ndarray, alpha: np.ndarray, fields: Fields) -> dict[str, np.ndarray]:
    """Where the parts that `found` finds lie: uint8 HxW, the garment's alpha (float32, up to 1) within each."""
    part = np.zeros(alpha.shape, np.uint8)
    for seen in bands(pixels, fields, garment_box((alpha > 0).astype(np.float32))):
        part[seen.rows, seen.columns] = seen.part
    grey = np.rint(alpha * 255).astype(np.uint8)
    return {name: np.where(np.isin(part, indices), grey, np.uint8(0)) for name, indices in found(fields).items()}


def assigned(fields: Fields, cloths: Mapping[str, int]) -> np.ndarray:
    """The cloth of each part of `bands.parts_of`, int: 0, or the index (renderer.KEPT) that `cloths` gives its name.

    Where two names mean it, the more particular one counts: left-sleeve before sleeves. The strip goes with the body
    unless it is named.
    """
    of = np.zeros(len(parts_of(fields).panel), np.int64)
    there = found(fields)
    if "body" in cloths:
        of[there.get("strip", [])] = cloths["body"]
    for name in sorted(cloths, key=lambda name: -len(NAMES[name])):
        of[there.get(name, [])] = cloths[name]
    return of


def missing(fields: Fields, names: Iterable[str]) -> list[str]:
    """Those of the names (of NAMES) that a garment does not show."""
    there = found(fields)
    return [name for name in names if name not in there]

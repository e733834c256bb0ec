"""Parts of the studio's garments: which there are, where they lie in the photo, and which look each wears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muslin.errors import EXIT_USAGE, UserError
from muslin.studio import learned, looks
from muslin.studio.database import Row
from muslin.studio.errors import StudioError
from muslin.studio.service import Studio

KEEP = "keep"  # of garments.parts, without its imports
SIDE = 384  # px, of the pictures that a page lays over a photo
On = Mapping[str, Row | str]


def worn(studio: Studio, controls: Mapping[str, Any], painted: bool = False) -> dict[str, Row | str]:
    """What parts wear by the controls of a request: a row of `looks`, or KEEP. painted: what else is worn is, too.

    Raises StudioError (404) for a look that is not there, UserError for one that a model paints, and for controls that
    leave no room for it.
    """
    asked = controls.get("on") or {}
    if not asked:
        return {}
    from muslin.restyle import parts
    from muslin.restyle.controls import Controls

    if painted:
        raise UserError(
            "A look that a model paints is worn by the whole garment.",
            received=f"cloth by part: {', '.join(asked)}",
            advice="Lay a cloth, or leave the parts out.",
            exit_code=EXIT_USAGE,
        )
    parts.check(Controls(repeat=controls.get("repeat", "straight"), mix=controls.get("mix", "overprint")))
    parts.named(dict.fromkeys(asked, KEEP), lambda one: one)  # two names of one part
    found = {name: identity if identity == KEEP else looks.get(studio, identity) for name, identity in asked.items()}
    learned.refuse([row for row in found.values() if not isinstance(row, str)])
    return found


def pictures(on: On) -> dict[str, str]:
    """Of each part the SHA-256 of its cloth's picture, or KEEP."""
    return {name: row if isinstance(row, str) else row["picture"] for name, row in on.items()}


def listed(studio: Studio, row: Row) -> list[dict[str, Any]]:
    """The parts that a garment shows, as the API answers them."""
    from muslin.garments.framing import garment_box
    from muslin.garments.parts import worn_as
    from muslin.garments.strips import with_strip

    garment = studio.engine.garment(row["photo"], row["mask"])
    masks = studio.engine.parts(row["photo"], row["mask"], SIDE)
    height, width = garment.mask.alpha.shape
    whole = max(1, int(studio.engine.small_garment(row["photo"], row["mask"], SIDE).mask.alpha.sum()))
    found = []
    for (name, mask), called in zip(
        masks.items(), worn_as(with_strip(garment.fields, garment.mask.alpha)), strict=True
    ):
        if not mask.any():  # smaller than a pixel of the picture
            continue
        across, down = width / mask.shape[1], height / mask.shape[0]
        left, top, right, bottom = garment_box(mask)
        found.append({
            "name": name,
            "called": called,
            "share": round(min(1.0, float(mask.sum()) / 255 / whole), 4),
            "box": [int(left * across), int(top * down), round(right * across), round(bottom * down)],
            "picture": f"/v1/garments/{row['id']}/parts/{name}?mask={row['mask'][:16]}",
        })  # fmt: skip
    return found


def picture(studio: Studio, row: Row, name: str, side: int) -> bytes:
    """A PNG, white, opaque where the part lies. Raises StudioError (404) for a part that the garment does not show."""
    import numpy as np

    from muslin.images import encode_image

    masks = studio.engine.parts(row["photo"], row["mask"], side)
    if name not in masks:
        raise StudioError(404, "This garment shows no such part.", received=name, possible=list(masks))
    mask = masks[name]
    return encode_image(np.full((*mask.shape, 3), 255, np.uint8), "PNG", alpha=mask)

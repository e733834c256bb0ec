"""Cloth by named part: this garment in denim, its collar in white, its buttons as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.garments.fields import Fields
from muslin.garments.parts import KEEP, assigned, called
from muslin.garments.renderer import KEPT, AnyCloth
from muslin.images import Photo
from muslin.restyle.controls import Controls
from muslin.textiles.placement import ONCE


def named(on: Any, read: Callable[[Any], Photo]) -> dict[str, Photo | str]:
    """What is worn `on` which part: names as in garments.parts.NAMES, and pictures, or KEEP.

    read: makes a Photo of what is no word. Raises UserError (usage) for a name that is none, or that is meant twice.
    """
    if on is None:
        return {}
    if not isinstance(on, Mapping):
        raise UserError(
            "Cloth by part is a mapping from the names of parts.",
            received=type(on).__name__,
            advice='As in on={"collar": "white.png", "strip": "keep"}',
            exit_code=EXIT_USAGE,
        )
    pictures: dict[str, Photo | str] = {}
    for name, value in on.items():
        part = called(name)
        if part in pictures:
            raise UserError("A part wears one cloth.", received=f"two for '{part}'", exit_code=EXIT_USAGE)
        pictures[part] = KEEP if isinstance(value, str) and value == KEEP else read(value)
    return pictures


def check(controls: Controls) -> None:
    """Raises UserError (usage) for controls that leave no room for cloth by part."""
    if controls.repeat == ONCE:
        raise UserError(
            "A placement print (repeat 'once') lies on the garment's own cloth, whatever its parts.",
            received="repeat 'once' and cloth by part (on)",
            advice="Restyle the parts first, then place the print on the result.",
            exit_code=EXIT_USAGE,
        )
    if controls.mix == "panels":
        raise UserError(
            "Panels (mix 'panels') and cloth by part (on) say the same thing in two ways.",
            received="both",
            advice="Leave the mix out, and name the parts: sleeves, trim.",
            exit_code=EXIT_USAGE,
        )


def worn(
    base: Sequence[AnyCloth], fields: Fields, on: Mapping[str, Photo | str], laid: Mapping[str, AnyCloth]
) -> tuple[list[AnyCloth], np.ndarray | None]:
    """(cloths, of) as `renderer.dress` takes them. base: what all else wears. laid: the cloth of each part with one."""
    if not on:
        return list(base), None
    cloths, of = list(base), dict.fromkeys(on, KEPT)
    for name, cloth in laid.items():
        of[name] = len(cloths)
        cloths.append(cloth)
    return cloths, assigned(fields, of)

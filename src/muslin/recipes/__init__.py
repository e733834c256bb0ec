"""The recipes by name. A new one adds its file and one line here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from muslin.errors import EXIT_USAGE, UserError

if TYPE_CHECKING:  # the help of the command line reads this file and must not wait for NumPy
    from muslin.recipes.base import Recipe

RECIPES = {
    "drape": "muslin.recipes.drape:Drape",
    "dcgan": "muslin.recipes.dcgan:DCGAN",
    "mask": "muslin.recipes.mask:Mask",
    "pix2pix": "muslin.recipes.pix2pix:Pix2Pix",
    "stargan_v2": "muslin.recipes.stargan_v2:StarGANv2",
}


def find(name: str) -> type[Recipe]:
    """The recipe class called `name`; imports Keras. Raises UserError listing what exists."""
    if name not in RECIPES:
        raise UserError(
            "There is no such recipe.", received=repr(name), possible=sorted(RECIPES), exit_code=EXIT_USAGE
        )
    module, _, attribute = RECIPES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)

"""The recipes by name. A new one adds its file and one line here."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from muslin.errors import EXIT_USAGE, UserError

if TYPE_CHECKING:  # the help of the command line reads this file and must not wait for NumPy
    from muslin.recipes.base import Recipe

RECIPES = {
    "drape": "muslin.recipes.drape:Drape",
    "dcgan": "muslin.recipes.dcgan:DCGAN",
    "r3gan": "muslin.recipes.r3gan:R3GAN",
    "print": "muslin.recipes.print:Print",
    "mask": "muslin.recipes.mask:Mask",
    "cut": "muslin.recipes.cut:CUT",
    "cyclegan": "muslin.recipes.cyclegan:CycleGAN",
    "pix2pix": "muslin.recipes.pix2pix:Pix2Pix",
    "stargan_v2": "muslin.recipes.stargan_v2:StarGANv2",
    "distill": "muslin.recipes.distill:Distill",
}


def find(name: str) -> type[Recipe]:
    """The recipe class called `name`; imports Keras. Raises UserError listing what exists."""
    if name not in RECIPES:
        raise UserError("There is no such recipe.", received=repr(name), possible=sorted(RECIPES), exit_code=EXIT_USAGE)
    module, _, attribute = RECIPES[name].partition(":")
    importlib.import_module("muslin.backend")  # before Keras: it says how TensorFlow is to be loaded
    return getattr(importlib.import_module(module), attribute)


def build(name: str, options: Mapping[str, Any]) -> Recipe:
    """The recipe with these options; lists (from JSON) become tuples, None is left at its default.

    Raises UserError for an unknown recipe or option.
    """
    recipe: Any = find(name)
    known = {item.name for item in dataclasses.fields(recipe) if item.init}
    given = {
        key: tuple(value) if isinstance(value, list) else value for key, value in options.items() if value is not None
    }
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UserError(
            f"The recipe '{name}' has no such option.",
            received=", ".join(unknown),
            possible=sorted(known),
            exit_code=EXIT_USAGE,
        )
    return recipe(**given)

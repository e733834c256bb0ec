"""The option --on: cloth by named part; and which photos turn out to have no such part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from muslin.cli.jobs import existing
from muslin.errors import EXIT_USAGE, UserError

KEEP = "keep"  # of garments.parts, as NAMES are: not imported just to print the help
NAMES = "body, left-front, right-front, sleeves, left-sleeve, right-sleeve, collar, inside, strip, pocket, cuffs, "
NAMES += "band, trim"

on_option = click.option(
    "--on",
    multiple=True,
    metavar=f"PART=SWATCH|{KEEP}",
    help=f"What a part wears instead; {KEEP}: the photo's own cloth. Parts: {NAMES}. Legs are sleeves, too. "
    "Not with --mix panels, --repeat once.",
)


def parse_on(texts: Sequence[str]) -> dict[str, Path | str]:
    """('collar=white.png', 'strip=keep') -> {'collar': white.png, 'strip': 'keep'}; names as in garments.parts.NAMES.

    Raises UserError: (usage) for what is no such pair, a part that no garment has, or one that is named twice; (bad
    data) for a file that is not there.
    """
    on: dict[str, Path | str] = {}
    if not texts:
        return on
    from muslin.garments.parts import called

    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not value:
            raise UserError(
                "Cloth by part is a part and its cloth.",
                received=text,
                advice=f"As in --on collar=white.png --on strip={KEEP}",
                exit_code=EXIT_USAGE,
            )
        part = called(name)
        if part in on:
            raise UserError("A part wears one cloth.", received=f"two for '{part}'", exit_code=EXIT_USAGE)
        on[part] = KEEP if value == KEEP else existing(value)
    return on


def check(on: Mapping[str, Any], controls: Mapping[str, Any]) -> None:
    """Raises UserError (usage) for controls that leave no room for cloth by part."""
    if on:
        from muslin.restyle import parts
        from muslin.restyle.controls import from_names

        parts.check(from_names(dict(controls)))


def files_of(on: Mapping[str, Path | str]) -> list[Path]:
    """The swatches of parts, each once."""
    return list(dict.fromkeys(path for path in on.values() if isinstance(path, Path)))


def read(on: Mapping[str, Path | str]) -> dict[str, Any]:
    """The same with pictures for files, each read once."""
    from muslin.images import read_image

    pictures = {path: read_image(path) for path in files_of(on)}
    return {name: pictures[value] if isinstance(value, Path) else value for name, value in on.items()}


def lacking(photo: str, missing: Sequence[str], parts: Sequence[str]) -> str:
    """What is said of a photo whose garment has not all the parts that were to wear something else."""
    there = ", ".join(part for part in parts if "-" not in part)  # sleeves, not each of them
    return f"Note: on {photo} no {' and no '.join(missing)} was found. It has: {there}."

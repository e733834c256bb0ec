"""muslin recipes: what can be trained, and the settings of each."""

from __future__ import annotations

from typing import Any

import click

from muslin.cli import shared, terminal


@click.command()
@click.argument("name", required=False, metavar="[RECIPE]", help="Show this one's paper, cost and settings.")
@shared.as_json
def recipes(name: str | None, as_json: bool) -> None:
    """List the recipes, or show one with its settings.

    With a name: what it is, what it costs, and every setting that --option takes.
    """
    from muslin.errors import EXIT_USAGE, UserError
    from muslin.recipes import RECIPES, options

    if name is None:
        if as_json:
            terminal.put_json({"recipes": [_as_dict(recipe) for recipe in RECIPES]})
            return
        for recipe in RECIPES:
            terminal.put(f"{recipe:<12} {options.headline(recipe)}")
        return
    if name not in RECIPES:
        raise UserError("There is no such recipe.", received=repr(name), possible=sorted(RECIPES), exit_code=EXIT_USAGE)
    if as_json:
        terminal.put_json(_as_dict(name))
        return
    terminal.put(options.description(name))
    terminal.put(f"\nSettings, each as --option NAME=VALUE:\n{options.table(name)}")


def _as_dict(name: str) -> dict[str, Any]:
    from muslin.recipes import options

    return {
        "name": name,
        "summary": options.headline(name),
        "description": options.description(name),
        "options": [
            {"name": option.name, "type": option.type, "default": option.default, "meaning": option.comment}
            for option in options.options(name).values()
        ],
    }

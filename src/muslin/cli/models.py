"""muslin models: which models there are, and what one says about itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click

from muslin.cli import shared, terminal

USUAL_SIZE = 256  # px, at which a restyle asks most networks


@click.group()
def models() -> None:
    """The models on this computer."""


@models.command("list")
@shared.as_json
def show_all(as_json: bool) -> None:
    """List the models: your own, then those that came with muslin."""
    from muslin import store

    found = list(store.entries())
    rows = [
        {
            "name": model.name if model else folder.name,
            "recipe": model.recipe if model else None,
            "bytes": model.size if model else None,
            "sha256": model.sha256 if model else None,
            "summary": str(model.card.get("summary", "")) if model else "",
            "folder": str(folder),
            "shipped": folder.parent == store.shipped_folder(),
            "usable": model is not None,
        }
        for model, folder in found
    ]
    if as_json:
        terminal.put_json({"models": rows})
        return
    for model, folder in found:
        size = f"{model.size / 1e6:.1f} MB" if model else ""
        words = str(model.card.get("summary", "")) if model else "BROKEN: muslin models show says why"
        origin = "shipped" if folder.parent == store.shipped_folder() else "yours"
        recipe = model.recipe if model else ""
        terminal.put(f"{folder.name:<20} {recipe:<8} {size:>8}  {origin:<8} {words}".rstrip())
    if not rows:
        terminal.say("No models yet. Train one with: muslin train drape DATA")


@models.command()
@click.argument("name", metavar="NAME", help="Name or folder of a model.")
@click.option(
    "--size",
    type=click.IntRange(16, 2048),
    metavar="PX",
    help="Count the work on a picture of this size. [the model's own]",
)
@shared.as_json
def show(name: str, size: int | None, as_json: bool) -> None:
    """Show a model's card, and what one picture costs it.

    Its files are checked first: are they what they were?
    """
    from muslin import store

    model = store.load(name)
    model.verify()
    costs = _costs(model, size or int(model.card.get("size", USUAL_SIZE)))
    if as_json:
        terminal.put_json({**model.card, "folder": str(model.folder), "cost": costs})
        return
    terminal.put(f"folder: {model.folder}")
    for file, cost in costs.items():
        work, side = cost["multiply_adds"] / 1e9, cost["size"]
        terminal.put(f"cost: {file} {work:.2f} G multiply-adds at {side} px, {cost['bytes'] / 1e6:.2f} MB")
    for line in _lines(dict(model.card)):
        terminal.put(line)


def _costs(model: Any, size: int) -> dict[str, dict[str, int]]:
    """Network's file -> what one pass at `size` costs; without those that do not run at that size."""
    from muslin.errors import UserError
    from muslin.garments.cost import multiply_adds

    found = {}
    for file, entry in model.card["files"].items():
        if not file.endswith(".onnx"):
            continue
        checked = (model.card.get("checked_inputs") or {}).get(file.removesuffix(".onnx"), {})
        with suppress(UserError):
            work = multiply_adds(model.folder / file, size, checked.get(str(size)))
            found[file] = {"multiply_adds": work, "size": size, "bytes": entry["bytes"]}
    return found


def _lines(value: Any, depth: int = 0) -> list[str]:
    """A card as indented lines that a person reads."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines += [f"{'  ' * depth}{key}:", *_lines(item, depth + 1)]
        else:
            text = ", ".join(map(str, item)) if isinstance(item, list) else item
            lines.append(f"{'  ' * depth}{key}: {text}")
    return lines

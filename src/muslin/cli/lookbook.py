"""muslin lookbook: a page and a contact sheet from any set of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from muslin.cli import terminal
from muslin.cli.commands import Argument, Option


def lookbook(
    results: Annotated[list[str], Argument(metavar="RESULTS...", help="Restyled pictures, or folders of them.")],
    output: Annotated[
        Path,
        Option("-o", "--output", metavar="OUT", help="lookbook.html, contact-sheet.png, or a folder for both."),
    ] = Path("lookbook"),
    title: Annotated[str, Option(help="Printed at the top.")] = "Lookbook",
    overwrite: Annotated[bool, Option("--overwrite", help="Replace files that exist.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print one JSON document instead of paths.")] = False,
) -> None:
    """Make a lookbook: one HTML page with before/after sliders that needs nothing else, and a contact
    sheet.
    """
    from muslin.images import find_images
    from muslin.restyle import lookbook as book

    looks, skipped = book.gather(find_images(results))
    for problem in skipped:
        terminal.say(f"{terminal.paint('Skipped', terminal.RED)} {problem}")
    written = book.write(looks, output, title=title, overwrite=overwrite)
    if as_json:
        terminal.put_json({"written": [str(path) for path in written], "looks": len(looks), "skipped": skipped})
        return
    for path in written:
        terminal.put(str(path))

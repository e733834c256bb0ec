"""muslin lookbook: a page and a contact sheet from any set of results."""

from __future__ import annotations

from pathlib import Path

import click

from muslin.cli import shared, terminal


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", help="Restyled pictures, or folders of them.")
@click.option(
    "-o",
    "--output",
    type=shared.PATH,
    default=Path("lookbook"),
    metavar="OUT",
    help="lookbook.html, contact-sheet.png, or a folder for both.",
)
@click.option("--title", default="Lookbook", help="Printed at the top.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@shared.as_json_not_paths
def lookbook(results: tuple[str, ...], output: Path, title: str, overwrite: bool, as_json: bool) -> None:
    """Make a lookbook: one HTML page and a contact sheet.

    The page has before/after sliders and needs nothing else.
    """
    from muslin.images import find_images
    from muslin.restyle import lookbook as book

    looks, skipped = book.gather(find_images(results))
    for problem in skipped:
        terminal.say(f"{terminal.paint('Skipped', terminal.RED)} {problem}")
    lone = sorted({look.garment for look in looks if look.params and look.before is None})
    if lone:
        terminal.say(
            f"Without their photo beside them, which lies no longer where it was or is another now: {', '.join(lone)}."
        )
    written = book.write(looks, output, title=title, overwrite=overwrite)
    if as_json:
        terminal.put_json({"written": [str(path) for path in written], "looks": len(looks), "skipped": skipped})
        return
    for path in written:
        terminal.put(str(path))

"""muslin imagine: a look or a model in, new seamless prints or designs out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from muslin.cli import shared, terminal
from muslin.errors import EXIT_USAGE, UserError

SHEET_SIDE = 480  # px, of a picture on the contact sheet


@click.command()
@click.argument("look", default="print", metavar="[LOOK]", help="A look, a model by name or folder, or MODEL:LOOK.")
@click.option("-n", "--number", type=click.IntRange(1, 10_000), default=6, metavar="NUMBER", help="How many pictures.")
@click.option("--size", metavar="PX|WxH", help="Size of a tile. [512; designs: as they were learned]")
@click.option("--scale", type=float, default=1.0, metavar="NUMBER", help="Size of the motifs; 1 = as in the swatches.")
@click.option("--tile", is_flag=True, help="Seamless repeats. Prints always are; designs are made so.")
@click.option("--mix", metavar="LOOK2", help="A second look that takes part.")
@click.option("--weight", type=float, metavar="NUMBER", help="Share of the second look, 0 to 1. [0.5]")
@click.option("--between", type=int, nargs=2, metavar="SEED1 SEED2", help="Go from one seed to another in -n steps.")
@click.option("--palette", metavar="COLOURS", help='Print in these colours, for instance "navy,#e8c1a0,white".')
@click.option(
    "--choose",
    type=click.IntRange(1, 64),
    default=4,
    metavar="NUMBER",
    help="Arrangements tried for each print; the most convincing is kept.",
)
@click.option("--seed", type=int, default=0, metavar="NUMBER", help="Of the first picture; the next ones count up.")
@click.option(
    "-o",
    "--output",
    type=shared.PATH,
    metavar="OUT",
    help="A folder, or a file for one picture. [LOOK]",
)
@click.option("--sheet/--no-sheet", default=True, help="A contact sheet beside several pictures.")
@click.option("--overwrite", is_flag=True, help="Replace pictures that exist.")
@shared.as_json_not_paths
@shared.quiet
def imagine(
    look: str,
    number: int,
    size: str | None,
    scale: float,
    tile: bool,
    mix: str | None,
    weight: float | None,
    between: tuple[int, int] | None,
    palette: str | None,
    choose: int,
    seed: int,
    output: Path | None,
    sheet: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Invent prints in a look, as seamless tiles.

    They are for `muslin restyle --style` or for the fabric printer.

    Models trained with dcgan or r3gan make designs in the same way. A seed makes the same picture each time.
    """
    if weight is not None and mix is None:
        raise UserError(
            "--weight is the share of a second look, and there is none.", received=f"--weight {weight:g}",
            advice="Name it with --mix LOOK2.", exit_code=EXIT_USAGE,
        )  # fmt: skip
    share = 0.5 if weight is None else weight
    targets, sheet_file = _targets(look, mix, number, seed, output, between is not None)
    wanted = [*targets, *([sheet_file] if sheet and number > 1 else [])]
    for target in wanted if not overwrite else []:
        if target.exists():
            raise UserError(f"'{target}' exists already.", advice="Allow replacing it with --overwrite, or use -o.")
    from muslin.imagine import Imaginer

    imaginer = Imaginer(look)
    controls: dict[str, Any] = {"seed": seed, "size": _size(size), "scale": scale, "tile": tile, "mix": mix,
                                "weight": share, "between": between, "palette": palette, "choose": choose}  # fmt: skip
    results, made = [], []
    with terminal.progress("Imagining", number, quiet=quiet) as advance:
        for done, (target, picture) in enumerate(zip(targets, imaginer.pictures(number, **controls), strict=True)):
            target.parent.mkdir(parents=True, exist_ok=True)
            picture.save(target, overwrite=overwrite)
            results.append(_result(target, picture))
            if sheet and number > 1:
                made.append(picture)
            if not as_json:
                terminal.put(str(target))
            advance(done + 1)
    written = None
    if made:
        written = _write_sheet(sheet_file, made, look + (f" and {mix}" if mix else ""), overwrite)
        if not as_json:
            terminal.put(written)
    if as_json:
        terminal.put_json({"results": results, "sheet": written})
    return 0


def _targets(
    look: str, mix: str | None, number: int, seed: int, output: Path | None, steps: bool
) -> tuple[list[Path], Path]:
    """Files for the pictures, named by their seed (or by their step), and for the contact sheet."""
    from muslin.images import CONTACT_SHEET

    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", Path(look).name) + (f"+{Path(mix).name}" if mix else "")
    if output is not None and output.suffix:
        if number > 1:
            raise UserError(
                "Several pictures do not fit into one file.",
                received=f"-n {number} -o {output}",
                possible="a folder, or -n 1",
                exit_code=EXIT_USAGE,
            )
        return [output], output.with_name(f"{output.stem}.{CONTACT_SHEET}")
    folder = output or Path(name)
    digits = max(3, len(str(seed + number)))
    labels = [f"step{count:03d}" if steps else f"{seed + count:0{digits}d}" for count in range(number)]
    return [folder / f"{name}-{label}.png" for label in labels], folder / f"{name}.{CONTACT_SHEET}"


def _size(text: str | None) -> int | tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9})(?:[x*](\d{1,9}))?", text.strip().lower())
    if not found:
        raise UserError("That is no size.", received=repr(text), possible="512, or 512x768", exit_code=EXIT_USAGE)
    width, height = found.group(1), found.group(2)
    return int(width) if height is None else (int(width), int(height))


def _result(target: Path, picture: Any) -> dict[str, Any]:
    import json

    from muslin.restyle.metadata import to_json

    height, width = picture.image.shape[:2]
    return {"output": str(target), "width": width, "height": height, "settings": json.loads(to_json(picture.params))}


def _write_sheet(path: Path, pictures: list[Any], title: str, overwrite: bool) -> str:
    from muslin.images import at_most, write_image
    from muslin.restyle import contact_sheet
    from muslin.restyle.lookbook import Look

    looks = [
        Look(
            after=at_most(picture.image, SHEET_SIDE),
            name=f"{picture.params['seed']}",
            how=_steps(picture.params),
            group=title,
        )
        for picture in pictures
    ]
    return str(write_image(path, contact_sheet.draw(looks, title, "picture"), overwrite=overwrite))


def _steps(params: dict[str, Any]) -> str:
    between = params["controls"].get("between")
    return f"{between[0]} to {between[1]}: {between[2]:.0%}" if between else ""

"""muslin evaluate: how good are these pictures, in figures and in words?"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from muslin.cli import shared, terminal

COLOURS = {"good": "green", "fair": "yellow", "poor": "red", "plain": "dim"}
WORST = 5  # named below the table
WIDE = 120  # columns from which what a figure says stands beside it


@click.command()
@click.argument("made", metavar="MADE", help="A folder of made pictures, or a model by name or folder.")
@click.argument(
    "real",
    type=shared.PATH,
    required=False,
    metavar="[REAL]",
    help="A folder of pictures that they should be like; for a model, its DATA.",
)
@click.option(
    "--photos",
    type=shared.PATH,
    metavar="DIR",
    help="The photos that they were made from, found by name.",
)
@click.option("--masks", type=shared.PATH, metavar="DIR", help="The photos' garment masks, found by name.")
@click.option("--patches", is_flag=True, help="Compare patches: the cloth, not the whole picture.")
@click.option("--tiles", is_flag=True, help="They are meant as seamless repeats.")
@click.option(
    "-n", "--number", type=click.IntRange(1), default=200, metavar="NUMBER", help="Pictures that a model makes."
)
@click.option(
    "--most", type=click.IntRange(20), default=2000, metavar="NUMBER", help="Pictures of each side that are read."
)
@click.option("--seed", type=int, default=0, metavar="NUMBER", help="The same seed gives the same figures.")
@click.option(
    "--html",
    "page",
    type=shared.PATH,
    metavar="FILE",
    help="Write a page with the pictures, the worst first.",
)
@click.option("--keep", type=shared.PATH, metavar="DIR", help="Keep what a model makes in this new folder.")
@click.option("--overwrite", is_flag=True, help="Replace a page that exists.")
@shared.as_json
@shared.without_progress
def evaluate(
    made: str,
    real: Path | None,
    photos: Path | None,
    masks: Path | None,
    patches: bool,
    tiles: bool,
    number: int,
    most: int,
    seed: int,
    page: Path | None,
    keep: Path | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Measure made pictures beside yours, in figures and in words.

    Are they like yours, as varied, no copies; is it the same garment, the chosen cloth?

    Every figure comes with the range in which it would lie with other pictures. docs/measures.md says what each means.
    """
    from muslin.evaluation import report
    from muslin.evaluation.evaluate import evaluate as measure

    if page is not None and page.exists() and not overwrite:
        from muslin.errors import UserError

        raise UserError(f"'{page}' exists already.", advice="Allow replacing it with --overwrite.")
    if keep is not None and keep.is_dir() and any(keep.iterdir()):
        from muslin.errors import EXIT_USAGE, UserError

        raise UserError(
            f"'{keep}' is not empty: what lies there would be measured too.",
            advice="Name a new folder with --keep.",
            exit_code=EXIT_USAGE,
        )
    with ExitStack() as stack:
        folder, title = Path(made), Path(made).resolve().name
        beside: Any = real
        name = None if real is None else str(real)
        if _is_model(made):
            folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muslin-evaluate-")))
            made_by = _make(made, real, folder, number, seed, quiet)
            beside, name, tiles = made_by.real, made_by.name, tiles or made_by.tiles
        with terminal.progress("Measuring", quiet=quiet) as advance:
            found = measure(
                folder, beside, name=name, photos=photos, masks=masks, whole=not patches, tiles=tiles, most=most,
                seed=seed, progress=advance,
            )  # fmt: skip
        if page is not None:
            report.write(found, page, title=title, overwrite=overwrite)
    if as_json:
        terminal.put_json({**found.as_dict(), **({"html": str(page)} if page else {})})
        return 0
    _print(found, quiet, gone=_is_model(made) and keep is None)
    if page is not None:
        terminal.put(str(page))
    return 0


def _is_model(made: str) -> bool:
    """A folder of pictures is none; a run's folder, a model's folder and a name are."""
    from muslin import store

    path = Path(made)
    if path.is_dir():
        return (path / store.CARD).is_file() or (path / "model" / store.CARD).is_file()
    return not path.exists()


def _make(model: str, real: Path | None, folder: Path, number: int, seed: int, quiet: bool) -> Any:
    """evaluation.making.Made. Raises UserError where there is nothing to compare with."""
    from muslin import store
    from muslin.errors import EXIT_USAGE, UserError
    from muslin.evaluation.making import make

    if real is None:
        store.load(model)  # no such name? Say so first
        raise UserError(
            "A model is judged beside pictures: which?",
            advice=f"Try: muslin evaluate {model} DATA, the folder that it was trained on.",
            exit_code=EXIT_USAGE,
        )
    with terminal.progress("Making", number, quiet=quiet) as advance:
        return make(model, real, folder, count=number, seed=seed, progress=advance)


def _print(found: Any, quiet: bool, gone: bool) -> None:
    """For people, on stdout: heading, figure, range, what it says (below it where the terminal is narrow).

    gone: the pictures were made for the figures and are not kept.
    """
    from rich.console import Console
    from rich.text import Text

    from muslin.evaluation.report import grouped

    console = Console(highlight=False, soft_wrap=True)
    wide = not console.is_terminal or console.width >= WIDE
    made, real = found.counts
    beside = f", {real:,} real" if found.real else ""
    console.print(Text(f"{made:,} made{beside}; {found.network['name']} at {found.network['side']} px", "dim"))
    for heading, measures in grouped(found).items():
        console.print()
        console.print(Text(heading, "bold"))
        for measure in measures:
            level, sentence = measure.judged
            line = Text(f"  {measure.kind.title:<40}{measure.shown:>8}  ")
            line.append(f"{measure.interval:<16}", "dim")
            line.append(("  " if wide else "\n    ") + sentence, COLOURS[level])
            console.print(line)
    for warning in found.warnings:
        console.print()
        console.print(Text(f"Note: {warning}"))
    worst = [case for case in found.cases if case.words][:WORST]
    if worst and gone:
        console.print()
        console.print(
            Text("Some deserve a look: --keep DIR keeps the pictures, --html FILE shows them, the worst first.")
        )
    elif worst:
        console.print()
        console.print(Text("Look first at:", "bold"))
        for case in worst:
            console.print(Text(f"  {case.made}: {case.words.lower()}"))
    if not quiet:
        rate = f", {found.images_per_second:.0f} pictures a second" if found.images_per_second else ""
        terminal.say(f"{found.seconds:.1f} s{rate}. What each figure means: docs/measures.md.")

"""muslin train: a recipe, a folder, and the time there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from muslin.cli import shared, terminal
from muslin.cli.cluster import LOCAL, ray_option
from muslin.errors import EXIT_INTERRUPTED
from muslin.recipes import RECIPES


@click.command()
@click.argument(
    "recipe",
    metavar="RECIPE",
    help=f"One of: {', '.join(sorted(RECIPES))}. `muslin recipes` says what they make.",
)
@click.argument(
    "data",
    type=shared.PATH,
    required=False,
    metavar="[DATA]",
    help="A folder of pictures; without it, garments that muslin renders itself.",
)
@click.option(
    "--minutes",
    "-m",
    type=click.FloatRange(0, min_open=True),
    metavar="NUMBER",
    help="Train for so long; chooses the number of images.",
)
@click.option("--images", type=click.IntRange(1), metavar="NUMBER", help="Train on so many images, counting repeats.")
@click.option("--size", type=click.IntRange(16, 1024), metavar="PX", help="Side of the pictures.")
@click.option("--batch", type=click.IntRange(1, 4096), metavar="NUMBER", help="Images a step.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    help="Of the multiplications in training. bfloat16 is faster on processors that have it. [float32]",
)
@click.option(
    "--option",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any setting of the recipe: `muslin recipes NAME`. Repeatable.",
)
@click.option("--from", "start", metavar="MODEL", help="Go on from a model that you trained.")
@click.option("--seed", type=int, default=0, metavar="NUMBER", help="The same seed gives the same network.")
@click.option("--run", type=shared.PATH, metavar="DIR", help="Folder of the run. [runs/RECIPE]")
@click.option("--resume", is_flag=True, help="Continue the run in that folder; the same command does so too.")
@click.option("--name", metavar="NAME", help="Install the finished model under this name.")
@click.option("--overwrite", is_flag=True, help="Replace a model of that name.")
@click.option(
    "--workers",
    type=click.IntRange(1, 10_000),
    default=1,
    metavar="N",
    help="Processes that share each batch, through Ray.",
)
@ray_option
@shared.as_json_at_the_end
@shared.quiet
def train(
    recipe: str,
    data: Path | None,
    minutes: float | None,
    images: int | None,
    size: int | None,
    batch: int | None,
    precision: str | None,
    option: tuple[str, ...],
    start: str | None,
    seed: int,
    run: Path | None,
    resume: bool,
    name: str | None,
    overwrite: bool,
    workers: int,
    ray: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Train a network, and export it as a model.

    It ends when the time is up or both networks have converged.

    Stop it at any moment (Ctrl-C, or harder): the same command again continues, and ends with the same
    network.
    """
    options = {"size": size, "batch_size": batch, "precision": precision, **_check(recipe, data, option)}
    from muslin import store

    if name is not None:  # before the work, not after it
        store.refuse_name(name, recipe, overwrite=overwrite)
    say = (lambda text: None) if quiet else terminal.say
    made = _trainer(workers, ray)(
        recipe,
        data,
        folder=run or Path("runs") / recipe,
        images=images,
        minutes=minutes,
        seed=seed,
        options=options,
        start=start,
        resume=True if resume else None,
        screen=not quiet,
        say=say,
    )
    model = made.model
    if model is not None and name is not None:
        model = store.publish(model.folder, name, overwrite=overwrite)
    if as_json:
        terminal.put_json(_as_dict(made, model))
    elif model is not None:
        terminal.put(str(model.folder))
    if model is None:
        say(f"Stopped after {made.history.images_seen:,} images. The same command continues.")
        return EXIT_INTERRUPTED
    from muslin.recipes import find

    if find(recipe).use:
        say(f"Use it: {find(recipe).use.format(model=name or model.folder)}")
    return 0


def _trainer(workers: int, address: str | None) -> Any:
    """runs.train, or the same by several workers."""
    if workers == 1 and address is None:
        from muslin import runs

        return runs.train
    from functools import partial

    from muslin.distributed import train as together

    return partial(together.train, workers=workers, address=address or LOCAL)


def _check(recipe: str, data: Path | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """The options; mistakes that need no ten seconds of importing Keras to be found."""
    from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError
    from muslin.recipes import options

    if recipe not in RECIPES:
        raise UserError("There is no such recipe.", received=repr(recipe), possible=list(RECIPES), exit_code=EXIT_USAGE)
    if data is not None and not data.exists():
        raise UserError(
            f"There is no folder '{data}'.",
            advice="Give a folder of pictures, or none: muslin then renders garments to learn from.",
            exit_code=EXIT_DATA,
        )
    return options.parse(recipe, pairs)


def _as_dict(made: Any, model: Any) -> dict[str, Any]:
    return {
        "run": str(made.folder),
        "model": None if model is None else str(model.folder),
        "ended": made.history.ended,
        "verdict": made.history.verdict,
        "images_seen": made.history.images_seen,
        "seconds": round(made.seconds, 1),
        "last": made.history.records[-1] if made.history.records else None,
    }

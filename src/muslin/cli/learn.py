"""muslin learn: a folder of swatches becomes a look of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from muslin.cli import shared, terminal
from muslin.errors import EXIT_DATA, EXIT_INTERRUPTED, EXIT_USAGE, UserError

FEWEST = 3  # swatches; five are better


@click.command()
@click.argument(
    "swatches",
    type=shared.PATH,
    metavar="SWATCHES",
    help="A folder of 5 to 200 pictures of cloth.",
)
@click.option("--name", required=True, metavar="NAME", help="What the look is called.")
@click.option("--minutes", "-m", type=click.FloatRange(0.1, 600), default=3.0, metavar="NUMBER", help="Time to spend.")
@click.option("--from", "start", default="print", metavar="MODEL", help="The print model to learn on from.")
@click.option("--seed", type=int, default=0, metavar="NUMBER", help="The same seed learns the same way.")
@click.option("--run", type=shared.PATH, metavar="DIR", help="Folder of the run. [runs/NAME]")
@click.option("--overwrite", is_flag=True, help="Replace a look of that name.")
@shared.as_json_at_the_end
@shared.quiet
def learn(
    swatches: Path,
    name: str,
    minutes: float,
    start: str,
    seed: int,
    run: Path | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Learn a look from swatches, in minutes.

    Then `muslin imagine NAME` invents prints in it.

    Stopped at any moment, the same command continues.
    """
    from muslin import store

    _check(swatches, name, overwrite)
    weights = store.load(start).file("training.npz")
    from muslin import runs

    say = (lambda text: None) if quiet else terminal.say
    made = runs.train(
        "print",
        swatches,
        folder=run or Path("runs") / name,
        minutes=minutes,
        seed=seed,
        options={"begin": str(weights), "look": name, "learning_rate": 2e-4},
        screen=not quiet,
        say=say,
    )
    if made.model is None:
        say(f"Stopped after {made.history.images_seen:,} images. The same command continues.")
        return EXIT_INTERRUPTED
    model = store.publish(made.model.folder, name, overwrite=overwrite)
    if as_json:
        terminal.put_json(_as_dict(made, model))
    else:
        terminal.put(str(model.folder))
    say(f"Use it: muslin imagine {name} -n 24")
    return 0


def _check(swatches: Path, name: str, overwrite: bool) -> None:
    """What can be known before ten seconds of importing Keras."""
    from muslin import store
    from muslin.images import find_images

    if not store.NAME.fullmatch(name):
        raise UserError(
            f"'{name}' cannot be the name of a look.",
            possible="small letters, digits, '.', '_' and '-', at most 64",
            exit_code=EXIT_USAGE,
        )
    store.refuse_shipped(name)
    if name in store.load(store.shipped_folder() / "print").card["looks"]:
        raise UserError(
            f"'{name}' is a look that comes with muslin, which the new one would hide.",
            advice="Choose another name.",
            exit_code=EXIT_USAGE,
        )
    if (store.user_folder() / name).exists() and not overwrite:
        raise UserError(f"There is a look named '{name}' already.", advice="Choose another name, or add --overwrite.")
    if not swatches.is_dir():
        raise UserError(
            f"There is no folder '{swatches}'.", advice="Put pictures of cloth into one folder.", exit_code=EXIT_DATA
        )
    found = len(find_images([swatches]))
    if found < FEWEST:
        raise UserError(
            "A look is learned from several swatches.",
            received=f"{found} in '{swatches}'",
            possible=f"at least {FEWEST}; 5 to 200 are good",
            exit_code=EXIT_DATA,
        )


def _as_dict(made: Any, model: Any) -> dict[str, Any]:
    return {
        "look": model.name,
        "model": str(model.folder),
        "run": str(made.folder),
        "verdict": made.history.verdict,
        "images_seen": made.history.images_seen,
        "seconds": round(made.seconds, 1),
    }

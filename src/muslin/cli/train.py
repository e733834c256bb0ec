"""muslin train: a recipe, a folder, and the time there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[str, typer.Argument(metavar="drape|dcgan|mask", help="What to train.")],
    data: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA]", help="A folder of pictures; without it, muslin's own rendered garments."),
    ] = None,
) -> int:
    """Train a network, on your own pictures, until the time is up or both networks have converged."""
    return 0

"""muslin demo: train a GAN in front of you, restyle with it, leave a lookbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from muslin.cli import terminal
from muslin.cli.commands import Option


def demo(
    minutes: Annotated[
        float,
        Option("--minutes", "-m", min=0.1, max=600, help="Time for training the restyling network."),
    ] = 3.0,
    output: Annotated[Path, Option("-o", "--output", metavar="DIR", help="Folder of the lookbook.")] = Path("demo"),
) -> None:
    """Train a GAN on the embedded garments, restyle garments it has never seen, and show both in a
    lookbook.
    """
    from muslin.demo import run

    for path in run(output, minutes=minutes, say=terminal.say):
        terminal.put(str(path))

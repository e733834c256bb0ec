"""muslin demo: train a GAN in front of you, restyle with it, leave a lookbook."""

from __future__ import annotations

from pathlib import Path

import click

from muslin.cli import shared, terminal


@click.command()
@click.option(
    "--minutes",
    "-m",
    type=click.FloatRange(0.1, 600),
    default=3.0,
    metavar="NUMBER",
    help="Time for training the restyling network.",
)
@click.option(
    "-o",
    "--output",
    type=shared.PATH,
    default=Path("demo"),
    metavar="DIR",
    help="Folder of the lookbook.",
)
def demo(minutes: float, output: Path) -> None:
    """Train a GAN in front of you, and restyle with it.

    It learns from the embedded garments, restyles garments it has never seen, and shows both in a lookbook.
    """
    from muslin.demo import run

    for path in run(output, minutes=minutes, say=terminal.say):
        terminal.put(str(path))

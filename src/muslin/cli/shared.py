"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

PATH = click.Path(path_type=Path)

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
as_json_at_the_end = click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
as_json_not_paths = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of paths.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Only errors on stderr.")
without_progress = click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")

# Of the studio, for one person and for a team.
host = click.option(
    "--host", default="127.0.0.1", help="Address to listen on; anything but loopback asks visitors for a token."
)
port = click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    metavar="NUMBER",
    help="Port to listen on. [8765, or the next free]",
)
token = click.option("--token", metavar="WORD", help="The token to ask for. [a new one, where one is needed]")
data = click.option(
    "--data",
    type=PATH,
    metavar="DIR",
    help="Where projects and pictures are kept. [your data folder]",
)

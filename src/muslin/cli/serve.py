"""muslin serve: one studio for a team, on a computer that all of them reach."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from muslin.cli import terminal
from muslin.cli.cluster import Ray
from muslin.cli.commands import Option
from muslin.errors import EXIT_USAGE, UserError


def serve(
    host: Annotated[
        str, Option(help="Address to listen on; anything but loopback asks visitors for a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, Option("--port", "-p", min=0, max=65535, help="Port to listen on. [8765, or the next free]")
    ] = None,
    token: Annotated[
        str | None, Option(metavar="WORD", help="The token to ask for. [a new one, where one is needed]")
    ] = None,
    data: Annotated[
        Path | None, Option(metavar="DIR", help="Where projects and pictures are kept. [your data folder]")
    ] = None,
    ray: Ray = None,
    replicas: Annotated[
        int | None,
        Option(min=1, max=10_000, metavar="N", help="With --ray: how many make results. [one for each core]"),
    ] = None,
    threads: Annotated[int, Option(min=1, max=256, metavar="N", help="With --ray: cores of each replica.")] = 1,
) -> None:
    """The studio for a team: no browser is opened, and with --ray a cluster makes the results, many at once.

    End it with Ctrl-C. Nothing is lost: jobs that were running go on when it is started again.
    """
    from muslin.studio import server, service

    if ray is None and (replicas is not None or threads != 1):
        raise UserError(
            "Replicas are of a Ray cluster.",
            received="--replicas or --threads without --ray",
            advice="Add --ray (this computer's cores) or --ray HOST:PORT.",
            exit_code=EXIT_USAGE,
        )

    def ready(address: str) -> None:
        terminal.put(address)
        terminal.say("The studio is open. Ctrl-C closes it.")

    if ray is not None:
        terminal.say("Starting the replicas; this takes up to a minute.")
    server.serve(
        data or service.data_folder(), host=host, port=port, token=token, on_ready=ready, ray=ray,
        replicas=replicas, threads=threads,
    )  # fmt: skip

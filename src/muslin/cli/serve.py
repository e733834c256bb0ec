"""muslin serve: one studio for a team, on a computer that all of them reach."""

from __future__ import annotations

from pathlib import Path

import click

from muslin.cli import shared, terminal
from muslin.cli.cluster import ray_option
from muslin.errors import EXIT_USAGE, UserError


@click.command()
@shared.host
@shared.port
@shared.token
@shared.data
@ray_option
@click.option(
    "--replicas",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="With --ray: how many make results. [one for each core]",
)
@click.option(
    "--threads", type=click.IntRange(1, 256), default=1, metavar="N", help="With --ray: cores of each replica."
)
def serve(
    host: str,
    port: int | None,
    token: str | None,
    data: Path | None,
    ray: str | None,
    replicas: int | None,
    threads: int,
) -> None:
    """Open the studio for a team, on a computer that all reach.

    No browser is opened, and with --ray a cluster makes the results, many at once.

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

"""The option --ray: where a cluster is, and a batch of photos on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from muslin.cli import parts, terminal
from muslin.cli.jobs import is_file_name, plan
from muslin.cli.unsure import Unsure
from muslin.errors import EXIT_FAILURE, EXIT_USAGE, UserError

LOCAL = "local"
ADDRESS = re.compile(r"auto|local|ray://.+|[A-Za-z0-9._\[\]:-]+:\d{2,5}")

ray_option = click.option(
    "--ray",
    metavar="[ADDRESS]",
    help="Use a Ray cluster: auto, HOST:PORT or ray://HOST:PORT; without an address, this computer's cores.",
)


def with_address(arguments: Sequence[str]) -> list[str]:
    """The command line with --ray as --ray=ADDRESS: its address may be left out, and a photo is no address."""
    completed = list(arguments)
    for index, word in enumerate(completed):
        if word == "--":
            break
        if word == "--ray":
            following = completed[index + 1] if index + 1 < len(completed) else ""
            if ADDRESS.fullmatch(following):
                completed[index : index + 2] = [f"--ray={following}"]
            else:
                completed[index] = f"--ray={LOCAL}"
    return completed


def restyle_on_ray(
    order: Any, sources: list[str], output: str | None, *, address: str, workers: int | None, as_json: bool, quiet: bool
) -> int:
    """`muslin restyle --ray`: the photos of folders, URIs and shards on a cluster; returns the exit code."""
    from muslin.distributed import batch
    from muslin.distributed.sources import is_remote

    if "-" in sources or output == "-":
        raise UserError("Standard input and output (-) cannot be used with --ray.", exit_code=EXIT_USAGE)
    tasks = _tasks([source for source in sources if not is_remote(source)], order, output)
    folder = output or "."
    if tasks and (output is None or is_file_name(output)):  # where `plan` puts them: what lies there has a record
        from os.path import commonpath

        folder = commonpath([str(Path(task.targets[0]).parent) for task in tasks])
    if remote := [source for source in sources if is_remote(source)]:
        from muslin.distributed.sources import tasks_of

        tasks += list(tasks_of(remote, order, output))
    results: list[dict[str, Any]] = []
    unsure = Unsure()
    shards = any(task.kind == "shard" for task in tasks)
    with terminal.progress("Restyling", None if shards else len(tasks), quiet=quiet) as advance:
        seen = 0

        def watch(record: Any, total: int) -> None:
            nonlocal seen
            seen += 1
            advance(seen, note=record.key)
            unsure.add(record.key, record.confidence)
            if record.missing and not quiet:
                terminal.say(parts.lacking(Path(record.key).name, record.missing, record.parts))
            if record.error is not None:
                skipped = terminal.paint("Skipped", terminal.RED)
                terminal.say(f"{skipped} {Path(record.key).name}: {_words(record.error)}")
            elif as_json:
                results.append(_result(record))
            else:
                for path in record.outputs:
                    terminal.put(path)

        outcome = batch.run(
            order, tasks, address=address, workers=workers, output=output or "",
            manifest=batch.manifest_path(folder, order), watch=watch,
        )  # fmt: skip
    if as_json:
        failed = [{"source": record.key, "error": record.error} for record in outcome.failed]
        terminal.put_json({"results": results, "failed": failed, "done_before": outcome.before})
    if not quiet:
        unsure.say()
        before = f", {outcome.before:,} done before" if outcome.before else ""
        terminal.say(f"{outcome.done:,} of {outcome.done + len(outcome.failed):,} photos restyled{before}.")
    return EXIT_FAILURE if outcome.failed else 0


def _tasks(sources: list[str], order: Any, output: str | None) -> list[Any]:
    """Local photos and folders, named as the plain command names its results."""
    if not sources:
        return []
    from muslin.distributed.order import Task

    jobs = plan(sources, output, order.look, order.number, order.mask)
    found = []
    for job in jobs:
        try:
            status = Path(job.source).stat()
            state = f"{status.st_size}-{status.st_mtime_ns}"
        except (OSError, ValueError):
            state = ""  # the worker says what is wrong with it
        mask = str(job.mask) if job.mask is not None else None
        found.append(Task(job.source, job.source, job.targets, mask, state))
    return found


def _result(record: Any) -> dict[str, Any]:
    width, height = record.size or (None, None)
    by_part = {"parts": list(record.parts), "missing": list(record.missing)} if record.parts else {}
    return {
        "source": record.key, "outputs": list(record.outputs), "width": width, "height": height,
        "seconds": record.seconds, "mask_confidence": record.confidence,
        **by_part,
    }  # fmt: skip


def _words(entry: dict[str, Any]) -> str:
    from muslin.distributed.order import as_error

    return str(as_error(entry))

"""muslin data: look at a folder of pictures before training on it."""

from __future__ import annotations

import click

from muslin.cli import shared, terminal
from muslin.errors import EXIT_DATA

SHOWN = 5  # file names under a finding; the JSON has them all


@click.group()
def data() -> None:
    """Look at folders of pictures."""


@data.command()
@click.argument("directory", metavar="DIR", help="A folder of pictures.")
@click.option(
    "--min-side", type=click.IntRange(1), default=128, metavar="NUMBER", help="Smallest useful side, in pixels."
)
@shared.as_json
@shared.without_progress
def check(directory: str, min_side: int, as_json: bool, quiet: bool) -> int:
    """Find what would spoil a training run.

    Unreadable files, duplicates, leakage, masks, sizes, colour.

    Ends with exit code 3 when something has to be mended first.
    """
    from muslin.data.check import check as check_folder

    with terminal.progress("Looking", quiet=quiet) as advance:
        report = check_folder(directory, min_side=min_side, progress=advance)
    if as_json:
        terminal.put_json(report.to_dict())
        return 0 if report.usable else EXIT_DATA
    _print(report)
    return 0 if report.usable else EXIT_DATA


def _print(report) -> None:  # type: ignore[no-untyped-def]
    masks = f", {report.masks:,} with a mask" if report.masks else ""
    terminal.put(f"{report.images:,} pictures{masks}, layout '{report.layout}' ({report.seconds:.1f} s)")
    if report.labels:
        terminal.put("labels: " + ", ".join(f"{label} {count:,}" for label, count in report.labels.items()))
    if report.splits:
        terminal.put("split:  " + ", ".join(f"{name} {count:,}" for name, count in sorted(report.splits.items())))
    if report.sizes:
        terminal.put("sizes:  " + ", ".join(f"{name} {w} x {h}" for name, (w, h) in report.sizes.items()))
    for finding in report.findings:
        style = {"unusable": terminal.RED, "warning": terminal.BOLD}.get(finding.level, terminal.DIM)
        terminal.put("")
        terminal.put(
            f"{finding.level}: {finding.text}" if style == terminal.DIM else f"{finding.level.upper()}: {finding.text}"
        )
        terminal.put(f"  {finding.advice}")
        lines = [" = ".join(group) for group in finding.groups] or list(finding.files)
        for line in lines[:SHOWN]:
            terminal.put(f"    {line}")
        if len(lines) > SHOWN:
            terminal.put(f"    and {len(lines) - SHOWN:,} more (--json lists all)")
    terminal.put("")
    if not report.findings:
        terminal.put("Nothing to complain about.")
    elif report.usable:
        terminal.put("Usable as it is.")
    else:
        terminal.put("Not usable yet: mend what is marked UNUSABLE.")

"""muslin export: a trained model for another program."""

from __future__ import annotations

import os
from pathlib import Path

import click

from muslin.cli import shared, terminal


@click.command()
@click.argument("model", metavar="MODEL", help="Name or folder of a model, or the folder of a run.")
@click.option("--format", "-f", default="onnx", help="onnx, openvino, litert or saved-model.")
@click.option("--output", "-o", type=shared.PATH, metavar="DIR", help="Folder to write. [NAME-FORMAT]")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export.")
@click.option(
    "--weights",
    type=click.Choice(("float32", "float16", "int8")),
    default="float32",
    help="Of an ONNX file: float16 halves it, int8 is a quarter of it. [float32]",
)
@shared.as_json
def export(model: str, format: str, output: Path | None, overwrite: bool, weights: str, as_json: bool) -> int:
    """Write a model's networks in another format, and check them.

    What they compute is compared with the original on two sizes. The largest
    differences go into the model.json of the folder that is written.
    """
    _check(model)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # the exporters read its graphs; weights fit every backend
    try:
        from muslin.export import export_model
    except ImportError as error:
        from muslin.errors import missing_extra

        raise missing_extra(str(error.name), "train") from error

    format = format.lower()
    made = export_model(model, format, output, overwrite=overwrite, weights=weights)
    differences = made.card["parity"][format]
    rounding = made.card.get("largest_difference_by_rounding") or {}
    if as_json:
        said = {"folder": str(made.folder), "format": format, "parity": differences}
        terminal.put_json(said | ({"rounding": rounding} if rounding else {}))
        return 0
    for name, found in differences.items():
        sizes = " and ".join(f"{worst:.1g} at {size}" for size, worst in found.items())
        what = "the rounded weights" if rounding else "the original"
        terminal.say(f"{name}: largest difference from {what} {sizes} px.")
        if name in rounding:
            terminal.say(f"{name}: rounding to {weights} changes its output by up to {rounding[name]:.2g}.")
    terminal.put(str(made.folder))
    return 0


def _check(model: str) -> None:
    """A model that is not there is found before the seconds of importing TensorFlow."""
    from muslin import store

    folder = Path(model).expanduser()
    if not any((folder / file).is_file() for file in ("config.json", f"model/{store.CARD}")):
        store.load(model)

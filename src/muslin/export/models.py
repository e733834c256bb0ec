"""Models from recipes and from finished or unfinished runs, in any of the formats, with the comparison in the card."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from muslin import recipes, store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError
from muslin.export import parity
from muslin.export.formats import FORMATS, Original
from muslin.export.rounding import STORED, round_weights
from muslin.recipes.base import Recipe

WEIGHTS = "keras"  # folder of a model in which the weights of all its networks are kept


def export_recipe(
    recipe: Recipe,
    folder: Path,
    *,
    name: str | None = None,
    card: Mapping[str, Any] | None = None,
    keep_weights: bool = True,
) -> store.Model:
    """Write the recipe's exported networks (their present weights) and model.json into `folder`.

    folder: files that are in it already become part of the model.
    card: more entries (data, metrics, licence...). The parity of each network on two sizes goes into the card.
    keep_weights: also keras/NAME.weights.h5 of every network, from which the model is exported again or trained on.
    On JAX and PyTorch the ONNX files are written by a second process, which runs TensorFlow.
    Raises UserError where ONNX cannot be written or the exported network disagrees with the original.
    """
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    in_process = keras.backend.backend() == "tensorflow"
    if keep_weights or not in_process:
        save_weights(recipe, folder)
    weights = sum(int(np.prod(v.shape)) for n in recipe.exported for v in recipe.networks[n].weights)
    full = {
        "name": name or recipe.name,
        "recipe": recipe.name,
        "network": f"{recipe.exported[0]}.onnx",
        "exported": list(recipe.exported),
        "parameters": weights,
        "settings": settings(recipe),
        **_checked(recipe),
        **dict(card or {}),
    }
    if not in_process:
        store.write_card(folder, full)
        return _export_elsewhere(folder)
    checked = full["checked_inputs"]
    originals = [Original(name, None, recipe.networks[name], checked.get(name, {})) for name in recipe.exported]
    found = _write(originals, "onnx", folder, recipe.checked_sizes)
    worst = {name: max(values.values()) for name, values in found.items()}
    return store.write_card(folder, _with_parity(full, "onnx", found) | {"largest_difference_after_export": worst})


def export_model(
    source: str | Path, format: str, output: Path | None = None, *, overwrite: bool = False, weights: str = "float32"
) -> store.Model:
    """Write a model in another format into the folder `output`, with a card; returns that folder's model.

    source: a model's name or folder, or a run's folder: a finished run's model, or an unfinished run as it is.
    output: by default NAME-FORMAT in the present folder. overwrite: an earlier export may be replaced.
    weights: what they are rounded to before: float32, float16 (half the ONNX file), int8 (a quarter). It is computed
    with in float32 all the same.
    Raises UserError for an unknown format, smaller weights of another than ONNX, a model without Keras weights where
    they are needed (exit code 4), a missing extra (5), and where the exported network disagrees with the original.
    """
    if format not in FORMATS:
        raise UserError("There is no such format.", received=repr(format), possible=list(FORMATS), exit_code=EXIT_USAGE)
    if weights not in STORED:
        raise UserError("No such weights.", received=repr(weights), possible=list(STORED), exit_code=EXIT_USAGE)
    smaller = weights != "float32"
    if smaller and format != "onnx":
        raise UserError(f"Weights in {weights} are for 'onnx' alone.", received=repr(format), exit_code=EXIT_USAGE)
    with tempfile.TemporaryDirectory() as scratch:
        model = _model_of(source, Path(scratch))
        output = output or Path(f"{model.name}-{format}")
        wanted, present = FORMATS[format], _present(model)
        if smaller and not _has_weights(model):
            raise _no_weights(model, f"onnx --weights {weights}")
        sizes, checked = model.card.get("checked_sizes") or parity.SIZES, model.card.get("checked_inputs") or {}
        if (wanted.keras or format == "onnx") and _has_weights(model):
            networks = load_recipe(model).networks
            round_weights(networks.values(), weights)
        elif wanted.keras:
            raise _no_weights(model, format)
        else:
            networks = {}
        originals = [Original(name, file, networks.get(name), checked.get(name, {})) for name, file in present.items()]
        precision: dict[str, Any] = {"weights": f"{weights}, computed with in float32"} if smaller else {}
        if smaller:  # the file is compared with the rounded weights; what rounding itself changes is told beside it
            precision["largest_difference_by_rounding"] = _by_rounding(model, networks, sizes, checked)
        apart = output.resolve() != model.folder.resolve()
        if apart:
            _make_room(output, overwrite)
        try:
            found = _write(originals, format, output, sizes)
        except BaseException:
            if apart:  # half an export is none
                shutil.rmtree(output, ignore_errors=True)
            raise
        network = f"{originals[0].name}{wanted.suffix}"
        return store.write_card(output, _with_parity(model.card, format, found) | {"network": network, **precision})


def _by_rounding(
    model: store.Model, rounded: Mapping[str, Any], sizes: Any, checked: Mapping[str, Any]
) -> dict[str, float]:
    """Network -> the largest difference of its output from that of the weights as they were trained."""

    def runs(network: Any) -> parity.Runs:  # by number: layers without a name of their own have another in each copy
        named = parity.keras_runs(network)
        return lambda arrays: {str(number): value for number, value in enumerate(named(arrays).values())}

    exact, found = load_recipe(model).networks, {}
    for name in _present(model):
        shapes = Original(name, None, exact[name], checked.get(name, {})).shapes
        apart = parity.differences(shapes, runs(exact[name]), runs(rounded[name]), sizes, math.inf)
        found[name] = max(apart.values())
    return found


def trained_model(recipe: Recipe, root: Path, name: str, **card: Any) -> store.Model:
    """Export into a temporary folder, then publish under `name` in `root`: all of it or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        export_recipe(recipe, Path(folder), name=name, card=card)
        return store.publish(folder, name, root=root, overwrite=True)


def load_recipe(model: store.Model, **options: Any) -> Recipe:
    """The recipe that trained a model, with the model's weights in its networks; what training goes on from.

    options: settings to change, such as batch_size. Raises UserError where the model kept no Keras weights.
    """
    if not _has_weights(model):
        raise _no_weights(model)
    recipe = recipes.build(model.recipe, {**model.card["settings"], **options})
    for name, network in recipe.networks.items():
        file = model.file(f"{WEIGHTS}/{name}.weights.h5")
        try:
            with warnings.catch_warnings():  # before the error Keras warns of each layer: a screen of them
                warnings.simplefilter("ignore", UserWarning)
                network.load_weights(file)
        except ValueError as error:
            raise UserError(
                f"The weights of '{model.name}' do not fit the networks asked for.",
                received=" ".join(str(error).split())[:200],
                advice="Leave out the options that change the networks' shape.",
                exit_code=EXIT_MODEL,
            ) from error
    return recipe


def save_weights(recipe: Recipe, folder: Path) -> None:
    """folder/keras/NAME.weights.h5 of every network: they fit each backend."""
    (folder / WEIGHTS).mkdir(parents=True, exist_ok=True)
    for name, network in recipe.networks.items():
        network.save_weights(folder / WEIGHTS / f"{name}.weights.h5")


def settings(recipe: Recipe) -> dict[str, Any]:
    """The recipe's fields that JSON can hold; arrays and networks given to it are not among them."""
    values = {item.name: getattr(recipe, item.name) for item in dataclasses.fields(recipe) if item.init}
    return {key: value for key, value in values.items() if isinstance(value, (int, float, str, list, tuple))}


def _checked(recipe: Recipe) -> dict[str, Any]:
    """Entries of the card: on which inputs exports are compared, now and when another format is written."""
    inputs = {
        name: {str(size): shapes for size in recipe.checked_sizes if (shapes := recipe.checked_inputs(name, size))}
        for name in recipe.exported
    }
    return {"checked_sizes": list(recipe.checked_sizes), "checked_inputs": {k: v for k, v in inputs.items() if v}}


def _write(originals: list[Original], format: str, folder: Path, sizes: Any) -> dict[str, dict[str, float]]:
    """Network -> size -> largest difference of what was written."""
    wanted, found = FORMATS[format], {}
    for original in originals:
        path = folder / f"{original.name}{wanted.suffix}"

        def once(original: Original = original, path: Path = path) -> dict[str, float]:
            wanted.write(original, path)
            return parity.differences(original.shapes, original.runs, wanted.opened(path), sizes)

        # A converter is written by others: tf2onnx was seen to leave out a step, one time in about fifty.
        try:
            found[original.name] = once()
        except UserError:
            found[original.name] = once()
    return found


def _with_parity(card: Mapping[str, Any], format: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The card with `parity`: format -> network -> size -> largest difference."""
    return {**card, "parity": {**card.get("parity", {}), format: dict(found)}, "tolerance": parity.TOLERANCE}


def _present(model: store.Model) -> dict[str, Path | None]:
    """Name -> ONNX file (None where there is none yet) of the networks that a model ships."""
    files = model.card["files"]
    names = model.card.get("exported") or [file[:-5] for file in files if file.endswith(".onnx")]
    return {name: model.file(f"{name}.onnx") if f"{name}.onnx" in files else None for name in names}


def _has_weights(model: store.Model) -> bool:
    return any(file.startswith(f"{WEIGHTS}/") for file in model.card["files"])


def _no_weights(model: store.Model, format: str | None = None) -> UserError:
    possible = [name for name, choice in FORMATS.items() if not choice.keras]
    return UserError(
        f"The model '{model.name}' came without its Keras weights"
        + (f", from which '{format}' is written." if format else ", from which training goes on."),
        possible=possible if format else None,
        advice="Models that you train yourself keep them.",
        exit_code=EXIT_MODEL,
    )


def _model_of(source: str | Path, scratch: Path) -> store.Model:
    folder = Path(source).expanduser()
    if (folder / "model" / store.CARD).is_file():
        return store.load(folder / "model")
    if (folder / "config.json").is_file():
        from muslin.training import checkpoint, engine

        config = checkpoint.read_config(folder) or {}
        recipe = recipes.build(config["recipe"], config["settings"])
        images_seen = engine.restore(recipe, folder)
        save_weights(recipe, scratch)
        card = {"name": recipe.name, "recipe": recipe.name, "network": f"{recipe.exported[0]}.onnx"}
        more = {"exported": list(recipe.exported), **_checked(recipe)}
        more |= {"settings": settings(recipe), "images_seen": images_seen, "summary": f"{recipe.summary} (unfinished)"}
        return store.write_card(scratch, card | more)
    return store.load(source)


def _export_elsewhere(folder: Path) -> store.Model:
    """Write the ONNX files of a model that has Keras weights alone, by a process that runs TensorFlow."""
    if find_spec("tensorflow") is None:
        raise UserError(
            "The network is trained and kept, but its ONNX files are written through TensorFlow, which is not here.",
            advice=f"Where it is: muslin export '{folder}' --format onnx --output '{folder}'",
        )
    command = [sys.executable, "-m", "muslin.cli", "export", str(folder), "--format", "onnx", "--output", str(folder)]
    done = subprocess.run(
        command, env={**os.environ, "KERAS_BACKEND": "tensorflow"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError("The network is trained and kept, but could not be exported.", received=done.stderr[-500:])
    return store.load(folder)


def _make_room(output: Path, overwrite: bool) -> None:
    """An empty folder `output`. Only what an earlier export left there is removed, and only where that is wanted."""
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        if not (overwrite and (output / store.CARD).is_file()):
            raise UserError(
                f"'{output}' is already there.",
                advice="Name another folder with --output, or replace an earlier export with --overwrite.",
                exit_code=EXIT_USAGE,
            )
        shutil.rmtree(output)
    output.mkdir(parents=True, exist_ok=True)

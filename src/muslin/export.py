"""Turn trained networks into models: ONNX files, checked against the originals, with a card."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from muslin import store
from muslin.errors import UserError, missing_extra
from muslin.garments.network import Network
from muslin.recipes.base import Recipe

TOLERANCE = 2e-3  # largest difference between the exported network's output and the original's, on any output
CHECKED_SIZES = (64, 96)  # px: a graph that baked in a size fails the second


def export_recipe(
    recipe: Recipe,
    folder: Path,
    *,
    name: str | None = None,
    card: Mapping[str, Any] | None = None,
) -> store.Model:
    """Write the recipe's exported networks (their present weights) and model.json into `folder`.

    card: more entries (data, metrics, licence...). The parity of each network on two sizes goes into the card.
    Raises UserError where ONNX cannot be written or the exported network disagrees with the original.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parity = {}
    for network_name in recipe.exported:
        path = folder / f"{network_name}.onnx"
        network = recipe.networks[network_name]
        to_onnx(network, path)
        parity[network_name] = check_parity(network, path)
    weights = sum(int(np.prod(v.shape)) for n in recipe.exported for v in recipe.networks[n].weights)
    return store.write_card(
        folder,
        {
            "name": name or recipe.name,
            "recipe": recipe.name,
            "network": f"{recipe.exported[0]}.onnx",
            "parameters": weights,
            "largest_difference_after_export": parity,
            **dict(card or {}),
        },
    )


def to_onnx(network: Any, path: Path) -> None:
    """Export a Keras network: NHWC float32, free batch (and free height and width where the network leaves them).

    Inputs and outputs keep the Keras names. Raises UserError on a backend other than TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "ONNX is written through the TensorFlow backend.",
            received=f"KERAS_BACKEND={keras.backend.backend()}",
            advice="Run the same command with KERAS_BACKEND=tensorflow: the weights of a run fit every backend.",
        )
    try:
        import onnx
        import tensorflow as tf
        import tf2onnx
    except ImportError as error:
        raise missing_extra(str(error.name), "train") from error
    inputs = network.inputs
    outputs = list(network.output) if isinstance(network.output, dict) else [network.output_names[0]]

    def call(*arrays: Any) -> Any:
        found = network(list(arrays) if len(arrays) > 1 else arrays[0], training=False)
        found = found if isinstance(found, dict) else {outputs[0]: found}
        return {name: tf.identity(found[name], name=name) for name in outputs}

    signature = [tf.TensorSpec(tensor.shape, tf.float32, name=tensor.name) for tensor in inputs]
    model, _ = tf2onnx.convert.from_function(tf.function(call, autograph=False), signature, opset=17)
    _rename(model.graph, [tensor.name for tensor in inputs], outputs)
    model.producer_name = "muslin"
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _rename(graph: Any, inputs: list[str], outputs: list[str]) -> None:
    """tf2onnx decorates names ("image:0") and sorts dict outputs; a model's users should see the plain ones."""
    plain = {}
    for value, wanted in zip(graph.input, inputs, strict=True):
        plain[value.name] = wanted
    by_order = dict(zip(sorted(outputs), [value.name for value in graph.output], strict=True))
    for wanted, found in by_order.items():
        plain[found] = wanted
    for value in (*graph.input, *graph.output):
        value.name = plain[value.name]
    for node in graph.node:
        node.input[:] = [plain.get(item, item) for item in node.input]
        node.output[:] = [plain.get(item, item) for item in node.output]


def check_parity(network: Any, path: Path) -> float:
    """Largest absolute difference between the file and the network, over CHECKED_SIZES. Raises UserError if large."""
    import keras

    exported = Network(path, threads=1)
    rng = np.random.default_rng(0)
    worst = 0.0
    for size in CHECKED_SIZES:
        arrays = {}
        for tensor in network.inputs:
            shape = [2 if axis == 0 else side or size for axis, side in enumerate(tensor.shape)]
            arrays[tensor.name] = rng.uniform(0, 1, shape).astype(np.float32)
        given = list(arrays.values())
        expected = network(given if len(given) > 1 else given[0], training=False)
        expected = expected if isinstance(expected, dict) else {exported.outputs[0]: expected}
        found = exported(**arrays)
        for name, value in expected.items():
            worst = max(worst, float(np.abs(keras.ops.convert_to_numpy(value) - found[name]).max()))
    if not worst <= TOLERANCE:
        raise UserError(
            "The exported network does not compute what the original computes.",
            received=f"largest difference {worst:.2g}",
            possible=f"at most {TOLERANCE:g}",
        )
    return worst


def trained_model(recipe: Recipe, root: Path, name: str, **card: Any) -> store.Model:
    """Export into a temporary folder, then publish under `name` in `root`: all of it or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        export_recipe(recipe, Path(folder), name=name, card=card)
        return store.publish(folder, name, root=root, overwrite=True)

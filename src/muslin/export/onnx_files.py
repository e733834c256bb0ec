"""A Keras network as an ONNX file, with the names and free sizes that the network has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muslin.errors import UserError, missing_extra
from muslin.export.rounding import store_small
from muslin.export.shorten import shorten


def to_onnx(network: Any, path: Path) -> None:
    """Export a Keras network: NHWC float32, free batch (and free height and width where the network leaves them).

    Inputs and outputs keep the Keras names. Large weights that fewer bits hold exactly are stored so (see
    `rounding.round_weights`). Raises UserError on a backend other than TensorFlow.
    """
    needs_tensorflow("ONNX")
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise missing_extra(str(error.name), "train") from error
    function, signature, outputs = plain_function(network)
    model, _ = tf2onnx.convert.from_function(function, signature, opset=17)
    _rename(model.graph, [tensor.name for tensor in network.inputs], outputs)
    shorten(model.graph)
    _number(model.graph)
    store_small(model.graph)
    model.producer_name = "muslin"
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def needs_tensorflow(what: str) -> None:
    """Raises UserError on another backend: the exporters read TensorFlow graphs."""
    import keras

    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"{what} is written through the TensorFlow backend.",
            received=f"KERAS_BACKEND={keras.backend.backend()}",
            advice="Run the same command with KERAS_BACKEND=tensorflow: the weights of a run fit every backend.",
        )


def plain_function(network: Any) -> tuple[Any, list[Any], list[str]]:
    """(tf.function of plain arrays -> name -> tensor, its signature, the names of the outputs in Keras' order)."""
    import tensorflow as tf

    outputs = list(network.output) if isinstance(network.output, dict) else [network.output_names[0]]

    def call(*arrays: Any) -> Any:
        found = network(list(arrays) if len(arrays) > 1 else arrays[0], training=False)
        found = found if isinstance(found, dict) else {outputs[0]: found}
        return {name: tf.identity(found[name], name=name) for name in outputs}

    signature = [tf.TensorSpec(tensor.shape, tf.float32, name=tensor.name) for tensor in network.inputs]
    return tf.function(call, autograph=False), signature, outputs


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
        for axis, side in enumerate(value.type.tensor_type.shape.dim):
            if side.dim_param:  # free; tf2onnx counts these names too
                side.dim_param = f"{value.name}_{axis}"
    for node in graph.node:
        node.input[:] = [plain.get(item, item) for item in node.input]
        node.output[:] = [plain.get(item, item) for item in node.output]


def _number(graph: Any) -> None:
    """Constants, steps and what passes between them, named by their place: tf2onnx counts them on from network to
    network, and the same weights are to give the same bytes.
    """
    kept = {value.name for value in (*graph.input, *graph.output)}
    used = list(dict.fromkeys(item for node in graph.node for item in node.input))
    constants = {constant.name: constant for constant in graph.initializer}
    ordered = [constants[name] for name in used if name in constants]
    names = {constant.name: f"constant_{number}" for number, constant in enumerate(ordered)}
    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{number}"
        made = [(item, f"{node.name}_{place}") for place, item in enumerate(node.output) if item and item not in kept]
        names |= dict(made)
        node.input[:] = [names.get(item, item) for item in node.input]
        node.output[:] = [names.get(item, item) for item in node.output]
    for constant in ordered:
        constant.name = names[constant.name]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(ordered)
    graph.name, graph.doc_string = "network", ""

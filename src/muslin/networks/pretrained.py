"""Maps of a network that others trained on a million photographs, as Keras layers that no training changes.

EfficientNet-Lite0 (Tan and Le 2019; squeeze-and-excitation left out, ReLU6), by its authors, on ImageNet: its early
stages tell cloth, seams and letters apart, which a few hundred garments teach badly. Read from the file that ships for
the measures (models/features/model.json has origin and licence).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keras import layers, ops

from muslin.errors import missing_extra

FEATURES = Path(__file__).parent.parent / "models" / "features" / "network.onnx"
STAGES = ("stage_4", "stage_8", "stage_16")  # a fifth of its weights; what follows tells a thousand kinds of things


def pretrained_maps(image: Any, stages: Sequence[str] = STAGES) -> list[Any]:
    """image N,H,W,3 in [-1, 1] (H, W: multiples of 16) -> N,H/4,W/4,24; N,H/8,W/8,40; N,H/16,W/16,112.

    Any size; it was trained at 224 px. Raises UserError where the package onnx, which reads the file, is missing.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise missing_extra(str(error.name), "train") from error
    graph = onnx.load(FEATURES).graph
    stored = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    stored |= {node.output[0]: stored[node.input[0]] for node in graph.node if node.op_type == "Cast"}
    scaled = layers.Rescaling(float(stored["scale"]), float(stored["shift"]), name="known_scaled")(image)
    made: dict[str, Any] = {"shifted": scaled}
    for node in graph.node:
        if all(stage in made for stage in stages):
            break
        if node.input[0] in made:
            made[node.output[0]] = _applied(node, [made.get(item) for item in node.input], stored)
    return [made[stage] for stage in stages]


def _applied(node: Any, inputs: Sequence[Any], stored: dict[str, np.ndarray]) -> Any:
    """The output of one step of the graph. The file has five kinds of them after the input's scaling."""
    name = "known_" + node.output[0].strip("_").replace(".", "_")
    if node.op_type == "Conv":
        return _convolution(node, stored, name)(inputs[0])
    if node.op_type == "Clip":
        return layers.ReLU(max_value=6.0, name=name)(inputs[0])
    if node.op_type == "Add":
        return layers.Add(name=name)(inputs)
    assert node.op_type == "Identity", node.op_type
    return inputs[0]


def _convolution(node: Any, stored: dict[str, np.ndarray], name: str) -> layers.Layer:
    kernel, bias = (stored[item].astype(np.float32) for item in node.input[1:])
    settings: dict[str, Any] = {item.name: list(item.ints) or item.i for item in node.attribute}
    options: dict[str, Any] = {"strides": settings["strides"], "padding": "same", "name": name, "trainable": False}
    options["bias_initializer"] = _given(bias)
    if settings["group"] > 1:
        start = _given(kernel.transpose(2, 3, 0, 1))
        return layers.DepthwiseConv2D(kernel.shape[2:], depthwise_initializer=start, **options)
    start = _given(kernel.transpose(2, 3, 1, 0))
    return layers.Conv2D(len(kernel), kernel.shape[2:], kernel_initializer=start, **options)


def _given(values: np.ndarray) -> Any:
    """An initializer: these numbers."""
    return lambda shape, dtype=None: ops.reshape(ops.convert_to_tensor(values, dtype=dtype), shape)

"""Weights in fewer bits: rounded in the network first, stored exactly then, so that the file computes what it does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

LARGE = 1024  # numbers, from which on an array of weights is worth storing in fewer bits
STEPS = 127  # of int8, to either side of zero
STORED = ("float32", "float16", "int8")


def round_weights(networks: Iterable[Any], weights: str) -> None:
    """Round the large weights of Keras networks in place to `weights`, one of STORED.

    float16: a relative 0.05 %, half the file. int8: steps of an own length for each output at each place of a kernel,
    the largest of its weights 127 of them (Jacob et al. 2018, section 2.1, there one length a layer): an error
    of 0.4 to 1.5 % of the weights' own size in `drape`, a quarter of the file; vectors become float16.
    """
    from keras import ops

    for network in networks:
        for variable in network.weights if weights != "float32" else ():
            if np.prod(variable.shape) >= LARGE:
                exact = ops.convert_to_numpy(variable)
                counted = weights == "int8" and len(variable.shape) > 1
                variable.assign(_in_steps(exact, axis=-2) if counted else _in_half(exact))


def store_small(graph: Any) -> None:
    """Large constants of an ONNX graph that float16 or int8 steps hold exactly are stored so, and enlarged when the
    file is opened.
    """
    from onnx import TensorProto, helper, numpy_helper

    steps, stored = [], []
    for place, constant in enumerate(graph.initializer):
        single, name = numpy_helper.to_array(constant), constant.name
        if single.dtype != np.float32 or single.size < LARGE:
            stored.append(constant)
            continue
        small, scale = _smallest(single)
        if small.dtype == np.float32:
            stored.append(constant)
            continue
        stored.append(numpy_helper.from_array(small, f"{name}_{small.dtype}"))
        wide = name if scale is None else f"{name}_steps"
        steps.append(helper.make_node("Cast", [stored[-1].name], [wide], f"Stored_{place}", to=TensorProto.FLOAT))
        if scale is not None:
            stored.append(numpy_helper.from_array(scale, f"{name}_step"))
            steps.append(helper.make_node("Mul", [wide, stored[-1].name], [name], f"Scaled_{place}"))
    nodes = [*steps, *graph.node]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(stored)


def _smallest(single: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(the same numbers in the fewest bits that hold them exactly, the length of their steps if they are counted)."""
    for axis in range(single.ndim):  # Keras's second but last one, wherever the converter put it
        scale = _step(single, axis)
        counted = np.rint(single / scale)
        if single.shape[axis] > 1 and (counted * scale == single).all():
            return counted.astype(np.int8), scale
    half = _in_half(single)
    return (half.astype(np.float16), None) if (half == single).all() else (single, None)


def _in_half(exact: np.ndarray) -> np.ndarray:
    largest = float(np.finfo(np.float16).max)
    return np.clip(exact, -largest, largest).astype(np.float16).astype(np.float32)


def _in_steps(exact: np.ndarray, axis: int) -> np.ndarray:
    """Found again from its own result: the largest number stays 127 of the same steps."""
    scale = _step(exact, axis)
    return np.clip(np.rint(exact / scale), -STEPS, STEPS).astype(np.float32) * scale


def _step(numbers: np.ndarray, axis: int) -> np.ndarray:
    """Length of a step along `axis`, of 11 bits, so that a product with 127 is exact in float32."""
    scale = np.abs(numbers).max(axis=axis, keepdims=True) / np.float32(STEPS)
    mantissa, exponent = np.frexp(scale)
    scale = np.ldexp(np.rint(mantissa * 2048) / 2048, exponent).astype(np.float32)
    return np.where(scale > 0, scale, np.float32(1))

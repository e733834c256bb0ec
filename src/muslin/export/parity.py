"""Does an exported file compute what the network computes? Asked on two sizes and two lengths of batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muslin.errors import UserError
from muslin.garments.network import Network

TOLERANCE = 2e-3  # largest difference between an exported network's output and the original's, in parts of the output's
# largest value where that is above 1: logits in the hundreds have fewer digits behind the point
SIZES = (64, 96)  # of every free axis: a graph that baked in a size fails the second
BATCHES = (2, 3)

Arrays = dict[str, np.ndarray]
Runs = Callable[[Arrays], Mapping[str, np.ndarray]]
Shapes = Mapping[str, Sequence[int | None]]  # input -> its axes, the batch first, None where they are free


def check_parity(network: Any, path: Path, sizes: Iterable[int] = SIZES) -> float:
    """Largest absolute difference between an ONNX file and its Keras network. Raises UserError where it is large."""
    shapes = keras_shapes(network)
    return max(differences(lambda size: shapes, keras_runs(network), onnx_runs(path), sizes).values())


def differences(
    shapes: Callable[[int], Shapes], original: Runs, exported: Runs, sizes: Iterable[int] = SIZES,
    tolerance: float = TOLERANCE,
) -> dict[str, float]:  # fmt: skip
    """Size -> largest absolute difference on any output. Raises UserError where one is not within the tolerance.

    shapes: size -> axes of the inputs; those left free take the size.
    """
    rng, found = np.random.default_rng(0), {}
    for size, batch in zip(sizes, BATCHES, strict=False):
        arrays = {
            name: rng.uniform(0, 1, [batch, *(side or size for side in shape[1:])]).astype(np.float32)
            for name, shape in shapes(size).items()
        }
        expected, got = original(arrays), exported(arrays)
        for name, value in expected.items():  # a difference would broadcast an axis too many
            if got[name].shape != value.shape:
                raise UserError(
                    "The exported network's output has another shape than the original's.",
                    received=f"{name}: {'x'.join(map(str, got[name].shape))}",
                    possible="x".join(map(str, value.shape)),
                )
        apart = {name: float(np.abs(value - got[name]).max()) for name, value in expected.items()}
        found[str(size)] = max(apart.values())
        for name, largest in apart.items():
            allowed = tolerance * max(1.0, float(np.abs(expected[name]).max()))
            if not largest <= allowed:
                raise UserError(
                    "The exported network does not compute what the original computes.",
                    received=f"largest difference {largest:.2g} on its output '{name}'",
                    possible=f"at most {allowed:.2g}",
                )
    return found


def keras_shapes(network: Any) -> Shapes:
    """The axes of each input of a keras.Model, by name."""
    return {tensor.name: tuple(tensor.shape) for tensor in network.inputs}


def onnx_shapes(path: Path) -> Shapes:
    """The axes of each input of an ONNX file, by name."""
    inputs = Network(path, threads=1).session.get_inputs()
    return {item.name: [side if isinstance(side, int) else None for side in item.shape] for item in inputs}


def keras_runs(network: Any) -> Runs:
    """A keras.Model as arrays in, arrays out, by names, as it is at use (training=False)."""
    import keras

    def run(arrays: Arrays) -> Arrays:
        given = [arrays[tensor.name] for tensor in network.inputs]
        found = network(given if len(given) > 1 else given[0], training=False)
        found = found if isinstance(found, dict) else {network.output_names[0]: found}
        return {name: keras.ops.convert_to_numpy(value) for name, value in found.items()}

    return run


def onnx_runs(path: Path) -> Runs:
    """An ONNX file as arrays in, arrays out, by names, on one thread."""
    network = Network(path, threads=1)
    return lambda arrays: network(**arrays)

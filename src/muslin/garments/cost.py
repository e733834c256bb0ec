"""What one pass of a finished network costs: multiply-adds, counted while it runs, whatever program it came from."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muslin.garments.network import misfit


def multiply_adds(path: str | Path, size: int, axes: Mapping[str, Sequence[int | None]] | None = None) -> int:
    """Multiply-adds of one pass over one picture: those of convolutions and matrix products, which are nearly all.

    path: an ONNX file. size: px, what every free axis but the batch's is set to. axes: input -> its axes, where not all
    free ones take that size (the "checked_inputs" of a model's card). Raises UserError (exit code 4) where
    the network cannot be loaded or cannot take that size.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "pass")
        # As it was written: optimised, a convolution may go by another name and in another order of axes.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.disable_prepacking", "1")  # a kernel laid out anew has no shape left
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            session.run(None, {one.name: _blank(one, size, (axes or {}).get(one.name)) for one in session.get_inputs()})
            events = json.loads(Path(session.end_profiling()).read_text())
        except Exception as error:  # onnxruntime's own exceptions share no base class
            reason = " ".join(str(error).split())[:160]
            raise misfit(f"the network '{Path(path).name}' does not run at {size} px ({reason})") from error
    return sum(_of_node(event["args"]) for event in events if event.get("name", "").endswith("_kernel_time"))


def _blank(tensor: Any, size: int, axes: Sequence[int | None] | None) -> np.ndarray:
    stated = axes or [axis if isinstance(axis, int) else None for axis in tensor.shape]
    shape = [1, *(size if axis is None else axis for axis in stated[1:])]
    return np.zeros(shape, {"tensor(float)": np.float32, "tensor(int64)": np.int64}[tensor.type])


def _of_node(entry: dict[str, Any]) -> int:
    """Of one operator, from the shapes that went in and came out."""
    kind = entry.get("op_name")
    if kind not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    given = [next(iter(shape.values())) for shape in entry["input_type_shape"]]
    made = next(iter(entry["output_type_shape"][0].values()))
    if kind == "Conv":  # each output looks through one kernel, channels of its group x height x width
        return math.prod(made) * math.prod(given[1][1:])
    if kind == "ConvTranspose":  # each input is spread through one
        return math.prod(given[0]) * math.prod(given[1][1:])
    if kind == "Gemm":  # its first matrix may be turned; either way each of its numbers meets each column
        return math.prod(given[0]) * int(made[-1])
    return math.prod(made) * int(given[0][-1])

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from muslin import store
from muslin.errors import EXIT_MODEL, UserError
from muslin.garments.cost import multiply_adds


def written(path: Path, nodes: list, weights: dict[str, tuple[int, ...]], shape: list) -> Path:
    stored = [numpy_helper.from_array(np.ones(axes, np.float32), name) for name, axes in weights.items()]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "graph", [given], [made], stored)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_convolutions_are_counted_by_their_kernels(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "a"], ["p"], pads=[1, 1, 1, 1], strides=[2, 2]),  # 3 -> 8 channels
        helper.make_node("Conv", ["p", "b"], ["q"], group=4),  # 8 -> 8 in four groups
        helper.make_node("ConvTranspose", ["q", "c"], ["y"], strides=[2, 2]),  # 8 -> 5
    ]
    weights = {"a": (8, 3, 3, 3), "b": (8, 2, 1, 1), "c": (8, 5, 2, 2)}
    path = written(tmp_path / "n.onnx", nodes, weights, [None, 3, None, None])
    half = 16 * 16
    assert multiply_adds(path, 32) == half * 8 * 27 + half * 8 * 2 + half * 8 * 5 * 4
    assert multiply_adds(path, 64) == 4 * multiply_adds(path, 32)
    assert multiply_adds(path, 64, {"x": [None, 3, None, 32]}) == 2 * multiply_adds(path, 32)


def test_products_are_counted_by_their_rows_and_columns(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "a"], ["p"]), helper.make_node("Gemm", ["p", "b"], ["y"], transB=1)]
    path = written(tmp_path / "n.onnx", nodes, {"a": (6, 7), "b": (9, 7)}, [None, 6])
    assert multiply_adds(path, 32) == 6 * 7 + 7 * 9


def test_a_size_that_does_not_fit_is_said(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "a"], ["y"])]
    path = written(tmp_path / "n.onnx", nodes, {"a": (6, 7)}, [None, None])
    with pytest.raises(UserError, match="does not run at 32 px") as caught:
        multiply_adds(path, 32)
    assert caught.value.exit_code == EXIT_MODEL


def test_the_shipped_mask_network_grows_with_the_picture() -> None:
    path = store.load("mask").file()
    assert 1.2e9 < multiply_adds(path, 256) < 1.5e9
    # What places say to each other, where the map is small, grows by the square of the picture.
    assert 4 * multiply_adds(path, 128) < multiply_adds(path, 256) < 4.2 * multiply_adds(path, 128)

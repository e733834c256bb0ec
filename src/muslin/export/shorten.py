"""What a converter writes in many steps of an ONNX graph, in few: opening a network takes as long as it has steps."""

from __future__ import annotations

from typing import Any

import numpy as np

CHANNELS_LAST = [0, 2, 3, 1]


def shorten(graph: Any) -> tuple[int, int]:
    """Rewrite, in place, group normalisations and enlargements; returns how many of each.

    tf2onnx makes twenty steps of layers.GroupNorm. Here: x (N,C,H,W) -> N,groups,C/groups*H*W -> InstanceNormalization
    -> N,C,H,W -> gain and offset -> N,H,W,C. And 27 of UpSampling2D(2, "nearest"): here Resize. What does not look like
    such a layer stays as it is.
    """
    seen = _Seen(graph)
    norms = [found for node in graph.node if node.op_type == "Reciprocal" and (found := _norm(seen, node))]
    doubled = [pair for node in graph.node if node.op_type == "Reshape" and (pair := _doubled(seen, node))]
    written = {norm["end"].name: _norm_steps(graph, f"norm_{k}", **norm) for k, norm in enumerate(norms)}
    written |= {end.name: _resize_steps(graph, f"resize_{k}", x, end) for k, (x, end) in enumerate(doubled)}
    _replace(graph, written)
    return len(norms), len(doubled)


def _replace(graph: Any, written: dict[str, list[Any]]) -> None:
    """Other steps in the place of some, by name; what nobody needs any more goes."""
    nodes = [step for node in graph.node for step in written.get(node.name, [node])]
    needed, kept = {output.name for output in graph.output}, []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    constants = [constant for constant in graph.initializer if constant.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)


class _Seen:
    """Who makes a value, who uses it, and what a constant holds."""

    def __init__(self, graph: Any) -> None:
        self.maker = {output: node for node in graph.node for output in node.output}
        self.constants = {constant.name: constant for constant in graph.initializer}
        self.users: dict[str, list[Any]] = {}
        for node in graph.node:
            for value in node.input:
                self.users.setdefault(value, []).append(node)

    def made(self, value: str, *kinds: str) -> Any:
        """The maker of a value, going back through steps of these kinds by their first inputs. KeyError: another."""
        for kind in kinds[:-1]:
            value = self.made(value, kind).input[0]
        node = self.maker[value]
        if node.op_type != kinds[-1]:
            raise KeyError(node.op_type)
        return node

    def used(self, value: str, kind: str) -> Any:
        """The one step of this kind that uses a value. KeyError: none, or several."""
        nodes = [node for node in self.users.get(value, ()) if node.op_type == kind]
        if len(nodes) != 1:
            raise KeyError(kind)
        return nodes[0]

    def number(self, value: str) -> np.ndarray:
        from onnx import numpy_helper

        return np.asarray(numpy_helper.to_array(self.constants[value]))


def _norm(seen: _Seen, inverse: Any) -> dict[str, Any] | None:
    """Of a step 1 / deviation what is normalised, how, and the step that ends it; None where it is no such layer."""
    try:
        shifted = seen.made(inverse.input[0], "Sqrt", "Add")  # variance, not below 0, + epsilon
        variance = seen.made(shifted.input[0], "Max", "Sub")  # mean of squares - square of mean
        start = seen.made(variance.input[1], "Mul", "GlobalAveragePool", "Reshape", "Squeeze", "GlobalAveragePool")
        gain = seen.used(inverse.output[0], "Mul")
        offset = seen.used(seen.used(gain.output[0], "Mul").output[0], "Sub")
        product = seen.used(seen.used(gain.output[0], "Reshape").output[0], "Mul")
        end = seen.used(product.output[0], "Add")
        if seen.used(offset.output[0], "Reshape").output[0] not in end.input:
            return None
        gamma = next(value for value in gain.input if value != inverse.output[0])
        return {
            "x": start.input[0], "end": end, "epsilon": float(seen.number(shifted.input[1])),
            "gamma": seen.number(gamma), "beta": seen.number(offset.input[0]),
        }  # fmt: skip
    except KeyError:
        return None


def _norm_steps(
    graph: Any, name: str, *, x: str, end: Any, epsilon: float, gamma: np.ndarray, beta: np.ndarray
) -> list[Any]:
    from onnx import helper, numpy_helper

    groups = gamma.shape[1]

    def constant(part: str, value: np.ndarray) -> str:
        graph.initializer.append(numpy_helper.from_array(value, f"{name}_{part}"))
        return f"{name}_{part}"

    def step(kind: str, inputs: list[str], part: str, **more: Any) -> Any:
        nodes.append(helper.make_node(kind, inputs, [part], name=f"{name}_{kind}_{len(nodes)}", **more))
        return part

    nodes: list[Any] = []
    shape = step("Shape", [x], f"{name}_shape")
    flat = step("Reshape", [x, constant("flat", np.array([0, groups, -1]))], f"{name}_grouped")
    plain = [constant("ones", np.ones(groups, np.float32)), constant("zeros", np.zeros(groups, np.float32))]
    even = step("InstanceNormalization", [flat, *plain], f"{name}_even", epsilon=epsilon)
    whole = step("Reshape", [even, shape], f"{name}_whole")
    gained = step("Mul", [whole, constant("gamma", gamma.reshape(1, -1, 1, 1))], f"{name}_gained")
    moved = step("Add", [gained, constant("beta", beta.reshape(1, -1, 1, 1))], f"{name}_moved")
    step("Transpose", [moved], end.output[0], perm=CHANNELS_LAST)
    return nodes


def _doubled(seen: _Seen, end: Any) -> tuple[str, Any] | None:
    """(what is enlarged, N,C,H,W; the step that ends it) of the last step of an enlargement; None of any other."""
    try:
        across = seen.made(end.input[0], "Tile")
        turned = seen.made(across.input[0], "Unsqueeze", "Reshape", "Transpose")
        down = seen.made(turned.input[0], "Tile")
        source = seen.made(down.input[0], "Unsqueeze")
        twice = [seen.number(tile.input[1]).tolist() for tile in (down, across)]
        if twice != [[1, 1, 1, 2, 1], [1, 1, 1, 2, 1]] or list(turned.attribute[0].ints) != [0, 2, 3, 4, 1]:
            return None
        return (source.input[0], end) if seen.number(source.input[1]).tolist() == [3] else None
    except KeyError:
        return None


def _resize_steps(graph: Any, name: str, x: str, end: Any) -> list[Any]:
    from onnx import helper, numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), f"{name}_twice"))
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return [
        helper.make_node("Resize", [x, "", f"{name}_twice"], [f"{name}_large"], name=f"{name}_Resize", **how),
        helper.make_node("Transpose", [f"{name}_large"], [end.output[0]], name=f"{name}_turn", perm=CHANNELS_LAST),
    ]

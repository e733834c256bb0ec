"""Linear models on the mean of the feature network's last map: trained, written as ONNX, with a card.

Used by footwear.py, solids.py, plain.py and references.py, which have the pictures and say how often they are right;
closeups.py asks the same of whoever runs it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from muslin import store

PARTS = 5
DECAY = 30.0  # of the weights of normalised channels


def asked(doc: str | None) -> argparse.Namespace:
    """What a benchmark that makes such a model is asked: data, out, sheet (paths, the last two perhaps None)."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path)
    return parser.parse_args()


def parts_of(names: Sequence[str]) -> np.ndarray:
    """Which of PARTS a picture belongs to, by its name: N."""
    return np.array([zlib.crc32(name.encode()) % PARTS for name in names])


def trained(channels: np.ndarray, positive: np.ndarray, steps: int = 30) -> np.ndarray:
    """Weights of the channels and the bias, by logistic regression (Newton's method). channels: N x C, positive: N."""
    mean, deviation = channels.mean(0), channels.std(0) + 1e-6
    known = np.hstack([(channels - mean) / deviation, np.ones((len(channels), 1))])
    pull = DECAY * np.append(np.ones(channels.shape[1]), 1e-6)
    value = np.zeros(known.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(known @ value, -30, 30)))
        curvature = (known * (chance * (1 - chance))[:, None]).T @ known + np.diag(pull)
        value -= np.linalg.solve(curvature, known.T @ (chance - positive) + pull * value)
    weights = value[:-1] / deviation
    return np.append(weights, value[-1] - weights @ mean)


def logits(value: np.ndarray, channels: np.ndarray) -> np.ndarray:
    return channels @ value[:-1] + value[-1]


def validated(channels: np.ndarray, positive: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Logits N, each by a model that has not seen the picture's part."""
    found = np.zeros(len(channels))
    for k in range(PARTS):
        found[part == k] = logits(trained(channels[part != k], positive[part != k]), channels[part == k])
    return found


def head(value: np.ndarray, name: str, given: str = "stage_32") -> onnx.ModelProto:
    """The linear model as ONNX: a map N,C,h,w, or "means" of it N,C -> logits N, called `name`."""
    stored = [
        numpy_helper.from_array(value[:-1].astype(np.float32)[:, None], "weights"),
        numpy_helper.from_array(value[-1:].astype(np.float32), "bias"),
        numpy_helper.from_array(np.int64([-1]), "flat"),
    ]
    pooled = helper.make_node("ReduceMean", [given], ["means"], axes=[2, 3], keepdims=0)
    nodes = [
        *([] if given == "means" else [pooled]),
        helper.make_node("Gemm", ["means", "weights", "bias"], ["logits"]),
        helper.make_node("Reshape", ["logits", "flat"], [name]),
    ]
    shape = ["batch", len(value) - 1, *([] if given == "means" else ["height", "width"])]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(given, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"])],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def write(folder: Path, value: np.ndarray, name: str, given: str = "stage_32", **card: Any) -> None:
    """head.onnx and model.json. card: title, summary, data, made_by, metrics, input, limits."""
    folder.mkdir(parents=True, exist_ok=True)
    data = head(value, name, given).SerializeToString()
    (folder / "head.onnx").write_bytes(data)
    said = {
        "format": store.FORMAT,
        "muslin": "0.1.0",
        "name": name,
        "recipe": name,
        "network": "head.onnx",
        "parameters": len(value),
        "licence": "Apache-2.0",
        "output": f"{name} N: logits",
        **card,
        "files": {"head.onnx": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}},
    }
    (folder / "model.json").write_text(json.dumps(said, indent=2) + "\n")

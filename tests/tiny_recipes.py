"""Every recipe at its smallest, and a folder that each of them can learn from: for tests that go through all of them.

A new recipe adds one line to TINY.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin import store

_KEPT = tempfile.TemporaryDirectory(prefix="muslin-teacher-")  # until the process ends
TEACHER = Path(_KEPT.name)  # a model that `write_teacher` makes

TINY: dict[str, dict[str, Any]] = {
    "dcgan": {"size": 16, "channels": 2, "latent_size": 4, "batch_size": 4},
    "r3gan": {"size": 16, "channels": 4, "latent_size": 4, "batch_size": 4},
    "print": {"size": 64, "looks": 2, "widths": (8, 8, 8), "discriminator_widths": (8, 8), "batch_size": 2},
    "mask": {"size": 32, "widths": (8, 8), "batch_size": 2},
    "drape": {"size": 64, "widths": (8, 8, 8, 8, 8), "rendered_garments": 4, "batch_size": 2, "fine_batches": 0,
              "learning_rate": 1.5e-3, "deep": True},
    "cut": {"size": 32, "channels": 8, "blocks": 2, "patches": 8, "units": 8, "batch_size": 2},
    "cyclegan": {"size": 32, "channels": 8, "blocks": 2, "batch_size": 2},
    "pix2pix": {"size": 32, "widths": (16, 16), "discriminator_width": 16, "batch_size": 2, "optimizer": "muon"},
    "stargan_v2": {"size": 32, "channels": 8, "max_channels": 8, "latent_size": 4, "style_size": 4,
                   "mapping_width": 8, "mapping_depth": 1, "batch_size": 4},
    "distill": {"teacher": str(TEACHER), "batch_size": 4},
}  # fmt: skip


def collection(root: Path, count: int = 16, side: int = 48) -> Path:
    """Garments of two classes and two looks with masks and labels, and swatches: discs on white, some striped."""
    rng = np.random.default_rng(0)
    labels = ["file,style"]
    y, x = np.mgrid[:side, :side]
    mask = np.where((x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 2.5) ** 2, 255, 0).astype(np.uint8)
    for index in range(count):
        name, look = f"{('dress', 'shirt')[index % 2]}/{index}", ("plain", "stripes")[index // 2 % 2]
        cloth = rng.integers(60, 200, 3) * np.ones((side, side, 1))
        if look == "stripes":
            cloth[:, (x[0] // 4) % 2 == 0] = rng.integers(0, 255, 3)
        cloth *= 0.8 + 0.2 * np.sin(x / 7 + index)[..., None]
        write(root / "garments" / f"{name}.png", np.where(mask[..., None] > 0, cloth, 255).astype(np.uint8))
        write(root / "garment_masks" / f"{name}.png", mask)
        # Scattered: fields of stripes hardly vary, and Adam makes large steps of gradients that are nearly nothing.
        blobs = cv2.resize(rng.normal(0.7, 0.5, (7, 7)), (side, side), interpolation=cv2.INTER_CUBIC)[..., None]
        write(root / "styles" / look / f"{index}.png", (cloth * blobs).clip(0, 255).astype(np.uint8))
        labels.append(f"{name}.png,{look}")
    (root / "garments" / "style_labels.csv").write_text("\n".join(labels))
    return root


def write_teacher(folder: Path = TEACHER, recipe: str = "cut", **card: Any) -> Path:
    """A model as if of `recipe` whose answer is known: red, green, blue become 0.8 times green, blue, red."""
    from onnx import TensorProto, helper, save

    turned = np.zeros((3, 3), np.float32)
    turned[[1, 2, 0], [0, 1, 2]] = 0.8
    image, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", "h", "w", 3]) for name in ("image", "made")
    )
    node = helper.make_node("MatMul", ["image", "turned"], ["made"])
    constant = helper.make_tensor("turned", TensorProto.FLOAT, turned.shape, turned.ravel())
    graph = helper.make_graph([node], "teacher", [image], [made], [constant])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "generator.onnx")
    store.write_card(folder, {"name": "wide", "recipe": recipe, "settings": TINY[recipe], "size": 32, **card})
    return folder


write_teacher(domains=["plain", "stripes"], settings={**TINY["cut"], "source": "plain", "target": "stripes"})


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)

"""Make the model that tells shoes from other garments, and say how often it is right: src/muslin/models/footwear.

    python benchmarks/footwear.py DATA [--out FOLDER] [--sheet FILE.png]

DATA/garments holds photos by kind, shoes in `shoes`; masks are given or found, as `drape` learns from them. Validated
in five parts by file name, and on the garments kept out of training. --out: trained on all but these, written there.
--sheet: of shoes kept out the photo, and the photo restyled as any garment and as a shoe.

Logistic regression on the mean of the feature network's last map over the garment alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import zlib
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from muslin import store
from muslin.data.found_masks import sure_masks
from muslin.data.photos import GarmentPhoto, held_out, load_garments, photo_paths
from muslin.garments.fields import garment_square
from muslin.garments.footwear import SIDE, looked_at
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.images import write_image
from muslin.restyle.restyler import Restyler
from muslin.textiles.procedural import swatch

PARTS = 5
DECAY = 30.0  # of the weights of normalised channels
MISPLACED = {"79ff13ef"}  # boots among the shorts: the one photo of another kind that showed shoes, by eye


def garments(data: Path) -> list[GarmentPhoto]:
    """Those with a mask, and of the others those whose garment the shipped network is sure of."""
    photos = load_garments(data, side=320, masked=True)
    known = {photo.key for photo in photos}
    return photos + sure_masks(pair for pair in photo_paths(data) if pair[0] not in known)


def means(photos: list[GarmentPhoto], network: Network) -> np.ndarray:
    """N x 320."""
    rows = []
    for photo in photos:
        mask = photo.mask.astype(np.float32) / 255
        image, inside = garment_square(photo.pixels, mask, garment_frame(garment_box(mask), SIDE), SIDE)
        rows.append(network(image=looked_at(image, inside)[None])["stage_32"][0].mean((1, 2)))
    return np.stack(rows)


def trained(channels: np.ndarray, shoe: np.ndarray, steps: int = 30) -> np.ndarray:
    """Weights of the channels and the bias, by Newton's method."""
    mean, deviation = channels.mean(0), channels.std(0) + 1e-6
    known = np.hstack([(channels - mean) / deviation, np.ones((len(channels), 1))])
    pull = DECAY * np.append(np.ones(channels.shape[1]), 1e-6)
    value = np.zeros(known.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(known @ value, -30, 30)))
        curvature = (known * (chance * (1 - chance))[:, None]).T @ known + np.diag(pull)
        value -= np.linalg.solve(curvature, known.T @ (chance - shoe) + pull * value)
    weights = value[:-1] / deviation
    return np.append(weights, value[-1] - weights @ mean)


def say(name: str, logits: np.ndarray, shoe: np.ndarray, keys: list[str]) -> dict[str, float]:
    found, wrong = logits[shoe] > 0, (logits > 0) & ~shoe
    print(f"{name}: {found.sum()} of {shoe.sum()} shoes found; {wrong.sum()} of {(~shoe).sum()} others taken for some")
    print("  ", ", ".join(keys[k] for k in np.flatnonzero(wrong)), f"; next {np.sort(logits[~shoe & ~wrong])[-1]:.1f}")
    return {
        f"shoes, {name}": int(shoe.sum()),
        f"shoes found, {name}": round(float(found.mean()), 3),
        f"other garments, {name}": int((~shoe).sum()),
        f"others taken for shoes, {name}": int(wrong.sum()),
    }


def head(value: np.ndarray) -> onnx.ModelProto:
    """The linear model as ONNX: map N,320,h,w -> logits N."""
    stored = [
        numpy_helper.from_array(value[:-1].astype(np.float32)[:, None], "weights"),
        numpy_helper.from_array(value[-1:].astype(np.float32), "bias"),
        numpy_helper.from_array(np.int64([-1]), "flat"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["stage_32"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["means", "weights", "bias"], ["logits"]),
        helper.make_node("Reshape", ["logits", "flat"], ["footwear"]),
    ]
    shape = ["batch", len(value) - 1, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "footwear",
        [helper.make_tensor_value_info("stage_32", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("footwear", TensorProto.FLOAT, ["batch"])],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def write(folder: Path, model: onnx.ModelProto, figures: dict[str, float]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = model.SerializeToString()
    (folder / "head.onnx").write_bytes(data)
    card = {
        "format": store.FORMAT,
        "muslin": "0.1.0",
        "name": "footwear",
        "recipe": "footwear",
        "network": "head.onnx",
        "title": "whether a garment is a shoe",
        "parameters": 321,
        "licence": "Apache-2.0",
        "summary": "Whether a garment is a shoe or a pair of them, whose light is read another way.",
        "data": "garment photos (clothing-dataset, CC0-1.0) by their kind. On the maps of the model 'features'.",
        "made_by": "benchmarks/footwear.py",
        "metrics": figures,
        "input": "stage_32 N,320,h,w of the model 'features', of the garment alone in its square of 128 px",
        "output": "footwear N: logits",
        "limits": "Trained on pairs and single shoes seen from above and from the side, boots and sandals among them.",
        "files": {"head.onnx": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}},
    }
    (folder / "model.json").write_text(json.dumps(card, indent=2) + "\n")


def sheet(photos: list[GarmentPhoto], side: int = 220) -> np.ndarray:
    """Rows of two shoes: as photographed, restyled as any garment, restyled as shipped."""
    restyler, rows = Restyler(), []
    told = restyler._footwear
    cloths = ("tartan", "floral", "houndstooth", "plain")
    for index, photo in enumerate(photos):
        row = [photo.pixels]
        for restyler._footwear in (None, told):
            row.append(restyler.restyle(photo.pixels, swatch(cloths[index % 4], index, 256), photo.mask).image)
        scale = side / max(photo.pixels.shape[:2])
        small = [cv2.resize(one, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for one in row]
        rows.append(np.hstack([_padded(one, side) for one in small]))
    return np.vstack([np.hstack(rows[k : k + 2]) for k in range(0, len(rows) // 2 * 2, 2)])


def _padded(pixels: np.ndarray, side: int) -> np.ndarray:
    down, across = side - pixels.shape[0], side - pixels.shape[1]
    edges = (down // 2, down - down // 2, across // 2, across - across // 2)
    return cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    photos = garments(options.data)
    channels = means(photos, Network(store.load("features").file()))
    keys = [photo.key for photo in photos]
    shoe = np.array([key.startswith("shoes/") or Path(key).name[:8] in MISPLACED for key in keys])
    kept = np.array([held_out(key) for key in keys])
    part = np.array([zlib.crc32(Path(key).stem.encode()) % PARTS for key in keys])
    logits = np.zeros(len(keys))
    for k in range(PARTS):
        value = trained(channels[~kept & (part != k)], shoe[~kept & (part != k)])
        logits[part == k] = channels[part == k] @ value[:-1] + value[-1]
    figures = say("in five parts", logits[~kept], shoe[~kept], [key for key in keys if not held_out(key)])
    value = trained(channels[~kept], shoe[~kept])
    figures |= say(
        "kept out", channels[kept] @ value[:-1] + value[-1], shoe[kept], [key for key in keys if held_out(key)]
    )
    if options.out:
        write(options.out, head(value), figures)
    if options.sheet:
        shoes = [photo for photo, one in zip(photos, shoe & kept, strict=True) if one]
        write_image(options.sheet, sheet(shoes), overwrite=True)


if __name__ == "__main__":
    main()

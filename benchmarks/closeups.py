"""Make the model that finds what is sewn in a close-up, and say how often it is right: src/muslin/models/closeup.

    python benchmarks/closeups.py DATA [--out FOLDER] [--sheet FILE.png]

DATA/styles holds the swatches. closeups.csv, beside this file, says of 518 that were cropped from photos of garments
whether something sewn is in them, by eye (96 in doubt are left out). All other swatches, and drawn textiles, are cloth.
Cross-validated in five parts by file name: how often it is right. --out: trained on all, written there. --sheet: 30
pieces of one part, by a model that has not seen it: the picture, the picture repeated, the cloth of it repeated.

A linear model on the maps of the feature network. Of a picture that shows something sewn a tenth of the cells must say
so, of others a third of them must not (multiple-instance learning, Dietterich et al. 1997).
"""

from __future__ import annotations

import csv
import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import heads
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from muslin import Restyler, store
from muslin.garments.closeup import MOST, how_sewn, piece_of_cloth
from muslin.garments.network import Network
from muslin.garments.sight import SEWN, SIDE, looked_at
from muslin.images import read_image, write_image
from muslin.restyle.styles import REPEAT_SHARE
from muslin.textiles.procedural import TEXTILES, swatch
from muslin.textiles.repeat import Cloth, tile
from muslin.textiles.seamless import make_seamless

PARTS = 5
LESS = 0.3  # weight of a picture that nobody had to look at
WIDER = 0.3  # of the cells, that must be cloth where nothing is sewn
DECAY, RATE, STEPS, BATCH = 1e-2, 1e-2, 600, 256
DRAWN = 4  # of each textile


@dataclass(frozen=True)
class Pictures:
    maps: np.ndarray  # float32 N,cells,channels, normalised
    sewn: np.ndarray  # float32 N, 1 = something sewn
    weight: np.ndarray
    part: np.ndarray  # N, 0 .. PARTS - 1
    names: list[str]


def maps_of(pixels: np.ndarray, network: Network) -> np.ndarray:
    """The maps of a picture as one, 14x14 x channels: those of stride 32 enlarged."""
    square = cv2.resize(
        pixels, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC if min(pixels.shape[:2]) < SIDE else cv2.INTER_AREA
    )
    found = network(image=looked_at(square)[None])
    fine, coarse = (found[name][0].transpose(1, 2, 0) for name in ("stage_16", "stage_32"))
    grown = [cv2.resize(coarse[..., k], fine.shape[1::-1]) for k in range(coarse.shape[2])]
    return np.concatenate([fine, np.stack(grown, -1)], -1)


def load(data: Path, network: Network) -> tuple[Pictures, np.ndarray, np.ndarray]:
    """(pictures, mean and deviation of the channels)."""
    with open(Path(__file__).with_suffix(".csv"), newline="") as file:
        told = {row["file"]: int(row["sewn"]) for row in csv.DictReader(file)}
    cropped = {name.split("/")[0] for name in told}
    files = [p for p in sorted((data / "styles").rglob("*")) if p.suffix.lower() in (".jpg", ".png")]
    names = [str(p.relative_to(data / "styles")) for p in files]
    kept = [
        (p, name) for p, name in zip(files, names, strict=True) if name in told or name.split("/")[0] not in cropped
    ]
    pixels = [read_image(path).pixels for path, _ in kept]
    pixels += [swatch(name, seed, SIDE) for name in sorted(TEXTILES) for seed in range(DRAWN)]
    names = [name for _, name in kept] + [f"{name} {seed}" for name in sorted(TEXTILES) for seed in range(DRAWN)]
    maps = np.stack([maps_of(one, network) for one in pixels]).astype(np.float32)
    mean, deviation = maps.mean((0, 1, 2)), maps.std((0, 1, 2)) + 1e-3
    flat = ((maps - mean) / deviation).reshape(len(maps), -1, maps.shape[-1])
    sewn = np.array([told.get(name, 0) for name in names], np.float32)
    weight = np.array([1.0 if name in told else LESS for name in names], np.float32)
    part = np.array([zlib.crc32(Path(name).stem[:20].encode()) % PARTS for name in names])
    return Pictures(flat, sewn, weight, part, names), mean, deviation


def trained(pictures: Pictures, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    """(weights of the channels, bias), by Adam on the chosen pictures."""
    maps, sewn, weight = pictures.maps[chosen], pictures.sewn[chosen], pictures.weight[chosen]
    rng, cells = np.random.default_rng(0), maps.shape[1]
    value = np.zeros(maps.shape[2] + 1, np.float32)
    value[-1] = -2
    first, second = np.zeros_like(value), np.zeros_like(value)
    for step in range(1, STEPS + 1):
        rows = rng.permutation(len(maps))[:BATCH]
        logits = maps[rows] @ value[:-1] + value[-1]
        share = np.zeros_like(logits)
        for k, row in enumerate(np.argsort(-logits, axis=1)):
            count = round((MOST if sewn[rows[k]] else WIDER) * cells)
            share[k, row[:count]] = 1 / count
        wrong = (1 / (1 + np.exp(-(logits * share).sum(1))) - sewn[rows]) * weight[rows]
        slope = np.einsum("n,nc,ncd->d", wrong, share, maps[rows], optimize=True) / len(rows) + DECAY * value[:-1]
        slope = np.append(slope, wrong.mean())
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        value -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return value[:-1], float(value[-1])


def area_under_curve(score: np.ndarray, sewn: np.ndarray) -> float:
    """Chance that a picture with something sewn has the higher score of the two."""
    rank = np.argsort(np.argsort(score))
    many = sewn.sum()
    return float((rank[sewn > 0].sum() - many * (many - 1) / 2) / (many * (len(sewn) - many)))


def validated(pictures: Pictures) -> np.ndarray:
    """Logits N,cells, each by a model that has not seen the picture's part."""
    logits = np.zeros(pictures.maps.shape[:2], np.float32)
    for part in range(PARTS):
        weights, bias = trained(pictures, pictures.part != part)
        logits[pictures.part == part] = pictures.maps[pictures.part == part] @ weights + bias
    return logits


def say(pictures: Pictures, logits: np.ndarray) -> dict[str, float]:
    score = np.array([how_sewn(one) for one in logits])
    own = pictures.weight == 1
    sewn, cloth = own & (pictures.sewn == 1), own & (pictures.sewn == 0)
    figures = {
        "area under the curve, close-ups": area_under_curve(score[own], pictures.sewn[own]),
        "area under the curve, all": area_under_curve(score, pictures.sewn),
        "something sewn, found": float((score[sewn] > SEWN).mean()),
        "cloth from garments, taken for sewn": float((score[cloth] > SEWN).mean()),
        "other cloth, taken for sewn": float((score[~own] > SEWN).mean()),
    }
    counts = f"{sewn.sum()} with something sewn, {cloth.sum()} of cloth alone, {(~own).sum()} others"
    print(counts, *(f"{name}: {value:.3f}" for name, value in figures.items()), sep="\n")
    return {name: round(value, 3) for name, value in figures.items()}


def head(weights: np.ndarray, bias: float, mean: np.ndarray, deviation: np.ndarray, fine: int) -> onnx.ModelProto:
    """The linear model as ONNX: maps of stride 16 and 32 -> logits N,h,w; the normalisation is folded in."""
    scaled = (weights / deviation).astype(np.float32)
    offset = np.float32([bias - float((weights * mean / deviation).sum())])
    kernels = {"fine": scaled[:fine], "coarse": scaled[fine:]}
    stored = [numpy_helper.from_array(value.reshape(1, -1, 1, 1), name) for name, value in kernels.items()]
    stored += [numpy_helper.from_array(offset, "offset"), numpy_helper.from_array(np.int64([1]), "channel")]
    stored += [numpy_helper.from_array(np.float32([1, 1, 2, 2]), "twice")]
    nodes = [
        helper.make_node("Conv", ["stage_16", "fine", "offset"], ["near"], kernel_shape=[1, 1]),
        helper.make_node("Conv", ["stage_32", "coarse"], ["far"], kernel_shape=[1, 1]),
        helper.make_node(
            "Resize", ["far", "", "twice"], ["grown"], mode="linear", coordinate_transformation_mode="half_pixel"
        ),
        helper.make_node("Add", ["near", "grown"], ["both"]),
        helper.make_node("Squeeze", ["both", "channel"], ["construction"]),
    ]
    sizes = (("stage_16", fine, ""), ("stage_32", len(weights) - fine, "_coarse"))
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", c, f"height{e}", f"width{e}"])
        for n, c, e in sizes
    ]
    output = helper.make_tensor_value_info("construction", TensorProto.FLOAT, ["batch", "height", "width"])
    graph = helper.make_graph(nodes, "closeup", inputs, [output], stored)
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
        "name": "closeup",
        "recipe": "closeup",
        "network": "head.onnx",
        "title": "what is sewn in a close-up",
        "parameters": 433,
        "licence": "Apache-2.0",
        "summary": "Where collars, plackets, pockets and waistbands are in a close-up of a garment, given as a style.",
        "data": "518 swatches of clothing-dataset (CC0-1.0), labelled by eye (benchmarks/closeups.csv), and others of "
        "training (CC0-1.0, MIT, public domain; textiles drawn by muslin). On the maps of the model 'features'.",
        "made_by": "benchmarks/closeups.py",
        "metrics": {f"{name} (five parts)": value for name, value in figures.items()},
        "input": "stage_16 N,112,h,w and stage_32 N,320,h/2,w/2 of the model 'features'",
        "output": "construction N,h,w: logits",
        "limits": "Trained on crops of 128 to 300 px from the middle of garments; very near views are new to it.",
        "files": {"head.onnx": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}},
    }
    (folder / "model.json").write_text(json.dumps(card, indent=2) + "\n")


def sheet(data: Path, pictures: Pictures, logits: np.ndarray, side: int = 200) -> np.ndarray:
    def repeated(pixels: np.ndarray, share: float) -> np.ndarray:
        width = max(8, round(1.5 * side * share))
        one = make_seamless(pixels)
        small = cv2.resize(
            one, (width, max(8, round(width * one.shape[0] / one.shape[1]))), interpolation=cv2.INTER_AREA
        )
        return tile(Cloth(small), side, side)

    rows, tell = [], Restyler()._styles._tell
    for k in np.flatnonzero((pictures.part == 0) & (pictures.weight == 1)):
        grid = logits[k].reshape(14, 14)
        pixels = read_image(data / "styles" / pictures.names[k]).pixels
        piece = piece_of_cloth(pixels, grid, tell(pixels).plain > 0) if how_sewn(grid) > SEWN else None
        if piece is not None and len(rows) < 30:
            whole = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
            share = REPEAT_SHARE * piece.shape[1] / pixels.shape[1]
            rows.append(np.hstack([whole, repeated(pixels, REPEAT_SHARE), repeated(piece, share)]))
    return np.vstack([np.hstack(rows[k : k + 3]) for k in range(0, len(rows) // 3 * 3, 3)])


def main() -> None:
    options = heads.asked(__doc__)
    network = Network(store.load("features").file())
    pictures, mean, deviation = load(options.data, network)
    logits = validated(pictures)
    figures = say(pictures, logits)
    if options.sheet:
        write_image(options.sheet, sheet(options.data, pictures, logits), overwrite=True)
    if options.out:
        weights, bias = trained(pictures, np.ones(len(pictures.sewn), bool))
        write(options.out, head(weights, bias, mean, deviation, 112), figures)


if __name__ == "__main__":
    main()

"""Does `pix2pix` see a garment in a drawing, and in a hand's drawing? Rendered garments, whose photo is known exactly.

    python benchmarks/sketches.py [--images 8000] [--size 64] [--garments 512] [--json FILE] [--sheet FILE.png]

    python benchmarks/sketches.py --model MODEL --data DATA [--json FILE] [--sheet FILE.png]

The second form measures a trained model on the held-out pairs of a folder; their masks are traced.

Each held-out garment is drawn twice: "clean", from its exact fields, and "traced", as a hand traces it: outlines of its
parts as wobbling, overlapping, uneven strokes without folds, drawn by code that training never uses. Both carry the
cloth's colour as paint. Beside the network trained on redrawn drawings and the one trained on them as they are stand:
the sketch itself; the mean training garment; the nearest training garment (by its blurred drawing), dyed in the
painted colour; and the paint bucket, the colour poured into the outline.
Measures: L1 and PSNR of the whole picture, in levels of 255 and dB, and edge agreement, the correlation of gradient
magnitudes. Passed when the redrawn network beats every floor on traced sketches by MARGIN in PSNR. Not in L1: the
median colour, which the paint bucket is told, is the constant of least L1.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from muslin import store
from muslin.data.lines import truth_drawing
from muslin.data.pairs import HELD_OUT_SEED, Pair, framed, load_pairs, rendered
from muslin.data.scan import drawn_region, ink_of, painted_with
from muslin.data.sketch_stream import ROOM
from muslin.data.truth import render
from muslin.garments.network import Network

MARGIN = 1.0  # dB of PSNR
HELD_OUT = 64


def traced(parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Outlines of the parts (uint8 HxW labels) as a hand draws them. uint8 HxW, 255 = paper."""
    canvas = np.full(parts.shape, 255, np.uint8)
    size = max(parts.shape)
    for label in range(1, 5):
        contours, _ = cv2.findContours((parts == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            if cv2.contourArea(contour) < 0.002 * size * size:
                continue
            corners = cv2.approxPolyDP(contour, 0.008 * size, True)[:, 0].astype(np.float32)
            for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                steps = max(2, round(float(np.hypot(*(end - start))) / (0.06 * size)))
                along = np.linspace(-0.02, 1.02, steps + 1)[:, None]  # strokes overshoot their corners
                points = start + (end - start) * along + rng.normal(0, 0.004 * size, (steps + 1, 2))
                tone, width = int(rng.integers(20, 120)), int(rng.integers(1, 3))
                line = np.round(points * 16).astype(np.int32)
                cv2.polylines(canvas, [line], False, tone, width, cv2.LINE_AA, 4)
    return canvas


def scenes(size: int, count: int) -> dict[str, np.ndarray]:
    """Held-out garments: target, clean and traced sketches, uint8 N x size x size x 3; colour, N x 3 in [0, 1]."""
    found: dict[str, list[np.ndarray]] = {"target": [], "clean": [], "traced": [], "colour": []}
    for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + count):
        truth = render(seed, 192, plain=True)
        mask = np.round(truth.mask * 255).astype(np.uint8)
        drawings = {"clean": truth_drawing(truth), "traced": traced(truth.parts, np.random.default_rng(seed))}
        pair = framed("", None, truth.photo, mask, size)
        colour = hint(pair)
        for name, drawing in drawings.items():
            drawing = np.repeat(drawing[..., None], 3, axis=2)
            sketch = painted_with(drawing, colour, drawn_region(drawing))
            found[name].append(framed("", sketch, truth.photo, mask, size).source)
        found["target"].append(pair.target)
        found["colour"].append(colour)
    return {name: np.stack(pictures) for name, pictures in found.items()}


def real_scenes(data: Path, size: int) -> dict[str, np.ndarray]:
    """The same of the held-out pairs of a folder with masks: "clean" are its own drawings."""
    found: dict[str, list[np.ndarray]] = {"target": [], "clean": [], "traced": [], "colour": []}
    small = (size, size)
    for index, pair in enumerate(load_pairs(data, 192, held=True)):
        if pair.mask is None or not (pair.mask > 200).any():
            continue
        outline = traced((pair.mask > 127).astype(np.uint8), np.random.default_rng(index))
        colour = hint(pair)
        for name, drawing in (("clean", pair.source), ("traced", np.repeat(outline[..., None], 3, axis=2))):
            sketch = painted_with(drawing, colour, pair.mask)
            found[name].append(cv2.resize(sketch, small, interpolation=cv2.INTER_AREA))
        found["target"].append(cv2.resize(pair.target, small, interpolation=cv2.INTER_AREA))
        found["colour"].append(colour)
    return {name: np.stack(pictures) for name, pictures in found.items()}


def hint(pair: Pair) -> np.ndarray:
    """The colour that a designer would paint: the median of the cloth, sRGB in [0, 1]."""
    assert pair.mask is not None
    return np.median(pair.target[pair.mask > 200], axis=0) / 255


def floors(sketches: np.ndarray, colours: np.ndarray, trained: list[Pair]) -> dict[str, np.ndarray]:
    """What can be had without learning to draw. N x H x W x 3 uint8 each. colours: N x 3 in [0, 1], as painted."""
    size = sketches.shape[1]
    library = [cv2.resize(pair.target, (size, size), interpolation=cv2.INTER_AREA) for pair in trained]
    keys = np.stack([_blurred(ink_of(cv2.resize(pair.source, (size, size)))) for pair in trained])
    dyes = np.stack([hint(pair) for pair in trained])
    nearest, poured = [], []
    for sketch, wanted in zip(sketches, colours, strict=True):
        best = int(np.square(keys - _blurred(ink_of(sketch))).sum(axis=(1, 2)).argmin())
        dye = np.clip(wanted / np.maximum(dyes[best], 0.05), 0, 4)
        cloth = np.clip((255.0 - library[best].min(axis=2)) / 40, 0, 1)[..., None]
        nearest.append(cloth * np.clip(library[best] * dye, 0, 255) + (1 - cloth) * library[best])
        inside = drawn_region(sketch)[..., None] / 255
        poured.append(255 * (inside * wanted + 1 - inside))
    mean = np.broadcast_to(np.mean(library, axis=0), sketches.shape)
    made = {"the sketch": sketches, "mean garment": mean, "nearest, dyed": nearest, "paint bucket": poured}
    return {name: np.round(pictures).astype(np.uint8) for name, pictures in made.items()}


def _blurred(ink: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(ink, (0, 0), len(ink) * 0.03)


def scores(made: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Means over the pictures. uint8 N x H x W x 3 both."""
    error = made.astype(np.float32) - targets
    squared = np.square(error).mean(axis=(1, 2, 3))
    agreement = [np.corrcoef(_edges(a).ravel(), _edges(b).ravel())[0, 1] for a, b in zip(made, targets, strict=True)]
    return {
        "L1": round(float(np.abs(error).mean()), 2),
        "PSNR": round(float((10 * np.log10(255**2 / np.maximum(squared, 1e-3))).mean()), 2),
        "edges": round(float(np.nan_to_num(agreement).mean()), 3),
    }


def _edges(picture: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def learned(pairs: list[Pair], size: int, images: int, redrawn: float) -> object:
    """The recipe, trained."""
    from muslin.recipes.pix2pix import PairStream, Pix2Pix
    from muslin.training import engine

    recipe = Pix2Pix(size=size, redrawn=redrawn, painted=0.85)
    engine.train(recipe, PairStream(recipe, pairs, 0), images=images, preview_every_images=0)
    return recipe


def translated(recipe: object, sketches: np.ndarray) -> np.ndarray:
    """uint8 N x H x W x 3 through the recipe's generator."""
    import keras

    made = recipe.networks["generator"](sketches.astype(np.float32) / 127.5 - 1, training=False)  # type: ignore[attr-defined]
    return np.round((keras.ops.convert_to_numpy(made) + 1) * 127.5).clip(0, 255).astype(np.uint8)


def of_a_model(model: str, data: Path) -> tuple[dict[str, dict], np.ndarray]:
    """(figures, sheet) of a trained model on the held-out pairs of `data`."""
    loaded = store.load(model)
    size, network = int(loaded.card["size"]), Network(loaded.file())
    trained = [pair for pair in load_pairs(data, round(ROOM * size)) if pair.mask is not None]
    held = real_scenes(data, size)
    figures: dict[str, dict] = {"held-out pairs": {"count": len(held["target"])}}
    shown = np.linspace(0, len(held["target"]) - 1, 12).astype(int)
    rows = [held["target"][shown]]
    for kind in ("clean", "traced"):
        made = floors(held[kind], held["colour"], trained)
        out = next(iter(network(image=held[kind].astype(np.float32) / 127.5 - 1).values()))
        made["model"] = np.round((out + 1) * 127.5).clip(0, 255).astype(np.uint8)
        figures[kind] = {name: scores(pictures, held["target"]) for name, pictures in made.items()}
        rows += [held[kind][shown], made["nearest, dyed"][shown], made["model"][shown]]
    return figures, np.vstack([np.hstack(list(row)) for row in rows])


def of_the_recipe(images: int, size: int, garments: int) -> tuple[dict[str, dict], np.ndarray]:
    """(figures, sheet) of two short trainings in the truth world."""
    pairs = rendered(range(garments), round(ROOM * size), plain=True)
    held = scenes(size, HELD_OUT)
    networks = {
        "redrawn": learned(pairs, size, images, 0.85),
        "as they are": learned(pairs, size, images, 0.0),
    }
    figures: dict[str, dict] = {}
    rows = [held["target"][:10]]
    for kind in ("clean", "traced"):
        made = floors(held[kind], held["colour"], pairs)
        made |= {f"trained {name}": translated(recipe, held[kind]) for name, recipe in networks.items()}
        figures[kind] = {name: scores(pictures, held["target"]) for name, pictures in made.items()}
        rows += [held[kind][:10], *(made[name][:10] for name in list(made)[2:])]
    best = max(figures["traced"][name]["PSNR"] for name in list(figures["traced"])[:4])
    ahead = figures["traced"]["trained redrawn"]["PSNR"] - best
    figures["traced, dB above the best floor"] = {"ahead": round(ahead, 2), "passed": bool(ahead >= MARGIN)}
    return figures, np.vstack([np.hstack(list(row)) for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=8000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--garments", type=int, default=512, help="for training")
    parser.add_argument("--model")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    started = time.perf_counter()
    if options.model:
        figures, sheet = of_a_model(options.model, options.data)
    else:
        figures, sheet = of_the_recipe(options.images, options.size, options.garments)
    figures["cost"] = {"minutes": round((time.perf_counter() - started) / 60, 1)}
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    if options.sheet:
        cv2.imwrite(str(options.sheet), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()

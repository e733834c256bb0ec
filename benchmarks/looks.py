"""Does `stargan_v2` give a garment another one's look, where the right answer is known to the pixel?

    python benchmarks/looks.py [--images 24000] [--size 32] [--seed 0] [--json FILE] [--sheet FILE.png]

Truth world: rendered garments in one dye each, of three looks: plain, rows and columns (dark bands woven in at fixed
places of the garment's square). No garment is in two looks. Asked for: the garment of one picture in the dye and the
pattern of another garment (a reference of another look), both kept out of training. The right answer is the same
garment rendered in that dye with those bands.

- Error: mean CIEDE2000 to the right answer, inside the mask.
- Look: share of results whose pattern is the reference's, read off the albedo (result / true shading) by correlating it
  with rows and with columns. Guided by noise, the look asked for counts; there is no one right dye.
- Shading: correlation of the results' luminance with the true shading, for plain references.

Floors, which see the reference too: the photo itself (identity), mean and spread of its CIELAB channels brought to the
reference's (Reinhard et al. 2001), and its channels brought to the reference's histogram. Margins asked for: the error
at most 0.85 of the best floor's, and looks at least 0.4 above the best floor's share.
"""

from __future__ import annotations

import argparse
import colorsys
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin.data.domains import Domain, cut_out
from muslin.data.truth import Render, reconstruct, render
from muslin.images import linear_to_srgb, luminance, srgb_to_linear
from muslin.textiles.palette import delta_e, to_cielab

LOOKS = ("plain", "rows", "columns")
BANDS = 4  # in the garment's square
DARKEST = 0.25  # gain of a band in linear light
PICTURES = 192  # of each look
HELD_OUT = 2**31  # first seed of garments kept out of training
RENDERED = 64  # px
ERROR_MARGIN, LOOK_MARGIN = 0.85, 0.4


def dye(seed: int) -> np.ndarray:
    """A flat swatch of any hue, uint8 8x8x3."""
    rng = np.random.default_rng([seed, 7])
    colour = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.3, 0.85), rng.uniform(0.55, 0.95))
    return np.full((8, 8, 3), np.rint(np.array(colour) * 255), np.uint8)


def bands(look: str, size: int) -> np.ndarray:
    """How far each pixel of the square lies in a band, size x size in [0, 1]."""
    if look == "plain":
        return np.zeros((size, size), np.float32)
    wave = np.clip(0.5 + 1.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size * BANDS), 0, 1).astype(np.float32)
    return np.repeat(wave[:, None] if look == "rows" else wave[None], size, axis=1 if look == "rows" else 0)


def picture(drawn: Render, swatch: np.ndarray, look: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The garment in a dye and a look: uint8 size x size x 3 on white, and its mask."""
    image, mask = cut_out(reconstruct(drawn, swatch), np.rint(drawn.mask * 255).astype(np.uint8), size)
    gain = 1 - (1 - DARKEST) * bands(look, size) * (mask / 255)
    return linear_to_srgb(srgb_to_linear(image) * gain[..., None]), mask


def shading(drawn: Render, size: int) -> np.ndarray:
    """True gain in linear light, size x size."""
    white = np.repeat(np.rint(np.clip(drawn.shading, 0, 2) * 127).astype(np.uint8)[..., None], 3, 2)
    return cut_out(white, np.rint(drawn.mask * 255).astype(np.uint8), size)[0][..., 0] / 127.0


def collection(look: str, size: int, count: int = PICTURES, first: int = 0) -> Domain:
    start = first + 10_000 * LOOKS.index(look)
    made = [picture(render(seed, RENDERED), dye(seed), look, size) for seed in range(start, start + count)]
    images, masks = zip(*made, strict=True)
    return Domain(look, np.stack(images), np.stack(masks), tuple(map(str, range(count))))


def read_look(image: np.ndarray, gain: np.ndarray, mask: np.ndarray) -> str:
    """The look whose bands the garment's albedo follows; plain where it follows neither (correlation below 0.4)."""
    inside = mask > 250
    albedo = np.log(luminance(srgb_to_linear(image)) / np.maximum(gain, 0.05) + 0.01)[inside]
    found = {}
    for look in LOOKS[1:]:
        band = bands(look, len(image))[inside]
        found[look] = -np.corrcoef(albedo, band)[0, 1] if albedo.std() > 1e-4 and band.std() > 1e-4 else 0.0
    best = max(found, key=lambda look: found[look])
    return best if found[best] > 0.4 else "plain"


# ---------------------------------------------------------------- floors


def mean_colour(source: np.ndarray, mask: np.ndarray, reference: np.ndarray, reference_mask: np.ndarray) -> np.ndarray:
    """Mean and spread of CIELAB channels brought to the reference's, inside the masks."""
    own, wanted = to_cielab(source), to_cielab(reference)[reference_mask > 250]
    inside = own[mask > 250]
    moved = (own - inside.mean(0)) / (inside.std(0) + 1e-6) * wanted.std(0) + wanted.mean(0)
    lab = moved.astype(np.float32)
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    made = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
    return np.where(mask[..., None] > 0, made, source)


def histogram(source: np.ndarray, mask: np.ndarray, reference: np.ndarray, reference_mask: np.ndarray) -> np.ndarray:
    """Each channel brought to the reference's histogram, inside the masks."""
    result = source.copy()
    inside = mask > 250
    for channel in range(3):
        wanted = np.sort(reference[..., channel][reference_mask > 250])
        values = source[..., channel][inside]
        rank = np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(1, len(values) - 1)
        result[..., channel][inside] = wanted[np.rint(rank * (len(wanted) - 1)).astype(int)]
    return result


# ---------------------------------------------------------------- the task


def task(size: int, each: int) -> list[dict[str, Any]]:
    """`each` questions for each ordered pair of different looks: source, reference, and the right answer."""
    asked = []
    for source_look in LOOKS:
        for look in LOOKS:
            if look == source_look:
                continue
            for index in range(each):
                seed = HELD_OUT + 1000 * (3 * LOOKS.index(source_look) + LOOKS.index(look)) + 2 * index
                garment, other = render(seed, RENDERED), render(seed + 1, RENDERED)
                source, mask = picture(garment, dye(seed), source_look, size)
                reference, reference_mask = picture(other, dye(seed + 1), look, size)
                answer = picture(garment, dye(seed + 1), look, size)[0]
                asked.append({"source": source, "mask": mask, "reference": reference, "look": look, "answer": answer,
                              "reference_mask": reference_mask, "gain": shading(garment, size)})  # fmt: skip
    return asked


def trained(size: int, images: int, seed: int) -> tuple[Any, Any]:
    from muslin.recipes.stargan_v2 import StarGANv2
    from muslin.training import engine

    recipe = StarGANv2(
        seed=seed, size=size, looks=LOOKS, channels=12, max_channels=48, levels=1, style_size=16, batch_size=16,
        diversity_weight=0.5, diversity_images=images // 2, learning_rate=2e-3, schedule="linear",
    )  # fmt: skip
    stream = recipe.stream({look: collection(look, size) for look in LOOKS}, seed)
    return recipe, engine.train(recipe, stream, images=images, preview_every_images=0, deterministic=False)


def painted(recipe: Any, asked: list[dict[str, Any]], guided: str) -> list[np.ndarray]:
    """The results of all questions, guided by the reference or by noise."""
    sources, references = (
        np.stack([question[name] for question in asked]).astype(np.float32) / 127.5 - 1
        for name in ("source", "reference")
    )
    latent = np.random.default_rng(0).standard_normal((len(asked), recipe.latent_size)).astype(np.float32)
    guide = {"reference": ("style_encoder", references), "noise": ("mapping_network", latent)}[guided]
    codes = np.asarray(recipe.networks[guide[0]](guide[1], training=False))
    own = codes[np.arange(len(asked)), [LOOKS.index(question["look"]) for question in asked]]
    made = np.asarray(recipe.networks["generator"]([sources, own], training=False))
    inside = np.stack([question["mask"] for question in asked])[..., None] / 255
    return list(np.rint((sources + inside * (made - sources) + 1) * 127.5).clip(0, 255).astype(np.uint8))


def scored(asked: list[dict[str, Any]], results: list[np.ndarray]) -> dict[str, float]:
    errors, looks, folds = [], [], []
    for question, result in zip(asked, results, strict=True):
        inside = question["mask"] > 250
        errors.append(delta_e(result[inside], question["answer"][inside]).mean())
        looks.append(read_look(result, question["gain"], question["mask"]) == question["look"])
        if question["look"] == "plain":
            light = luminance(srgb_to_linear(result))[inside]
            folds.append(np.corrcoef(light, question["gain"][inside])[0, 1])
    return {
        "error": round(float(np.mean(errors)), 2),
        "look": round(float(np.mean(looks)), 3),
        "shading": round(float(np.nanmedian(folds)), 3),
    }


def sheet(asked: list[dict[str, Any]], results: dict[str, list[np.ndarray]], count: int = 12) -> np.ndarray:
    """A column a question: source, reference, right answer, then each method."""
    columns = []
    for index in range(0, len(asked), max(1, len(asked) // count)):
        question = asked[index]
        columns.append(
            np.vstack([question["source"], question["reference"], *(made[index] for made in results.values())])
        )
    return np.hstack(columns[:count]).repeat(3, axis=0).repeat(3, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=24_000)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=15, help="questions for each pair of looks")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    started, busy = time.perf_counter(), time.process_time()
    recipe, history = trained(options.size, options.images, options.seed)
    asked = task(options.size, options.each)
    seen = lambda q: (q["source"], q["mask"], q["reference"], q["reference_mask"])  # noqa: E731
    results = {
        "right answer": [q["answer"] for q in asked],
        "identity": [q["source"] for q in asked],
        "mean colour": [mean_colour(*seen(q)) for q in asked],
        "histogram": [histogram(*seen(q)) for q in asked],
        "stargan_v2, reference": painted(recipe, asked, "reference"),
        "stargan_v2, noise": painted(recipe, asked, "noise"),
    }
    figures: dict[str, Any] = {name: scored(asked, made) for name, made in results.items()}
    floors, learned = [figures[name] for name in ("identity", "mean colour", "histogram")], "stargan_v2, reference"
    passed = {
        "error": figures[learned]["error"] <= ERROR_MARGIN * min(floor["error"] for floor in floors),
        "look": figures[learned]["look"] >= LOOK_MARGIN + max(floor["look"] for floor in floors),
    }
    figures |= {
        "margins met": passed,
        "images_seen": history.images_seen,
        "seconds": round(time.perf_counter() - started),
        "processor seconds": round(time.process_time() - busy),
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    if options.sheet:
        cv2.imwrite(str(options.sheet), sheet(asked, results)[..., ::-1])


if __name__ == "__main__":
    main()

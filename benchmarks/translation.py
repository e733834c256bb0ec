"""Do `cut` and `cyclegan` learn a change whose right answer is known, from pictures that are no pairs?

    python benchmarks/translation.py [cut] [cyclegan] [--images 6400] [--size 64] [--json FILE] [--sheet FILE.png]

Truth world: plain garments on one side; on the other, other garments in the same cloths with dark bands woven in, at
fixed heights of the garment's square. What a garment kept out of training would look like with bands is known to the
pixel. Error: mean absolute difference inside the mask, in steps of 8-bit sRGB. Floors, each knowing the targets but no
pairs: the photo itself (identity), its luminance brought to the targets' mean and spread, its channels brought to the
targets' histogram, and the target garment whose outline is nearest.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin.data.domains import Domain, cut_out
from muslin.data.truth import render
from muslin.images import linear_to_srgb, srgb_to_linear

BANDS = 4  # in the garment's square
DARKEST = 0.25  # gain of a band in linear light
HELD_OUT = 2**31  # first seed of garments kept out of training


def plain_garments(first: int, count: int, size: int, name: str = "plain") -> Domain:
    """Rendered garments in plain cloths, each in its own square."""
    made = []
    for seed in range(first, first + count):
        drawn = render(seed, max(64, size), textile="plain")
        made.append(cut_out(drawn.photo, np.rint(drawn.mask * 255).astype(np.uint8), size))
    images, masks = zip(*made, strict=True)
    return Domain(name, np.stack(images), np.stack(masks), tuple(map(str, range(count))))


def banded(domain: Domain, name: str = "bands") -> Domain:
    """The same garments with bands: the right answer."""
    size = domain.images.shape[1]
    turns = (np.arange(size) + 0.5) / size * BANDS
    band = np.clip(0.5 + 1.5 * np.cos(2 * np.pi * turns), 0, 1)  # 1 in a band, 0 between, soft edges
    gain = 1 - (1 - DARKEST) * band[None, :, None, None] * (domain.masks[..., None] / 255.0)
    images = linear_to_srgb(np.clip(srgb_to_linear(domain.images) * gain, 0, 1))
    return Domain(name, images, domain.masks, domain.keys)


def task(size: int, count: int, held: int = 48) -> tuple[Domain, Domain, Domain, Domain]:
    """(sources, targets, held-out sources, their right answers). No garment is among both sources and targets."""
    tests = plain_garments(HELD_OUT, held, size)
    return plain_garments(0, count, size), banded(plain_garments(count, count, size)), tests, banded(tests)


def error(made: np.ndarray, true: Domain) -> float:
    """Mean absolute difference inside the masks, in 8-bit steps."""
    inside = true.masks > 127
    return float(np.abs(made.astype(float) - true.images)[inside].mean())


def floors(source: Domain, target: Domain, tests: Domain, true: Domain) -> dict[str, float]:
    """Name -> error of what can be done without learning."""
    pool = target.images[target.masks > 127].astype(float)
    grey = pool @ [0.2126, 0.7152, 0.0722]
    luminance, histogram, nearest = (tests.images.astype(float).copy() for _ in range(3))
    quantiles = np.quantile(pool, np.linspace(0, 1, 256), axis=0)
    for index, (image, mask) in enumerate(zip(tests.images, tests.masks, strict=True)):
        inside = mask > 127
        own = image[inside].astype(float)
        light = own @ [0.2126, 0.7152, 0.0722]
        moved = (light - light.mean()) / (light.std() + 1e-6) * grey.std() + grey.mean()
        luminance[index][inside] = np.clip(own + (moved - light)[:, None], 0, 255)
        for channel in range(3):
            rank = np.searchsorted(np.sort(own[:, channel]), own[:, channel]) / len(own)
            histogram[index][inside, channel] = np.interp(rank, np.linspace(0, 1, 256), quantiles[:, channel])
        apart = np.abs(target.masks.astype(int) - mask).mean(axis=(1, 2))
        nearest[index] = target.images[apart.argmin()]
    return {
        "identity": error(tests.images, true),
        "luminance transfer": error(luminance, true),
        "histogram match": error(histogram, true),
        "nearest neighbour": error(nearest, true),
    }


def learned(recipe: Any, images: int, pictures: tuple[Domain, Domain, Domain, Domain]) -> tuple[np.ndarray, float]:
    """(what becomes of the held-out sources, seconds), after training `recipe` from nothing on `images` images."""
    from muslin.recipes.translation import TranslationStream
    from muslin.training import engine

    source, target, tests, _ = pictures
    stream = TranslationStream(source, target, recipe.batch_size, recipe.seed, recipe.more_draws)
    history = engine.train(recipe, stream, images=images, preview_every_images=0, screen=False)
    return recipe.translate(recipe.networks["generator"], tests.images, tests.masks), history.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["cut", "cyclegan"])
    parser.add_argument("--images", type=int, default=6_400)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--count", type=int, default=256, help="garments on each side")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    from muslin import recipes
    from muslin.recipes import options as texts

    pictures = task(options.size, options.count)
    tests, true = pictures[2:]
    figures: dict[str, Any] = {"floors": {name: round(value, 1) for name, value in floors(*pictures).items()}}
    rows = [tests.images[:12], true.images[:12]]
    for name in options.recipes:
        recipe = recipes.build(name, {"size": options.size, **texts.parse(name, options.option)})
        processor = time.process_time()
        made, seconds = learned(recipe, options.images, pictures)
        rows.append(made[:12])
        figures[name] = {
            "error": round(error(made, true), 1),
            "images": options.images,
            "seconds": round(seconds),
            "processor seconds": round(time.process_time() - processor),
        }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    if options.sheet:
        cv2.imwrite(str(options.sheet), np.vstack([np.hstack(list(row)) for row in rows])[..., ::-1])


if __name__ == "__main__":
    main()

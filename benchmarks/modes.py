"""Do the games find every mode? 25 Gaussians in the plane, and new garments against floors that any recipe must beat.

    python benchmarks/modes.py                     both parts, two seeds each; figures as JSON on the last line
    python benchmarks/modes.py points dcgan 0      the plane alone, one recipe, one seed
    python benchmarks/modes.py garments
    python benchmarks/modes.py run RUN DATA        a run as it stands, judged by pictures of DATA kept out of it

The plane (Srivastava et al. 2017; Lin et al. 2018): a 5 x 5 grid of Gaussians, 2 apart, deviation 0.1.
Both recipes play their own game (loss, penalties, schedules, averages) with their discriminator and generator replaced
by two small dense networks. A mode is covered when at least a fifth of its fair share of 2,500 samples fall within 4
deviations of it; samples that are near any mode are of high quality.

Garments: rendered by the truth world, 32 px, on white. The sliced Wasserstein distance (of the pictures' colours
averaged over cells of 8 px, over 128 directions) to garments that training never saw is compared with that of three
floors: always the mean garment, a Gaussian fitted to all pixels, and its own training set (which is as good as copying
gets, and shows what the distance itself costs). Copying is watched by the distance to the nearest training garment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers, ops

from muslin import recipes
from muslin.images import as_pixels
from muslin.recipes.base import Batch
from muslin.recipes.designs import Designs, made_from
from muslin.training import engine

SIDE, GAP, DEVIATION = 5, 2.0, 0.1
CENTERS = GAP * np.stack(np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 2), -1).reshape(-1, 2)
SAMPLES = 100 * SIDE**2
POINT_OPTIONS: dict[str, dict[str, Any]] = {
    # Penalties are per squared unit of the input; points are few numbers, pictures many.
    "dcgan": {"r1_weight": 0.01, "augmentation": "none", "learning_rate": 2e-3},
    "r3gan": {"r1_weight": 0.01, "r2_weight": 0.01, "last_penalty": 0.1, "augmentation": "none", "learning_rate": 2e-3},
}


def points_game(recipe: str, seed: int = 0, width: int = 64, **options: Any) -> Designs:
    """The recipe's own game between two dense networks on points of the plane."""
    small = {"batch_size": 256, "latent_size": 8, **POINT_OPTIONS.get(recipe, {})}
    built = recipes.find(recipe)(seed=seed, **{**small, **options})
    assert isinstance(built, Designs)
    keras.utils.set_random_seed(seed)
    for name, inputs, outputs in (("generator", built.latent_size, 2), ("discriminator", 2, 1)):
        hidden = [layers.Dense(width, activation="leaky_relu") for _ in range(3)]
        built.networks[name] = keras.Sequential([keras.Input((inputs,)), *hidden, layers.Dense(outputs)], name=name)
    return built


class Points:
    """Batches of the mixture; a pure function of (seed, images_seen)."""

    def __init__(self, recipe: Designs) -> None:
        self.recipe = recipe

    def batch(self, images_seen: int) -> Batch:
        rng, recipe = np.random.default_rng((self.recipe.seed, images_seen)), self.recipe
        latent = rng.standard_normal((recipe.batch_size, recipe.latent_size)).astype(np.float32)
        drawn = {key: value for key, value in recipe.draws(rng, 4).items() if key == "position"}
        return {"real": mixture(rng, recipe.batch_size), "source": latent, **drawn, **recipe.scheduled(images_seen)}


def mixture(rng: np.random.Generator, count: int) -> np.ndarray:
    """count x 2 points."""
    chosen = CENTERS[rng.integers(0, len(CENTERS), count)]
    return (chosen + DEVIATION * rng.standard_normal((count, 2))).astype(np.float32)


def coverage(points: np.ndarray) -> dict[str, float]:
    """modes: covered ones of 25; quality: share of points within 4 deviations of a mode. points: as `mixture`."""
    distance = np.linalg.norm(points[:, None] - CENTERS, axis=2)
    near = distance.min(1) < 4 * DEVIATION
    counts = np.bincount(distance.argmin(1)[near], minlength=len(CENTERS))
    fair = len(points) / len(CENTERS)
    return {"modes": int((counts >= fair / 5).sum()), "quality": round(float(near.mean()), 3)}


def train_on_points(built: Designs, images: int) -> dict[str, float]:
    """Train, then count modes of what the averaged generator makes."""
    begin = time.process_time()
    engine.train(built, Points(built), images=images, preview_every_images=0, screen=False)
    latents = np.random.default_rng(9).standard_normal((SAMPLES, built.latent_size)).astype(np.float32)
    made = ops.convert_to_numpy(built.networks["generator"](latents))
    return {**coverage(made), "cpu_seconds": round(time.process_time() - begin, 1)}


def cells(pictures: np.ndarray, cell: int = 8) -> np.ndarray:
    """uint8 N,S,S,3 -> N x numbers in [0, 1]: colours averaged over cells of `cell` pixels."""
    count, side = pictures.shape[0], pictures.shape[1] // cell
    return pictures.reshape(count, side, cell, side, cell, 3).mean((2, 4)).reshape(count, -1) / 255


def sliced_distance(made: np.ndarray, real: np.ndarray, directions: int = 128) -> float:
    """Sliced Wasserstein-1 distance (Rabin et al. 2011) of two sets of pictures, by the quantiles of projections."""
    lines = np.random.default_rng(0).standard_normal((cells(real).shape[1], directions))
    lines /= np.linalg.norm(lines, axis=0)
    at = (np.arange(200) + 0.5) / 200
    first, second = (np.quantile(cells(side) @ lines, at, axis=0) for side in (made, real))
    return float(np.abs(first - second).mean())


def nearest(made: np.ndarray, known: np.ndarray) -> float:
    """Median distance (root mean square over pixels, 0 to 255) of a picture to the most similar of `known`."""
    flat, others = (pictures.reshape(len(pictures), -1).astype(np.float32) for pictures in (made, known))
    squared = (flat**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * flat @ others.T
    return float(np.median(np.sqrt(np.maximum(squared.min(1), 0) / flat.shape[1])))


def floors(train: np.ndarray, count: int = 512) -> dict[str, np.ndarray]:
    """What needs no network. mean: always the mean picture; gaussian: fitted to all pixels at once; copies: train."""
    flat = train.reshape(len(train), -1).astype(np.float64)
    rng = np.random.default_rng(1)
    mixed = rng.standard_normal((count, len(train))) @ (flat - flat.mean(0)) / np.sqrt(len(train))
    gaussian = (flat.mean(0) + mixed).clip(0, 255).astype(np.uint8).reshape(count, *train.shape[1:])
    mean = np.repeat(flat.mean(0).astype(np.uint8).reshape(1, *train.shape[1:]), count, axis=0)
    return {"mean": mean, "gaussian": gaussian, "copies": train}


def garments_game(recipe: str, seed: int, images: int, train: np.ndarray, test: np.ndarray, **options: Any) -> dict:
    """Train a recipe on `train`, judge 512 new garments by `test`."""
    built = recipes.find(recipe)(seed=seed, size=train.shape[1], **options)
    begin = time.process_time()
    engine.train(built, built.stream(train, seed), images=images, preview_every_images=0, screen=False)
    latents = np.random.default_rng(5).standard_normal((512, built.latent_size)).astype(np.float32)
    made = as_pixels(made_from(built.networks["generator"], latents))
    return {"distance": round(sliced_distance(made, test), 4), "nearest": round(nearest(made, train), 1),
            "cpu_seconds": round(time.process_time() - begin, 1), "made": made}  # fmt: skip


def points_part(names: list[str], seeds: tuple[int, ...] = (0, 1), images: int = 256 * 5000) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        for seed in seeds:
            found[f"{name} {seed}"] = train_on_points(points_game(name, seed), images)
            print(f"points    {name} seed {seed}: {found[f'{name} {seed}']}", flush=True)
    return found


def garments_part(names: list[str], seeds: tuple[int, ...] = (0, 1), images: int = 12_000) -> dict[str, Any]:
    from muslin.data.collection import load_collection

    train, test = (load_collection("garments", 32, count=512, seed=seed) for seed in (0, 1))
    found: dict[str, Any] = {}
    for name, made in floors(train).items():
        found[f"floor {name}"] = {"distance": round(sliced_distance(made, test), 4)}
        print(f"garments  floor {name}: {found[f'floor {name}']}", flush=True)
    found["held out"] = {"nearest": round(nearest(test, train), 1)}
    for name in names:
        for seed in seeds:
            result = garments_game(name, seed, images, train, test)
            result.pop("made")
            found[f"{name} {seed}"] = result
            print(f"garments  {name} seed {seed}: {result}", flush=True)
    return found


def run_part(run: str, data: str) -> dict[str, Any]:
    """What the averaged generator of a run makes, its floors, and a sheet of it beside the log (sheet.png)."""
    from muslin.data.designs import load_designs
    from muslin.images import write_image
    from muslin.recipes.designs import contact_sheet
    from muslin.training import checkpoint

    config = checkpoint.read_config(Path(run)) or {}
    built = recipes.find(config["recipe"])(**config["settings"])
    loop = engine._Loop(built)
    seen = checkpoint.load_state(Path(run), loop.groups)
    loop.average.apply()
    train, test = (load_designs(data, built.size, held=held) for held in (False, True))
    latents = np.random.default_rng(5).standard_normal((512, built.latent_size)).astype(np.float32)
    made = made_from(built.networks["generator"], latents)
    write_image(Path(run) / "sheet.png", contact_sheet(made[:40], 10), overwrite=True)
    found: dict[str, Any] = {"images_seen": seen, "trained on": len(train), "kept out": len(test)}
    for name, pictures in {**floors(train), config["recipe"]: as_pixels(made)}.items():
        distance = round(sliced_distance(pictures, test), 4)
        found[name] = {"distance": distance, "nearest": round(nearest(pictures, train), 1)}
    found["kept out pictures"] = {"nearest": round(nearest(test, train), 1)}
    for name, figures in found.items():
        print(f"{name}: {figures}", flush=True)
    return found


def main(words: list[str]) -> Mapping[str, Any]:
    if words[:1] == ["run"]:
        return run_part(*words[1:])
    parts = [word for word in words if word in ("points", "garments")] or ["points", "garments"]
    seeds = tuple(int(word) for word in words if word.isdigit()) or (0, 1)
    names = [word for word in words if word not in parts and not word.isdigit()] or ["dcgan", "r3gan"]
    run = {"points": points_part, "garments": garments_part}
    return {part: run[part](names, seeds) for part in parts}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))

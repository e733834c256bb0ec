"""Does `print` learn where cloths belong, and are its prints sharp, seamless, like their look, and new?

    python benchmarks/prints.py rule [--images 6000] [--json FILE]
    python benchmarks/prints.py looks SWATCHES [--looks a,b] [--plain MODEL] [--json FILE]

`rule` trains on the world of data/print_truth.py, whose one rule is known, and compares with floors that know the
cloths but not the rule. `looks` measures prints of a model against real swatches of the same looks.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

BATCHES = 12  # of 8, for scores of the rule
PATCH = 256  # px: pictures are compared at this size


# ------------------------------------------------------------------------------------------------------- rule


def rule(images: int, seed: int = 0) -> dict[str, Any]:
    """Train from scratch, then score against floors. `obeyed` of each."""
    from muslin.data.print_truth import DotsOnLightBands
    from muslin.recipes.print import Print
    from muslin.training import engine

    recipe = Print(looks=1, seed=seed, learning_rate=1.5e-3, anchor_weight=0.0)
    world = DotsOnLightBands(recipe.size, recipe.batch_size, seed)
    before = score(recipe, world)
    started = time.perf_counter()
    history = engine.train(recipe, world, images=images, preview_every_images=0, screen=True)
    found = {"learned": score(recipe, world), "untrained": before, **floors(world)}
    return {"rule": found, "images": history.images_seen, "seconds": round(time.perf_counter() - started)}


def score(recipe: Any, world: Any) -> dict[str, float]:
    """`obeyed` by the recipe's prints of cloths it has not seen."""
    from keras import ops

    return _obeyed(world, lambda batch: ops.convert_to_numpy(recipe.make(batch)[0]))


def floors(world: Any) -> dict[str, dict[str, float]]:
    """What needs no learning: one cloth alone, the mean of both, both by chance, colours alone."""
    rng = np.random.default_rng(0)

    def by_chance(batch: dict[str, np.ndarray]) -> np.ndarray:
        second = rng.random(batch["real"].shape[:3]) < batch["shares"][:, 1, None, None]
        return np.where(second[..., None], batch["cloths"][:, 1], batch["cloths"][:, 0])

    def histogram(batch: dict[str, np.ndarray]) -> np.ndarray:
        """Real colours in the order of the mixture's lightness: the histogram is exact, the places are not."""
        made = []
        for cloths, real in zip(batch["cloths"], batch["real"], strict=True):
            order = np.argsort(0.5 * (cloths[0] + cloths[1]).sum(-1), axis=None)
            pixels = real.reshape(-1, 3)
            matched = np.empty_like(pixels)
            matched[order] = pixels[np.argsort(pixels.sum(-1))]
            made.append(matched.reshape(real.shape))
        return np.stack(made)

    return {
        "first cloth alone": _obeyed(world, lambda batch: batch["cloths"][:, 0]),
        "pixels of both by chance": _obeyed(world, by_chance),
        "histogram match": _obeyed(world, histogram),
    }


def _obeyed(world: Any, make: Callable[[dict[str, np.ndarray]], np.ndarray]) -> dict[str, float]:
    from muslin.data.print_truth import obeyed

    scores = []
    for number in range(BATCHES):
        batch = world.batch(10**9 + number * world.batch_size)
        scores.append(obeyed(batch["cloths"], np.asarray(make(batch))))
    return {name: round(float(np.mean([one[name] for one in scores])), 4) for name in scores[0]}


# ------------------------------------------------------------------------------------------------------ looks


def looks(model: str, data: Path, names: list[str], plain: str | None, count: int) -> dict[str, Any]:
    """KID, sharpness, seam and newness of prints, and of what stands beside them."""
    from muslin.data.prints import load_looks
    from muslin.imagine import Imaginer

    real = load_looks(data, held=None)
    network = _features()
    makers: dict[str, Callable[[str], list[np.ndarray]]] = {
        "arranged": lambda name: [p.image for p in Imaginer(f"{model}:{name}").pictures(count)],
        "arranged, unlearned": lambda name: _unlearned(model, name, count),
    }
    if plain:
        makers["painted"] = lambda name: _painted(plain, name, count)
    found: dict[str, Any] = {"features": network.label, "prints of each look": count}
    for name in names:
        swatches = [_patch(swatch) for swatch in real[name]]
        features = network.features(swatches)
        found[name] = {"real": {"sharpness": _sharpness(swatches), "swatches": len(swatches)}}
        for maker, make in makers.items():
            found[name][maker] = _measure(network, make(name), features)
    return found


def _measure(network: Any, tiles: list[np.ndarray], real: np.ndarray) -> dict[str, Any]:
    from muslin.metrics.distribution import kid
    from muslin.metrics.neighbours import nearest_real
    from muslin.textiles.seamless import seam_score

    patches = [_patch(tile[: PATCH * 2, : PATCH * 2], whole=False) for tile in tiles]
    features = network.features(patches)
    distance, near = kid(features, real), nearest_real(features, real)
    return {
        "kid x 1000": [round(1000 * value, 1) for value in (distance.value, distance.low, distance.high)],
        "sharpness": _sharpness(patches),
        "seam": round(float(np.max([seam_score(tile) for tile in tiles])), 3),
        "distance to the nearest swatch, 1 = usual between swatches": round(float(np.median(near.closeness)), 2),
        "copies": int(near.copied.sum()),
    }


def _unlearned(model: str, name: str, count: int) -> list[np.ndarray]:
    """The same arrangements, each cloth showing where smooth noise says."""
    from muslin.imagine import Imaginer
    from muslin.textiles import arrange

    imaginer = Imaginer(f"{model}:{name}")
    made = []
    for seed in range(count):
        drawn = arrange.draw(np.random.default_rng((seed, 0)), [(imaginer.bank[name], 1.0)], (2, 2))
        fields = np.zeros((*drawn.noise.shape[:3], arrange.FIELDS), np.float32)
        made.append(arrange.render(drawn, fields, 512, 512))
    return made


def _painted(model: str, name: str, count: int) -> list[np.ndarray]:
    """The plain generator's pictures, enlarged to the same size of motif."""
    from muslin.imagine import Imaginer

    return [picture.image for picture in Imaginer(f"{model}:{name}").pictures(count)]


def _patch(image: np.ndarray, whole: bool = True) -> np.ndarray:
    """PATCH x PATCH: a swatch whole, a tile's first part at its own size."""
    if not whole:
        return np.ascontiguousarray(image[:PATCH, :PATCH])
    side = min(image.shape[:2])
    cut = np.ascontiguousarray(image[:side, :side])
    return cv2.resize(cut, (PATCH, PATCH), interpolation=cv2.INTER_AREA if side > PATCH else cv2.INTER_CUBIC)


def _sharpness(images: list[np.ndarray]) -> float:
    """Median share of the lightness contrast that lies in details of one or two pixels."""
    shares = []
    for image in images:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        shares.append(float((grey - cv2.GaussianBlur(grey, (0, 0), 1.5)).std() / (grey.std() + 1.0)))
    return round(float(np.median(shares)), 3)


def _features() -> Any:
    from muslin import store
    from muslin.metrics.features import FeatureNetwork

    card = store.load("features")
    return FeatureNetwork(card.file(), str(card.card.get("title", card.name)), card.sha256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("rule", "looks"))
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="print")
    parser.add_argument("--looks", default="floral_print,svg_geometric,van_gogh,plaid_check,animal_print")
    parser.add_argument("--plain", help="a model trained with --option synthesis=paint")
    parser.add_argument("-n", type=int, default=24)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.what == "rule":
        found = rule(options.images, options.seed)
    else:
        found = looks(options.model, options.data, options.looks.split(","), options.plain, options.n)
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

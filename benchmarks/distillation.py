"""How small may a generator be, if a wide one teaches it? Error against multiply-adds, where the right answer is known.

    python benchmarks/distillation.py [--images 6400] [--size 64] [--wide 48] [--json FILE] [--sheet FILE.png]

The task is that of translation.py: bands woven into plain garments, learned from pictures that are no pairs. A wide
`cut` generator learns it by its game. Then networks of falling size learn it twice: alone, by the same game on the
same pictures, and from the wide one (recipe `distill`), each with as many images. Error: mean absolute difference
from the right answer inside the mask, in 8-bit steps; from the teacher: the same to what the teacher makes. Both on
garments kept out of training.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from translation import error, floors, learned, task

from muslin import export, recipes, store
from muslin.data.domains import Domain
from muslin.garments.cost import multiply_adds
from muslin.garments.network import Network
from muslin.recipes.distill import Taught
from muslin.recipes.translation import TranslationStream
from muslin.training import engine

STUDENTS = ((24, 4), (16, 4), (16, 2), (8, 4), (8, 2))  # channels, residual blocks


def played(pictures: tuple[Domain, ...], images: int, **options: Any) -> tuple[Any, np.ndarray, float]:
    """(recipe, what becomes of the held-out garments, seconds) of `cut`."""
    recipe = recipes.build("cut", {"size": pictures[0].images.shape[1], **options})
    made, seconds = learned(recipe, images, pictures)  # type: ignore[arg-type]
    return recipe, made, seconds


def taught(teacher: Path, pictures: tuple[Domain, ...], images: int, **options: Any) -> tuple[Any, np.ndarray, float]:
    """The same of `distill`."""
    source, target, tests, _ = pictures
    recipe = recipes.build("distill", {"teacher": str(teacher), **options})
    network = Network(store.load(teacher).file(), threads=1)
    sources = TranslationStream(source, target, recipe.batch_size, recipe.seed, lambda rng, batch, seen: {})
    history = engine.train(recipe, Taught(sources, network), images=images, preview_every_images=0, screen=False)
    translate = recipes.build("cut", {"size": tests.images.shape[1]}).translate  # type: ignore[attr-defined]
    return recipe, translate(recipe.networks["generator"], tests.images, tests.masks), history.seconds


def cost(recipe: Any, folder: Path, size: int) -> tuple[int, int]:
    """(multiply-adds of one pass over one picture, bytes of the file). The model stays in `folder`."""
    model = export.export_recipe(recipe, folder, name=folder.name, card={"size": size}, keep_weights=False)
    return multiply_adds(model.file(), size), model.file().stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=6_400)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--wide", type=int, default=48, help="channels of the teacher")
    parser.add_argument("--count", type=int, default=256, help="garments on each side")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path, help="right answers, the teacher's, then the students' in turn")
    options = parser.parse_args()
    pictures = task(options.size, options.count)
    true, rows = pictures[3], []
    figures: dict[str, Any] = {"floors": {name: round(value, 1) for name, value in floors(*pictures).items()}}
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        recipe, wide, seconds = played(pictures, options.images, channels=options.wide)
        work, size = cost(recipe, root / "wide", options.size)
        found = {"multiply-adds": work, "bytes": size, "error": round(error(wide, true), 2), "seconds": round(seconds)}
        figures["teacher"] = found
        rows += [pictures[2].images[:12], true.images[:12], wide[:12]]
        print("teacher", found, flush=True)
        answers = Domain("answers", wide, true.masks, true.keys)
        for channels, blocks in STUDENTS:
            shape = {"channels": channels, "blocks": blocks}
            recipe, made, seconds = taught(root / "wide", pictures, options.images, **shape)
            _, by_itself, longer = played(pictures, options.images, **shape)
            less, size = cost(recipe, root / f"{channels}-{blocks}", options.size)
            found = {
                **shape,
                "multiply-adds": less,
                "of the teacher's": round(less / work, 4),
                "bytes": size,
                "taught: error": round(error(made, true), 2),
                "taught: from the teacher": round(error(made, answers), 2),
                "taught: seconds": round(seconds),
                "alone: error": round(error(by_itself, true), 2),
                "alone: seconds": round(longer),
            }
            figures[f"{channels} channels, {blocks} blocks"] = found
            rows += [made[:12], by_itself[:12]]
            print(found, flush=True)
            if options.json:
                options.json.write_text(json.dumps(figures, indent=2) + "\n")
    if options.sheet:
        cv2.imwrite(str(options.sheet), np.vstack([np.hstack(list(row)) for row in rows])[..., ::-1])
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

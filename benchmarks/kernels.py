"""What TensorFlow's oneDNN kernels and bfloat16 do for a training step: each recipe at its default settings, in turns
without oneDNN, with it, and with it in bfloat16.

    python benchmarks/kernels.py [--recipes drape mask ...] [--data FOLDER] [--steps 8] [--turns 2] [--json FILE]

Without data the recipes learn from what comes with muslin. The first four steps of a process (compiling, both kinds of
step of recipes that have two) are not counted. Seconds a step, the lower of the turns. Of `drape` the deep network and
the batches at 128 px.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

WAYS = {"off": ("0", "float32"), "on": ("1", "float32"), "bfloat16": ("1", "bfloat16")}  # oneDNN, precision
RECIPES = ("drape", "mask", "cut", "cyclegan", "pix2pix", "dcgan", "r3gan", "stargan_v2")
UNCOUNTED = 4


def seconds_a_step(name: str, precision: str, data: Path | None, steps: int) -> float:
    """In a process of its own, on one batch."""
    from muslin import recipes
    from muslin.training.engine import _Loop

    options = {"rendered_garments": 16, "fine_batches": 0, "deep": True} if name == "drape" else {}
    recipe = recipes.build(name, {**options, "precision": precision})
    batch, loop = recipe.stream(data, 0).batch(0), _Loop(recipe)
    for number in range(UNCOUNTED + steps):
        if number == UNCOUNTED:
            start = time.perf_counter()
        loop.step(batch, number * recipe.batch_size, 100_000)
    return (time.perf_counter() - start) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--as", dest="role", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        print(f"RESULT{seconds_a_step(*options.role, options.data, options.steps)}")
        return
    figures = {}
    for name in options.recipes:
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(options.turns):
            for way, (onednn, precision) in WAYS.items():
                command = [sys.executable, __file__, "--as", name, precision, "--steps", str(options.steps)]
                command += ["--data", str(options.data)] if options.data else []
                environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": onednn}
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                if "RESULT" not in done.stdout:
                    raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
                found[way].append(float(done.stdout.split("RESULT")[1]))
        best = {way: min(rows) for way, rows in found.items()}
        figures[name] = {f"{way} s": round(seconds, 4) for way, seconds in best.items()}
        figures[name] |= {"off / on": round(best["off"] / best["on"], 2)}
        figures[name] |= {"on / bfloat16": round(best["on"] / best["bfloat16"], 2)}
        print(name, figures[name], file=sys.stderr, flush=True)
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

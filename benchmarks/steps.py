"""A training step at the published configuration: ours beside the authors' PyTorch code, on the CPU.

    python benchmarks/steps.py --original FOLDER [--recipes cut cyclegan | pix2pix] [--steps 2] [--turns 2]
        [--bfloat16] [--json FILE]

FOLDER: a checkout of github.com/taesungp/contrastive-unpaired-translation, which holds CUT and CycleGAN, or, for
pix2pix, of github.com/junyanz/pytorch-CycleGAN-and-pix2pix (of 2019 to 2021); it is run as it is, by the PyTorch of
this environment, and is no part of muslin. Same networks (9 residual blocks of 64 channels; a U-Net of eight levels;
PatchGAN of 64), batch 1, 256 px, all losses; the first step of each process (compiling, laying out memory) is not
counted. The contenders take turns, each in a process of its own; with --bfloat16 ours once more, its convolutions in
that precision (theirs has no such thing on a CPU). Ratios are theirs / ours: above 1, ours is faster or
smaller. Seconds of processor time beside seconds, since other work on the machine falsifies only the latter.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np

SIDE = 256
PUBLISHED = {
    "cut": {"preset": "cut", "patches": 256, "units": 256, "adversarial_weight": 2.0},
    "cyclegan": {"preset": "published"},
    "pix2pix": {
        "widths": (64, 128, 256, 512, 512, 512, 512, 512), "smooth": False, "discriminator_width": 64,
        "discriminator_every": 1, "strided": 3, "normalised": True,
    },
}  # fmt: skip
ALL = {"size": SIDE, "batch_size": 1, "learning_rate": 2e-4, "schedule": "linear", "r1_weight": 0.0}
UNPAIRED = {"network": "published", "loss": "least_squares"}
THEIRS = {"cut": "cut --CUT_mode CUT", "cyclegan": "cycle_gan", "pix2pix": "pix2pix"}


def ours(name: str, precision: str = "float32") -> Callable[[], object]:
    """A step of muslin's recipe on two random pictures, whole pictures as masks."""
    import keras

    from muslin import recipes
    from muslin.training.engine import _Loop

    recipe = recipes.build(
        name, {**ALL, "precision": precision, **({} if name == "pix2pix" else UNPAIRED), **PUBLISHED[name]}
    )
    loop = _Loop(recipe)
    rng = np.random.default_rng(0)
    batch = {kind: rng.uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32) for kind in ("source", "target")}
    batch |= {f"{kind}_mask": np.ones((1, SIDE, SIDE, 1), np.float32) for kind in ("source", "target")}
    batch |= recipe.draws(rng, SIDE) if name == "pix2pix" else recipe.more_draws(rng, batch, 0)

    def step() -> object:
        return {key: float(keras.ops.convert_to_numpy(value)) for key, value in loop.step(batch, 0, 1000).items()}

    return step


def theirs(name: str, folder: Path) -> Callable[[], object]:
    """A step of the authors' model; what they import for pictures, pages and half precision is left out."""
    for module in ("torchvision", "torchvision.transforms", "dominate", "visdom", "apex", "GPUtil", "imageio"):
        sys.modules.setdefault(module, MagicMock())
    sys.path.insert(0, str(folder))
    os.chdir("/tmp")
    import torch
    from models import create_model  # type: ignore[import-not-found]
    from options.train_options import TrainOptions  # type: ignore[import-not-found]

    # From the command line, where their models look for more options of their own.
    words = "train.py --dataroot x --name x --gpu_ids -1 --batch_size 1 --checkpoints_dir /tmp/steps-checkpoints"
    sys.argv = f"{words} --model {THEIRS[name]}".split()
    options = TrainOptions().parse()
    options.amp = False  # their cycle_gan_model reads an option that their train_options do not have
    model = create_model(options)
    torch.manual_seed(0)
    batch = {key: torch.rand(1, 3, SIDE, SIDE) * 2 - 1 for key in "AB"} | {"A_paths": [""], "B_paths": [""]}
    if name == "cut":
        model.data_dependent_initialize(batch)
        model.parallelize()

    def step() -> object:
        model.set_input(batch)
        model.optimize_parameters()
        return model.get_current_losses()

    return step


def measured(who: str, name: str, folder: Path, steps: int) -> None:
    """In a process of its own; prints {"s", "cpu s", "peak MB", "losses"}."""
    step = theirs(name, folder) if who == "theirs" else ours(name, "bfloat16" if who == "ours, bfloat16" else "float32")
    step()
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(steps):
        losses = step()
    found = {"s": (time.perf_counter() - wall) / steps, "cpu s": (time.process_time() - processor) / steps}
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("RESULT" + json.dumps({**found, "losses": {key: round(float(value), 3) for key, value in losses.items()}}))


def contest(name: str, folder: Path, steps: int, turns: int, contenders: tuple[str, ...]) -> dict[str, object]:
    rows: dict[str, list[dict[str, float]]] = {who: [] for who in contenders}
    for _ in range(turns):
        for who in rows:
            command = [sys.executable, __file__, "--as", who, name, "--original", str(folder), "--steps", str(steps)]
            done = subprocess.run(command, capture_output=True, text=True)
            if "RESULT" not in done.stdout:
                raise SystemExit(f"{who} {name} failed:\n{done.stderr[-3000:]}")
            rows[who].append(json.loads(done.stdout.split("RESULT")[1]))
            print(name, who, rows[who][-1], file=sys.stderr, flush=True)
    best = {
        who: {key: min(row[key] for row in found) for key in ("s", "cpu s", "peak MB")} for who, found in rows.items()
    }
    ratios = {
        f"{key}, theirs / {who}": round(best["theirs"][key] / best[who][key], 2)
        for who in best if who != "theirs" for key in best[who]
    }  # fmt: skip
    shown = {who: {key: round(value, 2) for key, value in row.items()} for who, row in best.items()}
    return {**shown, **ratios, "losses": {who: found[0]["losses"] for who, found in rows.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--original", type=Path, required=True)
    parser.add_argument("--recipes", nargs="+", choices=list(PUBLISHED), default=["cut", "cyclegan"])
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--as", nargs=2, dest="role", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        measured(*options.role, options.original.resolve(), options.steps)
        return
    contenders = ("ours", "theirs", *(["ours, bfloat16"] if options.bfloat16 else []))
    figures = {
        name: contest(name, options.original, options.steps, options.turns, contenders) for name in options.recipes
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

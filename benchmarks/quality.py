"""Time to quality: how near to a look do `drape`, `cut` and the original FastCUT come, by seconds of training?

    python benchmarks/quality.py DATA --work FOLDER [--original FOLDER] [--look stripes] [--only NAME ...] [--judge]

Everyone gets the same 60 photos of plain garments, the same pictures of the look (garments for the two that translate
collections, swatches for `drape`) and, to be judged, the same plain garments that nobody trained on: cut out on white,
SIDE px, in and out. Classes are those of the look's garments, as often, so that dresses are compared with dresses.

    drape        the recipe's defaults (128 px, batch 8) and the demonstration's learning rate, from nothing
    cut          the recipe's defaults at SIDE px (preset short)
    cut fast     the same with --option preset=fast and flip_equivariance=yes, as FastCUT has it
    FastCUT      the authors' code as it is (--original: a checkout of theirs, run by the PyTorch of this environment):
                 published networks, losses, crops and learning rate, batch 1. The rate is constant for three quarters
                 of the published 200 rounds, which is longer than anybody waits here

Seconds are of the processor, since the contestant's process began, imports and compiling included, judging not: other
work on the machine does not falsify them much. At moments a factor of two apart the restyled garments are
kept in FOLDER/NAME; the same command goes on where it was stopped. Then all are judged: KID to the garments of the look
(all of them, also those that two of the three trained on), shading correlation and leakage with the photos.
FOLDER gets figures.json, curve.png and sheet.jpg (quality_pictures.py).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
from PIL import Image
from quality_pictures import chart, sheet

SIDE = 64  # px, of what is shown and judged; FastCUT takes four times as long at 128
LOADED = 72  # px, from which the authors' code crops SIDE (published: 286 and 256)
PHOTOS = 60
JUDGED = 120
SECONDS = {"drape": 64, "cut": 256, "cut fast": 128, "FastCUT": 1024}  # of the processor, for each contestant
CLOTHS = 12  # swatches of the look in which `drape` dresses what is judged
MOMENTS = [8 * 2**k for k in range(9)]
FASTCUT = "--model cut --CUT_mode FastCUT --gpu_ids -1 --batch_size 1 --dataroot x --name x"
Made = Callable[[], np.ndarray]


def gather(data: Path, look: str, folder: Path) -> dict[str, np.ndarray]:
    """The pictures of the contest, kept in folder/set.npz: names and uint8 arrays."""
    from muslin.data.domains import list_domains
    from muslin.recipes.translation import class_weights

    file = folder / "set.npz"
    if file.exists():
        return dict(np.load(file))
    items = {
        name: [item for held in (False, True) for item in list_domains(data, held=held)[name] if item.mask or every]
        for name, every in (("plain", False), (look, True))
    }
    keys = {name: np.array([item.key for item in found]) for name, found in items.items()}
    weights = class_weights(tuple(keys["plain"]), tuple(keys[look]))
    rng = np.random.default_rng(0)
    order = rng.choice(len(keys["plain"]), min(int((weights > 0).sum()), PHOTOS + JUDGED), replace=False, p=weights)
    found: dict[str, np.ndarray] = {"photo keys": keys["plain"][order[:PHOTOS]]}
    for name, rows, size in (
        ("photos", order[:PHOTOS], SIDE),
        ("photos, larger", order[:PHOTOS], LOADED),
        ("judged", order[PHOTOS:], SIDE),
    ):
        found[name], found[f"{name} masks"] = _cut_out([items["plain"][row] for row in rows], size)
    found["look"], found["look masks"] = _cut_out(items[look], SIDE)
    found["look, larger"], _ = _cut_out(items[look], LOADED)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **found)
    return found


def _cut_out(items: list[Any], size: int) -> tuple[np.ndarray, np.ndarray]:
    from muslin.data.domains import picture

    images, masks = zip(*(picture(item, size, "auto", 255) for item in items), strict=True)
    return np.stack(images), np.stack(masks)


class Clock:
    """Processor seconds that count: of this process and, after a stop, of the ones before it, less pauses."""

    def __init__(self, before: float) -> None:
        self.before = before - (time.process_time() if before else 0.0)  # a second start is nobody's training

    def __call__(self) -> float:
        return self.before + time.process_time()

    def pause(self, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        self.before -= time.process_time() - started
        return result


def with_muslin(name: str, data: Path, look: str, pictures: dict[str, np.ndarray], folder: Path) -> Iterator[Any]:
    """Train a recipe of ours. Yields (what makes the judged pictures, what saves the state), then images seen."""
    from muslin.training import checkpoint
    from muslin.training.engine import _Loop

    recipe, stream, made = (drape if name == "drape" else cut)(name, data, look, pictures)
    loop = _Loop(recipe)
    seen = checkpoint.load_state(folder, loop.groups) or 0

    def now() -> np.ndarray:
        with loop.average.applied():
            return made()

    yield now, lambda: checkpoint.save_state(folder, loop.groups, seen)
    while True:
        loop.step(stream.batch(seen), seen, recipe.default_images)
        seen += recipe.batch_size
        yield seen


def cut(name: str, data: Path, look: str, pictures: dict[str, np.ndarray]) -> tuple[Any, Any, Made]:
    from muslin import recipes
    from muslin.data.domains import Domain
    from muslin.recipes.translation import TranslationStream

    preset = {"preset": "fast", "flip_equivariance": True} if name == "cut fast" else {}
    recipe = recipes.build("cut", {"size": SIDE, **preset})
    source, target = (
        Domain(kind, pictures[key], pictures[f"{key} masks"], tuple(map(str, range(len(pictures[key])))))
        for kind, key in (("plain", "photos"), (look, "look"))
    )
    stream = TranslationStream(source, target, recipe.batch_size, recipe.seed, recipe.more_draws)
    judged = pictures["judged"], pictures["judged masks"]
    return recipe, stream, lambda: recipe.translate(recipe.networks["generator"], *judged)


def drape(name: str, data: Path, look: str, pictures: dict[str, np.ndarray]) -> tuple[Any, Any, Made]:
    """From the 60 photos and the look's swatches alone; each judged garment in a swatch of the training side."""
    from muslin import recipes
    from muslin.data.drape_stream import DrapeStream
    from muslin.data.photos import load_garments

    recipe = recipes.build("drape", {"rendered_garments": 256, "learning_rate": 3e-4})  # see demo.run
    chosen = set(pictures["photo keys"])
    photos = [photo for photo in load_garments(data, masked=True) if photo.key in chosen]
    swatches = swatches_of(data, look)
    stream = DrapeStream(
        photos, [], swatches, recipe.size, recipe.batch_size, recipe.seed, rendered_garments=recipe.rendered_garments
    )
    return recipe, stream, lambda: draped(recipe, swatches, pictures["judged"], pictures["judged masks"])


def swatches_of(data: Path, look: str) -> list[np.ndarray]:
    from muslin.data.photos import held_out
    from muslin.data.tables import read_rows
    from muslin.images import read_image

    rows = read_rows(data / "styles" / "manifest.csv", "file")
    files = [row["file"] for row in rows if row["file"].startswith(f"{look}/") and not held_out(row["original_path"])]
    return [read_image(data / "styles" / file).pixels for file in files]


def draped(recipe: Any, swatches: list[np.ndarray], images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """As `muslin restyle` lays one of CLOTHS swatches at scale 1, by the network as it is now."""
    from muslin.garments.fields import predict_fields
    from muslin.restyle.restyler import Garment, Restyler, as_photo, find_mask

    def network(image: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        return recipe.networks["generator"].predict_on_batch([image, mask])

    restyler, rng, made = Restyler(None, None), np.random.default_rng(0), []
    cloths = [swatches[row] for row in rng.permutation(len(swatches))[:CLOTHS]]
    for image, mask in zip(images, masks, strict=True):
        photo = as_photo(image)
        found, entry = find_mask(photo, mask, None)
        garment = Garment(photo, found, predict_fields(image, found.alpha, network, recipe.size), entry)
        made.append(restyler.restyle(garment, cloths[rng.integers(len(cloths))]).image)
    return np.stack(made)


def with_theirs(original: Path, pictures: dict[str, np.ndarray], folder: Path) -> Iterator[Any]:
    """The authors' model and optimisers; their reader of files, which needs torchvision, is repeated here in NumPy."""
    for module in ("torchvision", "torchvision.transforms", "dominate", "visdom", "GPUtil"):
        sys.modules.setdefault(module, MagicMock())
    sys.path.insert(0, str(original))
    import torch
    from models import create_model  # type: ignore[import-not-found]
    from options.train_options import TrainOptions  # type: ignore[import-not-found]

    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)
    sys.argv = ["train.py", *FASTCUT.split(), "--checkpoints_dir", str(folder)]  # the model reads its mode from there
    model = create_model(TrainOptions().parse())
    assert (model.opt.lambda_NCE, model.opt.nce_idt, model.opt.flip_equivariance) == (10, False, True), "not FastCUT"
    state, seen = folder / "state.pt", 0

    def batch(seen: int) -> dict[str, Any]:
        rng = np.random.default_rng((0, seen))
        sides = {}
        for side, kind in (("A", "photos"), ("B", "look")):
            source = pictures[f"{kind}, larger"]
            row, (top, left) = rng.integers(len(source)), rng.integers(0, source.shape[1] - SIDE + 1, 2)
            shown = source[row, top : top + SIDE, left : left + SIDE][:, :: rng.choice((-1, 1))]
            sides[side] = torch.from_numpy(shown.transpose(2, 0, 1)[None] / np.float32(127.5) - 1)
        return {**sides, "A_paths": [""], "B_paths": [""]}

    model.data_dependent_initialize(batch(0))
    model.parallelize()
    networks = [getattr(model, f"net{name}") for name in model.model_names]
    if state.exists():
        stored = torch.load(state, weights_only=True)
        seen = stored["seen"]
        for holder, values in zip([*networks, *model.optimizers], stored["states"], strict=True):
            holder.load_state_dict(values)

    def now() -> np.ndarray:
        with torch.no_grad():
            given = torch.from_numpy(pictures["judged"].transpose(0, 3, 1, 2) / np.float32(127.5) - 1)
            made = torch.cat([model.netG(part) for part in given.split(8)]).numpy()
        return np.rint((made.transpose(0, 2, 3, 1) + 1) * 127.5).clip(0, 255).astype(np.uint8)

    def save() -> None:
        states = [holder.state_dict() for holder in [*networks, *model.optimizers]]
        torch.save({"seen": seen, "states": states}, state)

    yield now, save
    while True:
        model.set_input(batch(seen))
        model.optimize_parameters()
        seen += 1
        yield seen


def kept(folder: Path) -> list[float]:
    """Seconds at which pictures were kept: FOLDER/SECONDS.npz, one decimal."""
    return sorted(float(path.stem) for path in folder.glob("*.npz") if path.stem != "state")


def train(name: str, options: argparse.Namespace) -> None:
    """One contestant to its end, in a process of its own: FOLDER/NAME/SECONDS.npz at each moment."""
    folder = options.work / name
    folder.mkdir(parents=True, exist_ok=True)
    pictures = dict(np.load(options.work / "set.npz"))
    moments = kept(folder)
    if name == "FastCUT":
        game: Any = with_theirs(options.original.resolve(), pictures, folder)
    else:
        game = with_muslin(name, options.data, options.look, pictures, folder)
    now, save = next(game)
    clock = Clock(moments[-1] if moments else 0.0)

    def keep(seen: int) -> None:
        at = clock()

        def work() -> None:
            save()
            np.savez_compressed(folder / f"{at:.1f}.npz", made=now(), seen=seen)

        clock.pause(work)
        print(f"{name}: {at:.0f} s, {seen:,} images", file=sys.stderr, flush=True)

    if not moments:
        keep(0)
    due = iter([moment for moment in MOMENTS if 1.4 * clock() < moment < SECONDS[name]])
    following = next(due, SECONDS[name])
    seen = next(game)
    while clock() < SECONDS[name]:
        if clock() >= following:
            keep(seen)
            following = next(due, SECONDS[name])
        seen = next(game)
    keep(seen)


def judge(options: argparse.Namespace) -> dict[str, Any]:
    """All that was kept: name -> list of {"seconds", "images", "kid", "low", "high", "shading", "leakage", ...}."""
    from muslin.evaluation.shipped import feature_network
    from muslin.metrics.distribution import kid

    pictures, network = dict(np.load(options.work / "set.npz")), feature_network()
    photos, masks = pictures["judged"], pictures["judged masks"]
    real = network.features(list(pictures["look"]))

    def figures(made: np.ndarray, **more: Any) -> dict[str, Any]:
        found = kid(network.features(list(made)), real).scaled(1000)
        distance = {"kid": round(found.value, 1), "low": round(found.low, 1), "high": round(found.high, 1)}
        return {**more, **distance, **faithful(photos, made, masks)}

    result: dict[str, Any] = {
        "counts": {name: len(pictures[name]) for name in ("photos", "look", "judged")},
        "the photos as they are": figures(photos),
    }
    for name in SECONDS:
        moments = [(at, np.load(options.work / name / f"{at:.1f}.npz")) for at in kept(options.work / name)]
        result[name] = [figures(stored["made"], seconds=at, images=int(stored["seen"])) for at, stored in moments]
    return result


def faithful(photos: np.ndarray, made: np.ndarray, masks: np.ndarray) -> dict[str, float]:
    """Median shading correlation, mean leakage (any change; changes of more than 16 of 255)."""
    from muslin.metrics import garment

    rows = [
        (garment.shading_correlation(a, b, m / 255), garment.leakage(a, b, m), garment.leakage(a, b, m, 16))
        for a, b, m in zip(photos, made, masks, strict=True)
    ]
    shading, leakage, visible = np.array(rows).T
    return {
        "shading": round(float(np.median(shading)), 3),
        "leakage": round(float(leakage.mean()), 4),
        "visible leakage": round(float(visible.mean()), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--original", type=Path, help="without it FastCUT is left out")
    parser.add_argument("--look", default="stripes")
    parser.add_argument("--only", nargs="+", choices=list(SECONDS), default=list(SECONDS))
    parser.add_argument("--judge", action="store_true", help="train nothing, judge what is there")
    parser.add_argument("--as", dest="role", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        train(options.role, options)
        return
    gather(options.data, options.look, options.work)
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "TF_INTRAOP", "TF_INTEROP")}
    threads |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in options.only:
        reached = max(kept(options.work / name), default=0.0)
        if options.judge or reached >= SECONDS[name] or (name == "FastCUT" and not options.original):
            continue
        command = [sys.executable, __file__, *sys.argv[1:], "--as", name]
        subprocess.run(command, env={**os.environ, **threads}, check=True)
    result = judge(options)
    (options.work / "figures.json").write_text(json.dumps(result, indent=2) + "\n")
    Image.fromarray(chart(result)).save(options.work / "curve.png")
    Image.fromarray(sheet(options.work, result)).save(options.work / "sheet.jpg", quality=88)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

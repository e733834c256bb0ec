"""Local optima and blur, by experiment: optimisers, regularisers, losses and architectures, two seeds each.

    python benchmarks/faq.py              all of it (about 20 minutes of one core), then the tables of
                                          docs/experiments.md; runs/faq/ keeps each result, so it can be stopped
    python benchmarks/faq.py optima --seed 0    one part or several, one seed
    python benchmarks/faq.py tables             the tables from what runs/faq/ holds

A figure of the page for which runs/faq/ holds no result stays as it is.

Parts: `optima` (nine Gaussians in the plane, dcgan's game between dense networks), `garments` (dcgan at 32 px on 512
rendered garments, what differs in optimiser and regulariser) and `blur` (the same, losses and architectures).
Blur is measured in the spectrum: mean energy above half of the highest frequency, made against real; 1 is as crisp as
real, below it is blur, above it is noise.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import modes
import numpy as np

ROOT = Path(__file__).parent.parent
KEPT = Path(os.environ.get("MUSLIN_FAQ", "runs/faq"))
PAGE = ROOT / "docs" / "experiments.md"
SEEDS = (0, 1)
PARTS = ("optima", "garments", "blur")
NOT_RUN = "not run"

POINT_IMAGES = 128 * 1000
RATES = {"adam": 2e-3, "rmsprop": 2e-3, "sgd": 5e-2, "lion": 5e-4, "muon": 2e-3}  # usual for each, not searched
BRAKES: dict[str, dict[str, Any]] = {
    "none": {"r1_weight": 0.0},
    "R1": {"r1_weight": 0.01},
    "R1 + R2": {"r1_weight": 0.01, "r2_weight": 0.01},
    "gradient penalty": {"r1_weight": 0.0, "gradient_penalty_weight": 0.1},
}

GARMENT_IMAGES = 4_096
SMALL = {"channels": 12}  # half of dcgan's usual width: more variants in the time
GARMENTS: dict[str, dict[str, Any]] = {
    "as it comes (adam, R1, augmentation)": {},
    "no regulariser": {"r1_weight": 0.0},
    "R1 + R2": {"r2_weight": 0.2},
    "gradient penalty 10": {"r1_weight": 0.0, "gradient_penalty_weight": 10.0},
    "spectral norm": {"r1_weight": 0.0, "spectral_norm": True},
    "no augmentation": {"augmentation": "none"},
    "adaptive augmentation": {"augmentation": "adaptive"},
    "rmsprop": {"optimizer": "rmsprop"},
    "sgd, momentum 0.5, rate 0.02": {"optimizer": "sgd", "learning_rate": 2e-2, "beta_1": 0.5},
    "lion, rate 1e-4": {"optimizer": "lion", "learning_rate": 1e-4, "beta_1": 0.5},
    "muon": {"optimizer": "muon", "smooth": False},  # as all others here were
}
BLUR: dict[str, dict[str, Any]] = {
    "least squares": {"loss": "least_squares"},
    "hinge": {"loss": "hinge"},
    "wasserstein, R1": {"loss": "wasserstein"},
    "relativistic": {"loss": "relativistic"},
    "relativistic, R1 + R2": {"loss": "relativistic", "r2_weight": 0.2},
    "half the channels": {"channels": 6},
    "blur after each enlarging": {"smooth": True},
    "mean of pixels (no discriminator)": {"recipe": "pixels"},
    "r3gan": {"recipe": "r3gan", "channels": 8},
}


def crispness(made: np.ndarray, real: np.ndarray) -> float:
    """Energy above half of the highest frequency, made over real. uint8 N,S,S,3."""

    def high(pictures: np.ndarray) -> float:
        grey = pictures.astype(np.float64).mean(3)
        energy = np.abs(np.fft.fft2(grey)) ** 2
        across, down = np.meshgrid(*[np.abs(np.fft.fftfreq(grey.shape[1]))] * 2)
        return float(energy[:, np.maximum(across, down) > 0.25].sum(1).mean())

    return high(made) / high(real)


def on_points(options: dict[str, Any], seed: int) -> dict[str, Any]:
    """Nine of the 25 Gaussians: a 3 x 3 grid."""
    middle = np.abs(modes.CENTERS).max(1) <= modes.GAP
    all_of_them, modes.CENTERS = modes.CENTERS, modes.CENTERS[middle]
    try:
        return modes.train_on_points(modes.points_game("dcgan", seed, 64, batch_size=128, **options), POINT_IMAGES)
    finally:
        modes.CENTERS = all_of_them


def on_garments(options: dict[str, Any], seed: int) -> dict[str, Any]:
    from muslin.data.collection import load_collection

    train, test = (load_collection("garments", 32, count=512, seed=which) for which in (0, 1))
    options = {**SMALL, **options}
    recipe = options.pop("recipe", "dcgan")
    if recipe == "pixels":  # noise says nothing of the picture, so the best answer by pixels is the mean of all
        made = modes.floors(train)["mean"]
        return {"distance": modes.sliced_distance(made, test), "crispness": crispness(made, test), "spread": 0.0}
    found = modes.garments_game(recipe, seed, GARMENT_IMAGES, train, test, **options)
    made = found.pop("made")
    spread = float(made.std(0).mean() / test.std(0).mean())
    return {**found, "crispness": round(crispness(made, test), 3), "spread": round(spread, 3)}


def cases() -> Iterator[tuple[str, str, Callable[[dict[str, Any], int], dict[str, Any]], dict[str, Any]]]:
    """(part, name, how, options) of each experiment."""
    for optimizer, rate in RATES.items():
        for brake, options in BRAKES.items():
            memory = 0.0 if optimizer in ("adam", "rmsprop") else 0.5
            optimisation = {"optimizer": optimizer, "learning_rate": rate, "beta_1": memory}
            yield "optima", f"{optimizer} | {brake}", on_points, {**optimisation, **options}
    for part, table in (("garments", GARMENTS), ("blur", BLUR)):
        for name, options in table.items():
            yield part, name, on_garments, options


def run(parts: list[str], seeds: tuple[int, ...] = SEEDS) -> None:
    """Every experiment of `parts` that is not kept yet."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        for part, name, how, options in cases():
            file = KEPT / f"{part}.{name.replace('/', '-')}.{seed}.json"
            if part not in parts or file.exists():
                continue
            try:
                found = how(options, seed)
            except ValueError as error:  # UserError: the run diverged, which is an answer
                found = {"diverged": str(error)}
            file.write_text(json.dumps(found))
            print(part, name, seed, found, flush=True)


def kept(part: str, name: str) -> list[dict[str, Any]]:
    files = [KEPT / f"{part}.{name.replace('/', '-')}.{seed}.json" for seed in SEEDS]
    return [json.loads(file.read_text()) for file in files if file.exists()]


def both(results: list[dict[str, Any]], key: str, form: str = "{:.2f}") -> str:
    """The figure of each seed, with a stroke between."""
    if not results:
        return NOT_RUN
    return " / ".join("diverged" if "diverged" in found else form.format(found[key]) if key in found else "-"
                      for found in results)  # fmt: skip


def tables() -> dict[str, str]:
    """Name of a table -> Markdown."""
    rows = [f"| optimiser | {' | '.join(BRAKES)} |", "|---" * (len(BRAKES) + 1) + "|"]
    for optimizer in RATES:
        cells = []
        for brake in BRAKES:
            results = kept("optima", f"{optimizer} | {brake}")
            cells.append(f"{both(results, 'modes', '{}')} ({both(results, 'quality')})" if results else NOT_RUN)
        rows.append(f"| {optimizer} | {' | '.join(cells)} |")
    made = {"optima": "\n".join(rows)}
    for part, names in (("garments", GARMENTS), ("blur", {next(iter(GARMENTS)): {}, **BLUR})):
        rows = ["| variant | distance to new garments | spread | crispness | nearest known garment |", "|---" * 5 + "|"]
        for name in names:
            results = kept(part, name) or kept("garments", name)
            figures = [both(results, "distance", "{:.3f}"), *(both(results, key) for key in ("spread", "crispness"))]
            rows.append(f"| {name} | {' | '.join(figures)} | {both(results, 'nearest', '{:.0f}')} |")
        made[part] = "\n".join(rows)
    return made


def cells_of(row: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def seeds_in(cell: str) -> int:
    """How many seeds a cell tells of, as `both` writes them."""
    return 0 if cell == NOT_RUN else cell.count(" / ") + 1


def merged(old: str, new: str) -> str:
    """The new table, with the old one's cell wherever that tells of more seeds: nothing measured is lost."""
    was = {cells_of(row)[0]: cells_of(row) for row in old.strip().splitlines()}
    rows = []
    for row in new.splitlines():
        cells = cells_of(row)
        before = was.get(cells[0], cells)
        if len(before) == len(cells) and not row.startswith("|---"):
            cells = [then if seeds_in(then) > seeds_in(now) else now for then, now in zip(before, cells, strict=True)]
            row = f"| {' | '.join(cells)} |"
        rows.append(row)
    return "\n".join(rows)


def write_tables() -> None:
    """Bring what stands between <!-- table NAME --> and <!-- end --> in docs/experiments.md up to date."""
    text = PAGE.read_text("utf-8")
    for name, table in tables().items():
        begin, end = f"<!-- table {name} -->", "<!-- end -->"
        head, found, rest = text.partition(begin)
        if found:
            old, _, tail = rest.partition(end)
            text = f"{head}{begin}\n{merged(old, table)}\n{end}{tail}"
    PAGE.write_text(text, "utf-8")


def arguments() -> argparse.Namespace:
    """What the command line asks for; an unknown word ends the program with code 2."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; or tables")
    parser.add_argument("--seed", type=int, choices=SEEDS, action="append", help="one seed alone")
    found = parser.parse_args()
    if unknown := set(found.parts) - {*PARTS, "tables"}:
        parser.error(f"no such part: {', '.join(sorted(unknown))} (there are {', '.join(PARTS)}, and tables)")
    return found


if __name__ == "__main__":
    asked = arguments()
    if asked.parts != ["tables"]:
        run([part for part in asked.parts if part in PARTS] or list(PARTS), tuple(asked.seed or SEEDS))
    write_tables()

"""Every recipe: the same steps give the same numbers on TensorFlow, JAX and PyTorch, and a run continues on each."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tiny_recipes import TINY, collection

from muslin.recipes import RECIPES

HERE = Path(__file__).parent
OTHERS = ("jax", "torch")
# How far weights may part, as a share of the way that training moved them. Two things make rounding large: Adam divides
# gradients that are nearly nothing by their own size, and sampling has kinks where a position is a whole number.
DRIFT = 0.05
# Two steps are not worth optimising: compiling them takes most of this file's time, 290 s of it with XLA's own level.
QUICK = "--xla_backend_optimization_level=0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backends")


@cache
def played(backend: str, folder: Path) -> Path:
    """The results of all recipes on one backend, from one process: importing and starting is paid once."""
    if not (folder / "data").exists():
        collection(folder / "data")
    done = subprocess.run(
        [sys.executable, str(HERE / "two_steps.py"), str(folder / "data"), str(folder)],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(HERE), "XLA_FLAGS": QUICK},
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / backend


def results(backend: str, folder: Path, recipe: str) -> dict:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if (trouble := played(backend, folder) / f"{recipe}.txt").exists():
        pytest.fail(f"{recipe} on {backend}:\n{trouble.read_text()[-3000:]}")
    with np.load(played(backend, folder) / f"{recipe}.npz", allow_pickle=True) as stored:
        return {key: stored[key].item() if stored[key].dtype == object else stored[key] for key in stored.files}


def test_no_recipe_is_forgotten() -> None:
    assert set(TINY) == set(RECIPES), "add the recipe's smallest settings to tests/tiny_recipes.py"


# Between weights that are drawn by chance, soft k-means is all but hard: after a step's rounding, a pixel in doubt may
# be of another dye. From one and the same state (below) the numbers are the same here too.
CHAOTIC = {"drape"}


@pytest.mark.parametrize("recipe", TINY)
@pytest.mark.parametrize("backend", OTHERS)
def test_same_steps_same_numbers(backend: str, recipe: str, folder: Path) -> None:
    expected, found = (results(name, folder, recipe) for name in ("tensorflow", backend))
    np.testing.assert_array_equal(found["before"], expected["before"])
    first, second = (2e-3, 5e-2) if recipe in CHAOTIC else (2e-4, 2e-3)
    for step, tolerance in (("first", first), ("second", second)):
        assert found[step].keys() == expected[step].keys()
        for key, value in expected[step].items():
            assert found[step][key] == pytest.approx(value, rel=tolerance, abs=tolerance), f"{step} step: {key}"
    same_way(expected["before"], expected["after"], found["after"], 0.3 if recipe in CHAOTIC else DRIFT)


@pytest.mark.parametrize("recipe", TINY)
@pytest.mark.parametrize("backend", OTHERS)
def test_a_run_continues_on_another_backend(backend: str, recipe: str, folder: Path) -> None:
    expected, found = (results(name, folder, recipe) for name in ("tensorflow", backend))
    for key, value in expected["second"].items():
        assert found["continued"][key] == pytest.approx(value, rel=2e-4, abs=2e-4), key
    same_way(expected["before"], expected["after"], found["continued_after"])


@pytest.mark.parametrize("recipe", TINY)
@pytest.mark.parametrize("backend", ("tensorflow", *OTHERS))
def test_a_step_in_bfloat16_is_nearly_that_in_float32(backend: str, recipe: str, folder: Path) -> None:
    found = results(backend, folder, recipe)
    if "lowered" not in found:
        pytest.skip("compiling takes too long")
    assert found["lowered"].keys() == found["first"].keys()
    for key, value in found["first"].items():
        if "accuracy" in key:  # of a few images: a count, which a rounding may change by one
            continue
        assert found["lowered"][key] == pytest.approx(value, rel=0.1, abs=0.05), key
    assert found["lowered"] != found["first"]


def same_way(start: np.ndarray, expected: np.ndarray, found: np.ndarray, drift: float = DRIFT) -> None:
    moved = np.linalg.norm(expected - start)
    assert moved > 0
    assert np.linalg.norm(found - expected) <= drift * moved

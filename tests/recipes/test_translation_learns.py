"""cut and cyclegan learn, from no pairs, a change whose right answer is known: benchmarks/translation.py in small."""

import importlib.util
from pathlib import Path

import pytest

from muslin.recipes.cut import CUT
from muslin.recipes.cyclegan import CycleGAN

FILE = Path(__file__).parents[2] / "benchmarks" / "translation.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("translation_benchmark", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pictures(benchmark):
    return benchmark.task(32, 48, 16)


SMALL = {"size": 32, "batch_size": 8, "channels": 16, "blocks": 2}


@pytest.mark.parametrize(("recipe", "steps"), [(CUT(**SMALL, patches=16, units=32), 200), (CycleGAN(**SMALL), 200)])
def test_bands_are_woven_where_they_belong(benchmark, pictures, recipe, steps):
    best = min(benchmark.floors(*pictures).values())
    made, _ = benchmark.learned(recipe, recipe.batch_size * steps, pictures)
    assert benchmark.error(made, pictures[3]) < 0.6 * best
    outside = pictures[2].masks == 0
    assert (made[outside] == pictures[2].images[outside]).all()

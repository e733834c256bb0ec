"""Two workers with halves of each batch take the steps of one with the whole batch, on each backend."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_recipes import TINY, collection

HERE = Path(__file__).parent
ROUNDING = 2e-5  # of a weight that is at most about 1; sums over halves are added in another order


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return collection(tmp_path_factory.mktemp("group") / "data")


def program(backend, rank, size, port, recipe, data, out):
    found = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore",
             "TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}  # fmt: skip
    command = [sys.executable, HERE / "worker_of_two.py", *map(str, (rank, size, port, recipe, data, out))]
    return subprocess.Popen(command, env=found, stderr=subprocess.PIPE, text=True)


def two_free_ports():
    """The first of two neighbouring ports."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    pytest.skip("no two neighbouring ports")


# dcgan normalises over the batch: what JAX's workers compute with the whole of it, and the others refuse.
@pytest.mark.parametrize(("backend", "recipe"), [("tensorflow", "r3gan"), ("torch", "r3gan"), ("jax", "dcgan")])
def test_two_workers_take_the_steps_of_one(backend, recipe, data, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if backend != "tensorflow" and not os.environ.get("MUSLIN_SLOW"):
        pytest.skip("a minute of compiling: with MUSLIN_SLOW=1")
    port = two_free_ports()
    places = [(0, 1, 0, "one"), (0, 2, port, "chief"), (1, 2, port, "other")]
    running = [program(backend, rank, size, port, recipe, data, tmp_path / name) for rank, size, port, name in places]
    for process in running:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said[-2000:]
    one, chief, other = (np.load(tmp_path / f"{name}.npz") for *_, name in places)
    assert (chief["weights"] == other["weights"]).all()
    assert np.abs(one["weights"] - chief["weights"]).max() < ROUNDING
    assert one["weights"].std() > 0.01
    for alone, together in zip(json.loads(str(one["logs"])), json.loads(str(chief["logs"])), strict=True):
        means = [key for key in alone if "accuracy" not in key and ("diversity" not in key or backend == "jax")]
        assert means
        for key in means:
            assert together[key] == pytest.approx(alone[key], rel=1e-4, abs=1e-5), key


@pytest.mark.parametrize("name", TINY)
def test_a_recipe_is_separable_only_if_halves_average_to_the_whole(name, data):
    keras = pytest.importorskip("keras")
    from muslin import backend, recipes

    recipe = recipes.build(name, {**TINY[name], "batch_size": 4})
    if not recipe.separable:
        return
    batch = recipe.stream(data, 0).batch(0)
    kept = [*(v for network in recipe.networks.values() for v in network.variables), *recipe.state]

    def gradients(phase, rows):
        part = {key: value[rows] if np.ndim(value) and len(value) == 4 else value for key, value in batch.items()}
        tensors = {key: keras.ops.convert_to_tensor(value) for key, value in part.items()}
        before = [keras.ops.convert_to_numpy(variable.value) for variable in kept]
        trained = [variable for place in phase.trains for variable in recipe.networks[place].trainable_variables]
        (_, logs), found = backend.value_and_gradients(lambda: phase.loss(tensors), trained)
        for variable, value in zip(kept, before, strict=True):
            variable.assign(value)
        handed_on = {name: keras.ops.convert_to_numpy(logs[name]) for name in phase.hands_on}
        return [keras.ops.convert_to_numpy(gradient) for gradient in found], handed_on

    for phase in recipe.phases:
        found = [gradients(phase, rows) for rows in (slice(0, 4), slice(0, 2), slice(2, 4))]
        whole, *halves = (gradient for gradient, _ in found)
        scale = max(np.abs(gradient).max() for gradient in whole)
        for all_rows, first, second in zip(whole, *halves, strict=True):
            assert np.abs(all_rows - (first + second) / 2).max() < 1e-4 * scale
        batch |= found[0][1]


def test_recipes_that_look_at_the_batch_as_a_whole_are_refused_where_workers_see_a_part(monkeypatch):
    pytest.importorskip("tensorflow")
    from muslin import groups, recipes
    from muslin.errors import UserError
    from muslin.training import engine

    monkeypatch.setattr(groups, "_group", groups.Group(0, 2))
    with pytest.raises(UserError, match="KERAS_BACKEND=jax"):
        engine.train(recipes.build("drape", TINY["drape"]), None, images=4)
    with pytest.raises(UserError, match="multiple of --workers"):
        engine.train(recipes.build("r3gan", {**TINY["r3gan"], "batch_size": 3}), None, images=4)


@pytest.mark.parametrize(("rows", "handed_on"), [(8, 4), (2, 1), (3, 3)])
def test_a_worker_takes_its_rows_of_a_batch_of_any_size(rows, handed_on, monkeypatch):
    pytest.importorskip("tensorflow")
    from muslin import groups

    monkeypatch.setattr(groups, "_group", groups.Group(1, 2))
    shared = groups.share({"image": np.arange(rows), "rate": np.float32(0.5)})
    assert list(shared["image"]) == list(range(rows))[-handed_on:]
    assert shared["rate"] == 0.5

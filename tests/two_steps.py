"""Run as a program by test_backends.py: two steps of every recipe on the backend in KERAS_BACKEND.

    two_steps.py DATA FOLDER [RECIPE...]

Writes FOLDER/BACKEND/RECIPE.npz: the logs of both steps, all weights before and after (RECIPE.txt: why not).
TensorFlow also keeps the state of a run after its first step, in FOLDER/RECIPE, and the others continue from it.
"""

from __future__ import annotations

import math
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tiny_recipes import TINY

from muslin import backend, recipes
from muslin.training import checkpoint
from muslin.training.engine import _Loop

IMAGES = 1000  # of the run that these steps would be part of


def initialise(recipe: Any) -> None:
    """The same weights on each backend: each draws its own otherwise. Constants stay, but for a little noise."""
    rng = np.random.default_rng(1)
    for name in sorted(recipe.networks):
        for variable in recipe.networks[name].trainable_variables:
            value = keras.ops.convert_to_numpy(variable.value)
            constant = np.ptp(value) == 0
            spread = 0.02 if constant or value.ndim == 1 else np.sqrt(2.0 / np.prod(value.shape[:-1]))
            kept = value if constant else 0.0
            variable.assign((kept + spread * rng.standard_normal(value.shape)).astype("float32"))


def weights(recipe: Any) -> np.ndarray:
    found = [v for name in sorted(recipe.networks) for v in recipe.networks[name].trainable_variables]
    return np.concatenate([keras.ops.convert_to_numpy(v.value).ravel() for v in found])


def step(loop: _Loop, stream: Any, images_seen: int) -> Mapping[str, float]:
    logs = loop.step(stream.batch(images_seen), images_seen, IMAGES)
    return {key: float(keras.ops.convert_to_numpy(value)) for key, value in logs.items()}


def eagerly() -> None:
    """TensorFlow draws a step's graph for longer than it takes to run two steps operation by operation."""
    import tensorflow as tf

    def given(*arguments: Any) -> Any:
        return tf.nest.map_structure(tf.convert_to_tensor, arguments)

    backend._TensorFlow.compile_step = staticmethod(lambda step, _: lambda *arguments: step(*given(*arguments)))
    backend._TensorFlow.compile_part = staticmethod(lambda part: part)


def play(name: str, data: Path, folder: Path) -> None:
    recipe = recipes.build(name, TINY[name])
    initialise(recipe)
    loop, stream = _Loop(recipe), recipe.stream(data, 0)
    # The next step in which the same phases are due: a compiled step serves both.
    then = recipe.batch_size * math.lcm(*(phase.every for phase in recipe.phases))
    kept: dict[str, Any] = {"before": weights(recipe), "first": step(loop, stream, 0)}
    if backend.name() == "tensorflow":
        (folder / name).mkdir(parents=True, exist_ok=True)
        checkpoint.save_state(folder / name, loop.groups, then)
    kept |= {"second": step(loop, stream, then), "after": weights(recipe)}
    if backend.name() != "tensorflow":
        seen = checkpoint.load_state(folder / name, loop.groups)
        kept |= {"continued": step(loop, stream, int(seen or 0)), "continued_after": weights(recipe)}
    if backend.name() != "jax" or name == "cut":  # it compiles for as long as all else takes
        recipe = recipes.build(name, {**TINY[name], "precision": "bfloat16"})
        initialise(recipe)
        kept["lowered"] = step(_Loop(recipe), stream, 0)
    np.savez(folder / backend.name() / f"{name}.npz", **kept)  # type: ignore[arg-type]


if __name__ == "__main__":
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    if backend.name() == "tensorflow":
        eagerly()
    (folder / backend.name()).mkdir(parents=True, exist_ok=True)
    for name in sys.argv[3:] or TINY:
        begin = time.perf_counter()
        try:
            play(name, data, folder)
        except Exception:  # the other recipes still have their say
            (folder / backend.name() / f"{name}.txt").write_text(traceback.format_exc())
        print(f"{name} {time.perf_counter() - begin:.1f} s", flush=True)

"""Run as a program by test_backend.py: a few steps of the tiny game on the backend in KERAS_BACKEND, as JSON."""

from __future__ import annotations

import json

import keras
import numpy as np
from game import Game

from muslin import backend, regularizers
from muslin.training.engine import _Loop


def weights_of(recipe: Game, rng: np.random.Generator) -> None:
    """The same initial weights everywhere: each backend draws its own otherwise."""
    for network in recipe.networks.values():
        for variable in network.trainable_variables:
            variable.assign(0.3 * rng.standard_normal(variable.shape).astype("float32"))


recipe = Game(batch_size=16, width=16, normalised=True, r1_weight=0.5)
weights_of(recipe, np.random.default_rng(1))
loop = _Loop(recipe)
stream = recipe.stream()
steps = []
for images_seen in range(0, 4 * recipe.batch_size, recipe.batch_size):
    logs = loop.step(stream.batch(images_seen), images_seen, 4 * recipe.batch_size)
    steps.append({key: float(keras.ops.convert_to_numpy(value)) for key, value in logs.items()})

matrix = np.arange(6, dtype="float32").reshape(3, 2)
_, penalty = regularizers.scores_and_r1(
    lambda x: keras.ops.matmul(x, keras.ops.convert_to_tensor(matrix)), np.ones((4, 3), "f4")
)
unused = keras.Variable(np.ones(3, "float32"))
used = keras.Variable(np.float32(3.0))
(value, _), gradients = backend.value_and_gradients(lambda: (used.value * used.value, {}), [used, unused])
print(
    json.dumps(
        {
            "backend": backend.name(),
            "steps": steps,
            "moving_mean": [
                float(np.abs(keras.ops.convert_to_numpy(v)).sum())
                for v in recipe.networks["generator"].non_trainable_variables
                if "moving" in v.path
            ],
            "average": [
                float(np.abs(keras.ops.convert_to_numpy(v)).sum())
                for v in loop.average.variables
                if "float" in str(v.dtype)
            ],
            "r1": float(keras.ops.convert_to_numpy(penalty)),
            "square": float(keras.ops.convert_to_numpy(value)),
            "gradients": [np.asarray(keras.ops.convert_to_numpy(g)).tolist() for g in gradients],
        }
    )
)

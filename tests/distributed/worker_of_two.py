"""Run as a program by test_groups.py: one of two workers (or one alone) that takes steps of a recipe.

    worker_of_two.py RANK SIZE PORT RECIPE DATA OUT

Writes OUT.npz: all weights after the steps, and the logs of each step.
"""

from __future__ import annotations

import json
import os
import sys

rank, size, port, name, data, out = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]
if size > 1 and os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
    addresses = [f"127.0.0.1:{port + index}" for index in range(size)]
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}})

import keras  # noqa: E402
import numpy as np  # noqa: E402
from tiny_recipes import TINY  # noqa: E402

from muslin import backend, groups, recipes  # noqa: E402
from muslin.training.engine import _Loop, _refuse_group  # noqa: E402

STEPS = 3

groups.join(groups.Group(rank, size), f"127.0.0.1:{port}")
backend.set_determinism()
backend.set_seed(0)
recipe = recipes.build(name, {**TINY[name], "batch_size": 4})
_refuse_group(recipe, size)
stream, loop = recipe.stream(data, 0), _Loop(recipe)
logs = []
for seen in range(0, STEPS * 4, 4):
    logs.append({key: float(keras.ops.convert_to_numpy(value)) for key, value in
                 loop.step(stream.batch(seen), seen, 1000).items()})  # fmt: skip
weights = [keras.ops.convert_to_numpy(v.value).ravel() for group in loop.groups.values() for v in group]
np.savez(out, weights=np.concatenate([w.astype("float64") for w in weights]), logs=json.dumps(logs))

"""Run as a program by test_resume.py: train the tiny game in a folder, then print a hash of all weights."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import keras
import numpy as np
from game import Game

from muslin.training.engine import train

recipe = Game(batch_size=32, normalised=True)


def score(networks: dict[str, keras.Model]) -> dict[str, float]:
    """Falls and rises: the best state lies somewhere in the middle, and the networks must end with it."""
    lengths = [np.linalg.norm(keras.ops.convert_to_numpy(v.value)) for v in networks["generator"].trainable_variables]
    return {"kid": float(abs(sum(lengths) % 1 - 0.5))}


history = train(
    recipe,
    recipe.stream(),
    Path(sys.argv[1]),
    images=32 * int(sys.argv[2]),
    report_every_images=32 * 50,
    preview_every_images=32 * 500,
    validate=score,
    validate_every_images=32 * 50,
    keep_best="kid",
    checkpoint_every_seconds=0.05,
    screen=False,
)
weights = [keras.ops.convert_to_numpy(v.value).tobytes() for n in recipe.networks.values() for v in n.variables]
assert history.best is not None or history.ended == "stopped"
print(history.ended, history.images_seen, hashlib.sha256(b"".join(weights)).hexdigest())

"""Run as a program by test_resume.py: train the tiny game in a folder, then print a hash of all weights."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import keras
from game import Game

from muslin.training.engine import train

recipe = Game(batch_size=32, normalised=True)
history = train(
    recipe,
    recipe.stream(),
    Path(sys.argv[1]),
    images=32 * int(sys.argv[2]),
    report_every_images=32 * 50,
    preview_every_images=32 * 500,
    checkpoint_every_seconds=0.02,
    screen=False,
)
weights = [keras.ops.convert_to_numpy(v.value).tobytes() for n in recipe.networks.values() for v in n.variables]
print(history.ended, history.images_seen, hashlib.sha256(b"".join(weights)).hexdigest())

"""The best state of a run by a validation score, beside its latest one.

Which of the two a run ends with: the latest, unless the best one's score is lower by more than their errors explain.
Among so many measured moments the lowest is partly luck, and the longer trained network is the one that the schedule
was made for: cyclegan's bands, clearly the better ones to the eye, had a KID of 465 +- 77 thousandths at the end and
410 +- 77 after a fifth of the run.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from muslin.training import checkpoint

BEST = "best.npz"


class Best:
    """Keeps the weights with the lowest score offered so far, in run/best.npz (run None: in memory only).

    A continued run takes the kept state up again. It may be of a later moment than the run's own state: the run comes
    by that moment once more, with the same weights and so the same score.
    """

    def __init__(self, run: Path | None, networks: Mapping[str, Any]) -> None:
        """networks: name -> keras.Model, whose weights are kept."""
        self._path = None if run is None else run / BEST
        self._variables = {
            f"{name}/{index}": variable
            for name, network in networks.items()
            for index, variable in enumerate(network.variables)
        }
        self.score, self.error, self.images_seen = float("inf"), 0.0, 0
        self._kept: dict[str, np.ndarray] = {}
        self._load()

    def offer(self, score: float, images_seen: int, error: float = 0.0) -> bool:
        """Keep the present weights if `score` (with its standard error) is lower than any before; says whether."""
        if not score < self.score:
            return False
        import keras

        self.score, self.error, self.images_seen = float(score), float(error), images_seen
        # Copies: some backends hand out views of the variables themselves.
        self._kept = {
            key: np.array(keras.ops.convert_to_numpy(variable.value)) for key, variable in self._variables.items()
        }
        if self._path is not None:
            buffer = io.BytesIO()
            about = {"score": self.score, "error": self.error, "images_seen": np.int64(images_seen)}
            np.savez(buffer, **about, **self._kept)  # type: ignore[arg-type]
            checkpoint.write_atomically(self._path, buffer.getvalue())
        return True

    def beats(self, score: float, error: float = 0.0) -> bool:
        """Whether the kept state's score is lower than `score` by more than two standard errors of the difference.

        Both were measured against the same pictures, so the true error of the difference is smaller than this one.
        """
        return bool(self._kept) and not score - self.score <= 2 * math.hypot(self.error, error)

    def restore(self) -> bool:
        """Give the networks the kept weights; False where none were kept."""
        for key, value in self._kept.items():
            self._variables[key].assign(value)
        return bool(self._kept)

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            with np.load(self._path) as stored:
                arrays = {key: stored[key] for key in stored.files}
        except (OSError, ValueError, zipfile.BadZipFile):
            return  # a damaged file: the rest of the run finds its own best
        score, images_seen = float(arrays.pop("score")), int(arrays.pop("images_seen"))
        error = float(arrays.pop("error", 0.0))
        if {key: value.shape for key, value in arrays.items()} == {
            key: tuple(variable.shape) for key, variable in self._variables.items()
        }:
            self.score, self.error, self.images_seen, self._kept = score, error, images_seen, arrays

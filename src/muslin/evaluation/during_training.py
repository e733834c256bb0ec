"""KID while a network trains: on which pictures, how often, and what came of it in words.

The measure must cost little (a share of COST of the run) and be the same for a run that was broken and continued: how
often it is taken is decided once and kept in the run's plan.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from muslin.evaluation.shipped import feature_network
from muslin.metrics.distribution import kid
from muslin.training.monitor import thousandths

COUNT = 200  # pictures of each side
FEWEST = 20  # of each side: below, KID says nothing
SIDE = 128  # px at which the network looks: a third of the cost of its own 224
COST = 0.04  # share of the training time that measuring may take
MOST = 24  # times a run
LEAST = 3  # times a run; a run too short for that is not measured
EVERY = "validate_every_images"


class Judge:
    """networks -> {"kid", "kid_error"}, as engine.train takes `validate`. The same pictures each time."""

    def __init__(self, recipe: Any, stream: Any, count: int = COUNT) -> None:
        self.recipe, self.stream, self.count = recipe, stream, count
        self.network = feature_network(SIDE)
        self.seconds = 0.0  # that the last judgement took
        self.compared = (0, 0)  # pictures made and real, of the last judgement
        self._real: dict[str, np.ndarray] = {}  # features by the pictures' hash: most recipes show the same ones

    def pictures(self, networks: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
        """(made, real), or None where the recipe makes nothing to compare or has too few pictures."""
        found = self.recipe.evaluation(networks, self.stream, self.count)
        return None if found is None or min(map(len, found)) < FEWEST else found

    def __call__(self, networks: Mapping[str, Any]) -> dict[str, float]:
        started = time.perf_counter()
        found = self.pictures(networks)
        if found is None:
            return {}
        made, real = found
        self.compared = len(made), len(real)
        key = hashlib.sha256(np.ascontiguousarray(real).tobytes()).hexdigest()
        if key not in self._real:
            self._real = {key: self.network.features(real)}
        estimate = kid(self.network.features(made), self._real[key])
        self.seconds = time.perf_counter() - started
        return {"kid": estimate.value, "kid_error": estimate.error}


def judge(recipe: Any, stream: Any, images: int, plan: Mapping[str, Any]) -> tuple[Judge, int] | None:
    """(a judge, images between two judgements) for a run of `images`; None where there is nothing to judge by.

    plan: of the run; `validate_every_images` in it (0: never) decides, else what training and judging cost here, where
    `images_per_second` was measured, else the pictures' size.
    """
    every = plan.get(EVERY)
    if every == 0 or (every is None and "images_per_second" not in plan and images < LEAST * _by_size(recipe)):
        return None
    made = Judge(recipe, stream)
    if every is not None:
        return made, int(every)
    if not made(recipe.networks):  # also fills the cache, so that the second time is that of all later ones
        return None
    every = max(images // MOST, 1)
    if rate := plan.get("images_per_second"):
        made(recipe.networks)
        every = max(every, int(made.seconds / COST * rate))
    else:
        every = max(every, _by_size(recipe))
    return (made, every) if images >= LEAST * every else None


def _by_size(recipe: Any) -> int:
    """Images on which training takes some 25 times as long as judging, for recipes whose speed was not measured."""
    side = getattr(recipe, "size", 64) or 64
    return int(min(6000, max(500, 4000 * (64 / side) ** 2)))


def in_words(best: Mapping[str, Any] | None, records: list[dict[str, Any]]) -> str:
    """What became of KID, for a person: '' where it was not measured."""
    scores = [record for record in records if "validation/kid" in record]
    if best is None or not scores:
        return ""
    value, first = thousandths(best["validation/kid"]), scores[0]
    error = thousandths(2 * best.get("validation/kid_error", 0.0))
    began = f"; {thousandths(first['validation/kid'])} at {first['images_seen']:,} images" if first != best else ""
    lowest = min(scores, key=lambda record: record["validation/kid"])
    if best == records[-1] and lowest != best:
        return (
            f"Kept: the last network, of {best['images_seen']:,} images (KID {value} ± {error}{began}); the lowest, "
            f"{thousandths(lowest['validation/kid'])} at {lowest['images_seen']:,} images, is no surer to be better."
        )
    return (
        f"Kept: the network at {best['images_seen']:,} images, whose pictures stand closest to yours "
        f"(KID {value} ± {error}{began}; 0 is as close as yours are to each other)."
    )


def for_the_card(made: Judge, best: Mapping[str, Any] | None) -> dict[str, Any]:
    """What model.json keeps: the figure with its interval, the network, the pictures."""
    if best is None or "validation/kid" not in best:
        return {}
    return {
        "kid_in_training": {
            "value": best["validation/kid"],
            "error": best.get("validation/kid_error"),
            "images_seen": best["images_seen"],
            "pictures": dict(zip(("made", "real"), made.compared, strict=True)),
            "network": made.network.as_dict(),
            "note": "of the training pictures, not of ones kept out: muslin evaluate measures against any folder",
        }
    }

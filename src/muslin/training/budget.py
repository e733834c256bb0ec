"""Training against the clock: measure the step, then choose the size and the number of images.

A bigger picture is worth it only when the networks still see enough of them, so sizes are tried from the
smallest up, and the largest that leaves `recipe.enough_images` in the time is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from muslin.recipes.base import Recipe, Stream
from muslin.training import engine
from muslin.training.report import in_words

MEASURED_STEPS = 8
FINISHING = 0.04  # share of the time kept for previews, saving and the export's parity check


@dataclass(frozen=True)
class Speed:
    """images_per_second: in the steady state, batches made by the stream included; compiling_seconds: before."""

    images_per_second: float
    compiling_seconds: float

    def __str__(self) -> str:
        digits = 0 if self.images_per_second >= 10 else 1
        return f"{self.images_per_second:.{digits}f} images a second"


@dataclass(frozen=True)
class Plan:
    """size: px, None where the recipe has one only; images: of the whole run; sentence: the choice in words."""

    size: int | None
    images: int
    speed: Speed
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """For config.json: a continued run follows the same plan, whatever the machine does meanwhile."""
        return {"size": self.size, **{key: round(value, 2) for key, value in asdict(self.speed).items()}}


def measure(recipe: Recipe, stream: Stream, steps: int = MEASURED_STEPS) -> Speed:
    """Train `recipe` a few steps and time them. It is a little trained afterwards: build another one to train.

    Ctrl-C meanwhile is a KeyboardInterrupt.
    """
    # All phases fall due together on the first step and apart later: both kinds compile before the clock starts.
    warm = max(phase.every for phase in recipe.phases) + 1
    # The first AHEAD batches after compiling lie ready, made while it compiled: they would flatter the rate.
    skipped = warm + engine.AHEAD
    size = recipe.batch_size
    history = engine.train(
        recipe,
        stream,
        images=size * (skipped + steps),
        report_every_images=size,
        preview_every_images=0,
        screen=False,
    )
    if history.ended == "stopped":  # the engine takes Ctrl-C for itself, to end between two steps
        raise KeyboardInterrupt
    seconds = history["seconds"]
    per_step = max((seconds[-1] - seconds[skipped - 1]) / steps, 1e-6)
    return Speed(size / per_step, max(0.0, history.seconds - per_step * (skipped + steps)))


def estimate(recipe: Recipe, stream: Stream, images: int) -> Plan:
    """How long a run of `images` images takes. `recipe` is a little trained afterwards, as after `measure`."""
    speed = measure(recipe, stream)
    seconds = speed.compiling_seconds + images / speed.images_per_second
    sentence = f"{images:,} images, at {speed}: {in_words(seconds)} from here."
    return Plan(None, images, speed, sentence + " --minutes makes it shorter or longer.")


def plan(
    build: Callable[[int | None], Recipe],
    feed: Callable[[Recipe], Stream],
    seconds: float,
    sizes: Sequence[int | None] = (None,),
) -> Plan:
    """The run that ends in `seconds` from now, measuring included.

    build: size -> a new recipe. feed: recipe -> its stream. sizes: candidates, smallest first.
    """
    begin = time.perf_counter()
    chosen: tuple[int | None, Speed, int] | None = None
    for size in sizes:
        recipe = build(size)
        if chosen is not None and chosen[0] and size:
            # Work grows with the pixels: no need to compile what cannot be fast enough.
            expected = chosen[2] * (chosen[0] / size) ** 2
            if expected < 0.8 * recipe.enough_images:
                break
        speed = measure(recipe, feed(recipe))
        left = (seconds - (time.perf_counter() - begin)) * (1 - FINISHING) - speed.compiling_seconds
        images = max(int(left * speed.images_per_second), 10 * recipe.batch_size)
        images -= images % recipe.batch_size
        if chosen is not None and images < recipe.enough_images:
            break
        chosen = size, speed, images
    assert chosen is not None, "no size to choose from"
    size, speed, _ = chosen
    recipe_size = f"{size} px, " if size else ""
    left = (seconds - (time.perf_counter() - begin)) * (1 - FINISHING) - speed.compiling_seconds
    images = max(int(left * speed.images_per_second), 10 * recipe.batch_size)
    images -= images % recipe.batch_size
    sentence = (
        f"{recipe_size}{images:,} images, at {speed}: "
        f"{in_words(speed.compiling_seconds + images / speed.images_per_second)} from here."
    )
    if images < recipe.enough_images:
        sentence += f" That is little: {recipe.enough_images:,} images give a first good result."
    return Plan(size, images, speed, sentence)

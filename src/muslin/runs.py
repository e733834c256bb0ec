"""A training run from a few words: a recipe's name, a folder, the time there is. Ends with a model.

The run's folder keeps its configuration, state, log and previews (training.engine), and the exported model.
The same command again continues a run that was stopped: what was chosen and measured is read back from its
configuration.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muslin.errors import EXIT_USAGE, UserError, missing_extra

if TYPE_CHECKING:
    from muslin.recipes.base import Recipe, Stream
    from muslin.store import Model
    from muslin.training.engine import History

IMAGES = {"drape": 90_000, "dcgan": 60_000, "mask": 60_000}  # without --minutes or --images
MEASURED_STEPS = 6  # after the first ones, which compile

Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """What came of a run. model: None when it was stopped before its end."""

    folder: Path
    history: History
    model: Model | None
    seconds: float


def train(
    recipe: str,
    data: Any = None,
    *,
    folder: str | Path,
    images: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    resume: bool | None = None,
    until_converged: bool = True,
    screen: bool = True,
    say: Say = print,
) -> Run:
    """Train the recipe called `recipe` in `folder`, then export its model to folder/model.

    data: what the recipe's stream takes; None is the embedded collection.
    images, minutes: how long; minutes measures the step first and counts everything but the export.
    options: fields of the recipe, such as size=128.
    resume: True continues an unfinished run and refuses a new one, False the reverse, None does what fits.
    until_converged: end early when both networks have converged, or when the game is lost.
    Raises UserError for an unknown recipe or option, for a finished run, and where Keras is not installed
    (exit code 5).
    """
    started = time.perf_counter()
    folder = Path(folder)
    recipe_class = _recipe_class(recipe)
    from muslin import export
    from muslin.training import checkpoint, engine
    from muslin.training.monitor import Monitor

    stored = checkpoint.read_config(folder) if folder.is_dir() else None
    _check_resume(folder, stored, recipe, resume)
    if stored is not None:
        built = _build(recipe_class, stored["settings"])
        stream = built.stream(data, built.seed)
        images, plan = int(stored["images"]), stored.get("plan") or {}
    else:
        built = _build(recipe_class, {"seed": seed, **dict(options or {})})
        stream = built.stream(data, seed)
        plan = {"minutes": minutes, "data": None if data is None else str(data)}
        if minutes is not None and images is None:
            say("Measuring how fast this computer trains.")
            images, measured = images_in(built, stream, minutes * 60 - (time.perf_counter() - started))
            plan |= measured
            say(f"{images:,} images in {minutes:g} minutes, at {measured['images_per_second']:.0f} images a second.")
            built = _build(recipe_class, {"seed": seed, **dict(options or {})})  # the measuring trained it a little
            stream = built.stream(data, seed)
        images = images or IMAGES.get(recipe, 60_000)
    monitor = Monitor(until_converged=until_converged, min_images=images // 2)
    history = engine.train(built, stream, folder, images=images, monitor=monitor, plan=plan, screen=screen)
    if history.verdict:
        say(str(history.verdict))
    model = None
    if history.ended != "stopped":
        card = {
            "summary": built.summary,
            "licence": "the licence of the data it was trained on; muslin itself is Apache-2.0",
            "data": {"collection": "embedded (rendered garments)" if data is None else str(data)},
            "images_seen": history.images_seen,
            "verdict": history.verdict,
        }
        model = export.export_recipe(built, folder / "model", card=card)
    return Run(folder, history, model, time.perf_counter() - started)


def images_in(recipe: Recipe, stream: Stream, seconds: float) -> tuple[int, dict[str, float]]:
    """How many images `recipe` sees in `seconds`, and the measurement: trains a few steps and times them.

    Compiling is paid twice, here and in the run itself, and taken off the time.
    """
    from muslin.training import engine

    size = recipe.batch_size
    # All phases fall due together on the first step and apart later: both kinds compile before the clock
    # starts.
    warm = max(phase.every for phase in recipe.phases) + 1
    times: list[float] = []

    class Clock:
        def batch(self, images_seen: int) -> Any:
            times.append(time.perf_counter())
            return stream.batch(images_seen)

    begin = time.perf_counter()
    engine.train(recipe, Clock(), images=size * (warm + MEASURED_STEPS), preview_every_images=0, screen=False)
    end = time.perf_counter()
    # Batches are made ahead of the steps, so the marks are a few steps early; the last steps are whole.
    steps = len(times)
    per_step = (end - times[min(warm, steps - 2)]) / (steps - min(warm, steps - 2))
    compiling = max(0.0, (end - begin) - steps * per_step)
    left = max(seconds - (end - begin) - compiling, 10 * per_step)
    images = max(1, round(left / per_step)) * size
    return images, {"images_per_second": size / per_step, "compiling_seconds": round(compiling, 1)}


def _recipe_class(name: str) -> Any:
    from muslin import recipes

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow greets on stderr, over the progress
    try:
        return recipes.find(name)
    except ImportError as error:
        if (error.name or "").split(".")[0] in ("keras", "tensorflow", "jax", "torch"):
            raise missing_extra(str(error.name), "train") from error
        raise


def _build(recipe_class: Any, options: dict[str, Any]) -> Any:
    """The recipe with these options; lists (from JSON) become tuples, None is left at its default."""
    known = {item.name for item in dataclasses.fields(recipe_class) if item.init}
    given = {
        key: tuple(value) if isinstance(value, list) else value for key, value in options.items() if value is not None
    }
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UserError(
            f"The recipe '{recipe_class.name}' has no such option.",
            received=", ".join(unknown),
            possible=sorted(known),
            exit_code=EXIT_USAGE,
        )
    return recipe_class(**given)


def _check_resume(folder: Path, stored: Mapping[str, Any] | None, recipe: str, resume: bool | None) -> None:
    if stored is None:
        if resume:
            raise UserError(
                f"There is no run to continue in '{folder}'.",
                advice="Name its folder with --run, or leave --resume out.",
                exit_code=EXIT_USAGE,
            )
        return
    if stored.get("recipe") != recipe:
        raise UserError(
            f"'{folder}' holds a run of another recipe.",
            received=recipe,
            possible=stored.get("recipe"),
            advice="Train into another folder with --run.",
            exit_code=EXIT_USAGE,
        )
    if (folder / "model" / "model.json").is_file():
        raise UserError(
            f"The run in '{folder}' is finished; its model is in '{folder / 'model'}'.",
            advice="Train into another folder with --run.",
            exit_code=EXIT_USAGE,
        )
    if resume is False:
        raise UserError(
            f"'{folder}' holds an unfinished run.",
            advice="Continue it with --resume, or train into another folder with --run.",
            exit_code=EXIT_USAGE,
        )

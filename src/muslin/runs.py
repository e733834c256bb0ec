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
    from muslin.store import Model
    from muslin.training.engine import History

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
    images, minutes: how long; minutes measures the step first, chooses the number of images and, where the
        recipe offers several and `options` names none, the size (training.budget).
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
    from muslin.training import budget, checkpoint, engine
    from muslin.training.monitor import Monitor

    stored = checkpoint.read_config(folder) if folder.is_dir() else None
    _check_resume(folder, stored, recipe, resume)
    if stored is not None:
        built = _build(recipe_class, stored["settings"])
        stream = built.stream(data, built.seed)
        images, plan = int(stored["images"]), stored.get("plan") or {}
    else:
        given = {key: value for key, value in (options or {}).items() if value is not None}
        built = _build(recipe_class, {"seed": seed, **given})
        stream = built.stream(data, seed)
        plan = {"minutes": minutes, "data": None if data is None else str(data)}
        if minutes is not None and images is None:
            say("Measuring how fast this computer trains.")
            chosen = budget.plan(
                lambda size: _build(recipe_class, {"seed": seed, **given, **({"size": size} if size else {})}),
                # The same settings take the same batches: reading a folder twice costs minutes.
                lambda candidate: stream if candidate == built else candidate.stream(data, seed),
                minutes * 60 - (time.perf_counter() - started),
                (None,) if given.get("size") else recipe_class.sizes or (None,),
            )
            images, given = chosen.images, given | ({"size": chosen.size} if chosen.size else {})
            plan |= chosen.as_dict()
            say(chosen.sentence)
            # Another one: the measuring trained this one a little.
            measured, built = built, _build(recipe_class, {"seed": seed, **given})
            stream = stream if built == measured else built.stream(data, seed)
        images = images or recipe_class.default_images
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
            **built.card(stream),
        }
        model = export.export_recipe(built, folder / "model", card=card)
    return Run(folder, history, model, time.perf_counter() - started)


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

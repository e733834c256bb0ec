"""A training run from a few words: a recipe's name, a folder, the time there is. Ends with a model.

The run's folder keeps its configuration, state, log and previews (training.engine), and the exported model.
The same command again continues a run that was stopped: what was chosen and measured is read back from its
configuration.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muslin.errors import EXIT_USAGE, UserError, missing_extra

if TYPE_CHECKING:
    from muslin.recipes.base import Recipe
    from muslin.store import Model
    from muslin.training.engine import History

Say = Callable[[str], None]

GROUPS_SHOWN = 6
LAYOUTS = {
    "plain": "one collection",
    "classes": "a folder for each kind",
    "unpaired": "two collections, trainA and trainB",
    "paired": "pairs, folders A and B",
    "collection": "garments and styles",
}


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
    start: str | Path | None = None,
    resume: bool | None = None,
    until_converged: bool = True,
    checkpoint_every_seconds: float = 60.0,
    screen: bool = True,
    say: Say = print,
) -> Run:
    """Train the recipe called `recipe` in `folder`, then export its model to folder/model.

    data: what the recipe's stream takes; None is the embedded collection.
    images, minutes: how long; minutes measures the step first, chooses the number of images and, where the
        recipe offers several and `options` names none, the size (training.budget). Neither: what the recipe
        needs for a good result, and it is said how long that takes.
    options: fields of the recipe, such as size=128.
    start: a model (name or folder) that kept its Keras weights; training goes on from it, with its settings.
    resume: True continues an unfinished run and refuses a new one, False the reverse, None does what fits.
    until_converged: end early when both networks have converged, or when the game is lost.
    In a group of workers (groups.join) the chief calls this, the others `follow` it.
    Raises UserError for an unknown recipe or option, for a finished run, and where Keras is not installed
    (exit code 5).
    """
    started = time.perf_counter()
    folder = Path(folder)
    recipe_class = require(recipe)
    from muslin import backend, export, groups, precision, store  # export: what is missing is said before the work
    from muslin.evaluation import during_training
    from muslin.training import checkpoint, engine
    from muslin.training.monitor import Monitor

    stored = checkpoint.read_config(folder) if folder.is_dir() else None
    start = str(store.find(start).resolve()) if start else None
    if minutes is not None and not (math.isfinite(minutes) and minutes > 0):
        raise UserError(
            "That is no time to train.", received=f"{minutes} minutes", possible="more than 0", exit_code=EXIT_USAGE
        )
    _check_resume(folder, stored, recipe, resume)
    if stored is not None:
        given = {"seed": seed or None, **(options or {})}
        data = _same_as_begun(folder, stored, given, data, {"images": images, "minutes": minutes, "start": start})
    say(f"{recipe}: {recipe_class.summary}.")
    say(f"Data: {_in_words(data)}.")
    if stored is not None:
        work, start = _continued(folder, stored, data, start)
    else:
        given = {key: value for key, value in (options or {}).items() if value is not None}
        sizes = (None,) if given.get("size") or start else recipe_class.sizes or (None,)
        plan = {"minutes": minutes, "data": None if data is None else str(data), "start": start}
        work = _planned(_factory(recipe, {"seed": seed, **given}, start), sizes, data, images, plan, started, say)
    if sentence := precision.warning(work.recipe.precision, backend.device()):
        say(sentence)
    work, judge = _judged(work, new=stored is None)
    # Where the learning rate still falls, the best comes late: a pause is no end. Nor where KID is no judge.
    steady = work.recipe.learning_rate_factor(0.5) == work.recipe.learning_rate_factor(1.0)
    flat_ends = steady and (recipe_class.keeps_best or not judge)
    said = {"settings": engine.settings_of(work.recipe), "images": work.images, "start": start}
    groups.current().decide(said)  # see `follow`
    history = engine.train(
        work.recipe,
        work.stream,
        folder,
        images=work.images,
        checkpoint_every_seconds=checkpoint_every_seconds,
        monitor=Monitor(until_converged=until_converged, flat_ends=flat_ends, min_images=work.images // 2),
        plan=work.plan,
        validate=judge,
        validate_every_images=work.plan.get(during_training.EVERY),
        keep_best="kid" if judge and recipe_class.keeps_best else None,
        screen=screen,
    )
    for sentence in (history.verdict, during_training.in_words(history.best, history.records)):
        if sentence:
            say(sentence)
    model = None
    if history.ended != "stopped":
        (folder / "model").mkdir(exist_ok=True)
        work.recipe.write_files(work.stream, folder / "model")
        card = _card(work, history, data) | (during_training.for_the_card(judge, history.best) if judge else {})
        model = export.export_recipe(work.recipe, folder / "model", card=card)
    return Run(folder, history, model, time.perf_counter() - started)


def follow(recipe: str, data: Any = None, *, folder: str | Path) -> None:
    """What every worker of a group but the chief does: the steps of the chief's `train`, and nothing else."""
    require(recipe)
    from muslin import groups
    from muslin.training import engine

    said = groups.current().decide(None)
    built = _factory(recipe, said["settings"], said["start"])(None)
    engine.train(built, built.stream(data, built.seed), Path(folder), images=said["images"])


@dataclass(frozen=True)
class _Work:
    """What is to be trained, on what, for how many images, and how that was chosen (for config.json)."""

    recipe: Recipe
    stream: Any
    images: int
    plan: Mapping[str, Any]


def _planned(
    factory: Callable[[int | None], Recipe],
    sizes: Sequence[int | None],
    data: Any,
    images: int | None,
    plan: dict[str, Any],
    started: float,
    say: Say,
) -> _Work:
    """A new run, after saying what it will do and how long it will take. factory: size or None -> a recipe.

    plan: what was asked for; what is chosen here is added.
    """
    from muslin import groups
    from muslin.training import budget

    built = factory(None)
    stream = built.stream(data, built.seed)
    minutes = plan["minutes"]
    if sentence := getattr(stream, "sentence", ""):
        say(sentence)
    if images is None and groups.current().size > 1:  # a step is taken by all workers, and they have not begun
        images = built.default_images
    if images is None:
        say("Measuring how fast this computer trains.")
        # The same settings take the same batches: reading a folder twice costs minutes.
        feed = lambda candidate: stream if candidate == built else candidate.stream(data, built.seed)  # noqa: E731
        if minutes is None:
            chosen = budget.estimate(built, stream, built.default_images)
        else:
            chosen = budget.plan(factory, feed, minutes * 60 - (time.perf_counter() - started), sizes)
        images = chosen.images
        plan |= chosen.as_dict()
        say(chosen.sentence)
        # Another one: the measuring trained this one a little.
        measured, built = built, factory(chosen.size)
        stream = stream if built == measured else built.stream(data, built.seed)
    say(_size_in_words(built, images))
    return _Work(built, stream, images, plan)


def _continued(folder: Path, stored: Mapping[str, Any], data: Any, start: str | None) -> tuple[_Work, str | None]:
    """A run with the settings it was begun with, and the model whose weights it begins from now.

    Stopped before its first state was kept, a run begins again: from the model that it was begun from.
    """
    from muslin.training import checkpoint

    plan = stored.get("plan") or {}
    start = None if (folder / checkpoint.STATE).exists() else plan.get("start", start)
    built = _factory(stored["recipe"], stored["settings"], start)(None)
    return _Work(built, built.stream(data, built.seed), int(stored["images"]), plan), start


def _judged(work: _Work, new: bool) -> tuple[_Work, Any]:
    """The work with what its plan must say about judging, and the judge of its pictures, if there is one.

    A new run of so many minutes gives up as many images as the judging takes time.
    """
    from muslin.evaluation.during_training import COST, EVERY, judge

    found = judge(work.recipe, work.stream, work.images, work.plan)
    every = found[1] if found else 0
    images = work.images
    if new and found and work.plan.get("minutes"):
        images = max(1, int(images * (1 - COST)) // work.recipe.batch_size) * work.recipe.batch_size
    return _Work(work.recipe, work.stream, images, {**work.plan, EVERY: every}), found[0] if found else None


def _card(work: _Work, history: History, data: Any) -> dict[str, Any]:
    return {
        "summary": work.recipe.summary,
        "licence": "the licence of the data it was trained on; muslin itself is Apache-2.0",
        "data": {"collection": "embedded (rendered garments)" if data is None else str(data)},
        "images_seen": history.images_seen,
        "verdict": history.verdict,
        **work.recipe.card(work.stream),
    }


def _in_words(data: Any) -> str:
    """What is in the folder, from the names alone: pictures, masks, layout, the largest groups."""
    if data is None:
        return "pictures that muslin renders itself"
    if not isinstance(data, (str, Path)) or not Path(data).expanduser().is_dir():
        return str(data) if isinstance(data, (str, Path)) else f"{len(data):,} pictures"
    from muslin.data.folder import list_files

    layout, files = list_files(data)
    masks = sum(mask is not None for _, mask in files)
    of = Counter("/".join(filter(None, (place.split, place.domain, place.label))) for place, _ in files)
    of.pop("", None)
    text = f"{len(files):,} pictures in '{data}'" + (f", {masks:,} with a mask" if masks else "")
    most = ", ".join(f"{name} {count:,}" for name, count in of.most_common(GROUPS_SHOWN))
    more = f" and {len(of) - GROUPS_SHOWN} more" if len(of) > GROUPS_SHOWN else ""
    return f"{text}; {LAYOUTS[layout]}" + (f": {most}{more}" if most else "")


def _size_in_words(recipe: Recipe, images: int) -> str:
    weights = [weight for network in recipe.networks.values() for weight in network.weights]
    parameters = sum(math.prod(weight.shape) for weight in weights)
    size = f"{recipe.size} px, " if hasattr(recipe, "size") else ""
    return (
        f"Training {' and '.join(recipe.networks)} ({parameters / 1e6:.1f} million weights): {size}"
        f"{images:,} images, {recipe.batch_size} a step."
    )


def _sized(size: int | None) -> dict[str, int]:
    return {"size": size} if size else {}


def _factory(recipe: str, options: Mapping[str, Any], start: str | Path | None) -> Callable[[int | None], Recipe]:
    """Size or None -> the recipe with these options. start: the model whose weights its networks hold."""
    from muslin import recipes, store

    if not start:
        return lambda size: recipes.build(recipe, {**options, **_sized(size)})
    from muslin.export import load_recipe

    model = store.load(start)
    if model.recipe != recipe:
        raise UserError(
            f"'{start}' was trained by another recipe.", received=recipe, possible=model.recipe, exit_code=EXIT_USAGE
        )
    return lambda size: load_recipe(model, **{**options, **_sized(size)})


def require(name: str) -> Any:
    """The recipe's class. Raises UserError where Keras is not installed (exit code 5)."""
    from muslin import recipes

    try:
        return recipes.find(name)
    except ImportError as error:
        if (error.name or "").split(".")[0] in ("keras", "tensorflow", "jax", "torch"):
            raise missing_extra(str(error.name), "train") from error
        raise


def _same_as_begun(
    folder: Path, stored: Mapping[str, Any], options: Mapping[str, Any], data: Any, plan: Mapping[str, Any]
) -> Any:
    """The data of an unfinished run, where what is given is what it was begun with; None was not given.

    A network that learned from one folder and went on with another would be called by the second alone.
    """
    from muslin import recipes
    from muslin.training import engine

    begun = dict(stored.get("plan") or {}) | {"images": stored["images"]}
    wanted = {name: value for name, value in options.items() if value is not None}
    settings = json.loads(json.dumps(engine.settings_of(recipes.build(stored["recipe"], wanted)))) if wanted else {}
    others = [
        f"{name} {value} (begun with {known.get(name)})"
        for known, given in ((begun, plan), (stored["settings"], {name: settings[name] for name in wanted}))
        for name, value in given.items()
        if value is not None and known.get(name, value) != value
    ]
    named = data is None or isinstance(data, (str, Path))
    if named and data is not None and begun.get("data") and Path(data).resolve() != Path(begun["data"]).resolve():
        others.append(f"data {data} (begun with {begun['data']})")
    if others:
        raise UserError(
            f"The run in '{folder}' was begun otherwise.",
            received=", ".join(others),
            advice="Repeat the first command, leave these out, or train into another folder with --run.",
            exit_code=EXIT_USAGE,
        )
    return Path(begun["data"]) if data is None and begun.get("data") else data


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

"""Training jobs: a designer's own swatches become a look, as `muslin learn` learns it.

The run lies in the studio's folder, so a training that was stopped, cancelled or killed goes on where its last saved
state is. While it runs, a thread tells how far it is and shows what the network makes.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

from muslin.studio import sets
from muslin.studio.capabilities import START, require
from muslin.studio.database import now
from muslin.studio.jobs import LOG_LINES, SAMPLES, NoLongerOwn, Own
from muslin.studio.service import Studio

EVERY = 1.0  # seconds between looks at the run's folder
SHOWN = 4  # prints of the new look that become looks of the studio
LEARNING_RATE = 2e-4  # of cli.learn: small steps from a network that knows other looks


class Learned(NamedTuple):
    """A finished training. folder: of its model."""

    folder: Path
    verdict: str
    images_seen: int
    seconds: float


def run(studio: Studio, own: Own, stopping: Callable[[], bool]) -> None:
    """Learn, publish the model under its name, show some prints. Raises UserError where training diverges.

    Where another model took that name since the training was asked for (`muslin learn`, a training resumed weeks
    later), both stay: the new one gets a number.
    """
    require("train")
    folder = studio.runs / own.identity
    own.write(resumable=1, note="Starting", log=[])
    learned = _finished(folder / "run")  # its worker died between the end of the training and that of the job
    learned = learned or _trained(studio, own, folder, stopping)
    if learned is None:
        return
    name, model_folder = _published(own, learned.folder)
    _show(studio, own, name, own.request["seed"])
    own.end(
        {"look": name, "model": str(model_folder), "run": str(folder / "run"), "verdict": learned.verdict,
         "images_seen": learned.images_seen, "seconds": round(learned.seconds, 1)},
        resumable=0,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)  # the model is published; the run was the way there


def _finished(run_folder: Path) -> Learned | None:
    """What a run that has ended came to; its model is written last."""
    card = _json(run_folder / "model" / "model.json")
    if card is None:
        return None
    return Learned(run_folder / "model", str(card.get("verdict") or ""), int(card.get("images_seen") or 0), 0.0)


def _trained(studio: Studio, own: Own, folder: Path, stopping: Callable[[], bool]) -> Learned | None:
    """Begins or goes on. None: it was stopped, and the job says so."""
    from muslin import runs, store

    request = own.request
    sets.materialise(studio, request["set"], folder / "pictures")
    watcher = Watcher(studio, own, folder / "run")
    made = None
    with watcher, suppress(KeyboardInterrupt):  # stopped while it was measured how fast this computer is
        made = runs.train(
            "print",
            folder / "pictures",
            folder=folder / "run",
            minutes=request["minutes"],
            seed=request["seed"],
            options={
                "begin": str(store.load(START).file("training.npz")),
                "look": request["name"],
                "learning_rate": LEARNING_RATE,
            },
            screen=False,
            say=watcher.say,
        )
    if made is None or made.model is None:
        seen = made.history.images_seen if made else 0
        words = f"Stopped after {seen:,} images." if stopping() else "Interrupted."
        own.write(state="cancelled", ended=now(), worker=None, note=words)
        return None
    return Learned(made.model.folder, made.history.verdict, made.history.images_seen, made.seconds)


def _published(own: Own, folder: Path) -> tuple[str, Path]:
    """(name, folder) of a model among the user's: under the name that was asked for, or with a number if it is taken.

    One that this job has published before is not published again.
    """
    from muslin import store

    asked = own.request["name"]
    for name in names(asked):
        place = store.user_folder() / name
        if not place.exists():
            break
        if (files := _files(folder)) and files == _files(place):
            return name, place
    if name != asked:
        own.append("log", [f"There is a look named '{asked}' already. This one is called '{name}'."], LOG_LINES)
    model = store.publish(folder, name)
    return model.name, model.folder


def _files(model_folder: Path) -> Any:
    """Names and hashes of a model's files; None of a folder that holds no model."""
    return (_json(model_folder / "model.json") or {}).get("files")


def names(name: str) -> Iterator[str]:
    """The name, name-2, name-3, ..., none longer than a name may be."""
    return chain([name], (f"{name[: 64 - len(end)]}{end}" for end in map("-{}".format, count(2))))


def _show(studio: Studio, own: Own, name: str, seed: int) -> None:
    """The first prints in the new look, as looks to dress garments in."""
    from muslin.imagine import Imaginer
    from muslin.studio.work.prints import keep

    have = studio.database.value("SELECT COUNT(*) FROM looks WHERE job = ?", own.identity)
    if have >= SHOWN:  # interrupted after the last one; to ask for no picture would be refused
        return
    for number, picture in enumerate(Imaginer(name).pictures(SHOWN - have, seed=seed + have), start=have):
        keep(studio, own, picture, name, str(number + 1), 0.0, 1.0)


class Watcher:
    """Follows a run's folder while it is trained: progress, sentences, sample pictures."""

    def __init__(self, studio: Studio, own: Own, folder: Path) -> None:
        self.studio, self.own, self.folder = studio, own, folder
        self.shown: set[str] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="muslin-watch", daemon=True)

    def __enter__(self) -> Watcher:
        # After an interruption: what was shown before is not shown twice. Of long runs the job has the last ones only.
        samples = self.studio.database.value("SELECT samples FROM jobs WHERE id = ?", self.own.identity)
        taken = set(json.loads(samples or "[]"))
        previews = sorted(self.folder.glob("previews/*.png"))
        known = [place for place, path in enumerate(previews, 1) if sha256(path.read_bytes()).hexdigest() in taken]
        self.shown = {path.name for path in previews[: max(known, default=0)]}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)
        self._look()

    def say(self, sentence: str) -> None:
        """A sentence of the run, for the person who waits; where the studio keeps the pictures is not of interest."""
        words = str(sentence).replace(f" in '{self.folder.parent / 'pictures'}'", "")
        self.own.append("log", [words], LOG_LINES)

    def _watch(self) -> None:
        try:
            while not self._end.wait(EVERY):
                self._look()
        except NoLongerOwn:
            pass  # cancelled; the server ends this process

    def _look(self) -> None:
        config, last = _json(self.folder / "config.json"), _last_record(self.folder / "log.jsonl")
        pictures = sorted(self.folder.glob("previews/*.png"))
        seen = max([int((last or {}).get("images_seen", 0)), *(int(path.stem) for path in pictures[-1:])])
        if config and seen:
            images = max(1, int(config["images"]))
            self.own.write(progress=round(min(0.99, seen / images), 4), note=f"{seen:,} of {images:,} images")
        for path in pictures:
            if path.name not in self.shown:
                self._keep(path)

    def _keep(self, path: Path) -> None:
        from muslin.errors import UserError
        from muslin.studio import uploads

        try:
            _, kept = uploads.picture(self.studio, path.read_bytes())
        except UserError:
            return  # still being written
        self.shown.add(path.name)
        self.own.append("samples", [kept], SAMPLES)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _last_record(path: Path) -> dict[str, Any] | None:
    """The last whole line of the log."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return None
    for line in reversed(lines[-3:]):
        try:
            return dict(json.loads(line))
        except (ValueError, TypeError):
            continue
    return None

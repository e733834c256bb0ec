"""What a batch is asked to do, in a form that travels to other computers, and the record of what came of each photo."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from muslin.errors import EXIT_MODEL, UserError


@dataclass(frozen=True)
class Order:
    """One look for any number of photos. styles: (muslin.images.Photo, weight), read once, sent to each worker.

    on: what parts wear instead, a Photo or "keep", as Restyler.restyle takes it.
    """

    model: str
    styles: list[tuple[Any, float]]
    controls: dict[str, Any]
    seed: int = 0
    number: int = 1
    look: str = "look"  # what the results are called: PHOTO.LOOK.png
    mask: str | None = None  # said of all photos; one photo may say another
    overwrite: bool = False
    threads: int = 1  # of each worker
    on: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits: equal for orders that make the same pictures of the same photos."""
        from muslin import __version__

        asked = {
            "muslin": __version__,
            "model": [self.model, model_hash(self.model), model_hash("mask")],
            "styles": [[_hash(photo), weight] for photo, weight in self.styles],
            "controls": self.controls, "seed": self.seed, "number": self.number, "look": self.look, "mask": self.mask,
        }  # fmt: skip
        if self.on:
            asked["on"] = {name: one if isinstance(one, str) else _hash(one) for name, one in self.on.items()}
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Task:
    """One photo and the files to make from it.

    key: what it is called in the manifest, unique in a batch. place: where it is: a path, a URI, or a shard of many.
    state: changes when the photo does (its size and time of change); empty where that is not known.
    """

    key: str
    place: str
    targets: tuple[str, ...] = ()
    mask: str | None = None
    state: str = ""
    kind: str = "file"  # file: the worker reads the path; uri: fetched; shard: many photos in one file
    skip: tuple[str, ...] = ()  # of a shard: names that are done

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        values = json.loads(text)
        return cls(**{**values, "targets": tuple(values["targets"]), "skip": tuple(values["skip"])})


@dataclass(frozen=True)
class Record:
    """What came of one photo (or, with `rows`, of a shard that was read to its end): a line of the manifest."""

    key: str
    outputs: tuple[str, ...] = ()
    error: dict[str, Any] | None = None  # as the command line prints errors
    seconds: float = 0.0
    size: tuple[int, int] | None = None  # width, height, px
    confidence: float | None = None  # of a mask that was found
    parts: tuple[str, ...] = ()  # that were found, where parts wear cloth of their own
    missing: tuple[str, ...] = ()  # and that were not
    state: str = ""
    shard: str = ""
    rows: int | None = None
    fatal: bool = False  # what is wrong with this photo is wrong with all

    def as_json(self) -> str:
        kept = {name: value for name, value in asdict(self).items() if value not in (None, (), "", False)}
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str) -> Record:
        values = json.loads(text)
        size = values.get("size")
        lists = {name: tuple(values.get(name, ())) for name in ("outputs", "parts", "missing")}
        return cls(**{**values, **lists, "size": tuple(size) if size else None})


@dataclass
class Outcome:
    """Counts of a batch, and the records of what failed. before: done by an earlier run."""

    done: int = 0
    before: int = 0
    failed: list[Record] = field(default_factory=list)


def error_record(error: Exception) -> dict[str, Any]:
    """An exception as the command line prints it in JSON; what is no UserError is a fault of muslin's own."""
    if not isinstance(error, UserError):
        text = " ".join(str(error).split())[:200]
        error = UserError(f"muslin failed: {type(error).__name__}{': ' + text if text else ''}.")
    return error.as_dict()


def as_error(entry: dict[str, Any]) -> UserError:
    return UserError(entry["problem"], **{key: entry.get(key) for key in ("received", "possible", "advice")},
                     exit_code=int(entry.get("exit_code", 1)))  # fmt: skip


def model_hash(name: str) -> str | None:
    """SHA-256 of a model's network, or None where there is no such model here."""
    from muslin import store

    try:
        return store.load(name).sha256
    except UserError:
        return None


def check_models(expected: dict[str, str | None]) -> None:
    """Raise UserError (exit code 4) where this computer's models are not those of the one that asked."""
    for name, sha256 in expected.items():
        if model_hash(name) != sha256:
            import socket

            raise UserError(
                f"The model '{name}' on {socket.gethostname()} is not the one of the computer that asked.",
                advice="Put the same models on every computer of the cluster, and name their folder in MUSLIN_MODELS.",
                exit_code=EXIT_MODEL,
            )


def _hash(photo: Any) -> str:
    digest = hashlib.sha256(photo.pixels.tobytes())
    if photo.alpha is not None:
        digest.update(photo.alpha.tobytes())
    return f"{photo.path}:{digest.hexdigest()}"

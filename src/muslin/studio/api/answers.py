"""What the API answers, as pydantic models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from muslin.studio.api.schemas import Color, Hex, Id, Mix, Sha256


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Picture(Answer):
    sha256: Sha256
    url: str
    thumbnail: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None


class Limits(Answer):
    upload_bytes: int
    upload_pixels: int
    queue: int
    previews: int
    variants: int
    batch: int
    preview_side: int
    set_pictures: list[int]
    import_bytes: int


class Ability(Answer):
    available: bool
    reason: str | None


class Info(Answer):
    version: str
    project: Id
    revision: int
    samples: bool
    data: str
    limits: Limits
    controls: dict[str, list[float | str]]
    can: dict[str, Ability]


class Model(Answer):
    name: str
    recipe: str
    version: str
    sha256: str
    bytes: int
    summary: str
    licence: str
    shipped: bool
    makes_prints: bool
    looks: list[str]


class Project(Answer):
    id: Id
    name: str
    created: float
    opened: float
    garments: int
    results: int


class MaskOut(Answer):
    picture: Picture
    kind: Literal["auto", "alpha", "edited", "none"]
    source: str
    confidence: float
    share: float


class Garment(Answer):
    id: Id
    project: Id | None
    sample: bool
    name: str
    created: float
    photo: Picture
    mask: MaskOut
    box: list[int]
    length_cm: float
    cm_per_pixel: float


class GarmentPart(Answer):
    name: str
    called: str
    share: float
    box: list[int]
    picture: str


class GarmentParts(Answer):
    items: list[GarmentPart]


class NotCopied(Answer):
    garment: Id
    problem: str


class MaskCopied(Answer):
    done: list[Id]
    failed: list[NotCopied]


class Part(Answer):
    look: Id
    weight: float


class Look(Answer):
    id: Id
    kind: Literal["swatch", "mix", "imagined", "recoloured", "learned"]
    name: str
    sample: bool
    created: float
    picture: Picture
    repeat_cm: float | None
    parts: list[Part]
    mix: Mix | None
    palette: list[Hex]
    seam: float
    origin: dict[str, Any] | None
    revision: int


class Colour(Answer):
    hex: Hex
    share: float
    lab: list[float]


class Colours(Answer):
    colours: list[Colour]


class Colourway(Answer):
    name: str
    palette: list[Color]
    tile: str


class Colourways(Answer):
    palette: list[Hex]
    items: list[Colourway]


class JobFile(Answer):
    name: str
    picture: Picture


class Job(Answer):
    id: Id
    kind: Literal["restyle", "colourways", "imagine", "train", "deliver"]
    project: Id
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    note: str
    created: float
    started: float | None
    ended: float | None
    request: dict[str, Any]
    problem: dict[str, Any] | None
    command: str
    results: list[Id]
    looks: list[Id]
    files: list[JobFile]
    resumable: bool
    samples: list[Picture]
    log: list[str]
    output: dict[str, Any] | None
    revision: int


class Result(Answer):
    id: Id
    project: Id
    job: Id
    garment: Id
    looks: list[Part]
    number: int
    name: str
    created: float
    picture: Picture
    controls: dict[str, Any]
    print_cm: float | None
    seed: int
    starred: bool
    rejected: bool
    note: str
    mask: Sha256
    command: str
    settings: dict[str, Any]
    revision: int


class Same(Answer):
    garment: bool
    looks: bool


class Difference(Answer):
    name: str
    first: Any
    second: Any


class Compared(Answer):
    same: Same
    controls: list[Difference]
    difference: float | None


class Recalled(Answer):
    settings: dict[str, Any]
    garment: Id | None
    looks: list[Part]
    controls: dict[str, Any]
    mask: Sha256 | None
    seed: int
    result: Id | None
    notes: list[str]


class FindingOut(Answer):
    level: Literal["unusable", "warning", "note"]
    kind: str
    problem: str
    advice: str
    pictures: list[Sha256]


class PictureSet(Answer):
    id: Id
    name: str
    created: float
    pictures: list[Picture]
    ready: bool
    check: list[FindingOut]


class Listed(Answer):
    next: str | None


class Projects(Listed):
    items: list[Project]


class Garments(Listed):
    items: list[Garment]


class LooksOut(Listed):
    items: list[Look]


class Jobs(Listed):
    items: list[Job]


class Results(Listed):
    items: list[Result]


class Sets(Listed):
    items: list[PictureSet]


class Models(Listed):
    items: list[Model]

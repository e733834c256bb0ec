"""Imagine jobs: new prints from noise, each kept as a look as soon as it is made."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from muslin.studio import controls, looks
from muslin.studio.capabilities import require
from muslin.studio.jobs import Own
from muslin.studio.service import Studio

if TYPE_CHECKING:
    from muslin.imagine import Imagined


def run(studio: Studio, own: Own) -> None:
    """The pictures of `muslin imagine`; one that was interrupted goes on with the next."""
    require("imagine")
    request = own.request
    rows = studio.database.all("SELECT origin FROM looks WHERE job = ? ORDER BY seq", own.identity)
    made = [json.loads(row["origin"])["record"] for row in rows]  # before it was interrupted
    own.write(progress=round(len(made) / request["count"], 4))
    started = time.perf_counter()
    for number, picture in _missing(request, len(made)):
        mark = str(number + 1 if request["between"] else request["seed"] + number)
        seconds = time.perf_counter() - started
        made.append(keep(studio, own, picture, request["model"], mark, seconds, (number + 1) / request["count"]))
        started = time.perf_counter()
    own.end({"results": made, "failed": []})


def _missing(request: Mapping[str, Any], done: int) -> Iterator[tuple[int, Imagined]]:
    """(number, picture) of a job of which `done` pictures are kept already."""
    from muslin.imagine import Imaginer

    if done >= request["count"]:  # interrupted after the last one; to ask for no picture would be refused
        return
    imaginer = Imaginer(request["model"])
    between = request["between"]
    # Seeds count up, so the rest is a series of its own; the steps between two seeds are not.
    first = 0 if between else done
    pictures = imaginer.pictures(
        request["count"] - first,
        seed=request["seed"] + first,
        size=request["size"] if imaginer.prints else None,
        mix=request["mix"],
        weight=request["weight"],
        between=tuple(between) if between else None,
        scale=request["scale"],
        palette=",".join(request["palette"]) if request["palette"] else None,
        tile=True,
    )
    for number, picture in enumerate(pictures, start=first):
        if number >= done:
            yield number, picture


def keep(
    studio: Studio, own: Own, picture: Imagined, look: str, mark: str, seconds: float, progress: float
) -> dict[str, Any]:
    """One picture as a look of the studio. Returns its record, as `muslin imagine --json` prints it."""
    from muslin.images import encode_image
    from muslin.restyle import metadata

    params = json.loads(metadata.to_json(picture.params))
    text, xmp = metadata.settings_to_text(params), metadata.provenance_xmp(params)
    data = encode_image(picture.image, "PNG", text=text, xmp=xmp)
    height, width = picture.image.shape[:2]
    sha256 = studio.files.add(data, "image/png", width, height)
    words = look.rpartition(":")[2].replace("_", " ").replace("-", " ")
    name = f"{words[:1].upper()}{words[1:]} {mark}"
    record = {
        "output": f"{controls.slug(name)}.png", "width": width, "height": height, "seconds": round(seconds, 3),
        "settings": params,
    }  # fmt: skip
    origin = {"model": params["model"]["name"], "look": look, "seed": params["seed"], "record": record}
    columns = looks.measured(picture.image)
    with own.writing(progress=round(progress, 4), crashes=0) as connection:
        looks.insert_look(connection, sha256, name, kind="imagined", origin=origin, job=own.identity, **columns)
    return record

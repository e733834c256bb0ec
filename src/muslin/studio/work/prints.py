"""Imagine jobs: new prints from noise, each kept as a look as soon as it is made."""

from __future__ import annotations

import json
import time
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
    from muslin.imagine import Imaginer

    request = own.request
    made = [json.loads(row["record"]) for row in _records(studio, own)]
    imaginer = Imaginer(request["model"])
    between = request["between"]
    done = len(made)
    # Seeds count up, so the rest is a series of its own; the steps between two seeds are not.
    skipped = done if between else 0
    pictures = imaginer.pictures(
        request["count"] - (0 if between else done),
        seed=request["seed"] + (0 if between else done),
        size=request["size"] if imaginer.prints else None,
        mix=request["mix"],
        weight=request["weight"],
        between=tuple(between) if between else None,
        scale=request["scale"],
        palette=",".join(request["palette"]) if request["palette"] else None,
        tile=True,
    )
    own.write(progress=round(done / request["count"], 4))
    started = time.perf_counter()
    for number, picture in enumerate(pictures, start=done - skipped):
        if number < done:
            continue
        made.append(_keep(studio, own, picture, number, time.perf_counter() - started))
        started = time.perf_counter()
    own.end({"results": made, "failed": []})


def _records(studio: Studio, own: Own) -> list[Any]:
    """What `_keep` recorded of this job before it was interrupted."""
    rows = studio.database.all("SELECT origin FROM looks WHERE job = ? ORDER BY seq", own.identity)
    return [{"record": json.dumps(json.loads(row["origin"])["record"])} for row in rows]


def _keep(studio: Studio, own: Own, picture: Imagined, number: int, seconds: float) -> dict[str, Any]:
    from muslin.images import encode_image
    from muslin.restyle import metadata

    request = own.request
    params = json.loads(metadata.to_json(picture.params))
    text, xmp = metadata.settings_to_text(params), metadata.provenance_xmp(params)
    data = encode_image(picture.image, "PNG", text=text, xmp=xmp)
    height, width = picture.image.shape[:2]
    sha256 = studio.files.add(data, "image/png", width, height)
    words = request["model"].rpartition(":")[2].replace("_", " ").replace("-", " ")
    name = f"{words[:1].upper()}{words[1:]} {params['seed'] if not request['between'] else number + 1}"
    record = {
        "output": f"{controls.slug(name)}.png", "width": width, "height": height, "seconds": round(seconds, 3),
        "settings": params,
    }  # fmt: skip
    origin = {"model": params["model"]["name"], "look": request["model"], "seed": params["seed"], "record": record}
    columns = looks.measured(picture.image)
    with own.writing(progress=round((number + 1) / request["count"], 4), crashes=0) as connection:
        looks.insert_look(connection, sha256, name, kind="imagined", origin=origin, job=own.identity, **columns)
    return record

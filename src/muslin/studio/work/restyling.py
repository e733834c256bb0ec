"""Restyle jobs: garments in looks at full size, one result after the other, each kept as soon as it is made.

The numbers of the results are fixed by the request, so a job that was interrupted goes on with those that are missing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from muslin.errors import UserError
from muslin.studio import colours, controls, garments, looks
from muslin.studio.database import Row
from muslin.studio.errors import problem
from muslin.studio.jobs import Own
from muslin.studio.results import insert_result
from muslin.studio.service import Studio

if TYPE_CHECKING:
    from muslin.restyle.restyler import Restyled

Swatches = list[tuple[Row, float]]
MOST_LINES = 50  # of a job's command


@dataclass(frozen=True)
class Piece:
    """One result to make: garment, its number in the job, keyword arguments of Restyler.restyle, seed."""

    garment: str
    number: int
    arguments: Mapping[str, Any]
    seed: int


def plan(studio: Studio, request: Mapping[str, Any], swatches: Swatches) -> Iterator[Piece]:
    """The pieces of a restyle or colourways request, in order. Raises UserError for impossible controls."""
    if request["kind"] == "colourways":
        row = garments.get(studio, request["garment"])
        arguments = controls.for_garment(request["controls"], row["length_cm"])
        for number, palette in enumerate(request["palettes"]):
            yield Piece(row["id"], number, {**arguments, "palette": _dyed(studio, swatches, palette)}, 0)
        return
    own = _colours(swatches)
    count, seed = request["variants"], request["seed"]
    for place, identity in enumerate(request["garments"]):
        row = garments.get(studio, identity)
        arguments = controls.for_garment(request["controls"], row["length_cm"])
        family = controls.family(arguments, seed, request["start"], count, request["vary"], own)
        for index, (member, varied) in enumerate(family):
            if varied.get("palette"):
                varied["palette"] = _dyed(studio, swatches, varied["palette"].split(","))
            yield Piece(identity, place * count + index, varied, seed + member)


def _dyed(studio: Studio, swatches: Swatches, palette: Sequence[str]) -> str:
    return ",".join(colours.dyes(studio, swatches, palette))


def _colours(swatches: Swatches) -> list[str]:
    """Of the heaviest swatch."""
    found: list[str] = json.loads(max(swatches, key=lambda pair: pair[1])[0]["palette"])
    return found


def run(studio: Studio, own: Own) -> None:
    """Make what is missing. One garment that fails does not spoil the others; a job fails when all do."""
    request = own.request
    swatches = looks.flattened(studio, request["looks"])
    done = {r["number"] for r in studio.database.all("SELECT number FROM results WHERE job = ?", own.identity)}
    failed: dict[str, UserError] = {}
    total = _total(request)
    for piece in plan(studio, request, swatches):
        if piece.number in done or piece.garment in failed:
            continue
        own.write(note=f"{piece.number + 1} of {total}", progress=round(piece.number / total, 4))
        try:
            _make(studio, own, piece, swatches, (piece.number + 1) / total)
        except UserError as error:
            if len(_garments(request)) == 1:
                raise
            failed[piece.garment] = error
    output = {"results": _records(studio, own.identity), "failed": _failures(studio, failed)}
    if failed and not output["results"]:
        own.fail(next(iter(failed.values())), output=output)
    else:
        own.end(output)


def _garments(request: Mapping[str, Any]) -> list[str]:
    return [request["garment"]] if request["kind"] == "colourways" else request["garments"]


def _total(request: Mapping[str, Any]) -> int:
    if request["kind"] == "colourways":
        return len(request["palettes"])
    return len(request["garments"]) * int(request["variants"])


def _records(studio: Studio, job: str) -> list[Any]:
    return [json.loads(r["record"]) for r in studio.database.all(
        "SELECT record FROM results WHERE job = ? ORDER BY number", job)]  # fmt: skip


def _failures(studio: Studio, failed: Mapping[str, UserError]) -> list[dict[str, Any]]:
    names = ("received", "possible", "advice", "exit_code")
    made = []
    for identity, error in failed.items():
        row = studio.database.one("SELECT * FROM garments WHERE id = ?", identity)
        document = problem(error)
        made.append({
            "source": file_name(studio, row["name"], row["photo"]) if row else identity,
            "error": {"problem": error.problem, **{name: document[name] for name in names}},
        })  # fmt: skip
    return made


def _make(studio: Studio, own: Own, piece: Piece, swatches: Swatches, progress: float) -> None:
    """One result, from garment to row."""
    from muslin.images import encode_image
    from muslin.restyle import metadata

    started = time.perf_counter()
    row = garments.get(studio, piece.garment)
    garment = studio.engine.garment(row["photo"], row["mask"])
    cloths = [(studio.engine.photo(look["picture"]), weight) for look, weight in swatches]
    made = studio.engine.restyler.restyle(garment, cloths, seed=piece.seed, **piece.arguments)
    made = replace(made, params=_with_names(studio, made.params, row, swatches))
    params = json.loads(metadata.to_json(made.params))
    data = encode_image(
        made.image, "PNG", alpha=garment.photo.alpha,
        text=metadata.settings_to_text(params), xmp=metadata.provenance_xmp(params),
    )  # fmt: skip
    height, width = made.image.shape[:2]
    picture = studio.files.add(data, "image/png", width, height)
    _keep(studio, own, piece, row, swatches, made, params, picture, time.perf_counter() - started, progress)


def _with_names(studio: Studio, params: Mapping[str, Any], row: Row, swatches: Swatches) -> dict[str, Any]:
    """Settings that name the files as people do, with the hashes by which the studio finds them again."""
    mask = {
        "kind": "file",
        "path": f"{controls.slug(row['name'])}.mask.png",
        "sha256": row["mask"],
        "found": row["mask_kind"],
        "confidence": row["confidence"],
    }
    styles = [
        {"path": file_name(studio, look["name"], look["picture"]), "sha256": look["picture"], "weight": weight}
        for look, weight in swatches
    ]
    source = {"path": file_name(studio, row["name"], row["photo"]), "sha256": row["photo"]}
    return {**params, "source": source, "styles": styles, "mask": mask}


def file_name(studio: Studio, name: str, sha256: str) -> str:
    """What a kept file is called outside the studio."""
    return controls.slug(name) + PurePosixPath(studio.files.path(sha256)).suffix


def _keep(
    studio: Studio, own: Own, piece: Piece, row: Row, swatches: Swatches, made: Restyled, params: dict[str, Any],
    picture: str, seconds: float, progress: float,
) -> None:  # fmt: skip
    asked = own.request["looks"]
    label = "+".join(controls.slug(looks.get(studio, item["look"])["name"]) for item in asked)[:80]
    scale = float(params["controls"]["scale"])
    cm = controls.print_cm(scale, row["length_cm"])
    with own.writing(progress=round(progress, 4), crashes=0) as connection:
        last = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM results").fetchone()[0]
        name = f"{controls.slug(row['name'])}.{label}.{last + 1:04d}.png"
        height, width = made.image.shape[:2]
        record = {
            "source": params["source"]["path"], "output": name, "width": width, "height": height,
            "seconds": round(seconds, 3), "settings": params,
        }  # fmt: skip
        line = controls.command(
            str(studio.files.path(row["photo"])), str(studio.files.path(row["mask"])), paths(studio, swatches),
            piece.arguments, name, seed=piece.seed,
        )  # fmt: skip
        insert_result(
            connection, project=own.request["project"], job=own.identity, garment=row["id"], looks=list(asked),
            number=piece.number, name=name, picture=picture, mask=row["mask"], command=line, seed=piece.seed,
            controls=controls.as_answered(params["controls"], cm), print_cm=cm, settings=params, record=record,
        )  # fmt: skip


def paths(studio: Studio, swatches: Swatches) -> list[tuple[str, float]]:
    return [(str(studio.files.path(look["picture"])), weight) for look, weight in swatches]


def command(studio: Studio, request: Mapping[str, Any]) -> str:
    """The command lines of a request: one a garment where `muslin restyle -n` makes the same family, else one a result.

    Raises what running it would: StudioError (404) for what is not there, UserError for impossible controls.
    """
    swatches = looks.flattened(studio, request["looks"])
    plain = request["kind"] == "restyle" and request["start"] == 0 and list(request["vary"]) in (["print"], [])
    lines = []
    for piece in plan(studio, request, swatches):
        row = garments.get(studio, piece.garment)
        count = int(request["variants"]) if plain and request["vary"] else 1
        if count > 1 and piece.number % count:
            continue  # the first line of a garment makes the whole family
        label = controls.slug(row["name"])
        output = f"{label}.restyled" if count > 1 else f"{label}.{piece.number + 1:03d}.png"
        files = (str(studio.files.path(row["photo"])), str(studio.files.path(row["mask"])))
        lines.append(
            controls.command(*files, paths(studio, swatches), piece.arguments, output, count, piece.seed)
        )
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"# and {len(lines) - MOST_LINES} more; each result has its own"]
    return "\n".join(lines)



"""Restyle jobs: garments in looks at full size, one result after the other, each kept as soon as it is made.

The numbers of the results are fixed by the request, so a job that was interrupted goes on with those that are missing.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from muslin.errors import UserError
from muslin.studio import colours, controls, garments, learned, looks, parts
from muslin.studio.database import Row
from muslin.studio.errors import StudioError, problem
from muslin.studio.jobs import Own
from muslin.studio.results import insert_result
from muslin.studio.service import Studio
from muslin.studio.work import making, painting

Swatches = list[tuple[Row, float]]
MOST_LINES = 50  # of a job's command


@dataclass(frozen=True)
class Piece:
    """One result to make: garment, its number in the job, keyword arguments of Restyler.restyle, seed."""

    garment: str
    number: int
    arguments: Mapping[str, Any]
    seed: int


def plan(studio: Studio, request: Mapping[str, Any], swatches: Swatches, place: int) -> Iterator[Piece]:
    """The pieces of one garment of a restyle or colourways request, in order. place: which of its garments.

    Raises StudioError (404) for a garment that is not there, UserError for impossible controls.
    """
    garment = _garments(request)[place]
    row = garments.get(studio, garment)
    if learned.painted([look for look, _ in swatches]):
        yield from _plan_painted(request, swatches, place)
        return
    arguments = controls.for_garment(request["controls"], row["length_cm"])
    if request["kind"] == "colourways":
        for number, palette in enumerate(request["palettes"]):
            yield Piece(garment, number, {**arguments, "palette": _dyed(studio, swatches, palette)}, 0)
        return
    count, seed, lock = request["variants"], request["seed"], request.get("lock", ())
    own, kept = _colours(swatches), set[int]()
    if lock and len(swatches) == 1:  # the colours that the page shows, which may be others than those measured at first
        own = colours.own(studio, swatches[0][0], looks.COLOURS).names()
        kept = {colours.nearest(colour, own) for colour in lock}
    family = controls.family(arguments, seed, request["start"], count, request["vary"], own, kept)
    for number, (member, varied) in enumerate(family, start=place * count):
        if varied.get("palette"):
            varied["palette"] = _dyed(studio, swatches, varied["palette"].split(","))
        yield Piece(garment, number, varied, seed + member)


def _plan_painted(request: Mapping[str, Any], swatches: Swatches, place: int) -> Iterator[Piece]:
    if request["kind"] == "colourways":
        learned.refuse([look for look, _ in swatches])
    count, asked = request["variants"], painting.arguments(swatches, request["controls"])
    family = painting.family(swatches, asked, request["seed"], request["start"], count)
    for number, (seed, varied) in enumerate(family, start=place * count):
        yield Piece(request["garments"][place], number, varied, seed)


def _dyed(studio: Studio, swatches: Swatches, palette: Sequence[str]) -> str:
    return ",".join(colours.dyes(studio, swatches, palette))


def _colours(swatches: Swatches) -> list[str]:
    """Of the heaviest swatch."""
    found: list[str] = json.loads(max(swatches, key=lambda pair: pair[1])[0]["palette"])
    return found


def run(studio: Studio, own: Own) -> None:
    """Make what is missing. One garment that fails does not spoil the others; a job fails when all do."""
    request = own.request
    swatches, on = _worn(studio, request)
    done = {r["number"] for r in studio.database.all("SELECT number FROM results WHERE job = ?", own.identity)}
    failed: dict[str, UserError] = {}
    total = _total(request)
    names = {identity: _source_name(studio, identity) for identity in _garments(request)}  # before one is deleted
    for place, garment in enumerate(_garments(request)):
        try:
            for piece in plan(studio, request, swatches, place):
                if piece.number in done:
                    continue
                own.write(note=f"{piece.number + 1} of {total}", progress=round(piece.number / total, 4))
                _make(studio, own, piece, swatches, on, (piece.number + 1) / total)
        except UserError as error:
            if len(_garments(request)) == 1:
                raise
            failed[garment] = error
    output = {"results": _records(studio, own.identity), "failed": _failures(studio, failed, names)}
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


def _failures(studio: Studio, failed: Mapping[str, UserError], names: Mapping[str, str]) -> list[dict[str, Any]]:
    made = []
    for identity, error in failed.items():
        if studio.database.one("SELECT 1 FROM garments WHERE id = ?", identity) is None:
            error = StudioError(404, "The garment was deleted.", received=identity)
        document = problem(error)
        said = {name: document[name] for name in ("received", "possible", "advice", "exit_code")}
        made.append({"source": names[identity], "error": {"problem": error.problem, **said}})
    return made


def _source_name(studio: Studio, garment: str) -> str:
    """The file of a garment as people call it; of one that was deleted what its last picture says, else its id."""
    row = studio.database.one("SELECT * FROM garments WHERE id = ?", garment)
    if row is not None:
        return file_name(studio, row["name"], row["photo"])
    settings = studio.database.value("SELECT settings FROM results WHERE garment = ? ORDER BY seq DESC", garment)
    return str(json.loads(settings)["source"]["path"]) if settings else garment


def _worn(studio: Studio, request: Mapping[str, Any]) -> tuple[Swatches, parts.On]:
    """(swatches and weights, what parts wear instead). Raises what looks.flattened and parts.worn do."""
    swatches = looks.flattened(studio, request["looks"], cloth=False)
    return swatches, parts.worn(studio, request["controls"], learned.painted([look for look, _ in swatches]))


def _make(studio: Studio, own: Own, piece: Piece, swatches: Swatches, on: parts.On, progress: float) -> None:
    """One result, from garment to row."""
    started = time.perf_counter()
    row = garments.get(studio, piece.garment)
    painted = learned.painted([look for look, _ in swatches])
    order = making.Order(
        photo=row["photo"],
        mask=row["mask"],
        looks=tuple(({name: look[name] for name in ("name", "picture", "origin")}, part) for look, part in swatches),
        painted=painted,
        arguments=piece.arguments,
        seed=piece.seed,
        names=_names(studio, row, [] if painted else swatches, on),
        on=parts.pictures(on),
    )
    made = studio.send(order) if studio.send else making.make(studio.engine, order)
    picture = studio.files.add(made.data, "image/png", *made.size)
    seconds = time.perf_counter() - started
    _keep(studio, own, piece, row, swatches, on, made, picture, seconds, progress)


def _names(studio: Studio, row: Row, swatches: Swatches, on: parts.On) -> dict[str, Any]:
    """The settings' files as people call them, with the hashes by which the studio finds them again."""
    mask = {
        "kind": "file",
        "path": f"{controls.slug(row['name'])}.mask.png",
        "sha256": row["mask"],
        "found": row["mask_kind"],
        "confidence": row["confidence"],
    }

    def entry(look: Row) -> dict[str, Any]:
        return {"path": file_name(studio, look["name"], look["picture"]), "sha256": look["picture"]}

    styles = [{**entry(look), "weight": weight} for look, weight in swatches]
    source = {"path": file_name(studio, row["name"], row["photo"]), "sha256": row["photo"]}
    names = {"source": source, "styles": styles, "mask": mask}
    if not on:
        return names
    from muslin.garments.parts import called

    return {**names, "on": {called(part): one if isinstance(one, str) else entry(one) for part, one in on.items()}}


def file_name(studio: Studio, name: str, sha256: str) -> str:
    """What a kept file is called outside the studio."""
    return controls.slug(name) + PurePosixPath(studio.files.path(sha256)).suffix


def _keep(
    studio: Studio, own: Own, piece: Piece, row: Row, swatches: Swatches, on: parts.On, made: making.Made, picture: str,
    seconds: float, progress: float,
) -> None:  # fmt: skip
    size, params = made.size, dict(made.params)
    worn = own.request["looks"]
    label = "+".join(controls.slug(looks.get(studio, item["look"])["name"]) for item in worn)[:80]
    painted = learned.painted([look for look, _ in swatches])
    used = painting.answered(params) if painted else params["controls"]
    cm = controls.print_cm(float(used["scale"]), row["length_cm"])
    with own.writing(progress=round(progress, 4), crashes=0) as connection:
        last = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM results").fetchone()[0]
        name = f"{controls.slug(row['name'])}.{label}.{last + 1:04d}.png"
        record = {
            "source": params["source"]["path"], "output": name, "width": size[0], "height": size[1],
            "seconds": round(seconds, 3), **made.parts, "settings": params,
        }  # fmt: skip
        asked = {**piece.arguments, "palette": used["palette"]} if painted else piece.arguments
        line = _line(studio, row, swatches, on, asked, name, 1, piece.seed)
        answered = {**controls.as_answered(used, cm), "on": own.request["controls"].get("on") or {}}
        insert_result(
            connection, project=own.request["project"], job=own.identity, garment=row["id"], looks=list(worn),
            number=piece.number, name=name, picture=picture, mask=row["mask"], command=line, seed=piece.seed,
            controls=answered, print_cm=cm, settings=params, record=record,
        )  # fmt: skip


def _line(
    studio: Studio, row: Row, swatches: Swatches, on: parts.On, asked: Mapping[str, Any], output: str, count: int,
    seed: int,
) -> str:  # fmt: skip
    files = (str(studio.files.path(row["photo"])), str(studio.files.path(row["mask"])))
    if learned.painted([look for look, _ in swatches]):
        return painting.command(*files, swatches, asked, output, count, seed)
    by_part = {
        name: one if one == parts.KEEP else str(studio.files.path(one)) for name, one in parts.pictures(on).items()
    }
    return controls.command(*files, paths(studio, swatches), asked, output, count, seed, by_part)


def paths(studio: Studio, swatches: Swatches) -> list[tuple[str, float]]:
    return [(str(studio.files.path(look["picture"])), weight) for look, weight in swatches]


def command(studio: Studio, request: Mapping[str, Any]) -> str:
    """The command lines of a request: one a garment where `muslin restyle -n` makes the same family, else one a result.

    Raises what running it would: StudioError (404) for what is not there, UserError for impossible controls.
    """
    swatches, on = _worn(studio, request)
    plain = request["kind"] == "restyle" and request["start"] == 0 and list(request["vary"]) in (["print"], [])
    if learned.painted([look for look, _ in swatches]):
        plain = plain and painting.one_family(swatches, painting.arguments(swatches, request["controls"]))
    count = int(request["variants"]) if plain and request["vary"] else 1  # results of a line
    lines: list[str] = []
    for place, garment in enumerate(_garments(request)):
        row = garments.get(studio, garment)
        pieces = plan(studio, request, swatches, place)
        if count > 1 or len(lines) >= MOST_LINES:
            pieces = itertools.islice(pieces, 1)  # it stands for all; beyond the lines, it tells whether they can be
        for piece in pieces:
            if len(lines) >= MOST_LINES:
                break
            label = controls.slug(row["name"])
            output = f"{label}.restyled" if count > 1 else f"{label}.{piece.number + 1:03d}.png"
            lines.append(_line(studio, row, swatches, on, piece.arguments, output, count, piece.seed))
    more = _total(request) // count - len(lines)
    return "\n".join([*lines, f"# and {more} more; each result has its own"] if more else lines)

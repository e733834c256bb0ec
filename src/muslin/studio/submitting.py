"""What is checked before a job is queued, and the command line that says the same."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from muslin import store
from muslin.errors import EXIT_DATA, UserError
from muslin.studio import capabilities, controls, garments, jobs, projects, results, sets
from muslin.studio.database import Row
from muslin.studio.errors import StudioError
from muslin.studio.service import Studio
from muslin.studio.work import delivering


def prepare(studio: Studio, request: Mapping[str, Any]) -> str:
    """The command line(s) of a request. Raises StudioError for what is not there or cannot be done, UserError else."""
    projects.get(studio, request["project"])
    _same_project(studio, request)
    kind = request["kind"]
    if kind in ("restyle", "colourways"):
        from muslin.studio.work import restyling

        return restyling.command(studio, request)
    if kind == "deliver":
        return _deliver(studio, request)
    if kind == "imagine":
        return _imagine(request)
    return _train(studio, request)


def _same_project(studio: Studio, request: Mapping[str, Any]) -> None:
    """Raises StudioError (422) for garments or results of another project: their pictures would land in this one."""
    one = [request["garment"]] if "garment" in request else []
    for kind, get, named in (
        ("garment", garments.get, [*one, *(request.get("garments") or ())]),
        ("result", results.get, request.get("results") or ()),
    ):
        for identity in named:
            row = get(studio, identity)
            if row["project"] not in (None, request["project"]):  # samples belong to all
                raise StudioError(
                    422,
                    f"The {kind} '{row['name']}' belongs to another project.",
                    received=identity,
                    advice="Open the project that it belongs to, or name that one in the request.",
                )


def _imagine(request: Mapping[str, Any]) -> str:
    capabilities.require("imagine")
    from muslin.imagine import find

    try:
        prints = find(request["model"])[0].recipe == "print"
        if request["mix"]:
            find(request["mix"])
    except UserError as error:
        raise StudioError(404, error.problem, received=error.received, possible=error.possible) from error
    words = ["muslin", "imagine", request["model"], "-n", str(request["count"]), "--seed", str(request["seed"])]
    if request["mix"]:
        words += ["--mix", request["mix"], "--weight", controls.exactly(request["weight"])]
    if request["between"]:
        words += ["--between", *map(str, request["between"])]
    if request["palette"]:
        words += ["--palette", ",".join(request["palette"])]
    words += ["--scale", controls.exactly(request["scale"])]
    words += ["--size", str(request["size"])] if prints else ["--tile"]  # designs come in the size of their model
    return shlex.join([*words, "--output", "prints", "--json"])


def _deliver(studio: Studio, request: Mapping[str, Any]) -> str:
    """muslin lookbook where it makes the same, else the request itself. Raises StudioError (422) for an odd name."""
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", request["template"]) if name not in delivering.FIELDS]
    if unknown:
        raise StudioError(
            422,
            "The file names ask for something that no picture has.",
            received="{" + unknown[0] + "}",
            possible=["{" + name + "}" for name in delivering.FIELDS],
        )
    rows = [results.get(studio, identity) for identity in request["results"]]
    outputs = {"contact_sheet": "contact-sheet.png", "lookbook_html": "lookbook.html"}
    if request["format"] in outputs:
        paths = [str(studio.files.path(row["picture"])) for row in rows]
        words = ["muslin", "lookbook", *paths, "--title", request["title"], "--output", outputs[request["format"]]]
        return shlex.join([*words, "--json"])
    body = json.dumps(request, ensure_ascii=True)
    return shlex.join(["curl", f"{jobs.HERE}/v1/jobs", "-H", "Content-Type: application/json", "-d", body])


def _train(studio: Studio, request: Mapping[str, Any]) -> str:
    row = sets.get(studio, request["set"])
    capabilities.require("train")
    if not sets.view(studio, row)["ready"]:
        findings = [finding for finding in json.loads(row["findings"]) if finding["level"] == "unusable"]
        raise UserError(findings[0]["problem"], advice=findings[0]["advice"], exit_code=EXIT_DATA)
    store.refuse_shipped(request["name"])
    _refuse_taken(studio, request["name"])
    words = ["muslin", "learn", "SWATCHES", "--name", request["name"]]
    return shlex.join([*words, "--minutes", f"{request['minutes']:g}", "--seed", str(request["seed"])])


def _refuse_taken(studio: Studio, name: str) -> None:
    """Raises StudioError (409) for a name that a model of the user has, or that a training under way will need."""
    if (store.user_folder() / name).exists():
        raise StudioError(409, f"There is a look named '{name}' already.", advice="Choose another name.")
    awaited = studio.database.value(
        "SELECT 1 FROM jobs WHERE kind = 'train' AND state IN ('queued', 'running') "
        "AND json_extract(request, '$.name') = ?",
        name,
    )
    if awaited is not None:
        raise StudioError(
            409,
            f"A look named '{name}' is being learned already.",
            advice="Choose another name, or cancel that training first.",
        )


def stoppable(studio: Studio, identity: str) -> Row:
    """A training that is queued or running. Raises StudioError (409) for another job."""
    row = jobs.get(studio, identity)
    if row["kind"] != "train" or row["state"] not in ("queued", "running"):
        raise StudioError(
            409, "Only a training that has not ended can be stopped.", received=f"{row['kind']}, {row['state']}"
        )
    return row

"""A project as one file: a ZIP with manifest.json and every picture by its hash. Importing makes a new project.

Nothing in such a file is trusted: sizes are bounded, pictures are decoded, hashes compared, ids given anew.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from muslin.errors import EXIT_DATA, UserError
from muslin.studio import collecting, learned, projects, uploads
from muslin.studio.database import Row, insert, new_id, now, revise
from muslin.studio.files import SHA256
from muslin.studio.parts import KEEP
from muslin.studio.service import Studio

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 50_000_000  # bytes
MOST_FILES = 20_000
JSON_COLUMNS = ("box", "auto", "parts", "palette", "origin", "looks", "controls", "settings", "record")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    name: str = Field(max_length=200)
    created: float


class GarmentEntry(_Entry):
    photo: str = Field(pattern=SHA256.pattern)
    mask: str = Field(pattern=SHA256.pattern)
    mask_kind: str = Field(pattern="^(auto|alpha|edited|none)$")
    mask_source: str = Field(max_length=20)
    confidence: float = Field(ge=0, le=1)
    share: float = Field(ge=0, le=1)
    box: list[int] = Field(min_length=4, max_length=4)
    length_cm: float = Field(ge=0.1, le=1000)
    auto: dict[str, Any]
    sample: bool = False


class LookEntry(_Entry):
    kind: str = Field(pattern="^(swatch|mix|imagined|recoloured|learned)$")
    sample: int = Field(ge=0, le=1)
    picture: str = Field(pattern=SHA256.pattern)
    repeat_cm: float | None
    parts: list[dict[str, Any]] = Field(max_length=64)
    mix: str | None = Field(pattern="^(overprint|panels)$")
    palette: list[str] = Field(max_length=16)
    seam: float
    origin: dict[str, Any] | None


class ResultEntry(_Entry):
    garment: str
    looks: list[dict[str, Any]] = Field(max_length=4)
    number: int
    picture: str = Field(pattern=SHA256.pattern)
    controls: dict[str, Any]
    print_cm: float | None
    seed: int = Field(ge=-(2**31), le=2**31)
    starred: int = Field(ge=0, le=1)
    rejected: int = Field(ge=0, le=1)
    note: str = Field(max_length=2000)
    mask: str = Field(pattern=SHA256.pattern)
    command: str = Field(max_length=20_000)
    settings: dict[str, Any]
    record: dict[str, Any]


class Manifest(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
    format: int
    project: str = Field(max_length=200)
    garments: list[GarmentEntry] = Field(max_length=10_000)
    looks: list[LookEntry] = Field(max_length=10_000)
    results: list[ResultEntry] = Field(max_length=MOST_FILES)


# --------------------------------------------------------------------------------------------------------- export


def write(studio: Studio, identity: str, target: Path) -> None:
    """The project with its garments, results, the looks they wear and the user's own, into the ZIP `target`."""
    from muslin import __version__

    project = projects.get(studio, identity)
    results = studio.database.all("SELECT * FROM results WHERE project = ? ORDER BY seq", identity)
    worn = {row["garment"] for row in results}
    garments = [
        row
        for row in studio.database.all("SELECT * FROM garments ORDER BY seq")
        if row["project"] == identity or (row["project"] is None and row["id"] in worn)
    ]
    looks = studio.database.all("SELECT * FROM looks ORDER BY seq")
    manifest = {
        "format": FORMAT,
        "muslin": __version__,
        "project": project["name"],
        "garments": [{**_plain(row), "sample": row["project"] is None} for row in garments],
        "looks": [_plain(row) for row in looks],
        "results": [_plain(row) for row in results],
    }
    hashes = [row[column] for row in garments for column in ("photo", "mask")]
    hashes += [json.loads(row["auto"])["mask"] for row in garments]
    hashes += [row["picture"] for row in looks] + [row[column] for row in results for column in ("picture", "mask")]
    kept = {row["sha256"] for row in studio.database.all("SELECT sha256 FROM files")}
    shown = (sha256 for row in results for sha256 in collecting.shown_with(json.loads(row["settings"])))
    hashes += [sha256 for sha256 in shown if sha256 in kept]  # of a project that an older studio exported it is not
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        for sha256 in dict.fromkeys(hashes):
            path = studio.files.path(sha256)
            archive.write(path, f"files/{path.name}")


def _plain(row: Row) -> dict[str, Any]:
    """Columns as JSON types; what belongs to this database alone stays here."""
    left_out = ("seq", "revision", "project", "job")
    return {
        name: json.loads(row[name]) if name in JSON_COLUMNS and row[name] is not None else row[name]
        for name in row.keys()  # noqa: SIM118
        if name not in left_out
    }


# --------------------------------------------------------------------------------------------------------- import


def read(studio: Studio, file: IO[bytes]) -> Row:
    """A new project from an exported file. Raises UserError (exit code 3) for anything else."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            _take_files(studio, archive, manifest)
    except UserError:
        raise
    # zipfile and its decoders raise half a dozen types on damaged archives, ValueError for a negative place among them
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error) as error:
        raise _damaged(str(error) or type(error).__name__) from error
    return _enter(studio, manifest)


def _damaged(why: str) -> UserError:
    return UserError(
        "This file is no exported project.",
        received=why[:200],
        advice="Export the project again, in the studio that has it.",
        exit_code=EXIT_DATA,
    )


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    names = archive.namelist()
    if MANIFEST not in names or len(names) > MOST_FILES:
        raise _damaged(f"{len(names)} files, {'a' if MANIFEST in names else 'no'} manifest.json")
    try:
        manifest = Manifest.model_validate_json(_bounded(archive, MANIFEST, LARGEST_MANIFEST))
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(f"manifest.json, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if manifest.format != FORMAT:
        raise _damaged(f"format {manifest.format}, this muslin reads {FORMAT}")
    return manifest


def _bounded(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A member's bytes; its own word about its size is not believed."""
    with archive.open(name) as member:
        data = member.read(most + 1)
    if len(data) > most:
        raise _damaged(f"'{name[:80]}' has more than {most:,} bytes")
    return data


def _take_files(studio: Studio, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Every picture that the manifest names and the studio has not; decoded, and of the hash it claims.

    A result is a PNG, larger than the JPEG that was uploaded: the limit of one upload is not for these.
    """
    from muslin.images import MAX_BYTES

    members = {Path(name).name.split(".")[0]: name for name in archive.namelist() if name.startswith("files/")}
    wanted = [sha for garment in manifest.garments for sha in (garment.photo, garment.mask, _auto_mask(garment))]
    wanted += [look.picture for look in manifest.looks]
    wanted += [sha for result in manifest.results for sha in (result.picture, result.mask)]
    shown = (sha for result in manifest.results for sha in collecting.shown_with(result.settings))
    wanted += [sha for sha in shown if sha in members]  # an older studio left those of deleted garments and looks out
    for sha256 in dict.fromkeys(wanted):
        if studio.files.refresh(sha256):
            continue
        if sha256 not in members:
            raise _damaged(f"the picture {sha256[:16]} is missing")
        data = _bounded(archive, members[sha256], MAX_BYTES)
        _, found = uploads.picture(studio, data, MAX_BYTES)
        if found != sha256:
            raise _damaged(f"the picture {sha256[:16]} was altered")


def _auto_mask(garment: GarmentEntry) -> str:
    sha256 = garment.auto.get("mask")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise _damaged("a garment has no automatic mask")
    return sha256


def _enter(studio: Studio, manifest: Manifest) -> Row:
    """All rows in one transaction. Looks and samples that the studio has are used, not doubled."""
    project = new_id()
    name = uploads.clean(manifest.project) or projects.FIRST_NAME
    with studio.database.writing() as connection:
        insert(connection, "projects", id=project, name=name, created=now(), opened=now())
        garments, looks = {}, {}
        for garment in manifest.garments:
            same = "SELECT id FROM garments WHERE photo = ? AND project IS NULL"
            known = connection.execute(same, (garment.photo,)).fetchone() if garment.sample else None
            garments[garment.id] = known["id"] if known else new_id()
            if not known:
                columns = garment.model_dump(exclude={"id", "sample", "name"})
                named = uploads.clean(garment.name) or "Garment"
                insert(connection, "garments", **{**columns, "auto": _columns(garment)}, id=garments[garment.id],
                       project=project, name=named)  # fmt: skip
        for look in manifest.looks:
            same = "SELECT id FROM looks WHERE picture = ? AND kind = ?"
            known = connection.execute(same, (look.picture, look.kind)).fetchone()
            if look.kind == "learned":  # it is known by its model, not by a picture of it
                known = learned.same(connection, look.origin)
            looks[look.id] = known["id"] if known else new_id()
            if not known:
                columns = look.model_dump(exclude={"id", "sample"}) | {"parts": _renamed(look.parts, looks)}
                insert(connection, "looks", **columns, id=looks[look.id], sample=0, revision=revise(connection))
        for number, result in enumerate(manifest.results):
            columns = result.model_dump(exclude={"id", "number"}) | {
                "garment": garments.get(result.garment, new_id()), "looks": _renamed(result.looks, looks),
                "controls": _with_looks(result.controls, looks),
            }  # fmt: skip
            insert(connection, "results", **columns, id=new_id(), project=project, job=project, number=number,
                   revision=revise(connection))  # fmt: skip
    return projects.get(studio, project)


def _columns(garment: GarmentEntry) -> str:
    """The automatic mask's columns, no others."""
    names = ("mask", "share", "box", "mask_kind", "mask_source", "confidence")
    auto: Mapping[str, Any] = garment.auto
    if any(not isinstance(auto.get(name), (str, int, float)) for name in names):
        raise _damaged("a garment's automatic mask is not described")
    return json.dumps({name: auto[name] for name in names})


def _renamed(parts: Sequence[Mapping[str, Any]], looks: Mapping[str, str]) -> list[dict[str, Any]]:
    """[{"look", "weight"}] with the ids of this studio; parts that are not in the file are left out."""
    return [
        {"look": looks[part["look"]], "weight": float(part["weight"])}
        for part in parts
        if part.get("look") in looks and isinstance(part.get("weight"), (int, float)) and part["weight"] > 0
    ]


def _with_looks(controls: Mapping[str, Any], looks: Mapping[str, str]) -> dict[str, Any]:
    """The controls with the ids of this studio in what parts wear; looks that are not in the file are left out."""
    given = controls.get("on")
    named = {**looks, KEEP: KEEP}
    on = given if isinstance(given, dict) else {}
    return {**controls, "on": {name: named[one] for name, one in on.items() if isinstance(one, str) and one in named}}

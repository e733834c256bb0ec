"""Routes of what the studio is and holds: info, models, files by hash, sets of pictures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Query, Response, UploadFile
from fastapi.responses import FileResponse

from muslin import __version__, store
from muslin.studio import capabilities, database, projects, samples, sets
from muslin.studio.api import answers, schemas
from muslin.studio.api.desk import AtDesk, Cursor, Limit, read_upload, told
from muslin.studio.api.looks import attachment
from muslin.studio.api.security import FILE_POLICY
from muslin.studio.errors import StudioError

router = APIRouter(prefix="/v1")
FOR_EVER = "private, max-age=31536000, immutable"
BINARY = {"schema": {"type": "string", "format": "binary"}}
ANY_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind: BINARY for kind in (
        "image/png", "image/jpeg", "image/webp", "image/tiff", "application/pdf", "application/zip", "text/html")}}
}  # fmt: skip
WEBP: dict[int | str, dict[str, Any]] = {200: {"description": "Small", "content": {"image/webp": BINARY}}}


@router.get("/info", response_model=answers.Info, responses=told(), tags=["info"])
def info(desk: AtDesk) -> Any:
    """What this studio is, takes and can do."""
    from muslin.restyle.controls import LAID, MIXES, SEAMS

    limits = asdict(desk.studio.limits)
    return {
        "version": __version__,
        "project": projects.current(desk.studio)["id"],
        "revision": database.revision(desk.studio.database),
        "samples": samples.present(desk.studio),
        "data": str(desk.studio.data),
        "limits": {**limits, "set_pictures": list(limits["set_pictures"])},
        "controls": {"scale": [0.02, 20.0], "strength": [0.0, 1.0], "shading": [0.0, 2.0], "repeat": list(LAID),
                     "mix": list(MIXES), "seams": list(SEAMS), "on": list(get_args(schemas.Part))},
        "can": {name: {"available": why is None, "reason": why} for name, why in capabilities.reasons().items()},
    }  # fmt: skip


@router.get("/models", response_model=answers.Models, responses=told(), tags=["info"])
def models(desk: AtDesk) -> Any:
    """The networks that are installed."""
    shipped = store.shipped_folder()
    items = [
        {
            "name": model.name, "recipe": model.recipe, "version": str(model.card.get("version", "")),
            "sha256": model.sha256, "bytes": model.size, "summary": str(model.card.get("summary", "")),
            "licence": str(model.card.get("licence", "")), "shipped": model.folder.parent == shipped,
            "makes_prints": model.recipe in capabilities.PRINT_RECIPES, 
            "looks": [str(look) for look in model.card.get("looks", ())],
        }
        for model in store.models()
    ]  # fmt: skip
    return {"items": items, "next": None}


@router.head("/files/{sha256}", response_class=FileResponse, include_in_schema=False)
@router.get("/files/{sha256}", response_class=FileResponse, responses={**ANY_FILE, **told(404)}, tags=["files"])
def file(
    desk: AtDesk, sha256: schemas.Sha256, download: Annotated[str | None, Query(min_length=1, max_length=200)] = None
) -> FileResponse:
    """A file by the hash of its content; `download` names it for saving."""
    entry = desk.studio.files.entry(sha256)
    headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": FILE_POLICY}
    path, media_type = desk.studio.files.path(sha256), entry["media_type"]
    if not path.exists():
        raise StudioError(404, "The file is gone.", received=sha256)
    if download is not None or not media_type.startswith("image/"):
        headers["Content-Disposition"] = attachment(download or path.name)
    elif media_type == "image/tiff":  # browsers do not show it
        path, media_type = desk.studio.files.thumbnail(sha256, desk.studio.files.FULL), "image/webp"
    return FileResponse(path, media_type=media_type, headers=headers)


@router.get("/files/{sha256}/thumbnail", response_class=FileResponse, responses={**WEBP, **told(404)}, tags=["files"])
def thumbnail(desk: AtDesk, sha256: schemas.Sha256, side: Annotated[int, Query(ge=64, le=1024)] = 256) -> FileResponse:
    """A picture with its longer side at most `side` pixels."""
    path = desk.studio.files.thumbnail(sha256, side)
    return FileResponse(path, media_type="image/webp", headers={"Cache-Control": FOR_EVER})


@router.get("/sets", response_model=answers.Sets, responses=told(), tags=["sets"])
def listed(desk: AtDesk, cursor: Cursor = None, limit: Limit = 100) -> Any:
    rows, after = sets.listed(desk.studio, cursor and cursor.lstrip("s"), limit)
    return {"items": [sets.view(desk.studio, row) for row in rows], "next": after}


@router.post("/sets", status_code=201, response_model=answers.PictureSet, responses=told(429), tags=["sets"])
def create(desk: AtDesk, files: list[UploadFile], name: Annotated[schemas.Name | None, Form()] = None) -> Any:
    """Pictures to learn a look from, looked through at once."""
    with desk.uploads:
        row = sets.create(desk.studio, name or "Pictures")
        try:
            return sets.view(desk.studio, _add(desk, row["id"], files))
        except BaseException:
            sets.delete(desk.studio, row["id"])
            raise


@router.post("/sets/{identity}/pictures", response_model=answers.PictureSet, responses=told(404, 429), tags=["sets"])
def add(desk: AtDesk, identity: schemas.Id, files: list[UploadFile]) -> Any:
    with desk.uploads:
        return sets.view(desk.studio, _add(desk, identity, files))


def _add(desk: AtDesk, identity: str, files: list[UploadFile]) -> Any:
    most = desk.studio.limits.upload_bytes
    return sets.add(desk.studio, identity, ((read_upload(file, most), file.filename) for file in files))


@router.get("/sets/{identity}", response_model=answers.PictureSet, responses=told(404), tags=["sets"])
def get(desk: AtDesk, identity: schemas.Id) -> Any:
    return sets.view(desk.studio, sets.get(desk.studio, identity))


@router.delete("/sets/{identity}", status_code=204, responses=told(404), tags=["sets"])
def delete(desk: AtDesk, identity: schemas.Id) -> Response:
    sets.delete(desk.studio, identity)
    return Response(status_code=204)


@router.delete(
    "/sets/{identity}/pictures/{sha256}", response_model=answers.PictureSet, responses=told(404), tags=["sets"]
)
def remove(desk: AtDesk, identity: schemas.Id, sha256: schemas.Sha256) -> Any:
    return sets.view(desk.studio, sets.remove(desk.studio, identity, sha256))

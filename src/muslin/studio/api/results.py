"""Routes of results, and of pictures that bring their settings back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response, UploadFile

from muslin.images import MAX_BYTES
from muslin.studio import pictures, recall, results
from muslin.studio.api import answers, schemas
from muslin.studio.api.desk import AtDesk, Cursor, Limit, read_upload, told
from muslin.studio.api.looks import attachment

router = APIRouter(prefix="/v1", tags=["results"])
BINARY = {"schema": {"type": "string", "format": "binary"}}
PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture",
        "content": {kind: BINARY for kind in ("image/png", "image/jpeg", "image/webp", "image/tiff")},
    }
}


@router.get("/results", response_model=answers.Results, responses=told())
def listed(
    desk: AtDesk,
    project: Annotated[schemas.Id | None, Query()] = None,
    garment: Annotated[schemas.Id | None, Query()] = None,
    job: Annotated[schemas.Id | None, Query()] = None,
    starred: bool | None = None,
    rejected: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Any:
    """Newest first."""
    wanted = {"project": project, "garment": garment, "job": job, "starred": starred, "rejected": rejected}
    rows, after = results.listed(desk.studio, wanted, cursor and cursor.lstrip("s"), limit)
    return {"items": [results.view(desk.studio, row) for row in rows], "next": after}


@router.get("/results/{identity}", response_model=answers.Result, responses=told(404))
def get(desk: AtDesk, identity: schemas.Id) -> Any:
    return results.view(desk.studio, results.get(desk.studio, identity))


@router.patch("/results/{identity}", response_model=answers.Result, responses=told(404))
def change(desk: AtDesk, identity: schemas.Id, body: schemas.ResultPatch) -> Any:
    """Star, reject, note."""
    row = results.change(desk.studio, identity, body.model_dump(exclude_unset=True))
    desk.news.announce()
    return results.view(desk.studio, row)


@router.delete("/results/{identity}", status_code=204, responses=told(404))
def delete(desk: AtDesk, identity: schemas.Id) -> Response:
    results.delete(desk.studio, identity)
    return Response(status_code=204)


@router.get("/results/{identity}/download", response_class=Response, responses={**PICTURES, **told(404, 429)})
def download(
    desk: AtDesk,
    identity: schemas.Id,
    format: Literal["png", "jpeg", "webp", "tiff", "cutout"] = "png",
    ppi: Annotated[float | None, Query(ge=36, le=2400, allow_inf_nan=False)] = None,
    strip_metadata: bool = False,
) -> Response:
    """The picture as a file to save, with its settings inside unless stripped."""
    row = results.get(desk.studio, identity)
    media_type, suffix = pictures.FORMATS[format]
    with desk.renderings:
        data = pictures.encoded(desk.studio, row, format, ppi, strip_metadata)
    name = row["name"].removesuffix(".png") + suffix
    return Response(data, media_type=media_type, headers={"Content-Disposition": attachment(name)})


@router.get("/results/{identity}/compare/{other}", response_model=answers.Compared, responses=told(404, 429))
def compare(desk: AtDesk, identity: schemas.Id, other: schemas.Id) -> Any:
    """What differs between two results."""
    with desk.renderings:
        first, second = (results.get(desk.studio, item) for item in (identity, other))
        return results.compare(desk.studio, first, second)


@router.post("/settings", response_model=answers.Recalled, responses=told(429))
def settings(desk: AtDesk, file: UploadFile) -> Any:
    """All settings of a picture that was exported before; it may be larger than the photo that was uploaded."""
    data = read_upload(file, MAX_BYTES)
    with desk.uploads:
        return recall.recall(desk.studio, data)

"""Routes of garments and their masks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from muslin.studio import garments, parts
from muslin.studio.api import answers, schemas
from muslin.studio.api.desk import AtDesk, Cursor, Desk, Limit, read_upload, told
from muslin.studio.errors import StudioError
from muslin.studio.uploads import name_from

router = APIRouter(prefix="/v1/garments", tags=["garments"])
PNG = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("", response_model=answers.Garments, responses=told(404))
def listed(
    desk: AtDesk, project: Annotated[schemas.Id | None, Query()] = None, cursor: Cursor = None, limit: Limit = 100
) -> Any:
    """The project's own, newest first, then the samples."""
    rows, after = garments.listed(desk.studio, project, cursor, limit)
    return {"items": [garments.view(desk.studio, row) for row in rows], "next": after}


@router.post("", status_code=201, response_model=answers.Garment, responses=told(404, 429))
def upload(
    desk: AtDesk,
    file: UploadFile,
    project: Annotated[schemas.Id, Form()],
    name: Annotated[schemas.Name | None, Form()] = None,
    length_cm: Annotated[float, Form(ge=0.1, le=1000, allow_inf_nan=False)] = garments.LENGTH_CM,
) -> Any:
    """A photo; its garment is found at once."""
    data = read_upload(file, desk.studio.limits.upload_bytes)
    with desk.uploads:
        row = garments.add(desk.studio, data, project, name_from(name, file.filename, "Garment"), length_cm)
    return garments.view(desk.studio, row)


@router.get("/{identity}", response_model=answers.Garment, responses=told(404))
def get(desk: AtDesk, identity: schemas.Id) -> Any:
    return garments.view(desk.studio, garments.get(desk.studio, identity))


@router.patch("/{identity}", response_model=answers.Garment, responses=told(404))
def change(desk: AtDesk, identity: schemas.Id, body: schemas.GarmentPatch) -> Any:
    return garments.view(desk.studio, garments.change(desk.studio, identity, body.name, body.length_cm))


@router.delete("/{identity}", status_code=204, responses=told(404, 409))
def delete(desk: AtDesk, identity: schemas.Id) -> Response:
    garments.delete(desk.studio, identity)
    return Response(status_code=204)


@router.get(
    "/{identity}/mask", response_class=FileResponse, responses={200: {"description": "The mask", **PNG}, **told(404)}
)
def get_mask(desk: AtDesk, identity: schemas.Id) -> FileResponse:
    """Grey PNG of the photo's size, 255 = garment."""
    row = garments.get(desk.studio, identity)
    return FileResponse(desk.studio.files.path(row["mask"]), media_type="image/png")


@router.get("/{identity}/parts", response_model=answers.GarmentParts, responses=told(404, 429))
def list_parts(desk: AtDesk, identity: schemas.Id) -> Any:
    """The parts that the garment shows, and where: what a request's `on` may name."""
    with desk.previews:
        return {"items": parts.listed(desk.studio, garments.get(desk.studio, identity))}


@router.get(
    "/{identity}/parts/{part}", response_class=Response,
    responses={200: {"description": "White, opaque where the part lies", **PNG}, **told(404, 429)},
)  # fmt: skip
def get_part(
    desk: AtDesk,
    identity: schemas.Id,
    part: schemas.Part,
    side: Annotated[int, Query(ge=64, le=1024)] = parts.SIDE,
) -> Response:
    """A picture to lay over the photo, longer side at most `side`."""
    with desk.previews:
        data = parts.picture(desk.studio, garments.get(desk.studio, identity), part, side)
    return Response(data, media_type="image/png")


@router.put(
    "/{identity}/mask", response_model=answers.Garment, responses=told(404, 415, 429),
    openapi_extra={"requestBody": {"required": True, **PNG}},
)  # fmt: skip
async def put_mask(desk: AtDesk, identity: schemas.Id, request: Request) -> Any:
    """The mask as a picture: brightness counts, or transparency where it has any."""
    if not request.headers.get("content-type", "").lower().startswith("image/"):
        raise StudioError(415, "A mask is sent as a picture.", possible="Content-Type: image/png")
    return await run_in_threadpool(_put_mask, desk, identity, await request.body())


def _put_mask(desk: Desk, identity: str, data: bytes) -> dict[str, Any]:
    with desk.uploads:
        return garments.view(desk.studio, garments.set_mask(desk.studio, identity, data))


@router.delete("/{identity}/mask", response_model=answers.Garment, responses=told(404))
def reset_mask(desk: AtDesk, identity: schemas.Id) -> Any:
    """Back to what was found automatically."""
    return garments.view(desk.studio, garments.reset_mask(desk.studio, identity))


@router.post("/{identity}/mask/part", response_model=answers.Garment, responses=told(404, 422, 429))
def take_part(desk: AtDesk, identity: schemas.Id, body: schemas.MaskPart) -> Any:
    """The upper or the lower part of what somebody in the photo wears."""
    with desk.uploads:
        return garments.view(desk.studio, garments.take_part(desk.studio, identity, body.part))


@router.post("/{identity}/mask/copy", response_model=answers.MaskCopied, responses=told(404, 429))
def copy_mask(desk: AtDesk, identity: schemas.Id, body: schemas.MaskCopy) -> Any:
    """The same mask for other photos of the same shape."""
    with desk.uploads:
        return garments.copy_mask(desk.studio, identity, body.to)

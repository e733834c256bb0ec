"""Routes of looks: swatches, mixes, colours, tiles."""

from __future__ import annotations

import threading
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Response, UploadFile

from muslin.studio import colours, learned, looks
from muslin.studio.api import answers, schemas
from muslin.studio.api.desk import AtDesk, Cursor, Desk, Limit, read_upload, told
from muslin.studio.controls import slug
from muslin.studio.engine import JPEG_QUALITY
from muslin.studio.uploads import clean, name_from

router = APIRouter(prefix="/v1/looks", tags=["looks"])
BINARY = {"schema": {"type": "string", "format": "binary"}}
JPEG: dict[int | str, dict[str, Any]] = {200: {"description": "The cloth", "content": {"image/jpeg": BINARY}}}
SAVED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The tile", "content": {"image/png": BINARY, "image/tiff": BINARY}}
}
WORD = "([0-9a-f]{6}=)?([0-9a-f]{6}|keep)"
Words = Annotated[str | None, Query(pattern=f"^{WORD}(,{WORD}){{0,11}}$")]


@router.get("", response_model=answers.LooksOut, responses=told())
def listed(desk: AtDesk, cursor: Cursor = None, limit: Limit = 100) -> Any:
    if learned.stale(desk.studio):  # a model was trained or removed meanwhile; its look comes as news
        threading.Thread(target=learned.refresh, args=(desk.studio, desk.news.announce), daemon=True).start()
    rows, after = looks.listed(desk.studio, cursor and cursor.lstrip("s"), limit)
    return {"items": [looks.view(desk.studio, row) for row in rows], "next": after}


@router.post("", status_code=201, response_model=answers.Look, responses=told(429))
def upload(
    desk: AtDesk,
    file: UploadFile,
    name: Annotated[schemas.Name | None, Form()] = None,
    repeat_cm: Annotated[float | None, Form(ge=0.1, le=1000, allow_inf_nan=False)] = None,
    shows: Annotated[Literal["auto", "cloth", "garment"], Form()] = "auto",
) -> Any:
    """A swatch: a picture of cloth, or of a garment whose cloth is cut out."""
    data = read_upload(file, desk.studio.limits.upload_bytes)
    with desk.uploads:
        row = looks.add(desk.studio, data, name_from(name, file.filename, "Swatch"), shows, repeat_cm=repeat_cm)
    desk.news.announce()
    return looks.view(desk.studio, row)


@router.post("/mix", status_code=201, response_model=answers.Look, responses=told(404, 429))
def mix(desk: AtDesk, body: schemas.MixIn) -> Any:
    """Two to four looks as one, by weight."""
    with desk.renderings:
        row = looks.mix(desk.studio, body.name, [part.model_dump() for part in body.parts], body.mix)
    desk.news.announce()
    return looks.view(desk.studio, row)


@router.post("/tile", responses={**JPEG, **told(404, 429)}, response_class=Response)
def mixed_tile(desk: AtDesk, body: schemas.TileIn) -> Response:
    """Flat cloth of looks that need not be saved as a mix: for a slider between two."""
    with desk.renderings:
        swatches = looks.flattened(desk.studio, [look.model_dump() for look in body.looks])
        return _tile(desk, swatches, body)


@router.get("/{identity}", response_model=answers.Look, responses=told(404))
def get(desk: AtDesk, identity: schemas.Id) -> Any:
    return looks.view(desk.studio, looks.get(desk.studio, identity))


@router.patch("/{identity}", response_model=answers.Look, responses=told(404))
def change(desk: AtDesk, identity: schemas.Id, body: schemas.LookPatch) -> Any:
    row = looks.change(desk.studio, identity, body.model_dump(exclude_unset=True))
    desk.news.announce()
    return looks.view(desk.studio, row)


@router.delete("/{identity}", status_code=204, responses=told(404, 409))
def delete(desk: AtDesk, identity: schemas.Id) -> Response:
    looks.delete(desk.studio, identity)
    return Response(status_code=204)


@router.get("/{identity}/palette", response_model=answers.Colours, responses=told(404, 429))
def palette(desk: AtDesk, identity: schemas.Id, count: Annotated[int, Query(ge=1, le=8, alias="colours")] = 5) -> Any:
    """The main colours, the most frequent first."""
    with desk.renderings:
        return colours.palette(desk.studio, looks.get(desk.studio, identity), count)


@router.post("/{identity}/colourways", response_model=answers.Colourways, responses=told(404, 429))
def colourways(desk: AtDesk, identity: schemas.Id, body: schemas.ColourwaysIn) -> Any:
    """Palettes to choose from; nothing is saved."""
    with desk.renderings:
        row = looks.get(desk.studio, identity)
        learned.refuse([row])
        return colours.colourways(desk.studio, row, **body.model_dump())


@router.post("/{identity}/recolour", status_code=201, response_model=answers.Look, responses=told(404, 429))
def recolour(desk: AtDesk, identity: schemas.Id, body: schemas.RecolourIn) -> Any:
    """A new look: the same print in other colours."""
    from muslin.images import encode_image

    studio, row = desk.studio, looks.get(desk.studio, identity)
    learned.refuse([row])
    with desk.renderings:
        pixels = colours.recolour(studio, row, body.palette)
        sha256 = studio.files.add(encode_image(pixels, "PNG"), "image/png", pixels.shape[1], pixels.shape[0])
        name = body.name or f"{row['name']}, recoloured"
        origin = {"look": identity, "palette": body.palette}
        made = looks.keep(studio, pixels, sha256, name, kind="recoloured", origin=origin, repeat_cm=row["repeat_cm"])
    desk.news.announce()
    return looks.view(studio, made)


@router.get("/{identity}/tile", responses={**JPEG, **told(404, 429)}, response_class=Response)
def tile(
    desk: AtDesk,
    identity: schemas.Id,
    across: Annotated[int, Query(ge=1, le=12)] = 3,
    side: Annotated[int, Query(ge=64, le=1024)] = 512,
    repeat: schemas.Repeat = "straight",
    rotation: Annotated[float, Query(ge=-36000, le=36000, allow_inf_nan=False)] = 0.0,
    palette: Words = None,
    seamless: Literal["auto", "true", "false"] = "auto",
) -> Response:
    """The cloth zoomed out."""
    mended: Any = {"auto": "auto", "true": True, "false": False}[seamless]
    asked = schemas.TileIn(
        looks=[schemas.WeightedLook(look=identity)], across=across, side=side, repeat=repeat, rotation=rotation,
        palette=_colours(palette) or None, seamless=mended,
    )  # fmt: skip
    with desk.renderings:
        return _tile(desk, looks.flattened(desk.studio, [{"look": identity, "weight": 1.0}]), asked)


@router.get("/{identity}/export", responses={**SAVED, **told(404, 429)}, response_class=Response)
def export(
    desk: AtDesk,
    identity: schemas.Id,
    width_cm: Annotated[float, Query(ge=0.1, le=1000, allow_inf_nan=False)] = 20.0,
    dpi: Annotated[float, Query(ge=10, le=2400, allow_inf_nan=False)] = 300.0,
    repeat: schemas.Repeat = "straight",
    format: Literal["png", "tiff"] = "png",
    palette: Words = None,
) -> Response:
    """The seamless tile as a file with its resolution: one swatch is `width_cm` wide."""
    from muslin.images import encode_image
    from muslin.studio.pictures import tiff

    row = looks.get(desk.studio, identity)
    width = max(1, round(width_cm / 2.54 * dpi))
    with desk.renderings:
        swatches = looks.flattened(desk.studio, [{"look": identity, "weight": 1.0}])
        pixels = colours.tile(desk.studio, swatches, width, repeat, _colours(palette))
        data = tiff(pixels, dpi) if format == "tiff" else encode_image(pixels, "PNG", dpi=dpi)
    name = f"{slug(row['name'])}.{repeat}.{width_cm:g}cm.{dpi:g}dpi.{format}"
    return Response(data, media_type=f"image/{format}", headers={"Content-Disposition": attachment(name)})


def attachment(name: str) -> str:
    """Content-Disposition for a file of this name (RFC 6266)."""
    from urllib.parse import quote

    name = clean(name) or "file"
    plain = name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _colours(words: str | None) -> list[str]:
    if not words:
        return []
    return ["=".join(part if part == "keep" else f"#{part}" for part in word.split("=")) for word in words.split(",")]


def _tile(desk: Desk, swatches: Any, asked: schemas.TileIn) -> Response:
    from muslin.images import encode_image

    pixels = colours.zoomed_out(
        desk.studio, swatches, across=asked.across, side=asked.side, repeat=asked.repeat, rotation=asked.rotation,
        colours=asked.palette or [], seamless=asked.seamless,
    )  # fmt: skip
    return Response(encode_image(pixels, "JPEG", quality=JPEG_QUALITY), media_type="image/jpeg")

"""Routes of projects, with export and import."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from muslin.studio import exchange, projects
from muslin.studio.api import answers, schemas
from muslin.studio.api.desk import AtDesk, Cursor, Limit, told
from muslin.studio.controls import slug

router = APIRouter(prefix="/v1/projects", tags=["projects"])
BINARY = {"schema": {"type": "string", "format": "binary"}}
ZIP: dict[int | str, dict[str, Any]] = {200: {"description": "The project", "content": {"application/zip": BINARY}}}


@router.get("", response_model=answers.Projects, responses=told())
def listed(desk: AtDesk, cursor: Cursor = None, limit: Limit = 100) -> Any:
    projects.current(desk.studio)
    rows, after = projects.listed(desk.studio, cursor and cursor.lstrip("s"), limit)
    return {"items": [projects.view(desk.studio, row) for row in rows], "next": after}


@router.post("", status_code=201, response_model=answers.Project, responses=told())
def create(desk: AtDesk, body: schemas.ProjectIn) -> Any:
    return projects.view(desk.studio, projects.create(desk.studio, body.name))


@router.post("/import", status_code=201, response_model=answers.Project, responses=told(429))
def import_project(desk: AtDesk, file: UploadFile) -> Any:
    """A new project from an exported file."""
    with desk.uploads:
        row = exchange.read(desk.studio, file.file)
    desk.news.announce()
    return projects.view(desk.studio, row)


@router.get("/{identity}", response_model=answers.Project, responses=told(404))
def get(desk: AtDesk, identity: schemas.Id) -> Any:
    return projects.view(desk.studio, projects.get(desk.studio, identity))


@router.patch("/{identity}", response_model=answers.Project, responses=told(404))
def change(desk: AtDesk, identity: schemas.Id, body: schemas.ProjectPatch) -> Any:
    return projects.view(desk.studio, projects.change(desk.studio, identity, body.name, body.opened))


@router.delete("/{identity}", status_code=204, responses=told(404))
def delete(desk: AtDesk, identity: schemas.Id) -> Response:
    """With its garments, results and jobs."""
    running = desk.studio.database.all("SELECT id, kind FROM jobs WHERE project = ? AND state = 'running'", identity)
    projects.delete(desk.studio, identity)
    for job in running:
        desk.supervisor.cancel(job["kind"], job["id"])
    desk.news.announce()
    return Response(status_code=204)


@router.get("/{identity}/export", response_class=FileResponse, responses={**ZIP, **told(404)})
def export(desk: AtDesk, identity: schemas.Id) -> FileResponse:
    """The project as one file."""
    project = projects.get(desk.studio, identity)
    with tempfile.NamedTemporaryFile(dir=desk.studio.data, prefix=".export-", suffix=".zip", delete=False) as file:
        path = Path(file.name)
    try:
        exchange.write(desk.studio, identity, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    name = f"{slug(project['name'])}.muslin.zip"
    return FileResponse(path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink))

"""Routes of jobs: into the queue, out of it, and what is done while one waits (the preview)."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Query, Response
from fastapi.responses import JSONResponse

from muslin.studio import colours, controls, garments, jobs, learned, looks, parts, submitting
from muslin.studio.api import answers, schemas
from muslin.studio.api.desk import AtDesk, Cursor, Limit, told
from muslin.studio.work import painting

router = APIRouter(prefix="/v1", tags=["jobs"])
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[!-~]+$")]
SAME: dict[int | str, dict[str, Any]] = {200: {"model": answers.Job, "description": "The job of this key, made before"}}
JPEG: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The garment in these looks, small",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/preview", responses={**JPEG, **told(404, 429)}, response_class=Response, tags=["preview"])
def preview(desk: AtDesk, body: schemas.PreviewIn) -> Response:
    """The garment in these looks at low resolution, at once."""
    started = time.perf_counter()
    studio = desk.studio
    with desk.previews:
        row = garments.get(studio, body.garment)
        swatches = looks.flattened(studio, [look.model_dump() for look in body.looks], cloth=False)
        if learned.painted([look for look, _ in swatches]):
            parts.worn(studio, body.controls.model_dump(), painted=True)
            asked = painting.arguments(swatches, body.controls.model_dump())
            return _shown(painting.preview(studio.engine, row, swatches, asked, body.side), started)
        on = parts.worn(studio, body.controls.model_dump())
        asked = controls.for_garment(body.controls.model_dump(), row["length_cm"])
        asked["palette"] = colours.dyes(studio, swatches, body.controls.palette or [])
        cloths = [(look["picture"], weight) for look, weight in swatches]
        data = studio.engine.preview(row["photo"], row["mask"], cloths, asked, body.side, parts.pictures(on))
    return _shown(data, started)


def _shown(data: bytes, started: float) -> Response:
    took = {"Server-Timing": f"render;dur={(time.perf_counter() - started) * 1000:.0f}"}
    return Response(data, media_type="image/jpeg", headers=took)


@router.post("/jobs", status_code=202, response_model=answers.Job, responses={**SAME, **told(404, 409, 429, 501)})
def submit(desk: AtDesk, body: Annotated[schemas.JobIn, Body()], idempotency_key: Key = None) -> Any:
    """Put a job into the queue."""
    request = body.model_dump()
    row, new = jobs.known(desk.studio, request, idempotency_key), False
    if row is None:
        command = submitting.prepare(desk.studio, request)
        row, new = jobs.submit(desk.studio, request, command, idempotency_key)
    if new:
        desk.supervisor.wake(request["kind"])
        desk.news.announce()
    answer = answers.Job.model_validate(jobs.view(desk.studio, row)).model_dump(mode="json")
    return JSONResponse(answer, 202 if new else 200, headers={"Location": f"/v1/jobs/{row['id']}"})


@router.get("/jobs", response_model=answers.Jobs, responses=told())
def listed(
    desk: AtDesk,
    project: Annotated[schemas.Id | None, Query()] = None,
    state: Literal["queued", "running", "done", "failed", "cancelled"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Any:
    rows, after = jobs.listed(desk.studio, project, state, cursor and cursor.lstrip("s"), limit)
    return {"items": [jobs.view(desk.studio, row, whole=False) for row in rows], "next": after}


@router.get("/jobs/{identity}", response_model=answers.Job, responses=told(404))
def get(desk: AtDesk, identity: schemas.Id) -> Any:
    return jobs.view(desk.studio, jobs.get(desk.studio, identity))


@router.delete("/jobs/{identity}", response_model=answers.Job, responses=told(404, 409))
def cancel(desk: AtDesk, identity: schemas.Id) -> Any:
    """End it now; what it made so far stays."""
    row, was_running = jobs.cancel(desk.studio, identity)
    if was_running:
        desk.supervisor.cancel(row["kind"], identity)
    desk.news.announce()
    return jobs.view(desk.studio, row)


@router.post("/jobs/{identity}/stop", response_model=answers.Job, responses=told(404, 409))
def stop(desk: AtDesk, identity: schemas.Id) -> Any:
    """End a training after its next step, with everything learned so far kept for resuming."""
    row = submitting.stoppable(desk.studio, identity)
    if row["state"] == "queued" or row["progress"] == 0:  # nothing learned yet, nothing to save
        row, was_running = jobs.cancel(desk.studio, identity)
        if was_running:
            desk.supervisor.cancel(row["kind"], identity)
    else:
        desk.supervisor.stop(row["kind"], identity)
    desk.news.announce()
    return jobs.view(desk.studio, row)


@router.post("/jobs/{identity}/resume", response_model=answers.Job, responses=told(404, 409, 429))
def resume(desk: AtDesk, identity: schemas.Id) -> Any:
    """Go on with a training that was stopped, cancelled or has failed."""
    row = jobs.resume(desk.studio, identity)
    desk.supervisor.wake(row["kind"])
    desk.news.announce()
    return jobs.view(desk.studio, row)

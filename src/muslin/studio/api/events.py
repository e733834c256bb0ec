"""Server-sent events: jobs, results and looks as they change. The database is the log, a revision the place in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from muslin.studio import jobs, looks, results
from muslin.studio.api import schemas
from muslin.studio.api.desk import AtDesk, Desk, told
from muslin.studio.database import Row, revision
from muslin.studio.service import Studio

router = APIRouter(prefix="/v1", tags=["events"])
BEAT = 15.0  # seconds between signs of life
TOGETHER = 0.04  # seconds: changes within are told at once
MOST = 400  # rows told at a time
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,18}$")]


@router.get("/events", responses={**STREAM, **told(404)}, response_class=StreamingResponse)
async def events(
    desk: AtDesk,
    project: Annotated[schemas.Id | None, Query()] = None,
    since: Annotated[int | None, Query(ge=0, le=10**18 - 1)] = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Changes of jobs, results and looks (of one project) after a revision; without one at first what is queued or
    running.

    A page that takes the revision of `/v1/info`, then its lists, then this, misses nothing between them.
    """
    after = last_event_id or (None if since is None else str(since))
    return _stream(_changes(desk, project, None, after))


@router.get("/jobs/{identity}/events", responses={**STREAM, **told(404)}, response_class=StreamingResponse)
async def job_events(desk: AtDesk, identity: schemas.Id, last_event_id: LastEventId = None) -> StreamingResponse:
    """Changes of one job and its results, until it has ended."""
    await run_in_threadpool(jobs.get, desk.studio, identity)
    return _stream(_changes(desk, None, identity, last_event_id))


def _stream(lines: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(lines, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _changes(desk: Desk, project: str | None, job: str | None, since: str | None) -> AsyncIterator[str]:
    studio, last = desk.studio, int(since) if since else None
    with desk.news.listening() as changed:
        yield "retry: 1000\n\n"
        while not desk.news.closing:
            changed.clear()
            last, found = await run_in_threadpool(news_since, studio, last, project, job)
            for kind, item in found:
                yield f"id: {item['revision']}\nevent: {kind}\ndata: {json.dumps(item)}\n\n"
                if job is not None and kind == "job" and item["state"] in ("done", "failed", "cancelled"):
                    return
            if len(found) >= MOST:
                continue
            try:
                await asyncio.wait_for(changed.wait(), BEAT)
                await asyncio.sleep(TOGETHER)
            except TimeoutError:
                yield ": alive\n\n"


def news_since(
    studio: Studio, last: int | None, project: str | None, job: str | None
) -> tuple[int, list[tuple[str, dict[str, Any]]]]:
    """(revision reached, changes after `last` in order). last None: what is queued or running, or all of one job."""
    reached = revision(studio.database)
    after, found = last or 0, []
    for kind, table, view in KINDS:
        where, values = ["revision > ?", "revision <= ?"], [after, reached]
        if job is not None:
            where.append("id = ?" if kind == "job" else "job = ?")
            values.append(job)  # type: ignore[arg-type]
        elif project is not None and kind != "look":
            where.append("project = ?")
            values.append(project)  # type: ignore[arg-type]
        if last is None and job is None:
            if kind != "job":
                continue
            where.append("state IN ('queued', 'running')")
        query = f"SELECT * FROM {table} WHERE {' AND '.join(where)} ORDER BY revision LIMIT {MOST}"
        rows = studio.database.all(query, *values)
        if len(rows) == MOST:  # the rest is told next time
            reached = min(reached, rows[-1]["revision"])
        found += [(kind, row["revision"], view(studio, row)) for row in rows]
    # A job's end comes after its last result, which has the lower revision.
    told = sorted((change for change in found if change[1] <= reached), key=lambda change: change[1])
    return reached, [(kind, item) for kind, _, item in told]


def _job(studio: Studio, row: Row) -> dict[str, Any]:
    return jobs.view(studio, row, whole=False)


KINDS = (("job", "jobs", _job), ("result", "results", results.view), ("look", "looks", looks.view))

"""The web application: guarded routes under /v1, and the built page beside them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from muslin import __version__
from muslin.studio import collecting, learned, samples
from muslin.studio.api import events, garments, jobs, library, looks, problems, projects, results
from muslin.studio.api.desk import Desk, make_desk
from muslin.studio.service import Studio

PAGE = Path(__file__).parent.parent / "page"
ROUTERS = (library.router, projects.router, garments.router, looks.router, events.router, jobs.router, results.router)


def create_app(studio: Studio, on_ready: Callable[[], None] = lambda: None, with_samples: bool = True) -> FastAPI:
    """The app; wrap it in `security.Guard`. on_ready: called once it answers."""
    desk = make_desk(studio)

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        desk.news.open(asyncio.get_running_loop())
        current_default_thread_limiter().total_tokens += desk.most_waiting  # who waits takes no other request's thread
        desk.supervisor.start()
        threading.Thread(target=_prepare, args=(desk, with_samples), name="muslin-prepare", daemon=True).start()
        on_ready()
        yield
        desk.news.close()
        desk.supervisor.close()

    app = FastAPI(
        title="muslin studio",
        version=__version__,
        description="Restyle photographs of garments, on this computer. See docs/studio-api.md.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # they would ask a content delivery network for their scripts
        redoc_url=None,
        redirect_slashes=False,
        lifespan=alive,
    )
    app.state.desk = desk
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _add_health(app, desk)
    _document_problems(app)
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app


def _prepare(desk: Desk, with_samples: bool) -> None:
    """In the background: networks into memory, samples rendered, files nobody needs removed."""
    desk.studio.engine.warm()
    if with_samples:
        samples.make(desk.studio, desk.news.announce)
    learned.refresh(desk.studio, desk.news.announce)
    collecting.collect(desk.studio)


def _add_health(app: FastAPI, desk: Desk) -> None:
    """Neither waits for anything, and neither takes a thread: they answer while all threads are busy."""

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Any:
        if trouble := desk.supervisor.trouble:
            kinds = ", ".join(f"{lane}: {kind}" for lane, kind in trouble.items())  # no more: it is open to everybody
            words = f"A worker cannot be started ({kinds}); the log of the studio says why. It is tried again."
            return problems.plain(503, words, "/readyz", {"Retry-After": "10"})
        if desk.supervisor.ready:
            return {"status": "ok"}
        return problems.plain(503, "The worker is starting.", "/readyz", {"Retry-After": "1"})


def _document_problems(app: FastAPI) -> None:
    """The schema that all problem answers refer to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            for name, definition in {**schema.pop("$defs", {}), "Problem": schema}.items():
                document["components"]["schemas"][name] = definition
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

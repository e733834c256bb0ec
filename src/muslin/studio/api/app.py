"""The web application: guarded routes under /v1, and the built page beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from muslin import __version__
from muslin.studio.api import problems

PAGE = Path(__file__).parent.parent / "page"


def create_app() -> FastAPI:
    """The app; wrap it in `security.Guard`."""
    app = FastAPI(
        title="muslin studio",
        version=__version__,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # they would ask a content delivery network for their scripts
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, Any]:
        return {"status": "ok"}

    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app

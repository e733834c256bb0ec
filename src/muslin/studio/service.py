"""One studio: a data folder with its database and files, and the networks that look at pictures.

The server and its workers each hold one of the same folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muslin import store
from muslin.studio.database import Database
from muslin.studio.engine import Engine
from muslin.studio.files import Files

if TYPE_CHECKING:
    from muslin.studio.replicas import Place
    from muslin.studio.work.making import Made, Order


@dataclass(frozen=True)
class Limits:
    """What is taken at most. Bytes and pixels are of one upload, queue is of jobs waiting."""

    upload_bytes: int = 60_000_000
    upload_pixels: int = 60_000_000
    queue: int = 64
    previews: int = 8  # that wait for their turn
    variants: int = 16
    batch: int = 500
    preview_side: int = 384
    set_pictures: tuple[int, int] = (5, 200)
    import_bytes: int = 2_000_000_000


class Studio:
    """data: the folder, made where it is missing. threads: of the networks (None: all cores)."""

    def __init__(self, data: Path, limits: Limits | None = None, threads: int | None = None) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.limits = limits or Limits()
        self.database = Database(data / "studio.sqlite")
        self.files = Files(data / "files", self.database)
        self.engine = Engine(self.files, threads)
        self.replicas: Place | None = None  # of the server, for its workers; None: each worker makes results itself
        self.send: Callable[[Order], Made] | None = None  # makes results elsewhere (replicas.py); None: here
        self.curl = "curl http://127.0.0.1:8765"  # how a command line reaches it; the server says better

    @property
    def runs(self) -> Path:
        """Where trainings keep their state; one folder a job."""
        return self.data / "runs"


def data_folder() -> Path:
    """$MUSLIN_STUDIO, else the data folder of the system."""
    if os.environ.get("MUSLIN_STUDIO"):
        return Path(os.environ["MUSLIN_STUDIO"]).expanduser()
    return store.data_folder() / "studio"

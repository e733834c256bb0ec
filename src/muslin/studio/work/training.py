"""Training jobs: a designer's own pictures become a look that can be imagined anew."""

from __future__ import annotations

from collections.abc import Callable

from muslin.studio.capabilities import require
from muslin.studio.jobs import Own
from muslin.studio.service import Studio


def run(studio: Studio, own: Own, stopping: Callable[[], bool]) -> None:
    require("train")

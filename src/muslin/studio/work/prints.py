"""Imagine jobs: new prints from noise, each kept as a look."""

from __future__ import annotations

from muslin.studio.capabilities import require
from muslin.studio.jobs import Own
from muslin.studio.service import Studio


def run(studio: Studio, own: Own) -> None:
    require("imagine")

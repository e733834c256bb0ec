"""Files that nothing refers to any more are removed, at the start of the studio."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from typing import Any

from muslin.studio.service import Studio

OLD = 3600.0  # seconds


def used(studio: Studio) -> Iterator[str]:
    """SHA-256 of every file that some row names."""
    every = studio.database.all
    for row in every("SELECT photo, mask, auto FROM garments"):
        yield from (row["photo"], row["mask"], json.loads(row["auto"])["mask"])
    for row in every("SELECT picture FROM looks"):
        yield row["picture"]
    for row in every("SELECT picture, mask, settings FROM results"):
        yield from (row["picture"], row["mask"])
        yield from shown_with(json.loads(row["settings"]))
    for row in every("SELECT sha256 FROM set_pictures"):
        yield row["sha256"]
    for row in every("SELECT files, samples FROM jobs"):
        yield from (file["sha256"] for file in json.loads(row["files"]))
        yield from json.loads(row["samples"])


def shown_with(settings: Mapping[str, Any]) -> Iterator[str]:
    """SHA-256 of a result's photo and swatches, which outlive their garment and look: a lookbook shows them.

    settings: of the result, which may come from anybody's file.
    """
    styles, on = settings.get("styles"), settings.get("on")
    worn = [*(styles if isinstance(styles, list) else []), *(on.values() if isinstance(on, dict) else [])]
    for entry in [settings.get("source"), *worn]:
        if isinstance(entry, dict) and isinstance(entry.get("sha256"), str):
            yield entry["sha256"]


def collect(studio: Studio, older_than: float = OLD) -> int:
    """Remove what nothing names, and what a process left half done; returns the number of files."""
    gone = studio.files.collect(used(studio), older_than)
    for pattern in (".deliver-*.zip", ".export-*.zip", ".set-*"):
        for path in studio.data.glob(pattern):
            if path.stat().st_mtime < time.time() - older_than:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    for path in studio.runs.glob("*"):  # of trainings whose project was deleted
        if studio.database.value("SELECT 1 FROM jobs WHERE id = ?", path.name) is None:
            shutil.rmtree(path, ignore_errors=True)
    return gone

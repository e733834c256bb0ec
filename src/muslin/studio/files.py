"""Files addressed by the SHA-256 of their content. No name that a user chose ever becomes a path here."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from muslin.errors import UserError
from muslin.images import write_bytes
from muslin.studio.database import Database, now
from muslin.studio.errors import StudioError

SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/tiff": ".tiff",
    "text/html": ".html", "application/pdf": ".pdf", "application/zip": ".zip",
}  # fmt: skip
SHA256 = re.compile(r"[0-9a-f]{64}")


class Files:
    """The folder `root` and its table. Adding the same bytes twice keeps them once."""

    FULL = 16_383  # px: as large as a WebP can be

    def __init__(self, root: Path, database: Database) -> None:
        self.root, self.database = root, database
        self.thumbnails = root.parent / "thumbnails"
        root.mkdir(parents=True, exist_ok=True)
        self.thumbnails.mkdir(exist_ok=True)

    def add(self, data: bytes, media_type: str, width: int | None = None, height: int | None = None) -> str:
        """Keep these bytes; returns their SHA-256. width, height: of a picture, in pixels."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256, media_type)
        self._enter(sha256, media_type, len(data), width, height)  # first: what is young is not collected
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, data, overwrite=True)
        return sha256

    def refresh(self, sha256: str) -> bool:
        """Whether a file is kept; if so it counts as new, and is not collected before a row can name it."""
        with self.database.writing() as connection:
            touched = connection.execute("UPDATE files SET created = ? WHERE sha256 = ?", (now(), sha256))
        return touched.rowcount > 0

    def adopt(self, path: Path, media_type: str) -> str:
        """Keep a file that lies on the same disk, by moving it; returns its SHA-256."""
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        target = self._path(sha256, media_type)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._enter(sha256, media_type, path.stat().st_size, None, None)
        os.replace(path, target)
        return sha256

    def _enter(self, sha256: str, media_type: str, size: int, width: int | None, height: int | None) -> None:
        with self.database.writing() as connection:
            connection.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET created = excluded.created",
                (sha256, media_type, size, width, height, now()),
            )

    def path(self, sha256: str) -> Path:
        """Where a file is. Raises StudioError (404) for one that is not kept."""
        return self._path(sha256, str(self.entry(sha256)["media_type"]))

    def entry(self, sha256: str) -> Any:
        row = None
        if SHA256.fullmatch(sha256):
            row = self.database.one("SELECT * FROM files WHERE sha256 = ?", sha256)
        if row is None:
            raise StudioError(404, "There is no file of this hash.", received=sha256[:80])
        return row

    def describe(self, sha256: str) -> dict[str, Any]:
        """The picture object of the API."""
        row = self.entry(sha256)
        return {
            "sha256": sha256,
            "url": f"/v1/files/{sha256}",
            "thumbnail": f"/v1/files/{sha256}/thumbnail",
            "media_type": row["media_type"],
            "bytes": row["bytes"],
            "width": row["width"],
            "height": row["height"],
        }

    def data(self, sha256: str) -> bytes:
        """What is kept. Raises UserError where it was removed behind the studio's back."""
        path = self.path(sha256)
        try:
            return path.read_bytes()
        except OSError as error:
            raise UserError("The image is gone from the studio's folder.", advice="Add it again.") from error

    def thumbnail(self, sha256: str, side: int) -> Path:
        """A WebP whose longer side is at most `side` pixels; made at the first asking."""
        entry = self.entry(sha256)
        if entry["width"] is None:
            raise StudioError(404, "This file is no picture and has no thumbnail.", received=sha256[:80])
        path = self.thumbnails / f"{sha256}-{side}.webp"
        if not path.exists():
            from muslin.images import at_most, encode_image, off_white, read_image

            photo = read_image(self.data(sha256))
            small, alpha = at_most(photo.pixels, side), photo.alpha
            if alpha is not None:
                alpha = at_most(alpha, side)
            write_bytes(path, encode_image(off_white(small, alpha), "WEBP", alpha=alpha, quality=82), overwrite=True)
        return path

    def collect(self, used: Iterable[str], older_than: float = 3600.0) -> int:
        """Remove files that nothing refers to; returns how many. Young ones may be on their way into a row."""
        keep = set(used)
        before = time.time() - older_than
        gone = [
            row
            for row in self.database.all("SELECT sha256, media_type FROM files WHERE created < ?", before)
            if row["sha256"] not in keep
        ]
        removed = 0
        for row in gone:
            with self.database.writing() as connection:
                still = "DELETE FROM files WHERE sha256 = ? AND created < ?"  # nobody has added it again since
                if connection.execute(still, (row["sha256"], before)).rowcount == 0:
                    continue
                self._path(row["sha256"], row["media_type"]).unlink(missing_ok=True)
            removed += 1
            for thumbnail in self.thumbnails.glob(f"{row['sha256']}-*"):
                thumbnail.unlink(missing_ok=True)
        for part in self.root.glob("*/.muslin-*.part"):  # of a process that died while writing
            if os.stat(part).st_mtime < before:
                part.unlink(missing_ok=True)
        return removed

    def _path(self, sha256: str, media_type: str) -> Path:
        return self.root / sha256[:2] / f"{sha256}{SUFFIXES[media_type]}"

"""What comes from outside: bytes become kept pictures only after their content was decoded within the limits."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from muslin.errors import EXIT_DATA, UserError

if TYPE_CHECKING:
    from muslin.images import Photo
    from muslin.studio.service import Studio

LONGEST_NAME = 120
SMALLEST_SIDE = 16  # px
SIGNATURES = {b"\xff\xd8": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


def picture(studio: Studio, data: bytes, most: int | None = None) -> tuple[Photo, str]:
    """The decoded picture and the SHA-256 under which its bytes are kept. most: bytes; None: those of one upload.

    Raises UserError (exit code 3) for bytes that are no JPEG, PNG, WebP or TIFF, or too large or small a one.
    """
    from muslin.images import read_image

    limits = studio.limits
    photo = read_image(data, max_pixels=limits.upload_pixels, max_bytes=most or limits.upload_bytes)
    height, width = photo.pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise UserError(
            "The picture is too small.",
            received=f"{width} x {height} pixels",
            possible=f"at least {SMALLEST_SIDE} pixels a side",
            exit_code=EXIT_DATA,
        )
    return photo, studio.files.add(data, media_type(data), width, height)


def media_type(data: bytes) -> str:
    """Of a picture that has been decoded before: by its signature, as not every TIFF that is read is one to Pillow."""
    found = (kind for signature, kind in SIGNATURES.items() if data.startswith(signature))
    return next(found, "image/tiff")


def name_from(given: str | None, file_name: str | None, otherwise: str) -> str:
    """A name for people: the given one, else the uploaded file's stem as words, else `otherwise`."""
    text = given or PurePosixPath(_decoded(file_name or "").replace("\\", "/")).stem.replace("_", " ")
    return clean(text) or otherwise


def _decoded(file_name: str) -> str:
    """A form's file name, in which browsers write these three, and nothing else, as percent codes (HTML, multipart)."""
    for code, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        file_name = file_name.replace(code, character)
    return file_name


def clean(text: str) -> str:
    """One line without control and format characters (which can turn text around), of bounded length."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(kept.split())[:LONGEST_NAME].strip()

"""What can be read and written, and two small words about files."""

from __future__ import annotations

import os
from pathlib import Path

READABLE = "JPEG, PNG, WebP, TIFF"
FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG",
    ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip
MAX_BYTES = 200_000_000
MAX_PIXELS = 200_000_000
LARGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
XMP_KEY = "XML:com.adobe.xmp"


def words(error: BaseException) -> str:
    """What went wrong, for a person: the first line of an exception."""
    text = str(error).split("\n")[0].strip().rstrip(".")
    return text[:200] if text else type(error).__name__


def exists(path: Path) -> bool:
    """True for anything of that name, a dangling link included."""
    try:
        return os.path.lexists(path)
    except ValueError:  # a null byte in the name
        return False

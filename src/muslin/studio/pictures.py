"""A result as a file to take along: PNG, JPEG, WebP, print TIFF with ppi and profile, or the garment cut out."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muslin.studio.database import Row
from muslin.studio.results import controls_of
from muslin.studio.service import Studio

if TYPE_CHECKING:
    import numpy as np

FORMATS = {
    "png": ("image/png", ".png"),
    "jpeg": ("image/jpeg", ".jpg"),
    "webp": ("image/webp", ".webp"),
    "tiff": ("image/tiff", ".tiff"),
    "cutout": ("image/png", ".cutout.png"),
}
EDGE = 7  # px, window in which the cloth's colour is carried over the garment's outline


def encoded(studio: Studio, row: Row, format: str, ppi: float | None = None, strip: bool = False) -> bytes:
    """The bytes of a result in one of FORMATS. strip: without settings and provenance. ppi: pixels per inch."""
    from muslin.images import encode_image, off_white
    from muslin.restyle import metadata

    if format == "png" and not strip and ppi is None:
        return studio.files.path(row["picture"]).read_bytes()
    settings = json.loads(row["settings"])
    text = None if strip else metadata.settings_to_text(settings)
    xmp = None if strip else metadata.provenance_xmp(settings)
    photo = studio.engine.photo(row["picture"])
    if format == "tiff":
        return tiff(photo.pixels, ppi or 300.0, text, xmp)
    if format == "cutout":
        mask = studio.engine.photo(row["mask"]).pixels[..., 0]
        return encode_image(over_outline(photo.pixels, mask), "PNG", alpha=mask, text=text, xmp=xmp, dpi=ppi)
    return encode_image(
        off_white(photo.pixels, photo.alpha), format.upper(), alpha=photo.alpha, text=text, xmp=xmp, dpi=ppi
    )


def over_outline(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pixels half covered by the garment take its colour alone, from their neighbours: no fringe of the old backdrop.

    pixels: uint8 HxWx3. mask: uint8 HxW. Returns uint8 HxWx3.
    """
    import cv2
    import numpy as np

    full = (mask == 255).astype(np.float32)
    total = cv2.blur(full, (EDGE, EDGE))
    colour = cv2.blur(pixels * full[..., None], (EDGE, EDGE)) / np.maximum(total, 1e-3)[..., None]
    edge = (mask > 0) & (mask < 255) & (total > 1e-3)
    return np.where(edge[..., None], np.rint(colour), pixels).astype(np.uint8)


def tiff(pixels: np.ndarray, ppi: float, text: dict[str, str] | None = None, xmp: bytes | None = None) -> bytes:
    """A TIFF for print: resolution and the sRGB ICC profile inside, loss-free compression. pixels: uint8 HxWx3."""
    from PIL import Image, ImageCms, TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if text:
        tags[TiffImagePlugin.IMAGEDESCRIPTION] = json.dumps(text)
    if xmp:
        tags[TiffImagePlugin.XMP] = xmp
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "TIFF", dpi=(ppi, ppi), compression="tiff_adobe_deflate", tiffinfo=tags,
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    )  # fmt: skip
    return buffer.getvalue()


def summary(studio: Studio, row: Row) -> dict[str, Any]:
    """A result in a manifest. What was deleted since has the name that it had when the picture was made."""
    settings = json.loads(row["settings"])
    garment = studio.database.one("SELECT name FROM garments WHERE id = ?", row["garment"])
    worn = []
    for place, item in enumerate(json.loads(row["looks"])):
        look = studio.database.one("SELECT name FROM looks WHERE id = ?", item["look"])
        worn.append(look["name"] if look else _once(settings.get("styles", [])[place : place + 1], "Look"))
    return {
        "garment": garment["name"] if garment else _once([settings.get("source", {})], "Garment"),
        "look": " + ".join(worn),
        "controls": controls_of(row),
        "print_cm": row["print_cm"],
        "seed": row["seed"],
        "starred": bool(row["starred"]),
        "note": row["note"],
        "command": row["command"],
        "settings": settings,
    }


def _once(recorded: Sequence[Mapping[str, Any]], otherwise: str) -> str:
    """The name in the settings of a picture of what it was made from."""
    from muslin.restyle.lookbook import words

    return words(Path(recorded[0]["path"]).stem) if recorded and recorded[0].get("path") else otherwise

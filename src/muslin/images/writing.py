"""Arrays become files: whole or not at all, never over another without leave, with their settings inside."""

from __future__ import annotations

import errno
import io
import json
import os
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from muslin.errors import EXIT_USAGE, DiskFull, UserError
from muslin.images.formats import FORMATS, LARGEST_SIDE, READABLE, XMP_KEY, exists, words
from muslin.images.pixels import over_white

PART = ".muslin-"  # what the name of an unfinished file begins with
PART_SECONDS = 60.0  # no file takes longer to be written


def write_image(
    path: str | Path,
    pixels: np.ndarray,
    *,
    alpha: np.ndarray | None = None,
    text: dict[str, str] | None = None,
    xmp: bytes | None = None,
    dpi: float | None = None,
    overwrite: bool = False,
) -> Path:
    """Write sRGB uint8 HxWx3 (or grey HxW) to a file; the suffix chooses PNG, JPEG, WebP or TIFF.

    The file appears whole or not at all, and an existing one is replaced only with overwrite=True.
    text becomes PNG iTXt chunks (in the other formats: JSON in the EXIF user
    comment, or in TIFF's image description), xmp an XMP packet.
    Raises UserError: unknown suffix (exit code 2), existing file, missing or read-only folder, full disk.
    """
    path = Path(path)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise UserError(
            f"The name '{path}' does not say which format to write.", received=path.suffix or "no suffix",
            possible=sorted(FORMATS), exit_code=EXIT_USAGE,
        )  # fmt: skip
    if not overwrite and exists(path):
        raise _file_exists(path)
    data = encode_image(pixels, kind, alpha=alpha, text=text, xmp=xmp, dpi=dpi)
    write_bytes(path, data, overwrite=overwrite)
    return path


def write_bytes(path: str | Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write a file whole or not at all (temporary file beside it, then a rename). Raises UserError."""
    path = Path(path)
    # a short name of its own: one made from a long file name could be too long for the file system
    temporary = path.parent / f"{PART}{os.getpid()}-{os.urandom(6).hex()}.part"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        if overwrite:
            os.replace(temporary, path)
        else:
            _rename_to_new(temporary, path)
    except FileExistsError:
        raise _file_exists(path) from None
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError, ValueError):
            temporary.unlink(missing_ok=True)
    return path


def remove_parts(folder: Path) -> None:
    """Remove what a process was writing into `folder` when it was killed; young parts may be another's at work."""
    with suppress(OSError):
        for part in folder.glob(f"{PART}*.part"):
            if time.time() - part.stat().st_mtime > PART_SECONDS:
                part.unlink(missing_ok=True)


def make_folder(path: str | Path) -> Path:
    """Create a folder and those above it, where they are missing. Raises UserError where that cannot be."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UserError(f"'{path}' is a file, not a folder to write into.", advice="Choose another with -o.") from None
    except (OSError, ValueError) as error:
        raise _unwritable(path / "", error) from error
    return path


def _rename_to_new(temporary: Path, path: Path) -> None:
    """Rename that fails where the target exists, also when it appeared a moment ago."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if exists(path):
            raise FileExistsError(path) from None
        os.replace(temporary, path)


def _file_exists(path: Path) -> UserError:
    return UserError(f"'{path}' exists already.", advice="Choose another name, or allow it with --overwrite.")


def _unwritable(path: Path, error: Exception) -> UserError:
    number = getattr(error, "errno", None)
    if number == errno.ENAMETOOLONG:
        return UserError(f"The name '{str(path)[:60]}...' is too long for this disk.", advice="Choose another with -o.")
    if number == errno.ENOENT or number == errno.ENOTDIR:
        return UserError(f"There is no folder '{path.parent}' to write '{path.name}' into.", advice="Create it first.")
    if number == errno.EISDIR:
        return UserError(f"'{path}' is a folder and cannot be replaced by a picture.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(f"The folder '{path.parent}' may not be written to.", advice="Choose another with -o.")
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"The disk is full: '{path}' was not written.", advice="Free some space, then try again.")
    return UserError(f"'{path}' cannot be written.", received=words(error))


def encode_image(
    pixels: np.ndarray,
    format: str,
    *,
    alpha: np.ndarray | None = None,
    text: dict[str, str] | None = None,
    xmp: bytes | None = None,
    dpi: float | None = None,
    quality: int = 95,
) -> bytes:
    """The bytes of a PNG, JPEG, WebP or TIFF file. JPEG has no alpha: the picture is laid over white.

    pixels: sRGB uint8 HxWx3, or grey HxW; alpha: uint8 HxW; quality: of JPEG and WebP, 1..100.
    """
    kind = {"JPG": "JPEG", "TIF": "TIFF"}.get(format.upper().lstrip("."), format.upper().lstrip("."))
    if kind not in FORMATS.values():
        raise UserError(
            "Pictures are not written in this format.",
            received=format,
            possible=READABLE,
            exit_code=EXIT_USAGE,
        )
    pixels, alpha = np.asarray(pixels), None if alpha is None else np.ascontiguousarray(alpha)
    _check_pixels(pixels, alpha, kind)
    pixels = np.ascontiguousarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
    if alpha is not None and pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if kind == "PNG":
        return _encode_png(pixels, alpha, text or {}, xmp, dpi)
    if kind == "JPEG" and alpha is not None:
        pixels, alpha = over_white(pixels, alpha), None
    return _encode_with_pillow(pixels if alpha is None else np.dstack([pixels, alpha]), kind, text, xmp, dpi, quality)


def _check_pixels(pixels: np.ndarray, alpha: np.ndarray | None, kind: str) -> None:
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3))
    if pixels.dtype != np.uint8 or not shaped or pixels.size == 0:
        raise UserError(
            "A picture to write is a uint8 array of height x width x 3, or height x width.",
            received=f"{pixels.dtype} {pixels.shape}",
        )
    if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != pixels.shape[:2]):
        raise UserError(
            "Alpha is a uint8 array of the picture's height x width.", received=f"{alpha.dtype} {alpha.shape}"
        )
    if max(pixels.shape[:2]) > LARGEST_SIDE.get(kind, 2**31 - 1):
        raise UserError(
            f"{kind} pictures cannot be that large.",
            received=f"{pixels.shape[1]} x {pixels.shape[0]} pixels",
            possible=f"at most {LARGEST_SIDE[kind]} pixels a side", advice="Write a PNG or TIFF instead.",
        )  # fmt: skip


def _encode_png(
    pixels: np.ndarray, alpha: np.ndarray | None, text: dict[str, str], xmp: bytes | None, dpi: float | None
) -> bytes:
    """Run-length coding after the averaging filter: 0.7 s for 4096 x 4096, smaller than Pillow's level 1."""
    import cv2

    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        pixels = pixels if alpha is None else np.dstack([pixels, alpha])
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # from OpenCV 4.11 on
        settings += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG]
    encoded = cv2.imencode(".png", pixels, settings)[1].tobytes()
    chunks = [_png_chunk(b"sRGB", b"\0")]
    if dpi:
        per_metre = round(dpi / 0.0254)
        chunks.append(_png_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)))
    chunks += [_png_text(key, value) for key, value in text.items()]
    if xmp:
        chunks.append(_png_text(XMP_KEY, xmp.decode("utf-8")))
    return b"".join([encoded[:33], *chunks, encoded[33:]])  # 33 = signature and IHDR


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png_text(key: str, value: str) -> bytes:
    try:
        keyword = key.encode("latin-1")
        body = value.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError("A PNG text entry cannot be written in these letters.", received=repr(key)) from None
    if not 1 <= len(keyword) <= 79 or b"\0" in keyword:
        raise UserError("The name of a PNG text entry has 1 to 79 Latin letters.", received=repr(key))
    return _png_chunk(b"iTXt", keyword + b"\0\0\0\0\0" + body)


def _encode_with_pillow(
    pixels: np.ndarray,
    kind: str,
    text: dict[str, str] | None,
    xmp: bytes | None,
    dpi: float | None,
    quality: int,
) -> bytes:
    from PIL import Image, TiffImagePlugin

    image = Image.fromarray(pixels)
    settings: dict[str, Any] = {"dpi": (dpi, dpi)} if dpi and kind != "WEBP" else {}
    exif = Image.Exif()
    if text and kind == "TIFF":
        exif[TiffImagePlugin.IMAGEDESCRIPTION] = json.dumps(text)
    elif text:
        exif[0x8769] = {0x9286: b"ASCII\0\0\0" + json.dumps(text).encode("ascii")}  # Exif, UserComment
    if kind == "TIFF":
        settings["compression"] = "tiff_adobe_deflate"
        if xmp:
            exif[TiffImagePlugin.XMP] = xmp
    elif xmp:
        settings["xmp"] = xmp
    if kind == "JPEG":
        settings |= {
            "quality": quality,
            "subsampling": 0,
        }  # full colour resolution: prints have sharp colour edges
    if kind == "WEBP":
        settings |= {"quality": quality, "method": 3}
    if len(exif):
        settings["exif"] = exif
    buffer = io.BytesIO()
    try:
        image.save(buffer, kind, **settings)
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"This picture cannot be written as {kind}.", received=words(error)) from error
    return buffer.getvalue()

"""Files become Photos: what is refused, and how it is said."""

from __future__ import annotations

import io
import json
import os
import select
import stat
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from muslin.errors import EXIT_DATA, UserError
from muslin.folders import walk
from muslin.images.formats import FORMATS, MAX_BYTES, MAX_PIXELS, READABLE, XMP_KEY, exists, words
from muslin.images.pixels import (
    decode_with_opencv,
    eight_bits,
    orientation_of,
    over_white,
    pillow_truncates,
    split_alpha,
    to_rgb,
    to_srgb,
    unless_opaque,
    upright,
)
from muslin.quiet import quiet_libraries

_SIGNATURES = (
    (b"GIF8", "GIF"), (b"BM", "BMP"), (b"%PDF", "PDF"), (b"8BPS", "Photoshop PSD"), (b"qoif", "QOI"),
    (b"\xff\x0a", "JPEG XL"), (b"\0\0\0\x0cJXL", "JPEG XL"), (b"\0\0\0\x0cjP", "JPEG 2000"),
    (b"<svg", "SVG"), (b"<?xml", "SVG or XML"), (b"<!DOCTYPE", "HTML"), (b"<html", "HTML"),
    (b"PK\3\4", "ZIP archive"),
)  # fmt: skip
PIPE_SECONDS = 5.0  # how long a pipe may stay silent
_open_lock = threading.Lock()


@dataclass(frozen=True)
class Photo:
    """One picture, as the rest of muslin sees it.

    pixels: uint8 HxWx3, sRGB, upright. Where the file was transparent its colour is laid over white.
    alpha: uint8 HxW (255 = opaque), or None when the file is opaque everywhere.
    metadata: the file's text entries; an XMP packet, if any, is under "xmp".
    dpi: pixels per inch, or None when the file does not say.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    path: Path | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    dpi: float | None = None


def read_image(
    source: str | Path | bytes | BinaryIO, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES
) -> Photo:
    """Read a JPEG, PNG, WebP or TIFF: upright, in sRGB, 8 bits, alpha apart; the first frame or page only.

    The content decides about the format, not the name. 16-bit, integer and float files are scaled to their
    range, not clipped (float files: 0..1, 0..255, 0..65535 or their own maximum, whichever fits first).
    max_pixels is checked before anything is decoded, max_bytes before anything is read.
    Raises UserError (exit code 3) for all that is not such a picture, and for one that is transparent everywhere.
    """
    data, path = _read_bytes(source, max_bytes)
    name = f"'{path}'" if path is not None else "the image"
    try:
        with _quiet_pillow(), quiet_libraries() if _talks(data) else nullcontext():
            image, data = _open(data, name, max_pixels)
            photo = _decode(image, data, path)
        if photo.alpha is not None and not photo.alpha.any():
            raise unreadable(
                f"{name} shows nothing: it is transparent everywhere.", advice="Export it with its layers visible."
            )
        return photo
    except UserError:
        raise
    except MemoryError as error:
        raise unreadable(f"There is not enough memory to decode {name}.") from error
    except Exception as error:  # decoders raise a dozen types on damaged files; to a user it is one mistake
        reason = words(error) if isinstance(error, (OSError, SyntaxError)) else None
        raise unreadable(
            f"{name} is damaged or incomplete.", received=reason, advice="Export or download it again."
        ) from error


CONTACT_SHEET = "contact-sheet.png"
"""Name, or end of the name, of the sheets that muslin writes beside pictures: none of the pictures."""


def is_contact_sheet(name: str) -> bool:
    return name == CONTACT_SHEET or name.endswith(f".{CONTACT_SHEET}")


def find_images(paths: Iterable[str | Path]) -> list[Path]:
    """Files stay as they are, folders become the pictures inside them (recursive, sorted, no hidden ones, no
    contact sheets of muslin's own).

    Each picture is listed once. Raises UserError (exit code 3) for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for path in map(Path, [paths] if isinstance(paths, (str, Path)) else paths):
        if not exists(path):
            raise unreadable(f"There is no file or folder '{path}'.")
        if not path.is_dir():
            found[path] = None
            continue
        for folder, _, files in walk(path):
            for file in files:
                picture = Path(file).suffix.lower() in FORMATS and not is_contact_sheet(file)
                if picture and not file.startswith("."):
                    found[folder / file] = None
    return list(found)


def unreadable(
    problem: str, *, received: object = None, possible: object = None, advice: str | None = None
) -> UserError:
    return UserError(
        problem[0].upper() + problem[1:],
        received=received,
        possible=possible,
        advice=advice,
        exit_code=EXIT_DATA,
    )


def _read_bytes(source: str | Path | bytes | BinaryIO, max_bytes: int) -> tuple[bytes, Path | None]:
    path: Path | None = None
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        path = Path(source)
        data = _read_file(path, max_bytes)
    elif hasattr(source, "read"):
        data = source.read(max_bytes + 1)
    else:
        raise unreadable("An image is read from a path, bytes or an open file.", received=type(source).__name__)
    name = f"'{path}'" if path is not None else "the image"
    if len(data) > max_bytes:
        raise _too_big(name, f"more than {max_bytes / 1e6:.0f} MB", max_bytes)
    if not data:
        raise unreadable(f"{name} is empty (0 bytes).")
    return data, path


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise unreadable(f"'{path}' is a folder, not a picture.", advice="Name a file in it.")
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
            raise unreadable(f"'{path}' is not an ordinary file.")
        if status.st_size > max_bytes:
            raise _too_big(f"'{path}'", f"{status.st_size / 1e6:.0f} MB", max_bytes)
        if stat.S_ISFIFO(status.st_mode):
            return _read_pipe(path, max_bytes)
        with open(path, "rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        raise unreadable(f"There is no file '{path}'.") from None
    except PermissionError:
        raise unreadable(f"'{path}' may not be read by this user.", advice="Change its permissions.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise unreadable(f"'{path}' cannot be read.", received=words(error)) from error


def _read_pipe(path: Path, max_bytes: int) -> bytes:
    """What comes out of a named pipe, as of `<(command)` in a shell. One that nobody writes into is given up."""
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # without it, opening alone would wait for ever
    try:
        pieces, total, started = [], 0, time.monotonic()
        while total <= max_bytes:
            readable = select.select([pipe], [], [], PIPE_SECONDS)[0]
            piece = os.read(pipe, 1 << 20) if readable else b""
            if not piece and (total or not readable or time.monotonic() - started > PIPE_SECONDS):
                if not readable or not total:
                    raise unreadable(f"'{path}' is a pipe that nothing comes out of.", advice="Name a file instead.")
                break
            if not piece:
                time.sleep(0.02)  # its writer has not opened it yet
            pieces.append(piece)
            total += len(piece)
        return b"".join(pieces)
    finally:
        os.close(pipe)


def _too_big(name: str, received: str, max_bytes: int) -> UserError:
    return unreadable(f"{name} is too large a file.", received=received, possible=f"at most {max_bytes / 1e6:.0f} MB")


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow warns about odd metadata on the screen; what matters is raised as UserError instead."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        yield


def _talks(data: bytes) -> bool:
    """True where libtiff or libpng may decode without Pillow between: they report damage on the screen."""
    return data[:4] in (b"II*\0", b"MM\0*") or (data[:4] == b"\x89PNG" and data[24:25] == b"\x10")


def _open(data: bytes, name: str, max_pixels: int) -> tuple[Any, bytes]:
    """The opened, not yet decoded Pillow image (a numpy array where only OpenCV can read it)."""
    from PIL import Image, UnidentifiedImageError

    try:
        with _open_lock:  # Pillow's own limit is a global; ours is checked right below, before decoding
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "TIFF"))
            finally:
                Image.MAX_IMAGE_PIXELS = limit
    except UnidentifiedImageError:
        if data[:4] in (b"II*\0", b"MM\0*"):
            _check_size(_tiff_size(data), name, max_pixels)
            pixels = decode_with_opencv(data)
            if pixels is not None:
                return pixels, data
        kind = next((kind for start, kind in _SIGNATURES if data.lstrip()[: len(start)] == start), None)
        if data[4:8] == b"ftyp":
            kind = "AVIF" if data[8:11] == b"avi" else "HEIC" if data[8:11] in (b"hei", b"mif", b"hev") else "a video"
        if _looks_like_ours(data):
            raise unreadable(f"{name} is damaged or incomplete.", advice="Export or download it again.") from None
        raise unreadable(
            f"{name} is not a picture that muslin can read.", received=kind or "unknown content",
            advice=f"Save it as one of these: {READABLE}.",
        ) from None  # fmt: skip
    _check_size(image.size, name, max_pixels)
    return image, data


def _looks_like_ours(data: bytes) -> bool:
    starts = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")
    return data.startswith(starts) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise unreadable(
            f"{name} has too many pixels.",
            received=f"{width} x {height} = {width * height / 1e6:.0f} megapixels",
            possible=f"at most {max_pixels / 1e6:.6g} megapixels", advice="Scale it down first.",
        )  # fmt: skip


def _tiff_size(data: bytes) -> tuple[int, int]:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    directory = ImageFileDirectory_v2(data[:8])
    stream = io.BytesIO(data)
    stream.seek(directory.next)
    directory.load(stream)
    return int(directory[256]), int(directory[257])


def _decode(image: Any, data: bytes, path: Path | None) -> Photo:
    from PIL import Image

    if isinstance(image, np.ndarray):
        return _photo(*split_alpha(eight_bits(image)), path)
    image.load()
    icc = image.info.get("icc_profile")
    deep = decode_with_opencv(data) if pillow_truncates(image, data) else None
    if deep is not None:
        rgb, alpha = split_alpha(eight_bits(deep))
        if icc:
            rgb = np.asarray(to_srgb(Image.fromarray(rgb), icc))
    else:
        rgb, alpha = to_rgb(image, icc)
    if deep is None or image.format != "TIFF":  # OpenCV's TIFF reader has turned the picture already
        orientation = orientation_of(image)
        rgb, alpha = upright(rgb, orientation), None if alpha is None else upright(alpha, orientation)
    return _photo(rgb, alpha, path, _metadata(image), _dpi(image))


def _photo(rgb: np.ndarray, alpha: np.ndarray | None, path: Path | None, *more: Any) -> Photo:
    alpha = unless_opaque(alpha)
    if alpha is not None:
        rgb = over_white(rgb, alpha)
    return Photo(np.ascontiguousarray(rgb), alpha, path, *more)


def _metadata(image: Any) -> dict[str, str]:
    entries = {str(key): str(value) for key, value in getattr(image, "text", {}).items() if key != XMP_KEY}
    xmp = image.info.get("xmp", image.info.get(XMP_KEY))
    if xmp:
        entries["xmp"] = xmp.decode("utf-8", "replace") if isinstance(xmp, bytes) else str(xmp)
    return entries | _settings_in_exif(image)


def _settings_in_exif(image: Any) -> dict[str, str]:
    """What write_image left in a file that has no text entries; comments by others are not JSON objects."""
    try:
        exif = image.getexif()
        comment = exif.get_ifd(0x8769).get(0x9286) or exif.get(0x010E, "")
        entries = json.loads(comment.removeprefix(b"ASCII\0\0\0") if isinstance(comment, bytes) else comment)
        return {str(key): value for key, value in entries.items() if isinstance(value, str)}
    except Exception:
        return {}


def _dpi(image: Any) -> float | None:
    try:
        dpi = float(image.info["dpi"][0])
        return dpi if 1.0 <= dpi <= 100_000 else None
    except Exception:
        return None

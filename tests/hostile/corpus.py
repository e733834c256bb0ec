"""Bad inputs, built from nothing: pictures that are damaged, lie, explode or are merely unusual.

`broken_pictures` must all be refused (exit code 3), `odd_pictures` must all be read. Each depends on nothing else,
so that a failure names the case and can be made again.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image, ImageCms


@cache
def scene(height: int = 96, width: int = 72) -> np.ndarray:
    """A dark garment with sleeves and folds on a light ground: something a mask can be found in. uint8 HxWx3."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(max(height, width))
    body = (np.abs(x - 0.375) < 0.17) & (np.abs(y - 0.53) < 0.33)
    sleeves = (np.abs(x - 0.375) < 0.3) & (np.abs(y - 0.31) < 0.1)
    folds = 70 + 40 * np.sin(14 * x + 5 * y)
    grey = np.where(body | sleeves, folds, 235)
    return np.stack([grey, grey * 0.95, grey * 0.9], -1).astype(np.uint8)


def saved(image: Image.Image, kind: str, **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


@cache
def good(kind: str = "JPEG", height: int = 96, width: int = 72) -> bytes:
    return saved(Image.fromarray(scene(height, width)), kind)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, pixels: bytes, depth: int = 8, colour: int = 2, extra: bytes = b"") -> bytes:
    """A PNG put together by hand, so that it may say what no encoder would."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + extra + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    )


def tiff(entries: list[tuple[int, int, int, int]], body: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory; `body` lies at byte 8."""
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory + b"\0" * 4


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that would fill the memory."""
    yield "bomb-pixels.png", png(60_000, 60_000, zlib.compress(bytes(1 << 20), 9))
    yield "bomb-sides.png", png(2**31 - 1, 2**31 - 1, zlib.compress(b"\0" * 100))
    text = png_chunk(b"zTXt", b"muslin\0\0" + zlib.compress(b"A" * 100_000_000, 9))
    yield "bomb-text.png", png(8, 8, zlib.compress(bytes(8 * 25)), extra=text)
    profile = png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(100_000_000), 9))
    yield "bomb-profile.png", png(8, 8, zlib.compress(bytes(8 * 25)), extra=profile)
    huge = bytearray(good("JPEG"))
    start = huge.index(b"\xff\xc0")
    huge[start + 5 : start + 9] = struct.pack(">HH", 65_500, 65_500)
    yield "bomb.jpg", bytes(huge)
    side = 100_000
    yield "bomb.tif", tiff(
        [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
         (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, side), (279, 4, 1, 100)], bytes(100)
    )  # fmt: skip
    yield "bomb.webp", b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + (
        b"\xff\xff\xff" * 2
    ) + b"\0" * 8  # fmt: skip


def broken_pictures() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of files that are no picture, or none that may be decoded."""
    for kind, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif")):
        data = good(kind)
        for share in (0.02, 0.2, 0.5):
            yield f"cut-{share}.{suffix}", data[: max(4, int(len(data) * share))]
        yield f"only-signature.{suffix}", data[:12]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("shirt.jpg", good())
    yield "zip.jpg", archive.getvalue()
    yield "gif.jpg", saved(Image.fromarray(scene()).convert("P"), "GIF")
    yield "bmp.png", saved(Image.fromarray(scene()), "BMP")
    yield (
        "svg.jpg",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
    )
    yield "xml.png", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>'
    yield "html.jpg", b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
    yield "text.jpg", "nicht gefunden – 見つかりません\n".encode()
    yield "empty.jpg", b""
    yield "one-byte.png", b"\x89"
    yield "zeros.jpg", bytes(5000)
    yield "noise.jpg", np.random.default_rng(0).bytes(5000)
    yield "utf16.png", "not a picture".encode("utf-16")
    yield "no-width.png", png(0, 5, zlib.compress(bytes(5)))
    yield "no-height.png", png(5, 0, zlib.compress(b""))
    yield "no-data.png", png(8, 8, b"")
    yield "bad-depth.png", png(8, 8, zlib.compress(bytes(8 * 25)), depth=7)
    yield "bad-colour.png", png(8, 8, zlib.compress(bytes(8 * 25)), colour=5)
    yield "circle.tif", struct.pack("<2sHIH", b"II", 42, 8, 0) + struct.pack("<I", 8)
    yield "no-tags.tif", struct.pack("<2sHIHI", b"II", 42, 8, 0, 0)
    yield "far-directory.tif", struct.pack("<2sHI", b"II", 42, 2**32 - 16)
    yield "empty-tags.tif", tiff([(256, 4, 0, 0), (257, 4, 0, 0), (262, 3, 1, 2)])
    yield from ((name, data) for name, data in bombs() if name not in ("bomb-text.png", "bomb-profile.png"))


def _animated(kind: str) -> bytes:
    frames = [Image.fromarray(np.roll(scene(), shift, axis=1)) for shift in (0, 9, 18)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def _sixteen_bits() -> bytes:
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in scene())
    return png(72, 96, zlib.compress(rows), depth=16)


def _float_tiff() -> bytes:
    values = scene()[..., 0].astype(np.float32) / 255
    values[::7, ::5], values[3, 3], values[4, 4] = np.nan, np.inf, -np.inf
    return saved(Image.fromarray(values), "TIFF")


def _profile(kind: str) -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    if kind == "garbage":
        return np.random.default_rng(1).bytes(3000)
    body = profile[128 + 12 * 20 :]
    profile[128 + 12 * 20 :] = (b"\xff" if kind == "ones" else b"\x7f\xc0\x00\x00") * len(body)
    return bytes(profile[:3000])


def odd_pictures() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of files that are unusual and none the worse for it: each shows `scene`, more or less."""
    image = Image.fromarray(scene())
    yield "wrong-suffix.jpg", good("PNG")
    yield "wrong-suffix.webp", good("TIFF")
    yield "cmyk.jpg", saved(image.convert("CMYK"), "JPEG")
    yield "grey.png", saved(image.convert("L"), "PNG")
    yield "bits.png", saved(image.convert("1"), "PNG")
    yield "animated.webp", _animated("WEBP")
    yield "animated.png", _animated("PNG")
    yield "pages.tif", _animated("TIFF")
    yield "sixteen.png", _sixteen_bits()
    yield "palette.png", saved(image.convert("P"), "PNG", transparency=3)
    yield "palette-alpha.png", saved(image.convert("P"), "PNG", transparency=bytes(range(256)))
    yield "nan.tif", _float_tiff()
    for kind in ("garbage", "ones", "nan"):
        yield f"icc-{kind}.jpg", saved(image, "JPEG", icc_profile=_profile(kind))
        yield f"icc-{kind}.png", saved(image, "PNG", icc_profile=_profile(kind))
    exif = b"Exif\0\0" + np.random.default_rng(2).bytes(500)
    yield "exif-noise.jpg", saved(image, "JPEG", exif=exif)
    circle = b"Exif\0\0II*\0" + struct.pack("<IHHHII", 8, 1, 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    yield "exif-circle.jpg", saved(image, "JPEG", exif=circle)
    yield "tail.jpg", good() + bytes(10_000)
    yield "progressive.jpg", saved(image, "JPEG", progressive=True)


def mutated(data: bytes, rng: np.random.Generator, most: int = 8) -> bytes:
    """Some bytes changed, a piece cut out, doubled, or put elsewhere: what disks, networks and attackers do."""
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, most + 1))):
        if not damaged:
            break
        place, length = int(rng.integers(len(damaged))), int(rng.integers(1, 64))
        match int(rng.integers(6)):
            case 0:
                damaged[place] ^= 1 << int(rng.integers(8))
            case 1:
                damaged[place : place + length] = rng.bytes(length)
            case 2:
                del damaged[place : place + length]
            case 3:
                damaged[place:place] = damaged[place : place + length]
            case 4:
                damaged[place : place + 4] = struct.pack(">I", int(rng.choice([0, 1, 2**31 - 1, 2**32 - 1, 65535])))
            case _:
                del damaged[place:]
    return bytes(damaged)

"""What is read, how it arrives, and how everything else is refused."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from muslin.errors import UserError
from muslin.images import encode_image, find_images, read_image


def ramp(height: int = 24, width: int = 40) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 3], axis=-1).astype(np.uint8)


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def far(photo_pixels: np.ndarray, expected: np.ndarray) -> int:
    return int(np.abs(photo_pixels.astype(int) - expected).max())


LOSSLESS = [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})]


@pytest.mark.parametrize(("kind", "settings"), LOSSLESS)
def test_lossless_formats_arrive_exactly(kind: str, settings: dict[str, Any]) -> None:
    photo = read_image(saved(Image.fromarray(ramp()), kind, **settings))
    assert (photo.pixels == ramp()).all()
    assert photo.pixels.dtype == np.uint8 and photo.alpha is None and photo.path is None


def test_path_bytes_and_open_file_are_one(tmp_path: Path) -> None:
    path = tmp_path / "überrock mit Leerzeichen – 綿.jpg"  # content decides, not the suffix
    path.write_bytes(saved(Image.fromarray(ramp()), "PNG"))
    with open(path, "rb") as file:
        photos = [read_image(path), read_image(str(path)), read_image(path.read_bytes()), read_image(file)]
    assert all((photo.pixels == ramp()).all() for photo in photos)
    assert photos[0].path == path and photos[2].path is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(kind: str, orientation: int) -> None:
    image = Image.fromarray(ramp(32, 48))
    exif = Image.Exif()
    exif[0x0112] = orientation
    extra = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    data = saved(image, kind, exif=exif, **extra)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    photo = read_image(data)
    assert photo.pixels.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    assert far(photo.pixels, upright) <= 4
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert photo.pixels[corner[orientation]].max() <= 12  # the ramp's black corner, by the standard's own table


def _lab(image: Image.Image) -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.applyTransform(image, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))


def test_every_mode_becomes_rgb() -> None:
    grey = np.repeat(ramp()[..., :1], 3, axis=2)
    image = Image.fromarray(ramp())
    cases: list[tuple[bytes, np.ndarray, int]] = [
        (saved(Image.fromarray(grey[..., 0]), "PNG"), grey, 0),
        (saved(Image.fromarray(grey[..., 0]), "JPEG", quality=100), grey, 2),
        (saved(image.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), ramp(), 60),
        (saved(Image.fromarray(grey[..., 0] > 127), "PNG"), np.where(grey > 127, 255, 0), 0),
        (saved(Image.fromarray(grey[..., 0] > 127), "TIFF", compression="group4"), (grey > 127) * 255, 0),
        (saved(Image.fromarray(grey[..., 0].astype(np.uint16) * 257), "PNG"), grey, 0),
        (saved(Image.fromarray(grey[..., 0].astype(np.uint16) * 257), "TIFF"), grey, 0),
        (saved(Image.fromarray(grey[..., 0].astype(np.int32) * 257), "TIFF"), grey, 0),
        (saved(Image.fromarray(grey[..., 0] / np.float32(255)), "TIFF"), grey, 0),
        (saved(Image.fromarray(grey[..., 0].astype(np.float32)), "TIFF"), grey, 0),
        (saved(image.convert("CMYK"), "TIFF"), ramp(), 2),
        (saved(image.convert("CMYK"), "JPEG", quality=100, subsampling=0), ramp(), 8),
        (saved(image.convert("YCbCr"), "TIFF"), ramp(), 3),
        (saved(_lab(image), "TIFF"), ramp(), 32),
    ]  # fmt: skip
    for number, (data, expected, tolerance) in enumerate(cases):
        photo = read_image(data)
        assert far(photo.pixels, expected) <= tolerance, number
        assert photo.pixels.shape == ramp().shape and photo.alpha is None, number


def test_transparency_of_a_tiff_that_pillow_cannot_read_lies_over_white() -> None:
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[..., 2], pixels[:4, :, 3] = 1, 1  # red (OpenCV writes blue first), its lower half transparent
    photo = read_image(cv2.imencode(".tiff", pixels)[1].tobytes())
    assert (photo.pixels[:4] == [255, 0, 0]).all() and (photo.pixels[4:] == 255).all()
    assert photo.alpha is not None and (photo.alpha[4:] == 0).all()


def test_adobe_cmyk_is_not_inverted() -> None:
    """White paper must not come out black: files with an Adobe marker store ink inverted; Pillow knows."""
    white = Image.fromarray(np.zeros((8, 8, 4), np.uint8), "CMYK")
    assert read_image(saved(white, "JPEG")).pixels.min() >= 250


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_rounded_not_clipped(kind: str, channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (30, 20, channels), dtype=np.uint16)
    if channels == 4:
        values[..., 3] = 65535
    stored = values[..., [2, 1, 0, 3][:channels]] if channels > 1 else values
    photo = read_image(cv2.imencode(kind, stored)[1].tobytes())
    assert (photo.pixels == np.round(values[..., :3] / 257.0)).all()


def tiff(pixels: np.ndarray, orientation: int) -> bytes:
    """An uncompressed RGB TIFF of 8 or 16 bits, written by hand from the specification (TIFF 6.0)."""
    height, width, channels = pixels.shape
    body, bits = pixels.tobytes(), 8 * pixels.dtype.itemsize
    depths = 8 + len(body)
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, depths), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, channels), (278, 4, 1, height),
        (279, 4, 1, len(body)), (284, 3, 1, 1),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<2sHI", b"II", 42, depths + 6) + body + struct.pack("<3H", *[bits] * 3) + directory + b"\0" * 4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_of_any_depth_is_turned_once(dtype: type) -> None:
    values = ramp(32, 48).astype(dtype) * (257 if dtype is np.uint16 else 1)
    for orientation, turns in ((1, 0), (6, -1), (3, 2), (8, 1)):
        assert (read_image(tiff(values, orientation)).pixels == np.rot90(ramp(32, 48), turns)).all()


def test_float_rgb_tiff_that_pillow_cannot_open() -> None:
    values = ramp().astype(np.float32) / 255.0
    photo = read_image(cv2.imencode(".tiff", values[..., ::-1])[1].tobytes())
    assert (photo.pixels == ramp()).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_kept_and_colour_lies_on_white(kind: str) -> None:
    rgba = np.dstack([ramp(), np.full((24, 40), 255, np.uint8)])
    rgba[:8, :, 3], rgba[8:16, :, 3] = 0, 128
    photo = read_image(
        saved(Image.fromarray(rgba), kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    )
    assert photo.alpha is not None and (photo.alpha == rgba[..., 3]).all()
    share = rgba[..., 3:] / 255.0
    assert far(photo.pixels, np.round(share * ramp() + (1 - share) * 255)) <= 1
    assert (photo.pixels[:8] == 255).all() and (photo.pixels[16:] == ramp()[16:]).all()
    assert read_image(saved(Image.fromarray(ramp()).convert("RGBA"), kind)).alpha is None  # opaque all over


def test_palette_and_grey_transparency() -> None:
    grey_alpha = np.dstack([np.full((4, 4), 90, np.uint8), np.eye(4, dtype=np.uint8) * 255])
    photo = read_image(saved(Image.fromarray(grey_alpha, "LA"), "PNG"))
    assert photo.alpha is not None and (photo.alpha == np.eye(4) * 255).all() and photo.pixels[0, 1, 0] == 255
    palette = Image.fromarray(np.eye(4, dtype=np.uint8), "P")
    palette.putpalette([10, 20, 30, 200, 100, 50])
    photo = read_image(saved(palette, "PNG", transparency=0))
    assert photo.alpha is not None and (photo.alpha == np.eye(4) * 255).all()
    assert (photo.pixels[0, 0] == [200, 100, 50]).all()


def test_first_frame_of_an_animation_and_first_page() -> None:
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "blue")]
    for kind in ("WEBP", "PNG", "TIFF"):
        data = saved(
            frames[0],
            kind,
            save_all=True,
            append_images=frames[1:],
            **({"lossless": True} if kind == "WEBP" else {}),
        )
        assert (read_image(data).pixels == [255, 0, 0]).all(), kind


def wide_profile() -> bytes:
    """A profile, called sRGB, whose primaries are those of sRGB with red and green exchanged: easy to predict."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    tags = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    data[red + 4 : red + 12], data[green + 4 : green + 12] = (
        data[green + 4 : green + 12],
        data[red + 4 : red + 12],
    )
    return bytes(data)


def test_profile_is_applied_whatever_it_is_called() -> None:
    photo = read_image(saved(Image.fromarray(ramp()), "PNG", icc_profile=wide_profile()))
    assert far(photo.pixels, ramp()[..., [1, 0, 2]]) <= 2
    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (read_image(saved(Image.fromarray(ramp()), "PNG", icc_profile=same)).pixels == ramp()).all()


def _broken_profiles() -> list[bytes]:
    good = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curves = bytearray(wide_profile())
    place = curves.index(b"para") if b"para" in curves else curves.index(b"curv")
    curves[place + 12 : place + 32] = b"\xff" * 20  # a tone curve of nonsense
    return [b"not a profile", good[:90], good[:200], b"\0" * 128, b"\xff" * 512, bytes(curves)]


@pytest.mark.parametrize("profile", _broken_profiles(), ids=["words", "90", "200", "zeros", "ones", "curves"])
def test_broken_profile_counts_as_none(profile: bytes) -> None:
    photo = read_image(saved(Image.fromarray(ramp()), "PNG", icc_profile=profile))
    assert far(photo.pixels, ramp()) == 0 or np.ptp(photo.pixels) > 200


def test_profile_of_another_colour_space_counts_as_none() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert (read_image(saved(Image.fromarray(ramp()), "PNG", icc_profile=lab)).pixels == ramp()).all()


def _refusals(tmp_path: Path) -> list[tuple[Any, str]]:
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.png").write_text("this is no picture")
    (tmp_path / "moving.gif").write_bytes(saved(Image.fromarray(ramp()), "GIF"))
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    return [
        (tmp_path / "missing.png", "no file"),
        (tmp_path / "dangling.png", "no file"),
        (tmp_path, "folder"),
        (tmp_path / "empty.jpg", "empty"),
        (b"", "empty"),
        (tmp_path / "text.png", "one of these: JPEG, PNG, WebP, TIFF"),
        (tmp_path / "moving.gif", "Received: GIF"),
        (tmp_path / "a\0b.png", "cannot be read|no file"),
        (tmp_path / ("x" * 300), "cannot be read|no file"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"II*\0\x08\0\0\0", "damaged"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "damaged"),
        (b"\0\0\0 ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0 ftypavif\0\0\0\0", "AVIF"),
        (3.5, "path, bytes or an open file"),
        ("/dev/zero", "ordinary file"),
    ]


def test_refusals_are_one_clear_error(tmp_path: Path) -> None:
    for source, message in _refusals(tmp_path):
        with pytest.raises(UserError, match=message) as caught:
            read_image(source)
        assert caught.value.exit_code == 3


def test_limits_hold_before_decoding() -> None:
    def claims(width: int, height: int) -> bytes:
        def chunk(name: bytes, body: bytes) -> bytes:
            return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

        head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")

    with pytest.raises(UserError, match=r"too many pixels.*2500 megapixels.*at most 200 megapixels"):
        read_image(claims(50_000, 50_000))
    with pytest.raises(UserError, match="too many pixels"):
        read_image(encode_image(ramp(), "PNG"), max_pixels=24 * 40 - 1)
    assert read_image(encode_image(ramp(), "PNG"), max_pixels=24 * 40).pixels.shape == (24, 40, 3)
    with pytest.raises(UserError, match="too large a file"):
        read_image(b"\0" * 1001, max_bytes=1000)
    with pytest.raises(UserError, match="too large a file"):
        read_image(io.BytesIO(b"\0" * 1001), max_bytes=1000)


def test_pillows_own_limit_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    read_image(encode_image(ramp(), "PNG"))
    with pytest.raises(UserError):
        read_image(b"nothing")
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("shape", [(1, 1), (1, 30_000), (30_000, 1), (7, 3)])
def test_any_shape(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for kind in ("PNG", "TIFF"):
        assert (read_image(encode_image(pixels, kind)).pixels == pixels).all()


WHOLE = [saved(Image.fromarray(ramp()), kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF")] + [
    saved(Image.fromarray(ramp()), "TIFF", compression="tiff_adobe_deflate"),
    cv2.imencode(".png", ramp().astype(np.uint16) * 257)[1].tobytes(),
    cv2.imencode(".tiff", ramp().astype(np.uint16) * 257)[1].tobytes(),
    saved(
        Image.fromarray(ramp()),
        "JPEG",
        exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0",
    ),
]


@settings(max_examples=300, deadline=None)
@given(
    which=st.integers(0, len(WHOLE) - 1),
    length=st.floats(0.0, 1.0),
    flips=st.lists(st.tuples(st.floats(0.0, 0.999), st.integers(0, 255)), max_size=4),
)
def test_damage_is_a_user_error_or_a_picture(which: int, length: float, flips: list[tuple[float, int]]) -> None:
    data = bytearray(WHOLE[which][: int(len(WHOLE[which]) * length)])
    for place, value in flips:
        if data:
            data[int(place * len(data))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            photo = read_image(bytes(data), max_pixels=1_000_000)
        except UserError as error:
            assert error.exit_code == 3
        else:
            assert photo.pixels.dtype == np.uint8 and photo.pixels.ndim == 3


def test_damage_prints_nothing(tmp_path: Path) -> None:
    """The C libraries below like to talk to the screen."""
    for number, data in enumerate(WHOLE):
        for cut in (0.3, 0.6, 0.9):
            end = int(len(data) * cut)
            (tmp_path / f"{number}-{cut}.bin").write_bytes(data[:end])
            (tmp_path / f"{number}-{cut}-zero.bin").write_bytes(data[:end] + b"\0" * 9 + data[end + 9 :])
    code = (
        "import sys, pathlib, muslin.errors, muslin.images\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: muslin.images.read_image(path)\n"
        "    except muslin.errors.UserError: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_find_images(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "sub/c.webp", "sub/deep/d.tiff", "notes.txt", ".hidden.png", ".git/e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = find_images([tmp_path])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a.png",
        "b.JPG",
        "sub/c.webp",
        "sub/deep/d.tiff",
    ]
    explicit = find_images([tmp_path / "notes.txt", tmp_path, tmp_path / "a.png"])
    assert explicit == [tmp_path / "notes.txt", *found]
    assert find_images(tmp_path / "sub") == found[2:]
    with pytest.raises(UserError, match="no file or folder"):
        find_images([tmp_path / "nowhere"])


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    os.symlink(tmp_path, tmp_path / "again")
    assert find_images([tmp_path]) == [tmp_path / "a.png"]


def test_import_is_light() -> None:
    code = "import sys, muslin.images; print([m for m in ('cv2', 'PIL', 'keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"

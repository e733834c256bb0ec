"""Files appear whole or not at all, keep what they were given, and never replace another one unasked."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from muslin.errors import UserError
from muslin.images import encode_image, read_image, write_bytes, write_image


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (33, 47, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.tiff", "b.jpg", "b.jpeg", "c.webp", "D.PNG"])
def test_suffix_chooses_the_format_and_everything_comes_back(tmp_path: Path, pixels: np.ndarray, name: str) -> None:
    text = {"parameters": "Stripe on a coat, größer", "muslin": '{"scale": 1.5, "名": "縞"}'}
    xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>ü</x:xmpmeta>"
    path = write_image(tmp_path / name, pixels, text=text, xmp=xmp.encode(), dpi=300)
    photo = read_image(path)
    assert photo.metadata == {**text, "xmp": xmp}
    assert photo.dpi is None if name.endswith("webp") else photo.dpi == pytest.approx(300, abs=0.01)
    assert photo.pixels.shape == pixels.shape
    if path.suffix.lower() in (".png", ".tif", ".tiff"):
        assert (photo.pixels == pixels).all()
    assert os.listdir(tmp_path) == [name]
    with Image.open(path) as image:
        image.verify()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_written(pixels: np.ndarray, kind: str) -> None:
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:10] = 0
    photo = read_image(encode_image(pixels, kind, alpha=alpha))
    assert photo.alpha is not None and (photo.alpha == alpha).all()


def test_jpeg_has_no_alpha_and_lies_on_white(pixels: np.ndarray) -> None:
    photo = read_image(encode_image(pixels, "JPEG", alpha=np.zeros(pixels.shape[:2], np.uint8)))
    assert photo.alpha is None and photo.pixels.min() >= 254


def test_grey_is_written_as_grey(pixels: np.ndarray) -> None:
    for kind in ("PNG", "TIFF"):
        assert (read_image(encode_image(pixels[..., 0], kind)).pixels == pixels[..., :1]).all()


def test_views_and_odd_strides(pixels: np.ndarray) -> None:
    turned = pixels[::-1, ::2].transpose(1, 0, 2)
    assert (read_image(encode_image(turned, "PNG")).pixels == turned).all()


def test_never_overwrites_unasked(tmp_path: Path, pixels: np.ndarray) -> None:
    path = write_image(tmp_path / "a.png", pixels)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"exists already.*--overwrite"):
        write_image(path, pixels[:5])
    with pytest.raises(UserError, match="exists already"):  # also when it appears in the last moment
        write_bytes(path, b"something else")
    assert path.read_bytes() == before
    write_image(path, pixels[:5], overwrite=True)
    assert read_image(path).pixels.shape == (5, 47, 3)
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="exists already"):
        write_image(tmp_path / "link.png", pixels)
    assert sorted(os.listdir(tmp_path)) == ["a.png", "link.png"]


def test_places_that_cannot_be_written(tmp_path: Path, pixels: np.ndarray) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError, match="no folder"):
        write_image(tmp_path / "absent" / "a.png", pixels)
    with pytest.raises(UserError, match="no folder"):
        write_image(tmp_path / "file" / "a.png", pixels)
    with pytest.raises(UserError, match="is a folder"):
        write_image(tmp_path / "folder.png", pixels, overwrite=True)
    with pytest.raises(UserError, match="too long"):
        write_image(tmp_path / ("x" * 300 + ".png"), pixels)
    with pytest.raises(UserError, match=r"which format.*\.webp"):
        write_image(tmp_path / "a.gif", pixels)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(tmp_path: Path, pixels: np.ndarray) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="may not be written"):
        write_image(tmp_path / "a.png", pixels)
    tmp_path.chmod(0o700)


def test_longest_name_that_fits(tmp_path: Path, pixels: np.ndarray) -> None:
    path = write_image(tmp_path / ("x" * 251 + ".png"), pixels)
    assert os.listdir(tmp_path) == [path.name] and len(path.name) == 255


def test_full_disk_leaves_nothing_behind(tmp_path: Path, pixels: np.ndarray) -> None:
    path = write_image(tmp_path / "old.png", pixels[:4])
    old = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(UserError, match="disk is full"):
            write_image(tmp_path / "new.png", pixels)
        with pytest.raises(UserError, match="disk is full"):
            write_image(path, pixels, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == ["old.png"] and path.read_bytes() == old


def test_files_have_ordinary_permissions(tmp_path: Path, pixels: np.ndarray) -> None:
    mask = os.umask(0o022)
    try:
        path = write_image(tmp_path / "a.png", pixels)
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644


def test_wrong_arrays_and_sizes_are_told(pixels: np.ndarray) -> None:
    for wrong in (pixels.astype(np.float32), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(UserError, match="uint8"):
            encode_image(wrong, "PNG")
    with pytest.raises(UserError, match="Alpha"):
        encode_image(pixels, "PNG", alpha=np.zeros((2, 2), np.uint8))
    with pytest.raises(UserError, match="Possible"):
        encode_image(pixels, "GIF")
    with pytest.raises(UserError, match="at most 16383"):
        encode_image(np.zeros((1, 16_384, 3), np.uint8), "WEBP")
    with pytest.raises(UserError, match="at most 65500"):
        encode_image(np.zeros((1, 65_501, 3), np.uint8), "JPEG")
    for key in ("", "x" * 80, "縞"):
        with pytest.raises(UserError, match="PNG text"):
            encode_image(pixels, "PNG", text={key: "value"})

"""Plain or printed, by looking: rendered garments, whose cloth is known, without labels or masks."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data import plain as looking
from muslin.data.photos import GarmentPhoto, held_out
from muslin.data.plain import plain_and_printed
from muslin.data.truth import render
from muslin.garments.shading import LOG_FLOOR
from muslin.images import srgb_to_linear, write_image

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


def test_garments_without_labels_and_masks_are_looked_at(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MUSLIN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photos").mkdir()
    for seed in range(30, 54):
        write_image(tmp_path / f"photos/{seed}.png", render(seed, 224, plain=seed % 2 == 0).photo)
    plain, printed = plain_and_printed(tmp_path / "photos")
    assert not any(held_out(photo.key) for photo in plain + printed)
    wrong = [photo.key for photo in plain if int(Path(photo.key).stem) % 2]
    assert len(plain) >= 4 and len(wrong) <= 1, (wrong, len(plain), len(printed))
    assert all(photo.mask is not None and photo.mask.shape == photo.pixels.shape[:2] for photo in plain + printed)


def looked_at(monkeypatch: pytest.MonkeyPatch, printed: float = 0.0, tint: float = 0.0) -> bool:
    """Whether a garment is plain by a network that takes `printed` of it for print, and all its luminance for light.

    tint: how far every other stripe's a and b of CIELAB lie from the others'; all are equally bright.
    """
    stripes = np.where(np.arange(128) // 16 % 2, tint / 2, -tint / 2).astype(np.float32)
    lab = np.zeros((128, 128, 3), np.float32)
    lab[..., 0] = 60 + 10 * np.sin(np.arange(128) / 9)[:, None]  # folds across
    lab[..., 1] = lab[..., 2] = stripes
    pixels = np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8)

    def network(image: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        log = np.log(srgb_to_linear(np.rint((image[0] + 1) * 127.5).astype(np.uint8)) @ LUMINANCE + LOG_FLOOR)
        slopes = np.zeros((1, *log.shape, 2), np.float32)
        slopes[0, :, :-1, 0], slopes[0, :-1, :, 1] = np.diff(log, axis=1), np.diff(log, axis=0)
        side = log.shape[0]
        trend = cv2.resize(log - log.mean(), (side // 4, side // 4), interpolation=cv2.INTER_AREA)[None, ..., None]
        print_ = np.full((side, side), -9.0, np.float32)
        inside = np.argwhere(cv2.erode((mask[0, ..., 0] > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)))
        print_[tuple(inside[: round(printed * len(inside))].T)] = 9.0
        return {"slopes": slopes, "trend": trend, "print": print_[None, ..., None]}

    monkeypatch.setattr(looking, "_network", lambda: network)
    return looking.is_plain(GarmentPhoto("a.png", pixels, np.full((128, 128), 255, np.uint8), None))


def test_a_garment_is_plain_up_to_a_little_print_and_a_little_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at(monkeypatch) and looked_at(monkeypatch, printed=0.003)
    assert not looked_at(monkeypatch, printed=0.02)  # a logo of a fiftieth
    assert looked_at(monkeypatch, tint=2) and not looked_at(monkeypatch, tint=12)  # half of it lies 12 from the median


def test_labels_have_the_last_word(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MUSLIN_CACHE", str(tmp_path / "cache"))
    folder, names = tmp_path / "garments", [f"{seed}.png" for seed in range(12)]
    folder.mkdir()
    (tmp_path / "masks").mkdir()
    for seed, name in enumerate(names):
        rendered = render(seed, 96, plain=True)
        write_image(folder / name, rendered.photo)
        write_image(tmp_path / "masks" / name, np.rint(rendered.mask * 255).astype(np.uint8)[..., None].repeat(3, -1))
    rows = [f"{name},{'plain' if i < 6 else 'floral'}" for i, name in enumerate(names[:10])]
    (folder / "style_labels.csv").write_text("\n".join(["file,style", *rows]))
    plain, printed = plain_and_printed(tmp_path)
    known = {name for name in names if not held_out(name)}
    assert {photo.key for photo in printed} == known & set(names[6:10])  # the last two have no label
    assert {photo.key for photo in plain} <= known & set(names[:6])

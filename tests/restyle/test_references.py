"""A style may be a picture of cloth, or the photo of another garment whose cloth is taken."""

from pathlib import Path

import numpy as np
import pytest

from muslin.cli import run
from muslin.data.truth import Render, render
from muslin.errors import UserError
from muslin.garments.fields import Fields
from muslin.garments.references import GARMENT, cloth_shown
from muslin.garments.sight import Seen, Sight
from muslin.images import Photo, over_white, read_image, srgb_to_linear, write_image
from muslin.restyle import metadata
from muslin.restyle.restyler import Restyler
from muslin.textiles.procedural import TEXTILES, swatch


@pytest.fixture(scope="module")
def restyler() -> Restyler:
    return Restyler()


@pytest.fixture(scope="module")
def garment() -> np.ndarray:
    """A rendered T-shirt in a check, in front of something of another colour."""
    shown = (render(seed, 288, textile="gingham") for seed in range(200))
    return next(one.photo for one in shown if one.kind == "t-shirt" and apart(one) > 0.3)


def mean_colour(pixels: np.ndarray) -> np.ndarray:
    return srgb_to_linear(pixels).reshape(-1, 3).mean(0)


def apart(shown: Render) -> float:
    inside, outside = (mean_colour(shown.photo[where]) for where in (shown.mask > 0.99, shown.mask < 0.01))
    return float(np.abs(inside - outside).max())


@pytest.mark.parametrize("textile", sorted(TEXTILES))
def test_cloth_alone_is_never_taken_for_a_garment(restyler: Restyler, textile: str) -> None:
    for seed, side in ((1, 96), (2, 256), (3, 300)):
        picture = swatch(textile, seed, side)
        assert restyler.cloth(picture) is picture or np.array_equal(restyler.cloth(picture), picture)


def test_the_picture_of_a_repeat_is_not_looked_at() -> None:
    """Its ends meet as neighbours do, so it is cloth, whatever a model says of it; any other picture is looked at."""
    asked = []

    def all_are_garments(pixels: np.ndarray) -> Seen:
        asked.append(pixels.shape)
        raise LookupError

    def never(photo: Photo) -> tuple[np.ndarray, Fields]:
        raise AssertionError("looked for a garment")

    across, down = np.meshgrid(*[2 * np.pi * np.arange(96) / 96] * 2)
    waves = 128 + 50 * np.sin(3 * across) * np.cos(2 * down)
    repeat = Photo(np.repeat(np.round(waves)[..., None], 3, axis=2).astype(np.uint8))
    assert cloth_shown(repeat, never, all_are_garments) is None and not asked
    with pytest.raises(LookupError):
        cloth_shown(Photo(repeat.pixels[:80, :80]), never, all_are_garments)  # five sixths of it: the ends lie apart
    assert asked == [(80, 80, 3)]


def test_most_garments_are_seen_to_be_garments(restyler: Restyler) -> None:
    shown = [render(2**31 + seed, 256) for seed in range(40, 70)]
    seen = [
        restyler._styles._tell(one.photo).garment > GARMENT for one in shown if one.kind not in ("hat", "shoe", "bag")
    ]
    assert np.mean(seen) > 0.5, seen


@pytest.mark.parametrize("textile", ["floral", "tartan", "leopard", "plain"])
@pytest.mark.parametrize("backdrop", [255, 245, 60])
def test_a_motif_on_a_plain_backdrop_is_no_garment(restyler: Restyler, textile: str, backdrop: int) -> None:
    """Something in front of nothing: a disc, a star and a heart."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    turn, far = np.arctan2(y, x), np.hypot(x, y)
    for inside in (far < 0.7, far < 0.5 + 0.25 * np.sin(5 * turn), (x**2 + (-1.3 * y + abs(x) ** 0.6) ** 2) < 0.5):
        picture = np.where(inside[..., None], swatch(textile, 2, 256), np.uint8(backdrop))
        assert restyler._styles._tell(picture).garment < GARMENT


def test_its_cloth_is_cut_from_the_garment_alone(restyler: Restyler) -> None:
    """Of rendered garments: the colours are those of the garment and not of what it lies on."""
    shown = [render(seed, 288, textile="gingham") for seed in range(300, 318)]
    sewn = [one for one in shown if one.kind in ("t-shirt", "dress", "skirt", "long sleeve", "trousers")]
    assert len(sewn) > 4
    for one in sewn:
        cut = restyler.cloth(one.photo, "garment")
        own, backdrop = mean_colour(one.photo[one.mask > 0.99]), mean_colour(one.photo[one.mask < 0.01])
        away = np.abs(mean_colour(cut) - own).max()
        assert away < 0.05 and away < 0.5 * np.abs(own - backdrop).max() + 0.03, one.seed


def test_a_garment_as_a_style_gives_its_cloth_in_its_own_size(restyler: Restyler, garment: np.ndarray) -> None:
    shown = render(31, (240, 200), textile="plain")
    looked_at = restyler.examine(shown.photo)
    asked, found = (restyler.restyle(looked_at, garment, shows=word) for word in ("garment", "auto"))
    np.testing.assert_array_equal(asked.image, found.image)
    whole = restyler.restyle(looked_at, garment, shows="cloth")
    assert (whole.image != found.image).any()
    inside = shown.mask > 0.99
    own = mean_colour(restyler.cloth(garment))
    away = [np.abs(mean_colour(made.image[inside]) - own).max() for made in (found, whole)]
    assert away[0] < 0.1 and away[0] < away[1]


def test_a_cut_out_brings_its_mask_and_a_motif_stays_a_motif(restyler: Restyler) -> None:
    """Transparency alone does not make a garment; of what is called one it is the outline."""
    pixels = swatch("stripes", 4, 256)
    alpha = np.zeros((256, 256), np.uint8)
    alpha[40:220, 50:200] = 255
    cut = restyler.cloth(np.dstack([pixels, alpha]), "garment")
    assert cut.shape[0] < 180 and cut.shape[1] < 150
    spots = np.zeros((256, 256), np.uint8)
    spots[30:90, 40:100] = spots[150:220, 130:210] = 255
    for some in (spots, np.full_like(spots, 255)):
        np.testing.assert_array_equal(restyler.cloth(np.dstack([pixels, some])), over_white(pixels, some))


def test_nobody_is_told_of_a_piece_that_nobody_asked_for(restyler: Restyler, monkeypatch: pytest.MonkeyPatch) -> None:
    """A garment too narrow to cut cloth from: an error where it was asked for, the picture where it was not."""
    monkeypatch.setattr(Sight, "__call__", lambda self, pixels: Seen(9.0, np.zeros((8, 8), np.float32), 0.0))
    pixels = swatch("stripes", 4, 128)
    alpha = np.zeros((128, 128), np.uint8)
    alpha[:, 40:58] = 255
    picture = np.dstack([pixels, alpha])
    with pytest.raises(UserError, match="No piece of cloth"):
        restyler.cloth(picture, "garment")
    np.testing.assert_array_equal(restyler.cloth(picture), over_white(pixels, alpha))
    with pytest.raises(UserError, match="shows is outside its range"):
        restyler.cloth(picture, "picture")


def test_settings_make_it_again(restyler: Restyler, garment: np.ndarray, tmp_path: Path) -> None:
    photo = write_image(tmp_path / "photo.png", render(31, (240, 200), textile="plain").photo)
    style = write_image(tmp_path / "worn.png", garment)
    first = restyler.restyle(photo, style, shows="garment", scale=0.8)
    saved = first.save(tmp_path / "result.png")
    recalled = metadata.recall(metadata.settings_from(read_image(saved)), saved)
    assert recalled.controls["shows"] == "garment"
    again = restyler.restyle(recalled.source, recalled.styles, recalled.mask, seed=recalled.seed, **recalled.controls)
    np.testing.assert_array_equal(again.image, first.image)


def test_the_command_says_whose_cloth_it_took(
    garment: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "photo.png", render(31, (240, 200), textile="plain").photo)
    write_image(tmp_path / "worn.png", garment)
    write_image(tmp_path / "tartan.png", swatch("tartan", 1, 64))
    line = ["restyle", "photo.png", "--style", "worn.png"]
    assert run([*line, "-o", "found.png"]) == 0
    assert "'worn.png' shows a garment" in capsys.readouterr().err
    assert run([*line, "-o", "asked.png", "--shows", "garment"]) == 0
    assert run([*line, "-o", "quiet.png", "--quiet"]) == 0
    assert run([*line, "-o", "whole.png", "--shows", "cloth"]) == 0
    assert run(["restyle", "photo.png", "--style", "tartan.png", "-o", "laid.png"]) == 0
    assert capsys.readouterr().err == ""
    found, asked, whole = (read_image(name).pixels for name in ("found.png", "asked.png", "whole.png"))
    assert (found == asked).all() and (found != whole).any()


def test_a_style_of_which_nothing_can_be_cut_is_one_error_for_all_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        write_image(tmp_path / name, render(31, (120, 100), textile="plain").photo)
    narrow = np.zeros((128, 128), np.uint8)
    narrow[:, 40:58] = 255
    write_image(tmp_path / "tie.png", swatch("stripes", 4, 128), alpha=narrow)
    assert run(["restyle", "a.png", "b.png", "--style", "tie.png", "--shows", "garment", "-o", "out"]) == 3
    assert capsys.readouterr().err.count("No piece of cloth") == 1
    assert not (tmp_path / "out").exists()

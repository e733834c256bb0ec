"""Cloth by named part, from a photo to a result and back from its settings."""

from pathlib import Path

import numpy as np
import pytest

from muslin.data.truth import render
from muslin.errors import UserError
from muslin.images import Photo, read_image, write_image
from muslin.restyle import metadata
from muslin.restyle.restyler import Garment, Restyler
from muslin.textiles.procedural import swatch

CONTROLS = {"scale": 0.6, "rotation": 20.0, "repeat": "half-drop", "strength": 0.9, "shading": 0.8}


@pytest.fixture(scope="module")
def restyler() -> Restyler:
    return Restyler()


@pytest.fixture(scope="module")
def garment(restyler: Restyler) -> Garment:
    return restyler.examine(render(4, 256, kind="shirt", plain=True).photo)


def white() -> np.ndarray:
    return np.full((32, 32, 3), 245, np.uint8)


def test_nothing_on_parts_is_the_cloth_alone(restyler: Restyler, garment: Garment) -> None:
    alone = restyler.restyle(garment, swatch("tartan", 1), **CONTROLS)
    for on in (None, {}):
        result = restyler.restyle(garment, swatch("tartan", 1), on=on, **CONTROLS)
        np.testing.assert_array_equal(result.image, alone.image)
        assert result.params == alone.params and "on" not in result.params and not result.missing


def test_one_cloth_on_all_parts_is_that_cloth(restyler: Restyler, garment: Garment) -> None:
    alone = restyler.restyle(garment, swatch("tartan", 1), **CONTROLS)
    # Asked for by name, a strip that nobody saw is cut from elsewhere in the cloth; else it is of its fronts.
    on = {part: swatch("tartan", 1) for part in alone.parts if part != "strip"}
    parted = restyler.restyle(garment, swatch("tartan", 1), on=on, **CONTROLS)
    np.testing.assert_array_equal(parted.image, alone.image)
    np.testing.assert_array_equal(parted.shading, alone.shading)
    np.testing.assert_array_equal(parted.warp, alone.warp)


def test_what_is_kept_is_the_photo_and_what_is_outside_too(restyler: Restyler, garment: Garment) -> None:
    photo = garment.photo.pixels
    kept = restyler.restyle(garment, white(), on={"sleeves": "keep", "collar": swatch("polka dots", 1)})
    all_kept = restyler.restyle(garment, white(), on=dict.fromkeys(kept.parts, "keep"))
    np.testing.assert_array_equal(all_kept.image, photo)
    np.testing.assert_array_equal(kept.image[kept.mask == 0], photo[kept.mask == 0])
    stays = (kept.shading == 1) & (kept.mask == 1)
    assert stays.mean() > 0.02
    assert (kept.image != photo).any(-1)[~stays & (kept.mask == 1)].mean() > 0.9
    # All but the pixels that the border itself crosses.
    assert (kept.image != photo).any(-1)[stays].mean() < 0.1


def test_a_palette_is_that_of_the_style(restyler: Restyler, garment: Garment) -> None:
    on = {"sleeves": swatch("stripes", 1)}
    one, other = (restyler.restyle(garment, swatch("tartan", 1), on=on, palette=p) for p in (None, "navy,white"))
    worn = restyler.restyle(garment, white(), on={**dict.fromkeys(one.parts, "keep"), "sleeves": "keep"})
    sleeves = restyler.restyle(garment, white(), on={"sleeves": "keep"}).shading == 1
    inside = sleeves & (one.mask == 1) & (worn.mask == 1)
    same = (one.image == other.image).all(-1)
    assert same[inside].mean() > 0.9 and same[~sleeves & (one.mask == 1)].mean() < 0.5


def test_a_part_that_is_not_there_changes_nothing_and_is_told(restyler: Restyler, garment: Garment) -> None:
    alone = restyler.restyle(garment, swatch("tartan", 1))
    result = restyler.restyle(garment, swatch("tartan", 1), on={"band": white()})
    np.testing.assert_array_equal(result.image, alone.image)
    assert result.missing == ["band"] and "band" not in result.parts and "collar" in result.parts
    flat = Restyler("luminance").restyle(garment.photo, white(), on={"collar": "keep", "body": "keep"})
    assert flat.parts == ["body"] and flat.missing == ["collar"]
    np.testing.assert_array_equal(flat.image, garment.photo.pixels)


def test_parts_are_found_where_the_print_runs_on(restyler: Restyler, garment: Garment) -> None:
    cut, matched = (
        restyler.restyle(garment, white(), on={"collar": "keep"}, seams=seams) for seams in ("cut", "matched")
    )
    assert cut.parts == matched.parts
    np.testing.assert_array_equal(cut.shading == 1, matched.shading == 1)
    assert not matched.garment.fields.pieces.jump.any()


def test_its_settings_make_it_again(restyler: Restyler, garment: Garment, tmp_path: Path) -> None:
    photo = write_image(tmp_path / "photo.png", garment.photo.pixels)
    cloth = write_image(tmp_path / "tartan.png", swatch("tartan", 1))
    dots = write_image(tmp_path / "dots.png", swatch("polka dots", 1))
    on = {"collar": dots, "legs": "keep", "pocket": dots}
    first = restyler.restyle(photo, cloth, seed=5, on=on, **CONTROLS)
    saved = first.save(tmp_path / "result.png")
    recalled = metadata.recall(metadata.settings_from(read_image(saved)), saved)
    assert recalled.on == {"collar": dots, "sleeves": "keep", "pocket": dots}
    again = restyler.restyle(
        recalled.source, recalled.styles, recalled.mask, seed=recalled.seed, on=recalled.on, **recalled.controls
    )
    assert again.save(tmp_path / "again.png").read_bytes() == saved.read_bytes()
    line = metadata.human_line(first.params)
    assert "Collar: dots.png, Sleeves: keep, Pocket: dots.png" in line
    dots.unlink()
    with pytest.raises(UserError, match=r"dots\.png") as error:
        metadata.recall(metadata.settings_from(read_image(saved)), saved)
    assert "--on collar=" in error.value.advice


def test_another_garment_stands_for_its_cloth(restyler: Restyler, garment: Garment) -> None:
    other = render(12, (400, 320), "long sleeve", textile="tartan").photo
    cloth = restyler.cloth(other, "garment")
    assert cloth.shape != other.shape
    result = restyler.restyle(garment, other, on={"sleeves": other, "collar": "keep"}, shows="garment")
    assert result.params["on"]["sleeves"]["shows"] == result.params["styles"][0]["shows"] == "garment"


def test_variants_wear_the_same_parts_and_repeat_with_the_seed(restyler: Restyler, garment: Garment) -> None:
    on = {"sleeves": swatch("stripes", 1), "collar": "keep"}
    family = list(restyler.variants(garment, swatch("tartan", 1), 3, seed=9, on=on))
    again = list(restyler.variants(garment, swatch("tartan", 1), 3, seed=9, on=on))
    for one, other in zip(family, again, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.shading == 1, family[0].shading == 1)
    assert (family[0].image != family[1].image).any()


@pytest.mark.parametrize(
    ("on", "controls", "words"),
    [
        ({"colar": "keep"}, {}, "no part of that name"),
        ({"legs": "keep", "sleeves": "keep"}, {}, "one cloth"),
        (["collar"], {}, "mapping"),
        ({"collar": "keep"}, {"repeat": "once"}, "placement print"),
        ({"collar": "keep"}, {"mix": "panels"}, "two ways"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_photo_is_read(restyler, on, controls, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match=words) as error:
        restyler.restyle("nowhere.jpg", white(), on=on, **controls)
    assert error.value.exit_code == 2


def test_a_file_that_is_called_keep_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from muslin.restyle.parts import named
    from muslin.restyle.restyler import as_photo

    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "keep.png", white()).rename(tmp_path / "keep")
    assert named({"collar": "keep"}, as_photo) == {"collar": "keep"}
    assert isinstance(named({"collar": "./keep"}, as_photo)["collar"], Photo)

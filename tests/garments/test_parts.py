"""Cloth by named part, where the roles of all pixels are known: what wears which cloth, and what stays as it is."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments.bands import band
from muslin.garments.fields import PANELS, Fields, luminance_fields
from muslin.garments.parts import ALSO, NAMES, PANELS_OF, assigned, called, found, missing, worn_as
from muslin.garments.pieces import PANEL, ROLES, cut
from muslin.garments.renderer import KEPT, dress, lighting
from muslin.garments.strips import with_strip
from muslin.textiles.repeat import Cloth

SIZE = 256
WHITE, NAVY, RED = (248, 248, 246), (30, 36, 80), (190, 30, 30)


def plain(colour: tuple[int, int, int]):  # type: ignore[no-untyped-def]
    return Cloth(np.full((8, 8, 3), colour, np.uint8)).prepare(1.0)


def shown_as(kind: str, seed: int = 4) -> tuple[np.ndarray, np.ndarray, Fields, np.ndarray]:
    """(photo, mask, fields, roles) of a rendered garment whose pieces are known: roles as in ROLES, -1 outside."""
    shown = render(seed, SIZE, kind=kind, plain=True)
    fields = luminance_fields(shown.photo, shown.mask)
    roles = cv2.warpAffine(
        shown.roles.astype(np.uint8), fields.frame, (fields.size, fields.size), flags=cv2.INTER_NEAREST
    )
    inside = roles > 0
    at = np.maximum(roles.astype(int) - 1, 0)
    logits = np.where(at[..., None] == np.arange(len(ROLES)), 8.0, 0.0).astype(np.float32)
    panels = np.where(np.array(PANEL)[at[1::2, 1::2]][..., None] == np.arange(len(PANELS)), 8.0, 0.0).astype(np.float32)
    grain = np.broadcast_to(np.float32([1, 0]), (SIZE // 2, SIZE // 2, 2))
    pieces = cut(logits, grain, inside, panels, fields.warp, fields.shading)
    return shown.photo, shown.mask, replace(fields, panels=panels, pieces=pieces), shown.roles.astype(int) - 1


def within(roles: np.ndarray, name: str, reach: int = 7) -> np.ndarray:
    """Pixels surely of that part: bool HxW."""
    of = np.isin(roles, [ROLES.index(role) for role in NAMES[name]])
    return np.asarray(cv2.erode(of.astype(np.uint8), np.ones((reach, reach))) > 0)


def test_every_role_has_a_name_and_every_panel_too() -> None:
    assert {role for roles in NAMES.values() for role in roles} == set(ROLES)
    assert {panel for panels in PANELS_OF.values() for panel in panels} == set(PANELS)
    assert set(ALSO.values()) <= set(NAMES) and not set(ALSO) & set(NAMES)
    assert all(name == name.lower() and " " not in name for name in (*NAMES, *ALSO))


def test_a_part_may_be_called_several_ways_and_a_misspelt_one_is_told_all() -> None:
    assert [called(word) for word in ("collar", "Left Sleeve", "left_leg", "waistband", "placket")] == [
        "collar", "left-sleeve", "left-sleeve", "band", "strip",
    ]  # fmt: skip
    with pytest.raises(UserError) as error:
        called("colar")
    assert error.value.exit_code == 2 and {"collar", "legs"} <= set(error.value.possible)


def test_parts_of_the_truth_world_are_found() -> None:
    *_, shirt, roles = shown_as("shirt")
    there = {name for name in NAMES if within(roles, name).sum() > 200}
    assert there <= set(found(shirt)) and {"left-front", "right-front", "collar", "sleeves"} <= set(found(shirt))
    assert missing(shirt, ("collar", "band", "left-sleeve")) == ["band"]
    *_, trousers, _ = shown_as("trousers")
    assert worn_as(trousers)[:3] == ["legs", "left-leg", "right-leg"] and "band" in worn_as(trousers)
    assert missing(trousers, ("sleeves", "body")) == ["body"]


def test_without_pieces_panels_answer_where_they_can() -> None:
    *_, shirt, _ = shown_as("shirt")
    whole = replace(shirt, pieces=None)
    assert {"body", "sleeves", "left-sleeve", "right-sleeve"} <= set(found(whole)) <= set(PANELS_OF)
    assert missing(whole, ("collar", "sleeves")) == ["collar"]
    flat = luminance_fields(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32))
    assert list(found(flat)) == ["body"]


def test_the_more_particular_name_counts() -> None:
    *_, shirt, _ = shown_as("shirt")
    of = assigned(shirt, {"left-sleeve": 2, "sleeves": 1, "body": 3, "right-front": KEPT})
    by_role = {ROLES[role]: of[k] for k, role in enumerate(shirt.pieces.role)}
    assert (by_role["left limb"], by_role["right limb"]) == (2, 1)
    assert (by_role["left front"], by_role["right front"]) == (3, KEPT)
    assert by_role["left collar"] == 0


def test_the_strip_goes_with_the_body_unless_it_is_named() -> None:
    *_, shirt, _ = shown_as("shirt")
    strips = found(shirt)["strip"]
    assert set(assigned(shirt, {"body": KEPT})[strips]) == {KEPT}
    assert set(assigned(shirt, {"body": KEPT, "strip": 1})[strips]) == {1}
    assert set(assigned(shirt, {"collar": 1})[strips]) == {0}


@pytest.mark.parametrize("kind", ["shirt", "polo", "hoodie", "trousers"])
def test_each_part_wears_its_cloth_and_what_is_kept_keeps_its_bytes(kind: str) -> None:
    photo, alpha, fields, roles = shown_as(kind)
    names = [name for name in found(fields) if "-" not in name and within(roles, name).sum() > 100]
    kept, reds = names[0], names[1:]
    of = assigned(fields, {kept: KEPT, **dict.fromkeys(reds, 1)})
    image = dress(photo, alpha, fields, [plain(NAVY), plain(RED)], of)
    np.testing.assert_array_equal(image[alpha == 0], photo[alpha == 0])
    np.testing.assert_array_equal(image[within(roles, kept)], photo[within(roles, kept)])
    for name in reds:
        inside = within(roles, name) & (alpha == 1)
        red, green, blue = image[inside].astype(int).mean(0)
        assert red > 2 * green and red > 2 * blue, name


def test_the_same_cloth_on_every_part_is_that_cloth_alone() -> None:
    photo, alpha, fields, _ = shown_as("shirt")
    cloths = [
        Cloth(np.random.default_rng(seed).integers(0, 255, (20, 16, 3), np.uint8)).prepare(1.5) for seed in (0, 1)
    ]
    alone = dress(photo, alpha, fields, cloths[:1])
    of = assigned(fields, dict.fromkeys(found(fields), 1))
    np.testing.assert_array_equal(dress(photo, alpha, fields, cloths[::-1], of), alone)


def test_each_cloth_has_its_own_light() -> None:
    photo, alpha, fields, roles = shown_as("shirt")
    white, navy = plain(WHITE), plain(NAVY)
    light = lighting(fields, [navy, white], 1.0, assigned(fields, {"collar": 1}))
    for k, cloth in enumerate((navy, white)):
        alone = lighting(fields, [cloth])
        assert (light.exponents[k], light.exposures[k]) == (alone.exponents[0], alone.exposures[0])
    image = dress(photo, alpha, fields, [navy, white], light.of)
    collar, body = (within(roles, name) & (alpha == 1) for name in ("collar", "body"))
    np.testing.assert_array_equal(image[collar], dress(photo, alpha, fields, [white])[collar])
    np.testing.assert_array_equal(image[body], dress(photo, alpha, fields, [navy])[body])


def test_beside_what_is_kept_no_pixel_is_darker_or_lighter_than_both() -> None:
    """A border is a mixture of the two cloths that meet there: no halo, and no speck of a third."""
    photo, alpha, fields, _ = shown_as("polo")
    of = assigned(fields, {"collar": KEPT, "sleeves": KEPT})
    cloth = [plain((128, 128, 128))]
    image, whole = (dress(photo, alpha, fields, cloth, *table, shading=0) for table in ((of,), ()))
    low, high = np.minimum(photo, whole).astype(int) - 1, np.maximum(photo, whole).astype(int) + 1
    assert ((image >= low) & (image <= high)).all()


def test_where_nothing_is_left_to_wear_the_photo_stays() -> None:
    photo, alpha, fields, _ = shown_as("shirt")
    of = assigned(fields, dict.fromkeys(NAMES, KEPT))
    np.testing.assert_array_equal(dress(photo, alpha, fields, [plain(RED)], of), photo)


def test_matched_parts_are_found_and_break_no_print() -> None:
    photo, _, fields, _ = shown_as("shirt")
    matched = fields.matched()
    assert found(matched) == found(fields) and not matched.pieces.jump.any()
    place = slice(0, SIZE), slice(0, SIZE)
    assert np.abs(band(photo, fields, *place).warp).max() > 10
    assert np.abs(band(photo, matched, *place).warp).max() < 1e-3  # the baseline's panels all lie flat


def test_a_front_that_opens_has_a_strip_along_its_opening() -> None:
    photo, alpha, fields, roles = shown_as("coat", 1)
    parted = with_strip(fields, alpha)
    assert "strip" not in found(fields) and "strip" in found(parted)
    assert with_strip(parted, alpha) is parted
    of = assigned(parted, {"strip": 1})
    image = dress(photo, alpha, parted, [plain(NAVY), plain(RED)], of)
    red = (image[..., 0].astype(int) > image[..., 2] + 20) & (alpha == 1)
    left, right = (roles == ROLES.index(name) for name in ("left front", "right front"))
    apart = right.argmax(1) - (SIZE - 1 - left[:, ::-1].argmax(1))  # at the neck a collar lies between
    meets = np.flatnonzero(left.any(1) & right.any(1) & (np.abs(apart) <= 2))[5:-5]
    line = np.array([(np.flatnonzero(left[y]).max() + np.flatnonzero(right[y]).min()) / 2 for y in meets])
    middle = np.array([np.flatnonzero(red[y]).mean() if red[y].any() else np.nan for y in meets])
    assert np.isfinite(middle).mean() > 0.9 and np.nanmedian(np.abs(middle - line)) < 3
    wide = np.median(red[meets].sum(1)) / np.median((left | right)[meets].sum(1))
    assert 0.03 < wide < 0.09
    kept = dress(photo, alpha, parted, [plain(NAVY)], of * KEPT)
    surely = cv2.erode(red.astype(np.uint8), np.ones((5, 5))) > 0
    assert surely.sum() > 100
    np.testing.assert_array_equal(kept[surely], photo[surely])


def test_a_strip_that_was_seen_is_the_strip() -> None:
    _, alpha, fields, _ = shown_as("shirt", 1)
    assert "strip" in found(fields) and with_strip(fields, alpha) is fields


def test_what_does_not_open_has_no_strip() -> None:
    for kind in ("polo", "trousers"):
        _, alpha, fields, _ = shown_as(kind)
        assert "left-front" not in found(fields) and with_strip(fields, alpha) is fields
    alpha = np.ones((64, 64), np.float32)
    flat = luminance_fields(np.zeros((64, 64, 3), np.uint8), alpha)
    assert with_strip(flat, alpha) is flat


@pytest.mark.parametrize("lean", [-0.3, 0.0, 0.2])
def test_a_strip_is_cut_along_its_line(lean: float) -> None:
    """Its cloth's columns run along the opening: u does not change from the neck to the hem."""
    *_, fields, _ = shown_as("shirt")
    size = fields.size
    y, x = np.mgrid[:size, :size]
    line = size / 2 + lean * (y - size / 2)
    ragged = np.random.default_rng(0).integers(-2, 3, size // 4).repeat(4)[:, None]  # as a network draws it
    shares = np.stack([x <= line + ragged, x > line + ragged], -1).astype(np.float32)
    two = replace(
        fields.pieces, shares=shares, warp=np.zeros((size // 4, size // 4, 2, 2), np.float32),
        jump=np.zeros((2, 2), np.float32), panel=np.zeros(2, int), role=np.array([1, 2]),
    )  # fmt: skip
    parted = with_strip(replace(fields, pieces=two), np.ones((SIZE, SIZE), np.float32)).pieces
    assert list(parted.role) == [1, 2, ROLES.index("strip")]
    np.testing.assert_allclose(parted.shares.sum(-1), 1, atol=1e-5)
    strip = parted.shares[..., 2] > 0.5
    middle = np.array([np.flatnonzero(row).mean() for row in strip[20:-20]])
    np.testing.assert_allclose(middle, line[20:-20, 0], atol=1.5)
    cells = np.arange(8, size // 4 - 8)
    down = (cells * 4 + 2.5) / size
    across = 0.5 + lean * (down - 0.5)
    u = across + parted.warp[cells, np.round(across * size / 4 - 0.625).astype(int), 2, 0]
    assert np.ptp(u) < 0.02

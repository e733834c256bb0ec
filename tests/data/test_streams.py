from dataclasses import replace

import cv2
import numpy as np
import pytest

from muslin.data import drape_stream, truth
from muslin.data.drape_stream import DrapeStream, print_on
from muslin.data.mask_stream import MaskStream, camouflaged
from muslin.data.photos import GarmentPhoto, clean_mask, held_out
from muslin.garments.shading import log_luminance
from muslin.images import srgb_to_linear


def plain_photo(seed: int = 0, size: int = 160) -> GarmentPhoto:
    rng = np.random.default_rng(seed)
    relief = cv2.GaussianBlur(rng.normal(0, 1, (size, size)).astype(np.float32), (0, 0), 6)
    light = 0.3 * np.exp(0.3 * relief / relief.std())
    pixels = np.uint8(255 * np.clip(light[..., None] * [1, 0.8, 0.7], 0, 1) ** (1 / 2.2))
    mask = np.zeros((size, size), np.uint8)
    mask[20:-20, 30:-30] = 255
    return GarmentPhoto(f"plain/{seed}.jpg", pixels, mask, "plain")


def swatch() -> np.ndarray:
    return np.random.default_rng(9).integers(30, 220, (40, 40, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def small_stream() -> DrapeStream:
    photos = [plain_photo(seed) for seed in range(3)]
    return DrapeStream(photos, photos, [swatch()], 64, 16, seed=5)


def test_a_batch_is_a_pure_function_of_images_seen(small_stream: DrapeStream) -> None:
    first, again, other = (small_stream.batch(seen) for seen in (32, 32, 48))
    for key in first:
        np.testing.assert_array_equal(first[key], again[key])
    assert np.abs(first["image"] - other["image"]).max() > 0.1


def test_shapes_ranges_and_what_is_known(small_stream: DrapeStream) -> None:
    batch = small_stream.batch(0)
    assert batch["image"].shape == (16, 64, 64, 3) and np.abs(batch["image"]).max() <= 1
    assert batch["panels"].shape == (16, 32, 32) and batch["warp"].shape == (16, 16, 16, 2)
    assert batch["known"].ravel().tolist() == [1] * 14 + [0] * 2
    assert (batch["panels"][:6].max(axis=(1, 2)) > 0).all() and batch["panels"][6:].max() == 0
    inside = batch["shading"] * batch["mask"]
    centred = inside.sum(axis=(1, 2, 3)) / batch["mask"].sum(axis=(1, 2, 3))
    np.testing.assert_allclose(centred[:6], 0, atol=0.02)


def test_panels_of_photos_follow_them_and_change_names_in_the_mirror() -> None:
    """The left half of a garment is red and its left limb, the right half blue and its right one, seen how it may."""
    photo = plain_photo()
    pixels, panels = np.zeros_like(photo.pixels), np.zeros(photo.pixels.shape[:2], np.uint8)
    pixels[:, :80, 0], pixels[:, 80:, 2] = 200, 200
    panels[20:-20, 30:80], panels[20:-20, 80:-30] = 2, 3
    photos = [replace(photo, pixels=pixels, panels=panels)]
    stream = DrapeStream([], photos, [], 64, 8, seed=5, printed_share=1.0)
    batch = stream.batch(0)
    seen, half = batch["panels"], batch["image"][:, 1::2, 1::2]
    assert not batch["posed"].any() and not batch["known"].any()
    assert np.isin(seen, (0, 2, 3)).all() and (seen > 0).mean() > 0.3
    left = half[..., 0] > half[..., 2]  # red: whichever side of the picture it has come to
    middle = np.abs(np.arange(32) - 15.5) > 3
    for labels, red in zip(seen, left, strict=True):
        inside = (labels > 0) & middle
        side = np.arange(32)[None] < 16
        assert ((labels == 2) == side)[inside].mean() > 0.97  # "left" is where the viewer sees it
        assert abs((red == side)[inside].mean() - 0.5) > 0.45  # mirrored or not
    mirrored = [
        (red == (np.arange(32)[None] < 16))[labels > 0].mean() < 0.5 for labels, red in zip(seen, left, strict=True)
    ]
    assert any(mirrored) and not all(mirrored)


def test_some_batches_show_half_as_many_garments_at_twice_the_side(small_stream: DrapeStream) -> None:
    stream = replace(small_stream, fine_batches=1)
    sides = {seen: stream.batch(seen) for seen in (0, 16, 32, 48)}
    assert [len(batch["image"]) for batch in sides.values()] == [8, 16, 16, 8]
    fine = sides[48]
    assert (fine["panels"].max(axis=(1, 2)) > 0).tolist() == [True] + 7 * [False]  # 1 rendered, 6 plain, 1 printed
    assert fine["image"].shape[1:] == (128, 128, 3) and fine["shading"].shape[1:] == (128, 128, 1)
    assert fine["panels"].shape[1:] == (64, 64) and fine["warp"].shape[1:] == (32, 32, 2)
    np.testing.assert_array_equal(sides[16]["image"], small_stream.batch(16)["image"])
    posed = replace(small_stream, fine_batches=2).batch(32)["panels"].max(axis=(1, 2)) > 0
    assert posed.tolist() == 10 * [True] + 6 * [False]  # two of three are fine: the third teaches the pose
    # The same garment at both sides has the same warp, in units of the side.
    rng = np.random.default_rng
    coarse, fine_one = stream._rendered(rng(3)), replace(stream, size=128)._rendered(rng(3))
    both = (coarse["panels"][1::2, 1::2] > 0) & (fine_one["panels"][2::4, 2::4] > 0)
    apart = np.abs(coarse["warp"] - cv2.resize(fine_one["warp"], (16, 16), interpolation=cv2.INTER_AREA)).max(-1)
    assert np.median(apart[both]) < 0.01


def test_printing_and_dividing_the_print_away_gives_the_shading_back() -> None:
    photo = plain_photo(4)
    mask = photo.mask / np.float32(255)
    shading = log_luminance(photo.pixels, mask)
    albedo = np.broadcast_to(srgb_to_linear(swatch()[:1, :1]), (*mask.shape, 3))
    printed = print_on(shading, mask, albedo)
    again = log_luminance(printed, mask)
    assert np.abs(again - shading)[mask > 0.9].mean() < 0.02


def test_a_framed_or_mirrored_warp_still_explains_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloth at x + warp must have the colour that the photo shows at x, whether mirrored or not."""
    wave = np.uint8(127 + 100 * np.sin(np.arange(128) / 64 * np.pi))
    cloth = np.stack([np.tile(wave, (128, 1)), np.tile(wave[:, None], (1, 128)), np.full((128, 128), 90)], -1)
    cloth = cloth.astype(np.uint8)
    original, shown = truth.render, []

    def in_waves(seed: int, size: int, **_: object) -> truth.Render:
        shown.append(original(seed, size, textile=cloth, scale=0.6))
        return shown[-1]

    monkeypatch.setattr(drape_stream, "_render", in_waves)
    stream = DrapeStream([], [], [cloth], 128, 1, seed=0)
    agreements = []
    for seed in range(12):
        sample = stream._rendered(np.random.default_rng(seed))
        body = sample["panels"] == 1
        if body.sum() < 50:  # trousers have legs and no body
            continue
        warp = cv2.resize(sample["warp"], (64, 64), interpolation=cv2.INTER_LINEAR) * 128
        u = np.arange(64)[None] * 2 + 1 - 63.5 + warp[..., 0]
        image = srgb_to_linear(sample["image"][1::2, 1::2])
        ratio = np.log(image[..., 0] + 0.01) - np.log(image[..., 2] + 0.01)  # the shading cancels
        zoom = 0.6 * 128 * np.sqrt(sample["mask"].sum() / shown[-1].mask.sum())
        # A mirrored garment shows the mirrored cloth.
        both = [np.corrcoef(ratio[body], np.sin(sign * u / zoom * 2 * np.pi)[body])[0, 1] for sign in (1, -1)]
        agreements.append(max(both))
    assert np.median(agreements) > 0.85, agreements


def test_mask_stream_pairs_stay_aligned() -> None:
    """A bright square on black must be found where its mask says, whatever the augmentation did to both."""
    pixels = np.zeros((90, 120, 3), np.uint8)
    mask = np.zeros((90, 120), np.uint8)
    pixels[30:60, 40:80], mask[30:60, 40:80] = 255, 255
    stream = MaskStream(
        [GarmentPhoto("a", pixels, mask, None)], [], 64, 24, seed=1, truth_share=0.0, camouflaged_share=0
    )
    batch = stream.batch(0)
    for image, where in zip(batch["image"], batch["mask"][..., 0], strict=True):
        bright = image.mean(-1) > 0
        assert (bright & (where > 0.5)).sum() / (bright | (where > 0.5)).sum() > 0.85


def test_a_camouflaged_backdrop_has_nearly_the_garments_colour_and_the_garment_its_own() -> None:
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 0.2, (40, 50, 3)).astype(np.float32)
    mask = np.zeros((40, 50), np.float32)
    mask[10:30, 10:40] = 1
    image[mask > 0] = rng.uniform(0.6, 0.8, (600, 3))
    hidden = camouflaged(rng, image, mask)
    assert (hidden[mask > 0] == image[mask > 0]).all()
    before, after = (np.abs(x[mask > 0].mean(0) - x[mask == 0].mean(0)).max() for x in (image, hidden))
    assert after < 0.61 * before
    texture = np.ptp(hidden[mask == 0] - image[mask == 0], axis=0)
    assert (texture < 1e-6).all()  # moved as a whole: its pattern stays


def test_a_fine_batch_of_masks_is_half_as_many_at_twice_the_size() -> None:
    stream = MaskStream([], [], 32, 4, seed=0, fine_batches=1)
    shapes = [stream.batch(seen)["image"].shape for seen in (0, 4, 8, 12)]
    assert shapes == [(2, 64, 64, 3), (4, 32, 32, 3), (4, 32, 32, 3), (2, 64, 64, 3)]


def test_clean_mask_drops_strings_and_specks_and_fills_pinholes_but_keeps_a_neck_opening() -> None:
    mask = np.zeros((300, 300), np.uint8)
    mask[50:250, 50:250] = 255
    dirty = mask.copy()
    dirty[0:50, 149:151] = 255  # a hanger's hook
    dirty[10:14, 10:14] = 255  # a speck
    dirty[120:124, 120:124] = 0  # a pin-hole
    dirty[60:110, 120:180] = mask[60:110, 120:180] = 0  # a neck opening
    cleaned = clean_mask(dirty)
    assert ((cleaned > 127) != (mask > 127)).mean() < 0.002


def test_held_out_is_about_one_in_ten_and_depends_on_the_name_alone() -> None:
    share = np.mean([held_out(f"shirt/{i}.jpg") for i in range(3000)])
    assert 0.08 < share < 0.12

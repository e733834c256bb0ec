from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.data.truth import reconstruct, render
from muslin.garments import bands
from muslin.garments.fields import PANELS, Fields, luminance_fields
from muslin.garments.framing import garment_box
from muslin.garments.interreflection import depth, reflectance
from muslin.garments.renderer import dress, lay_over, lighting
from muslin.images import linear_to_srgb, srgb_to_linear
from muslin.textiles.repeat import Cloth, PreparedCloth


def flat_fields(size: int) -> Fields:
    """No light, no warp; the square is the photo."""
    panels = np.zeros((size // 2, size // 2, len(PANELS)), np.float32)
    zero = np.zeros((size, size), np.float32)
    return Fields(np.float32([[1, 0, 0], [0, 1, 0]]), zero, panels, np.zeros((size // 4, size // 4, 4, 2), np.float32),
                  np.zeros((size, size, 3), np.float32), zero)  # fmt: skip


def dark_swatch(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (16, 12, 3), dtype=np.uint8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(33, 90), st.integers(33, 90), st.floats(0, 1), st.floats(0, 2))
def test_pixels_outside_the_mask_are_bit_identical(
    seed: int, height: int, width: int, strength: float, shading: float
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = np.clip(rng.normal(0.3, 0.6, (height, width)), 0, 1).astype(np.float32)
    fields = luminance_fields(pixels, alpha)
    image = dress(pixels, alpha, fields, [Cloth(dark_swatch()).prepare(2.0)], strength=strength, shading=shading)
    np.testing.assert_array_equal(image[alpha == 0], pixels[alpha == 0])


def test_strength_zero_is_the_photo() -> None:
    shown = render(3, 96)
    fields = luminance_fields(shown.photo, shown.mask)
    image = dress(shown.photo, shown.mask, fields, [Cloth(dark_swatch()).prepare(1.0)], strength=0)
    np.testing.assert_array_equal(image, shown.photo)


def test_flat_fields_give_the_flat_tile() -> None:
    cloth = Cloth(dark_swatch()).prepare(1.7, 20)
    x, y = np.meshgrid(np.arange(64, dtype=np.float32), np.arange(64, dtype=np.float32))
    image = dress(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32), flat_fields(64), [cloth])
    expected = cloth.sample(x - 31.5, y - 31.5)
    assert np.abs(image.astype(int) - expected).max() <= 1


def test_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = render(5, 160)
    fields = luminance_fields(shown.photo, shown.mask)
    cloth = Cloth(dark_swatch()).prepare(1.3)
    whole = dress(shown.photo, shown.mask, fields, [cloth])
    monkeypatch.setattr(bands, "BAND_PIXELS", 160 * 16)
    banded = dress(shown.photo, shown.mask, fields, [cloth])
    assert np.abs(whole.astype(int) - banded).max() <= 3  # the cloth's antialiasing sees its neighbours in a band


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_true_fields_reproduce_the_truth_world(seed: int) -> None:
    """Given the answer, the renderer must reach it: the photo in another cloth, to 30 dB."""
    size = 256
    shown = render(seed, size)
    left, top, right, bottom = garment_box(shown.mask)
    centre = ((left + right - 1) / 2, (top + bottom - 1) / 2)
    frame = np.float32([[1, 0, (size - 1) / 2 - centre[0]], [0, 1, (size - 1) / 2 - centre[1]]])
    import cv2

    def framed(field: np.ndarray, nearest: bool = False) -> np.ndarray:
        flags = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
        return cv2.warpAffine(field, frame, (size, size), flags=flags)

    shading = framed(np.log(shown.shading).astype(np.float32))
    parts = framed(shown.parts, nearest=True)[1::2, 1::2]
    panels = np.stack([np.float32(parts == k + 1) for k in range(4)], -1)
    warp = framed(shown.warp)[2::4, 2::4, None].repeat(4, 2) / size
    flat = np.zeros((size, size, 3), np.float32)
    fields = Fields(frame, shading, panels, warp, flat, shading, reflectance=reflectance(shown.swatch))
    swatch = np.uint8(np.clip(127 + 60 * np.sin(np.arange(64) / 32 * np.pi), 0, 255))
    swatch = np.stack([np.tile(swatch, (64, 1)), np.tile(swatch[:, None], (1, 64)), np.full((64, 64), 90)], -1)
    swatch = swatch.astype(np.uint8)
    expected = reconstruct(shown, swatch, 0.7)
    image = dress(shown.photo, shown.mask, fields, [Cloth(swatch).prepare(0.7)])
    error = (image.astype(float) - expected)[shown.mask > 0.99] / 255
    assert -10 * np.log10(np.mean(error**2)) > 27


def test_each_panel_takes_its_own_cloth() -> None:
    fields = flat_fields(64)
    fields.panels[:, :16, 0] = 5  # the left half is body
    fields.panels[:, 16:, 1] = 5  # the right half is a sleeve
    red, blue = (np.full((8, 8, 3), colour, np.uint8) for colour in ([200, 0, 0], [0, 0, 200]))
    cloths = [Cloth(red).prepare(1.0), Cloth(blue).prepare(1.0), Cloth(red).prepare(1.0), Cloth(red).prepare(1.0)]
    image = dress(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32), fields, cloths)
    assert (image[:, :30] == [200, 0, 0]).all() and (image[:, 34:] == [0, 0, 200]).all()


def test_each_panel_has_the_folds_of_its_own_cloth() -> None:
    """Half the light on a grey garment: black cloth receives less than half, white cloth more."""
    fields = flat_fields(64)
    fields = replace(fields, offset=np.full((64, 64), np.log(0.5), np.float32), reflectance=0.2)
    fields.panels[:, :16, 0] = 5
    fields.panels[:, 16:, 1] = 5
    black, white = (Cloth(np.full((8, 8, 3), level, np.uint8)).prepare(1.0) for level in (60, 200))
    image = dress(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32), fields, [black, white, black, black])
    received = [
        srgb_to_linear(image[32, x, :1])[0] / srgb_to_linear(np.uint8([level]))[0] for x, level in ((8, 60), (56, 200))
    ]
    ratios = [depth(float(srgb_to_linear(np.uint8([level]))[0])) / depth(0.2) for level in (60, 200)]
    assert received[0] == pytest.approx(0.5 ** ratios[0], abs=0.02) and received[0] < 0.48
    assert received[1] == pytest.approx(0.5 ** ratios[1] ** 0.5, abs=0.01) and received[1] > 0.52


def oblique(size: int = 64) -> tuple[Fields, list[PreparedCloth]]:
    """Black body, white sleeve, parted by the line 2 x + y = 95.3; the cloths of both."""
    fields = flat_fields(size)
    y, x = np.mgrid[: size // 2, : size // 2] * 2.0 + 1  # cell i of the panels belongs to pixel 2 i + 1
    fields.panels[..., 0], fields.panels[..., 1] = 95.3 - 2 * x - y, 2 * x + y - 95.3
    fields.panels[..., 2:] = -1e3
    black, white = (Cloth(np.full((8, 8, 3), level, np.uint8)).prepare(1.0) for level in (0, 200))
    return fields, [black, white, black, black]


def test_a_pixel_that_a_seam_crosses_shows_both_cloths_by_area() -> None:
    """Against the area of each pixel beyond the line, counted at 40 x 40 points: a seam is no stair."""
    fields, cloths = oblique()
    image = dress(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32), fields, cloths)
    shown = srgb_to_linear(image[..., 0]) / srgb_to_linear(np.uint8([200]))
    points = (np.arange(64 * 40) + 0.5) / 40 - 0.5
    area = (2 * points[None] + points[:, None] > 95.3).reshape(64, 40, 64, 40).mean((1, 3))
    inner = (slice(2, -2), slice(2, -2))
    assert ((area > 0.1) & (area < 0.9)).sum() > 60
    assert np.abs(shown - area)[inner].max() < 0.2  # eight points of a pixel tell its area to an eighth or so
    assert np.abs(shown - area)[inner].mean() < 0.4 * np.abs((area > 0.5) - area)[inner].mean()


def test_seams_between_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    fields, cloths = oblique()
    photo, alpha = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32)
    whole = dress(photo, alpha, fields, cloths)
    monkeypatch.setattr(bands, "BAND_PIXELS", 64 * 16)
    np.testing.assert_allclose(dress(photo, alpha, fields, cloths), whole, atol=1)


def test_the_old_colour_of_a_soft_outline_is_not_mixed_in() -> None:
    """A red garment on grey whose outline is four pixels wide: under black cloth no pixel of it is red."""
    x = np.arange(64)
    share = np.clip((36 - x) / 5, 0, 1).astype(np.float32)
    row = srgb_to_linear(np.uint8([200, 20, 60])) * share[:, None] + srgb_to_linear(np.uint8([180, 180, 180])) * (
        1 - share[:, None]
    )
    photo = np.repeat(linear_to_srgb(row)[None], 64, 0)
    alpha = np.repeat(share[None], 64, 0)
    black = Cloth(np.full((8, 8, 3), 20, np.uint8)).prepare(1.0)
    image = dress(photo, alpha, flat_fields(64), [black]).astype(int)
    assert np.ptp(image[10:54, 4:60], axis=-1).max() <= 6


def test_a_shadow_beside_a_garment_stays() -> None:
    """A drop shadow on white paper, a trace of the mask over it: it is not replaced by the paper's white."""
    photo = np.full((60, 60, 3), 250, np.uint8)
    photo[:, 20:40], photo[:, 40:43] = 60, 150
    alpha = np.zeros((60, 60), np.float32)
    alpha[:, 20:40], alpha[:, 40:43] = 1, 0.03
    made = lay_over(photo, alpha, np.full((60, 60, 3), 200, np.uint8))
    assert np.abs(made[5:-5, 40:43].astype(int) - 150).max() <= 16


def test_white_cloth_keeps_its_folds() -> None:
    """Highlights are rolled off, never clipped flat."""
    from muslin.garments.renderer import _roll_off

    light = np.linspace(0, 2, 201, dtype=np.float32)
    rolled = _roll_off(light)
    np.testing.assert_array_equal(rolled[:80], light[:80])
    assert (np.diff(rolled) > 0).all() and rolled.max() < 1


@pytest.mark.parametrize(("level", "less"), [(120, False), (215, False), (250, True)])
def test_white_cloth_is_exposed_a_little_less_so_that_its_folds_have_room(level: int, less: bool) -> None:
    cloth = Cloth(np.full((8, 8, 3), level, np.uint8)).prepare(1.0)
    fields = flat_fields(64)
    waves = np.tile(0.25 * np.sin(np.arange(64) / 4), (64, 1)).astype(np.float32)
    lit = replace(fields, offset=waves)
    black, alpha = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.float32)
    exposure = float(lighting(lit, [cloth]).exposures[0])
    assert (0.9 < exposure < 0.95) if less else exposure == 1
    assert lighting(lit, [cloth], shading=0).exposures[0] == 1, "without light the cloth is its own colour"
    flat = dress(black, alpha, lit, [cloth], shading=0)
    assert np.abs(flat.astype(int) - level).max() <= (8 if less else 1)  # what the knee takes
    unexposed = dress(black, alpha, lit, [SimpleNamespace(sample=cloth.sample, reflectance=0.5)])[..., 0].astype(int)
    wider = np.ptp(dress(black, alpha, lit, [cloth])[..., 0].astype(int)) / np.ptp(unexposed)
    assert wider > 1.15 if less else wider == 1

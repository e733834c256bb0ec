import cv2
import numpy as np
import pytest

from muslin.garments.bands import bands
from muslin.garments.fields import fit_guide, luminance_fields, with_guide, without_islands
from muslin.garments.framing import garment_box
from muslin.garments.shading import log_colour
from muslin.images import linear_to_srgb, luminance, srgb_to_linear


def test_guide_recovers_a_linear_model() -> None:
    rng = np.random.default_rng(0)
    guide = rng.normal(0, 1, (40, 50, 3)).astype(np.float32)
    target = guide @ np.float32([0.2, -0.5, 0.9]) + np.float32(0.3)
    slopes, offset = fit_guide(guide, target, np.ones(target.shape, np.float32), epsilon=1e-6)
    np.testing.assert_allclose(slopes, np.broadcast_to([0.2, -0.5, 0.9], slopes.shape), atol=1e-2)
    np.testing.assert_allclose(offset, 0.3, atol=1e-2)


def test_guide_ignores_an_edge_that_the_target_does_not_have() -> None:
    guide = np.zeros((32, 32, 3), np.float32)
    guide[:, 16:] = 1  # an old print's edge
    target = np.tile(np.linspace(0, 0.1, 32, dtype=np.float32)[:, None], (1, 32))
    slopes, offset = fit_guide(guide, target, np.ones(target.shape, np.float32))
    filtered = (slopes * guide).sum(-1) + offset
    assert np.abs(filtered - target)[4:-4].max() < 0.01


def test_guide_lets_only_the_garment_vote() -> None:
    guide = np.zeros((32, 32, 3), np.float32)
    guide[:, :16] = np.random.default_rng(1).normal(0, 1, (32, 16, 1))
    weight = np.zeros((32, 32), np.float32)
    weight[:, 16:] = 1
    target = np.where(weight > 0, np.float32(0.5), np.float32(-3))
    slopes, offset = fit_guide(guide, target, weight)
    assert np.abs((slopes * guide).sum(-1) + offset - 0.5)[:, 17:].max() < 0.02


def test_shading_of_a_plain_garment_survives_at_three_times_the_networks_size() -> None:
    """Detail that the small square cannot hold comes back from the photo itself."""
    rng = np.random.default_rng(2)
    relief = cv2.GaussianBlur(rng.normal(0, 1, (780, 780)).astype(np.float32), (0, 0), 2.5)
    relief = 0.25 * relief / relief.std()
    grey = np.exp(relief)[..., None] * np.float32([0.2, 0.25, 0.3])
    pixels = np.uint8(np.clip(255 * grey ** (1 / 2.2), 0, 255))
    mask = np.zeros((780, 780), np.float32)
    mask[60:720, 60:720] = 1
    fields = luminance_fields(pixels, mask)
    true = np.log(luminance(srgb_to_linear(pixels)))
    found = np.zeros_like(true)
    for band in bands(pixels, fields, garment_box(mask)):
        found[band.rows, band.columns] = band.shading
    inside = mask.copy()
    inside[60:70] = inside[710:720] = inside[:, 60:70] = inside[:, 710:720] = 0  # two pixels of the square: its rim
    assert np.corrcoef(found[inside > 0], true[inside > 0])[0, 1] > 0.97


@pytest.mark.parametrize("width", [256, 1024])
def test_the_rim_of_a_dark_garment_on_a_light_ground_is_hardly_lighter_than_the_garment(width: int) -> None:
    """Seen through a lens its outline is half ground: in white cloth that would be a bright line around it."""
    scale = width / 256
    mask = np.zeros((width, width), np.float32)
    mask[round(40 * scale) : round(216 * scale), round(60 * scale) : round(196 * scale)] = 1
    mixed = cv2.GaussianBlur(mask, (0, 0), 1.0)[..., None]
    light = np.float32([0.05, 0.02, 0.02]) * mixed + 0.8 * (1 - mixed)
    fields = luminance_fields(linear_to_srgb(light), mask)
    for band in bands(linear_to_srgb(light), fields, garment_box(mask)):
        inside = mask[band.rows, band.columns] > 0
        assert np.exp(band.shading[inside]).max() < 1.4 * np.exp(np.median(band.shading[inside]))


def test_light_that_no_colour_explains_is_kept_in_the_square() -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (64, 64, 3), np.uint8)  # a print as fine as its pixels
    shading = cv2.GaussianBlur(rng.normal(0, 1, (64, 64)).astype(np.float32), (0, 0), 1.5)
    inside = np.zeros((64, 64), np.float32)
    inside[8:56, 8:56] = 1
    frame, nothing = np.float32([[1, 0, 0], [0, 1, 0]]), np.zeros((16, 16, 4, 2), np.float32)
    fields = with_guide(frame, image, inside, shading, np.zeros((32, 32, 4), np.float32), nothing, rim=0)
    models = (fields.slopes * log_colour(image)).sum(-1) + fields.offset
    np.testing.assert_allclose(models[inside > 0], shading[inside > 0], atol=1e-5)


def test_islands_of_a_panel_go_to_what_surrounds_them_and_large_pieces_stay() -> None:
    panels = np.zeros((64, 64, 4), np.float32)
    panels[..., 0] = 1  # body
    panels[:, 40:, 1] = 2  # a sleeve
    panels[10:14, 10:14, 2] = 3  # a patch in the chest
    best = without_islands(panels, np.ones((64, 64), np.float32)).argmax(-1)
    assert (best[:, :40] == 0).all() and (best[:, 40:] == 1).all()

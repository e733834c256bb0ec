"""The truth world: exact fields, determinism, arc length, shading."""

from __future__ import annotations

import numpy as np
import pytest

from muslin.data.panels import curve, from_frame, to_frame
from muslin.data.relief import Grid, Light, Ridge, arc_excess, log_gain, slopes
from muslin.data.truth import GARMENTS, Render, reconstruct, render
from muslin.errors import UserError


def interior(result: Render, margin: int = 3) -> np.ndarray:
    """Pixels whose whole neighbourhood lies inside the mask."""
    inside = result.mask >= 0.999
    for axis in (0, 1):
        for shift in range(1, margin + 1):
            inside = inside & np.roll(result.mask >= 0.999, shift, axis) & np.roll(result.mask >= 0.999, -shift, axis)
    return inside


@pytest.mark.parametrize("kind", GARMENTS)
def test_every_kind_has_the_promised_fields(kind: str) -> None:
    result = render(3, (96, 128), kind)
    assert result.photo.shape == (96, 128, 3) and result.photo.dtype == np.uint8
    assert result.background.shape == (96, 128, 3) and result.background.dtype == np.uint8
    assert result.mask.shape == result.shading.shape == result.parts.shape == (96, 128)
    assert result.mask.dtype == result.shading.dtype == result.warp.dtype == np.float32
    assert result.warp.shape == (96, 128, 2) and result.kind == kind
    assert result.mask.min() >= 0 and result.mask.max() == 1
    share = (result.mask > 0.5).mean()
    assert 0.05 < share < 0.85
    assert set(np.unique(result.parts)) <= {0, 1, 2, 3, 4}
    assert np.array_equal(result.parts > 0, result.mask > 0)
    assert np.isfinite(result.warp).all() and (result.shading > 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_photo_follows_from_the_fields(seed: int) -> None:
    """photo = srgb(linear(cloth(x - cx + warp_x, y - cy + warp_y)) * shading), written out anew."""
    result = render(seed, 96)
    cells = np.zeros((16, 16, 3), np.uint8)
    cells[:] = (200, 40, 90)
    result = render(seed, 96, textile=cells, scale=1.0)
    linear = (np.array([200, 40, 90]) / 255 + 0.055) / 1.055
    lit = np.clip(linear**2.4 * result.shading[..., None], 0, 1)
    expected = np.where(lit <= 0.0031308, 12.92 * lit, 1.055 * lit ** (1 / 2.4) - 0.055) * 255
    inside = interior(result)
    assert np.abs(expected - result.photo)[inside].max() <= 1.5
    assert np.abs(reconstruct(result).astype(int) - result.photo)[inside].max() <= 1


def test_the_warp_places_the_cloth() -> None:
    """A cloth that is a slow ramp in u shows u itself."""
    ramp = np.repeat(np.linspace(30, 220, 4096).astype(np.uint8)[None, :, None], 4, 0).repeat(3, 2)
    result = render(5, 128, "t-shirt", textile=np.ascontiguousarray(ramp), scale=0.25)
    u = np.arange(128)[None] - result.center[0] + result.warp[..., 0]
    inside = interior(result) & (result.parts == 1) & (u > 4) & (u < 1000)
    linear = (((30 + 190 * (u / 1024)) / 255 + 0.055) / 1.055) ** 2.4 * result.shading
    expected = (1.055 * np.clip(linear, 0, 1) ** (1 / 2.4) - 0.055) * 255
    assert inside.sum() > 200
    assert np.abs(expected - result.photo[..., 0])[inside].max() <= 2.5


@pytest.mark.parametrize("kind", GARMENTS)
def test_another_textile_changes_nothing_but_the_cloth_and_its_light(kind: str) -> None:
    first, second = render(11, 64, kind, textile="tartan"), render(11, 64, kind, textile="floral")
    for name in ("mask", "warp", "parts", "background"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert not np.array_equal(first.photo, second.photo)
    restyled = reconstruct(first, second.swatch, second.scale)
    assert np.abs(restyled.astype(int) - second.photo).max() <= 1


def test_folds_are_as_deep_as_their_cloth_is_dark() -> None:
    """The log gain of one garment in two cloths has the ratio of 1 - 0.93 reflectance, whatever the garment."""
    dark, light = (np.full((8, 8, 3), level, np.uint8) for level in (60, 180))
    first, second = render(11, 96, textile=dark), render(11, 96, textile=light)
    inside = first.mask > 0
    a, b = np.log(first.shading[inside]), np.log(second.shading[inside])
    within = (np.abs(a) < 1) & (np.abs(a) > 0.05)  # not where a deep fold meets the camera's limit
    reflected = [((level / 255 + 0.055) / 1.055) ** 2.4 for level in (60, 180)]
    np.testing.assert_allclose(b[within] / a[within], (1 - 0.93 * reflected[1]) / (1 - 0.93 * reflected[0]), rtol=1e-3)


def test_a_seed_below_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="non-negative"):
        render(-1, 64)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = render(8, 64, camera=True), render(8, 64, camera=True)
    assert np.array_equal(first.photo, second.photo) and np.array_equal(first.warp, second.warp)
    assert not np.array_equal(first.photo, render(9, 64, camera=True).photo)


@pytest.mark.parametrize("camera", [False, True])
def test_outside_the_mask_there_is_background(camera: bool) -> None:
    for seed in range(4):
        result = render(seed, 96, camera=camera)
        outside = result.mask == 0
        assert np.array_equal(result.photo[outside], result.background[outside])
        assert (result.warp[outside] == 0).all() and (result.shading[outside] == 1).all()


def test_the_body_is_anchored_at_the_centre_of_the_bounding_box() -> None:
    for seed in range(8):
        result = render(seed, 128, "t-shirt")
        rows, columns = np.nonzero(result.mask >= 0.5)
        assert result.center == ((columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2)
        x, y = int(result.center[0]), int(result.center[1])
        assert result.parts[y, x] == 1
        assert np.abs(result.warp[y : y + 2, x : x + 2]).max() < 1.0


def test_the_shading_has_median_one_and_a_photographic_spread() -> None:
    spreads = []
    for seed in range(24):
        result = render(seed, 96)
        inside = result.mask >= 0.5
        assert abs(np.median(result.shading[inside]) - 1) < 0.03
        spreads.append(np.log(result.shading[inside]).std())
    assert 0.1 < np.median(spreads) < 0.35
    assert np.mean([0.08 < spread < 0.45 for spread in spreads]) > 0.8


def test_the_warp_is_smooth_inside_the_body() -> None:
    for seed in range(5):
        result = render(seed, 128, "skirt")
        body = interior(result) & (result.parts == 1)
        for axis in (0, 1):
            step = np.diff(result.warp, axis=axis)
            both = body & np.roll(body, -1, axis)
            both = both[:-1] if axis == 0 else both[:, :-1]
            assert np.abs(step[both]).max() < 2.5


def test_arc_length_of_a_sine_matches_the_elliptic_integral() -> None:
    """Length of one period of a*sin(k x) is the complete elliptic integral, here by its series."""
    step, k, a = 0.001, 2 * np.pi / 0.2, 0.02
    x = np.arange(0, 0.4 + step / 2, step)
    height = np.broadcast_to(a * np.sin(k * x), (3, x.size)).astype(np.float32)
    across, _ = slopes(height, step)
    excess = arc_excess(across, step, 0.0, axis=1)
    m = (a * k) ** 2 / (1 + (a * k) ** 2)
    series = 1 - m / 4 - 3 * m**2 / 64 - 5 * m**3 / 256 - 175 * m**4 / 16384 - 441 * m**5 / 65536
    length = 2 * np.pi / k * np.sqrt(1 + (a * k) ** 2) * (2 / np.pi) * (np.pi / 2) * series
    assert excess[1, -1] == pytest.approx(2 * (length - 0.2), rel=0.02)


def test_arc_length_of_a_plane_starts_at_the_anchor() -> None:
    slope = np.full((5, 11), 0.75, np.float32)  # a 3-4-5 triangle: a quarter more cloth
    excess = arc_excess(slope, 2.0, 4.5, axis=1)
    assert np.allclose(excess[0], 0.25 * 2.0 * (np.arange(11) - 4.5), atol=1e-5)
    excess = arc_excess(slope, 2.0, 2.0, axis=0)
    assert np.allclose(excess[:, 3], 0.25 * 2.0 * (np.arange(5) - 2.0), atol=1e-5)


def test_flat_cloth_is_neither_lit_nor_shaded_and_slopes_face_the_light() -> None:
    grid = Grid.around((0, 0), (1, 1), 0.05)
    light = Light((1.0, 0.0), 1.0, 0.3, 0.0, 0.2, 0.0, 0.0)
    turn = np.zeros((grid.shape[0], 1), np.float32)
    flat = np.zeros(grid.shape, np.float32)
    assert np.abs(log_gain(flat, flat, flat, grid, light, turn)).max() < 0.01
    falling = flat - 0.3  # goes down towards the right, where the light is
    assert (log_gain(flat, falling, flat, grid, light, turn) > 0.1).all()
    assert (log_gain(flat, -falling, flat, grid, light, turn) < -0.1).all()


@pytest.mark.parametrize("bend", [0.0, 0.4, -0.7])
def test_panel_frames_are_inverse_to_each_other(bend: float) -> None:
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (50, 2))
    there = from_frame(points, (0.3, -0.2), 0.7, bend)
    assert np.allclose(to_frame(there, (0.3, -0.2), 0.7, bend), points, atol=1e-9)


def test_a_spline_goes_through_its_points() -> None:
    points = [(0, 0), (1, 2), (3, 1)]
    line = curve(points)
    assert np.allclose(line[[0, 7, 14]], points)


def test_wrong_wishes_are_explained() -> None:
    with pytest.raises(UserError, match="kind"):
        render(0, 64, "tuxedo")
    with pytest.raises(UserError, match="textile"):
        render(0, 64, textile="velvet")
    with pytest.raises(UserError, match="size"):
        render(0, 4)
    with pytest.raises(UserError, match="swatch"):
        render(0, 64, textile=np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("two_sided", [False, True])
def test_a_fold_ends_where_it_is_too_low_to_be_seen(two_sided: bool) -> None:
    """The box in which a fold is drawn loses less than a hundredth of its height at its border."""
    ridge = Ridge(0.1, 0.4, 0.8, 0.3, 0.03, 0.5, 0.05, two_sided)
    grid = Grid.around((-1.5, -1.5), (1.5, 1.5), 0.02)
    height = ridge.height(grid, np.ones((grid.shape[0], 1), np.float32), np.random.default_rng(0))
    rows, columns = ridge.reach(grid)
    drawn = height[rows, columns]
    border = max(np.abs(drawn[[0, -1]]).max(), np.abs(drawn[:, [0, -1]]).max())
    assert height.max() == pytest.approx(1.65 * 0.5 * 0.03, rel=0.05)
    assert border < 0.01 * height.max()


def test_noise_has_unit_variance_at_any_resolution() -> None:
    for step in (0.002, 0.01, 0.04):
        grid = Grid.around((0, 0), (3, 3), step)
        values = [grid.noise(np.random.default_rng(seed), 0.15).std() for seed in range(3)]
        assert 0.6 < np.mean(values) < 1.3

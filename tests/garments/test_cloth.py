from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.errors import UserError
from muslin.garments import cloth
from muslin.garments.cloth import cut_cloth
from muslin.garments.fields import PANELS, Fields
from muslin.garments.sight import Seen
from muslin.images import linear_to_srgb, luminance, srgb_to_linear
from muslin.textiles.seamless import VISIBLE, seam_score

SIZE = 256


def shown(turn: float = 0.0, light: float = 0.0) -> tuple[np.ndarray, np.ndarray, Fields]:
    """A square garment of stripes 8 px wide, turned by `turn` degrees (clockwise) and lit unevenly.

    (photo, mask, its true fields).
    """
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    middle, angle = (SIZE - 1) / 2, np.radians(turn)
    u = np.cos(angle) * (x - middle) + np.sin(angle) * (y - middle)
    v = -np.sin(angle) * (x - middle) + np.cos(angle) * (y - middle)
    shading = light * np.sin(x / SIZE * 4) * np.cos(y / SIZE * 5)
    inside = (np.abs(u) < 80) & (np.abs(v) < 80)
    colours = np.where((np.floor(u / 8) % 2 == 0)[..., None], srgb_to_linear(np.uint8([150, 30, 30])), 0.2)
    photo = linear_to_srgb(np.where(inside[..., None], colours * np.exp(shading)[..., None], 0.5))
    panels = np.zeros((SIZE // 2, SIZE // 2, len(PANELS)), np.float32)
    panels[..., 0] = 9
    warp = np.stack([u - (x - middle), v - (y - middle)], -1)[2::4, 2::4, None] / SIZE
    frame = np.float32([[1, 0, 0], [0, 1, 0]])
    flat = np.zeros((SIZE, SIZE, 3), np.float32)
    fields = Fields(frame, shading, panels, np.repeat(warp, len(PANELS), 2).astype(np.float32), flat, shading)
    return photo, inside.astype(np.float32), fields


@pytest.mark.parametrize("turn", [0.0, 12.0, -17.0])
def test_the_grain_comes_upright_and_the_print_keeps_its_size(turn: float) -> None:
    photo, alpha, fields = shown(turn)
    swatch, share = cut_cloth(photo, alpha, fields)
    side = np.ptp(np.nonzero(alpha.any(0))[0]) + 1
    assert share == pytest.approx(max(swatch.shape[:2]) / side)
    assert min(swatch.shape[:2]) > 0.75 * 160  # of the garment's 160
    red = swatch[..., 0].astype(float) - swatch[..., 1]
    assert red.std(0).mean() < 0.15 * red.std()  # along the stripes nothing changes
    spectrum = np.abs(np.fft.rfft((red - red.mean()).mean(0) * np.hanning(red.shape[1]), 1024))
    assert 1024 / spectrum.argmax() == pytest.approx(16, abs=0.5)


def test_broad_light_is_divided_out() -> None:
    photo, alpha, fields = shown(light=0.5)
    swatch, _ = cut_cloth(photo, alpha, fields)

    def unevenness(picture: np.ndarray) -> float:
        bright = np.log(luminance(srgb_to_linear(picture)) + 1e-3)
        return float(bright[:, bright.mean(0) > bright.mean()].std())  # of the lighter stripes

    inner = (slice(60, 196), slice(60, 196))
    assert unevenness(swatch) < 0.15 * unevenness(photo[inner])
    assert np.median(np.abs(srgb_to_linear(swatch).reshape(-1, 3) - 0.2).min(-1)) < 0.05


def test_a_badge_is_left_out_and_the_dots_of_a_dotted_cloth_are_not() -> None:
    photo, alpha, fields = shown()
    whole, _ = cut_cloth(photo, alpha, fields)
    badge, dots = np.full((2, SIZE, SIZE), -5, np.float32)
    badge[70:110, 80:176] = 5
    dots[::16] = 5
    photo[70:110, 80:176] = [0, 250, 0]
    for turned in (False, True):  # whichever way round the photo is read
        some, _ = cut_cloth(photo, alpha, replace(fields, dyed=badge[:, ::-1] if turned else badge))
        assert not (some == [0, 250, 0]).all(-1).any() and some.shape[0] < whole.shape[0]
    slit = np.full((SIZE, SIZE), 5, np.float32)
    slit[:, 100:122] = -5  # a ground that is long enough and too narrow to cut from
    assert cut_cloth(photo, alpha, replace(fields, dyed=slit))[0].shape == whole.shape
    dotted, _ = cut_cloth(photo, alpha, replace(fields, dyed=dots))
    assert dotted.shape == whole.shape and (dotted == [0, 250, 0]).all(-1).any()


def seen(plain: float, zip_: bool) -> Seen:
    """What a picture shows; a zip runs down right of its middle."""
    sewn = np.full((14, 14), -4, np.float32)
    sewn[:, 8] = 7 if zip_ else -4
    return Seen(9.0, sewn, plain)


@pytest.mark.parametrize("turn", [0.0, 12.0])
def test_what_is_sewn_is_left_out_of_patterned_cloth(turn: float) -> None:
    photo, alpha, fields = shown(turn)
    whole, _ = cut_cloth(photo, alpha, fields)
    for zip_, same in ((True, False), (False, True)):
        some, _ = cut_cloth(photo, alpha, fields, lambda picture, zip_=zip_: seen(-5.0, zip_))
        assert (some.shape == whole.shape) == same
    beside, _ = cut_cloth(photo, alpha, fields, lambda picture: seen(-5.0, True))
    assert beside.shape[1] < 0.7 * whole.shape[1]


@pytest.mark.parametrize("turn", [0.0, 12.0])
def test_plain_cloth_is_quilted_without_its_zip_and_its_light(turn: float) -> None:
    _, alpha, fields = shown(turn)
    ramp = np.linspace(0.1, 0.4, SIZE)[None, :, None] * np.random.default_rng(0).uniform(0.9, 1.1, (SIZE, SIZE, 1))
    photo = linear_to_srgb((ramp * [0.3, 0.5, 1.0]).astype(np.float32))
    photo[:, 140:148] = [250, 200, 0]
    tile, share = cut_cloth(photo, alpha, fields, lambda picture: seen(5.0, True))
    assert share == pytest.approx(max(tile.shape[:2]) / (np.ptp(np.nonzero(alpha.any(0))[0]) + 1))
    assert (tile[..., 2].astype(int) > tile[..., 0]).all()
    columns = luminance(srgb_to_linear(tile)).mean(0)
    assert columns.std() / columns.mean() < 0.1
    assert seam_score(tile) < VISIBLE


def test_a_picture_that_covers_plain_cloth_is_what_is_meant() -> None:
    photo, alpha, fields = shown()
    dyed = np.full((SIZE, SIZE), -5, np.float32)
    dyed[60:190, 60:196] = 5
    with_words = cut_cloth(photo, alpha, replace(fields, dyed=dyed), lambda picture: seen(5.0, False))[0]
    np.testing.assert_array_equal(with_words, cut_cloth(photo, alpha, replace(fields, dyed=dyed))[0])


def test_no_piece_large_enough_is_an_error_that_teaches() -> None:
    photo, alpha, fields = shown()
    alpha[:, ::12] = 0  # strips of 11 px
    for mask in (alpha, alpha * 0.9):  # the other is nowhere surely garment
        with pytest.raises(UserError, match="No piece of cloth"):
            cut_cloth(photo, mask, fields)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 14), st.integers(5, 14), st.floats(0.5, 0.97))
def test_the_largest_piece_is_the_largest(seed: int, rows: int, columns: int, share: float) -> None:
    """Against all rectangles there are."""
    inside = np.random.default_rng(seed).random((rows, columns)) < share
    y, x = cloth._largest_piece(inside, 0)

    def worth(height: int, width: int) -> float:
        return min(width, cloth.SLIMMEST * height) * min(height, cloth.SLIMMEST * width)

    best = max(
        (worth(bottom - top, right - left) for top in range(rows) for bottom in range(top + 1, rows + 1)
         for left in range(columns) for right in range(left + 1, columns + 1) if inside[top:bottom, left:right].all()),
        default=0.0,
    )  # fmt: skip
    assert inside[y, x].all() and worth(y.stop - y.start, x.stop - x.start) == pytest.approx(best)

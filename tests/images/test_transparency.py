"""Soft edges: a picture is looked at on white paper, and written in its own colours again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from muslin import Restyler
from muslin.errors import UserError
from muslin.images import off_white, over_white, read_image, write_image


@given(arrays(np.uint8, (6, 5, 3)), arrays(np.uint8, (6, 5)))
def test_colours_come_back_as_far_as_eight_bits_hold_them(own: np.ndarray, alpha: np.ndarray) -> None:
    seen = over_white(own, alpha)
    again = off_white(seen, alpha)
    assert np.abs(over_white(again, alpha).astype(int) - seen).max() <= 1
    shown = alpha > 0
    allowed = 0.51 * 255 / np.maximum(alpha, 1)[..., None] + 1
    assert (np.abs(again.astype(int) - own) <= allowed)[shown].all()
    assert off_white(seen, None) is seen


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff", ".jpg"])
def test_a_soft_cut_out_has_no_white_halo_when_it_is_saved(tmp_path, suffix: str) -> None:
    y, x = np.mgrid[:96, :96]
    alpha = np.uint8(np.clip(255 * (1.5 - np.hypot(x - 48, y - 48) / 24), 0, 255))
    red = np.full((96, 96, 3), (200, 0, 0), np.uint8)
    photo = write_image(tmp_path / "cut.png", red, alpha=alpha)
    blue = np.full((32, 32, 3), (30, 40, 200), np.uint8)
    saved = Restyler(None, None).restyle(photo, blue, strength=0.0).save(tmp_path / f"out{suffix}")
    seen = read_image(saved).pixels.astype(int)
    assert np.abs(seen - read_image(photo).pixels).max() <= (12 if suffix in (".webp", ".jpg") else 1)


def test_a_picture_that_is_transparent_everywhere_is_refused(tmp_path) -> None:
    red = np.full((40, 40, 3), (200, 0, 0), np.uint8)
    path = write_image(tmp_path / "nothing.png", red, alpha=np.zeros((40, 40), np.uint8))
    with pytest.raises(UserError, match="transparent everywhere") as refused:
        read_image(path)
    assert refused.value.exit_code == 3


def test_an_array_with_alpha_is_what_a_file_of_it_would_be(tmp_path) -> None:
    swatch = np.zeros((40, 40, 4), np.uint8)
    swatch[:20] = (200, 30, 30, 255)  # below: black, but transparent
    path = write_image(tmp_path / "lace.png", swatch[..., :3], alpha=swatch[..., 3])
    grey = np.full((64, 64, 3), 120, np.uint8)
    restyler = Restyler(None, None)
    one, other = (restyler.restyle(grey, style, mask="none", shows="cloth").image for style in (swatch, path))
    np.testing.assert_array_equal(one, other)

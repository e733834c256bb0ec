"""Colours against published values, palettes against what was painted, recolouring against what must stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muslin.errors import UserError
from muslin.textiles.palette import (
    Palette,
    delta_e,
    delta_e_cielab,
    extract_palette,
    from_oklab,
    parse_colors,
    recolor,
    repaint,
    to_cielab,
    to_oklab,
)

# Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, 2005, table 1
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, -1.1848, -84.8006), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, -0.9009, -85.5211), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0010), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0012), 7.2195),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0009, -2.4900), 4.8045),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0011, -2.4900), 4.7461),
    ((50.0, 2.5000, 0.0), (50.0, 0.0, -2.5000), 4.3065),
    ((50.0, 2.5000, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5000, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((50.0, 2.5000, 0.0), (56.0, -27.0, -3.0), 31.9030),
    ((50.0, 2.5000, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((50.0, 2.5000, 0.0), (50.0, 3.1736, 0.5854), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]

RED, BLUE, CREAM = (200, 40, 50), (30, 60, 160), (240, 230, 210)


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_ciede2000_published_pairs(first: tuple[float, ...], second: tuple[float, ...], expected: float) -> None:
    assert delta_e_cielab(np.array(first), np.array(second)) == pytest.approx(expected, abs=6e-5)
    assert delta_e_cielab(np.array(second), np.array(first)) == pytest.approx(expected, abs=6e-5)


def test_cielab_of_known_colors() -> None:
    known = {(255, 255, 255): (100, 0, 0), (0, 0, 0): (0, 0, 0), (255, 0, 0): (53.24, 80.09, 67.20)}
    for color, lab in known.items():
        np.testing.assert_allclose(to_cielab(np.array(color, np.uint8)), lab, atol=0.02)
    assert delta_e(np.array([0, 0, 0], np.uint8), np.array([255, 255, 255], np.uint8)) == pytest.approx(100, abs=0.01)


def test_oklab_published_values() -> None:
    """The primaries as in the CSS Color 4 samples and Ottosson's own table."""
    primaries = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]], np.uint8)
    expected = [
        [1.0, 0.0, 0.0],
        [0.62796, 0.22486, 0.12585],
        [0.86644, -0.23389, 0.17950],
        [0.45201, -0.03246, -0.31153],
        [0.0, 0.0, 0.0],
    ]
    np.testing.assert_allclose(to_oklab(primaries), expected, atol=5e-5)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_oklab_and_back(color: tuple[int, int, int]) -> None:
    assert from_oklab(to_oklab(np.array([color], np.uint8)))[0].tolist() == list(color)


def painted(shares: dict[tuple[int, int, int], int], size: int = 60) -> np.ndarray:
    """Horizontal bands of the given heights."""
    bands = [np.full((height, size, 3), color, np.uint8) for color, height in shares.items()]
    return np.concatenate(bands)


def test_palette_is_what_was_painted() -> None:
    image = painted({RED: 30, BLUE: 20, CREAM: 10})
    palette = extract_palette(image, 3)
    assert palette.colors.tolist() == [list(RED), list(BLUE), list(CREAM)]
    np.testing.assert_allclose(palette.weights, [30 / 60, 20 / 60, 10 / 60], atol=0.02)
    assert palette.names()[0] == "#c82832"
    assert len(extract_palette(image, 5)) == 3  # not more than there are
    again = extract_palette(image, 3)
    assert (again.colors == palette.colors).all() and (again.weights == palette.weights).all()


def test_palette_joins_shades_of_one_dye_and_obeys_the_mask() -> None:
    image = painted({RED: 30, (201, 40, 50): 30, BLUE: 40})
    assert len(extract_palette(image, 3)) == 2
    mask = np.zeros(image.shape[:2], np.float32)
    mask[60:] = 1.0
    assert extract_palette(image, 3, mask).colors.tolist() == [list(BLUE)]
    for wrong in (np.zeros_like(mask), mask[:5]):
        with pytest.raises(UserError):
            extract_palette(image, 3, wrong)


def test_recolor_moves_colors_exactly_and_keeps_locked_ones() -> None:
    image = painted({RED: 30, BLUE: 20, CREAM: 10})
    result = recolor(image, extract_palette(image, 3), [(20, 120, 60), None, (10, 10, 10)])
    assert np.abs(result[0, 0].astype(int) - (20, 120, 60)).max() <= 1
    assert (result[30:50] == BLUE).all()
    assert np.abs(result[55, 0].astype(int) - (10, 10, 10)).max() <= 2


def test_recolor_to_its_own_colors_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    palette = extract_palette(image, 4)
    assert (recolor(image, palette, list(palette.colors)) == image).all()
    assert (recolor(image, palette, [None] * len(palette)) == image).all()
    assert (recolor(image, palette, []) == image).all()


def test_shades_stay_shades() -> None:
    """A red cloth in light and shadow, dyed blue: the same picture of light, in proportion."""
    light = np.linspace(0.15, 1.0, 64)
    linear = np.array([0.5, 0.05, 0.08]) * light[:, None]
    image = from_linear(linear)[None]
    red, blue = from_linear(np.array([[0.5, 0.05, 0.08]]) * 0.6), from_linear(np.array([[0.04, 0.1, 0.5]]) * 0.6)
    dyed = recolor(image, Palette(red, np.ones(1)), [blue[0]])
    expected = from_linear(np.array([0.04, 0.1, 0.5]) * light[:, None])[None]
    assert np.abs(dyed.astype(int) - expected).max() <= 3


def from_linear(linear: np.ndarray) -> np.ndarray:
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * encoded).astype(np.uint8)


def test_edges_stay_between_their_colors() -> None:
    share = np.linspace(0, 1, 33)[:, None]
    image = np.round(np.array(RED) * (1 - share) + np.array(CREAM) * share).astype(np.uint8)[None]
    green, navy = (30, 140, 70), (20, 25, 70)
    result = recolor(image, Palette(np.array([RED, CREAM], np.uint8), np.array([0.5, 0.5])), [green, navy])
    lightness = to_oklab(result)[0, :, 0]
    low, high = sorted(float(to_oklab(np.array([c], np.uint8))[0, 0]) for c in (green, navy))
    assert lightness.min() > low - 0.05 and lightness.max() < high + 0.15


def test_repaint_keeps_dark_dark_or_goes_by_frequency() -> None:
    image = painted({RED: 40, BLUE: 20})
    for order in ([(0, 0, 0), (255, 255, 255)], [(255, 255, 255), (0, 0, 0)]):
        result = repaint(image, order)
        assert result[0].min() >= 253 and result[-1].max() <= 2  # that red is lighter than that blue
    assert (repaint(image, [None, (255, 255, 255), (9, 9, 9)])[:40] == RED).all()


def test_parse_colors() -> None:
    assert parse_colors("#aabbcc, navy ,keep,-,rgb(10, 20, 30),FFF000,#abc") == [
        (0xAA, 0xBB, 0xCC), (0, 0, 128), None, None, (10, 20, 30), (0xFF, 0xF0, 0), (0xAA, 0xBB, 0xCC),
    ]  # fmt: skip
    for wrong in ("", "navvy", "#12", "red,,blue"):
        with pytest.raises(UserError, match="no such colour") as caught:
            parse_colors(wrong)
        assert caught.value.exit_code == 2


def test_mistakes_are_told() -> None:
    image = painted({RED: 10})
    with pytest.raises(UserError, match="more new colours"):
        recolor(image, extract_palette(image, 2), [RED, BLUE])
    with pytest.raises(UserError, match="at least one"):
        extract_palette(image, 0)


def test_an_old_colour_named_with_its_new_one_is_the_one_that_changes():
    red, blue, green = (200, 30, 30), (20, 20, 120), (0, 255, 0)
    words = "#141478=#00ff00,#c81e1e=keep"
    for reds in (19, 21):  # of 40 rows: the ranks by area change, the colours that are meant do not
        cloth = np.full((40, 40, 3), blue, np.uint8)
        cloth[:reds] = red
        made = repaint(cloth, parse_colors(words))
        assert (tuple(made[0, 0]), tuple(made[-1, 0])) == (red, green)
    assert parse_colors("navy=keep, white=rgb(1, 2, 3)") == [(0, 0, 128), (1, 2, 3)]


@pytest.mark.parametrize("words", ["keep=red", "=red", "red=", "red=blu"])
def test_a_pair_without_two_colours_is_refused(words):
    with pytest.raises(UserError, match="no such colour"):
        parse_colors(words)


def test_a_print_takes_all_the_colours_that_it_is_given() -> None:
    """A pale cloth whose shades are one dye, in navy and white: the darker shade is navy, not all of it."""
    cloth = np.full((40, 40, 3), (225, 222, 214), np.uint8)
    cloth[::4] = (205, 203, 196)
    assert len(extract_palette(cloth, 2)) == 1
    made = repaint(cloth, [(0, 0, 128), (255, 255, 255)])
    assert (made[::4] == (0, 0, 128)).all() and (made[1::4] == 255).all()


def test_black_is_one_black() -> None:
    """Noise in black cloth (0,0,0 beside 4,3,0) is not to be two blues."""
    cloth = np.zeros((40, 40, 3), np.uint8)
    cloth[:, ::2] = (4, 3, 0)
    cloth[:20] = (240, 200, 20)
    made = repaint(cloth, [(0, 0, 128), (255, 255, 255)])[20:].astype(int)
    assert np.abs(made - (0, 0, 128)).max() < 30


def test_no_other_hue_is_left_beside_the_given_colours() -> None:
    """A print of four dyes in two: green and rust become shades of navy and white, not mint and pink."""
    dyes = np.array([(20, 20, 20), (60, 120, 50), (180, 80, 30), (235, 230, 220)], np.uint8)
    made = to_oklab(repaint(dyes.repeat(10, 0)[None].repeat(8, 0), [(0, 0, 128), (255, 255, 255)]))
    navy = to_oklab(np.array([0, 0, 128], np.uint8))
    off = made[..., 1] * navy[2] - made[..., 2] * navy[1]  # across navy's own direction
    assert np.abs(off / np.hypot(*navy[1:])).max() < 0.02


def test_a_dye_replaces_one_colour_and_no_other() -> None:
    print_ = np.full((40, 60, 3), (85, 102, 170), np.uint8)
    print_[:, 20:40], print_[:, 40:] = (255, 255, 255), (200, 30, 30)
    made = repaint(print_, parse_colors("#5566aa=green")).astype(int)
    assert np.abs(made[:, :20] - (0, 128, 0)).max() < 6
    assert np.abs(made[:, 20:] - print_[:, 20:]).max() < 6
    np.testing.assert_allclose(
        repaint(print_, parse_colors("yellow=black")), print_, atol=4
    )  # there is no yellow in it


def test_more_colours_than_dyes_make_no_blotches() -> None:
    """One dye in uneven light stays one dye, however many colours there are on the card."""
    light = np.linspace(0.75, 1.0, 64)[None, :, None] * np.linspace(0.9, 1.0, 64)[:, None, None]
    print_ = np.uint8(np.array([90, 110, 180]) * light)
    print_[::8, ::8] = (240, 240, 240)
    made = repaint(print_, parse_colors("#1f2a44,#e8c1a0,white,#b5403a,#5b7553,#d9a441"))
    ground = np.delete(np.delete(made, np.s_[::8], 0), np.s_[::8], 1)
    assert len(extract_palette(ground, 6)) == 1

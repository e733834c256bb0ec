"""Hangers above garments: bars, hooks and clips go; straps, waistbands and what has the garment's colour stay."""

import numpy as np
import pytest

from muslin.data.truth import render
from muslin.garments.hangers import hanger


def hung(height: int = 400, width: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(photo, garment with its hanger, hanger): blue trousers of one block under a black bar with two clips."""
    pixels = np.full((height, width, 3), 225, np.uint8)
    cloth, bar = np.zeros((height, width), bool), np.zeros((height, width), bool)
    cloth[80:380, 70:230] = True
    bar[50:58, 60:240] = True
    bar[58:80, 80:90] = bar[58:80, 210:220] = True
    pixels[cloth], pixels[bar] = (40, 60, 130), (20, 20, 20)
    return pixels, cloth | bar, bar


def test_a_bar_with_clips_is_no_garment() -> None:
    pixels, inside, bar = hung()
    found = hanger(pixels, inside)
    assert found[bar].mean() > 0.8 and not found[90:].any()
    assert found[~bar].mean() < 0.01


def test_half_a_bar_goes_where_its_colour_is_none_of_the_garments() -> None:
    for colour, gone in (((20, 20, 20), True), ((40, 60, 130), False)):
        pixels, inside, bar = hung()
        inside[50:80, :190] &= ~bar[50:80, :190]  # 50 of 160 px are left
        pixels[bar] = colour
        assert hanger(pixels, inside)[50:58, 200:235].all() == gone


@pytest.mark.parametrize("kind", ["dress", "t-shirt", "coat", "skirt", "trousers", "bag", "hoodie"])
def test_garments_without_a_hanger_keep_all_of_theirs(kind: str) -> None:
    for seed in range(6):
        shown = render(seed, 256, kind=kind)
        assert not hanger(shown.photo, shown.mask > 0.5).any()


def test_straps_stand_and_stay() -> None:
    pixels, inside, bar = hung()
    inside &= ~bar
    inside[20:80, 90:98] = inside[20:80, 200:208] = True
    pixels[20:80, 90:98] = pixels[20:80, 200:208] = (20, 20, 20)
    assert not hanger(pixels, inside).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (40, 30)])
def test_any_mask_is_looked_at(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 3), np.uint8)
    for inside in (np.zeros(shape, bool), np.ones(shape, bool)):
        assert not hanger(pixels, inside).any()


def test_a_handbag_keeps_the_handle_of_its_own_leather() -> None:
    pixels, inside = np.full((300, 400, 3), 225, np.uint8), np.zeros((300, 400), bool)
    inside[90:270, 50:350] = True
    inside[60:68, 130:270] = inside[60:90, 130:138] = inside[60:90, 262:270] = True
    pixels[inside] = (120, 70, 30)
    assert not hanger(pixels, inside).any()

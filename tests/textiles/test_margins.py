import numpy as np
import pytest

from muslin.textiles.margins import RIM, without_margins
from muslin.textiles.procedural import swatch


def framed(picture: np.ndarray, width: int, level: int) -> np.ndarray:
    return np.pad(picture, ((width, width), (width, width), (0, 0)), constant_values=level)


@pytest.mark.parametrize("level", [255, 240, 0])
@pytest.mark.parametrize("name", ["houndstooth", "tartan", "floral", "denim"])
def test_an_even_white_or_black_margin_is_cut_off(name: str, level: int) -> None:
    cloth = np.clip(swatch(name, 3, 128), 40, 210)
    noise = np.random.default_rng(1).integers(-4, 5, (176, 176, 3))
    picture = np.uint8(np.clip(framed(cloth, 24, level).astype(int) + noise, 0, 255))  # as JPEG leaves paper
    trimmed = without_margins(picture)
    assert trimmed.shape == (128 - 2 * RIM, 128 - 2 * RIM, 3)
    assert np.abs(trimmed.astype(int) - cloth[RIM:-RIM, RIM:-RIM]).max() <= 4


def test_cloth_is_left_as_it_is() -> None:
    dot = np.full((96, 96, 3), 255, np.uint8)
    dot[30:66, 30:66] = (200, 20, 20)  # a motif on its ground
    stripes = np.full((96, 96, 3), 255, np.uint8)
    stripes[20:76] = (30, 60, 120)  # runs on to both sides
    grey = framed(np.full((64, 64, 3), 90, np.uint8), 12, 128)  # neither paper nor ink
    for cloth in (
        dot,
        stripes,
        grey,
        np.full((96, 96, 3), 255, np.uint8),
        swatch("gingham", 2, 96),
        framed(dot[:20, :20], 5, 0),
    ):
        assert without_margins(cloth) is cloth


def test_lines_that_run_around_a_repeat_are_no_margins() -> None:
    """A windowpane, and bricks with half a joint at each edge, as designers draw one repeat."""
    windowpane = framed(np.full((90, 90, 3), (60, 90, 160), np.uint8), 5, 255)
    bricks = framed(swatch("floral", 3, 94), 3, 0)
    for tile in (windowpane, bricks):
        assert without_margins(tile) is tile
    scan = np.pad(swatch("floral", 3, 94), ((5, 9), (5, 5), (0, 0)), constant_values=250)  # paper is seldom centred
    assert without_margins(scan).shape == (94 - 2 * RIM, 94 - 2 * RIM, 3)

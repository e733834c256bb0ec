import numpy as np
import pytest

from muslin.garments.openings import REACH, opening

SIZE = 256


def front_with(line: int | None, depth: float = 0.3, folds: int = 0, seed: int = 0) -> tuple[np.ndarray, ...]:
    """(left, front, light) of a square front, 160 px wide, that the network parts at column 128."""
    rng = np.random.default_rng(seed)
    front = np.zeros((SIZE, SIZE), bool)
    front[40:230, 48:208] = True
    left = front & (np.arange(SIZE) < 128)
    light = rng.normal(0, 0.02, (SIZE, SIZE)).astype(np.float32)
    for x in rng.choice([*range(60, 110), *range(146, 196)], folds, replace=False):
        light[:, x : x + 2] -= np.float32(depth)
    if line is not None:
        light[:, line : line + 2] -= np.float32(depth)
    return left, front, light


@pytest.mark.parametrize("line", [124, 128, 132])
def test_a_line_near_the_guess_is_the_opening(line: int) -> None:
    found = opening(*front_with(line))
    assert found is not None
    rows, columns = found
    assert len(rows) == 190 and np.abs(columns - line).max() <= 3


def test_a_slanting_line_is_followed() -> None:
    left, front, light = front_with(None)
    for y in range(SIZE):
        light[y, 126 + y // 64 : 128 + y // 64] -= 0.3
    rows, columns = opening(left, front, light)  # type: ignore[misc]
    assert np.abs(columns - (126.5 + rows / 64)).mean() < 2


@pytest.mark.parametrize("folds", [0, 24])
@pytest.mark.parametrize("seed", range(4))
def test_without_a_line_the_guess_stays_and_is_straight(seed: int, folds: int) -> None:
    """On plain cloth, and where folds are as deep everywhere, which a line is not to jump between."""
    _, columns = opening(*front_with(None, depth=0.2, folds=folds, seed=seed))  # type: ignore[misc]
    assert np.abs(columns - 127).max() <= REACH
    assert np.count_nonzero(np.diff(columns)) <= 6


def test_a_line_out_of_reach_is_not_followed() -> None:
    _, columns = opening(*front_with(128 + 2 * REACH + 4))  # type: ignore[misc]
    assert np.abs(columns - 127).max() <= REACH


def test_a_wobbling_guess_is_no_wobbling_line() -> None:
    _, front, light = front_with(128)
    wobbling = 128 + np.round(6 * np.sin(np.arange(SIZE) / 5))
    rows, columns = opening(front & (np.arange(SIZE) < wobbling[:, None]), front, light)  # type: ignore[misc]
    assert np.abs(columns - 128).max() <= 3 and len(rows) > 150


def test_what_is_short_or_never_parted_is_none() -> None:
    left, front, light = front_with(128)
    assert opening(np.zeros_like(left), front, light) is None
    placket = left & (np.arange(SIZE) < 100)[:, None]  # a third of the front
    assert opening(placket, front, light) is None
    nothing = np.zeros_like(front)
    assert opening(nothing, nothing, light) is None

"""Where pictures that lie over each other are cut: against all paths there are, and against paths that were drawn."""

import itertools

import numpy as np
import pytest

from muslin.textiles import quilting, seamless
from muslin.textiles.cuts import cheapest_path
from muslin.textiles.quilting import quilted


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("both_ends", [None, 0, 2])
def test_no_path_is_cheaper(seed: int, both_ends: int | None) -> None:
    cost = np.random.default_rng(seed).uniform(0, 1, (6, 4))
    steps = itertools.product(range(4), *[(-1, 0, 1)] * 5)
    paths = [np.cumsum(path) for path in steps]
    inside = [path for path in paths if path.min() >= 0 and path.max() < 4]
    least = min(
        cost[range(6), path].sum() for path in inside if both_ends in (None, path[0]) and both_ends in (None, path[-1])
    )
    found = cheapest_path(cost, both_ends)
    assert np.abs(np.diff(found)).max() <= 1 and cost[range(6), found].sum() == pytest.approx(least)
    assert both_ends is None or found[0] == found[-1] == both_ends


def zigzag(rows: int, low: int, high: int) -> np.ndarray:
    """A path from column `low` to column `high` and back, one column a row."""
    away = np.arange(rows) % (2 * (high - low))
    return low + np.where(away > high - low, 2 * (high - low) - away, away)


def test_a_patch_is_cut_where_it_agrees_with_what_is_there() -> None:
    path = zigzag(30, 2, 7)
    apart = np.ones((30, 30), np.float32)
    apart[range(30), path] = 0
    known = np.zeros((30, 30), np.float32)
    known[:, :10] = 1
    share = quilting._cut(apart, known, 10)
    right = np.arange(30) - path[:, None]
    assert (share[right >= 3] > 0.95).all() and (share[right <= -3] < 0.05).all()


def test_patches_of_noise_are_cut_where_they_differ_less_than_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheapest path through a strip of independent noise is cheaper than any that does not look."""
    on_cut, all_over, cut = [], [], quilting._cut

    def looked_at(apart: np.ndarray, known: np.ndarray, overlap: int) -> np.ndarray:
        share = cut(apart, known, overlap)
        on_cut.extend(apart[(known > 0) & (share > 0.3) & (share < 0.7)])
        all_over.extend(apart[known > 0])
        return share

    monkeypatch.setattr(quilting, "_cut", looked_at)
    pixels = np.random.default_rng(4).uniform(0, 255, (80, 80, 3)).astype(np.float32)
    assert quilted(pixels, np.ones((80, 80), bool), 24, 4) is not None
    assert np.mean(on_cut) < 0.7 * np.mean(all_over)


def test_no_patch_is_taken_too_often() -> None:
    """Of six patches one has half as much noise: it differs least from any neighbour, and would be taken always."""
    rng = np.random.default_rng(2)
    pixels, usable = np.zeros((12, 90, 3), np.float32), np.zeros((12, 90), bool)
    for number in range(6):
        place = np.s_[:12, 15 * number : 15 * number + 12]
        pixels[place] = 130 + (20 if number == 3 else 40) * rng.choice([-1.0, 1.0], (12, 12, 1))
        pixels[place][..., 2], usable[place] = number, True  # the patch's own name, in a colour too faint to tell
    tile = quilted(pixels, usable, 12, 8)
    assert tile is not None
    names = tile[6::8, 6::8, 2]  # the middles of patches, which nothing overlaps
    counts = np.bincount(np.round(names).astype(int).ravel(), minlength=6)
    assert counts.sum() == 64 and counts.max() == counts[3] and counts[3] < 32


def test_ends_are_joined_along_the_path_on_which_they_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends that differ by noise of one pixel, which no broad band holds, but for a zigzag: each side is its own end."""
    rng = np.random.default_rng(3)
    image = np.full((96, 160, 3), 128, np.float32)
    first, last = image[:, :32], image[:, 128:]
    path = zigzag(96, 8, 24)
    right = np.arange(32) - path[:, None]
    for end in (first, last):
        end += np.where(np.abs(right) > 1, rng.choice([-50.0, 50.0], (96, 32)), 0)[..., None].astype(np.float32)
    monkeypatch.setattr(seamless, "_best_crop", lambda *_: (0, 128, 32))
    tile = seamless._join(image, cyclic=False)
    joint = np.concatenate([tile[:, -16:], tile[:, :16]], axis=1)
    between = (np.arange(32) < 15.5) != (right < 0)  # where a straight cut through the middle takes the other end
    for side, own, other in ((right < -3, last, first), (right > 3, first, last)):
        there = side & between
        assert np.abs(joint - own)[there].mean() < 0.3 * np.abs(joint - other)[there].mean()

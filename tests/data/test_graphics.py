"""Placed prints: they change a part of the cloth, in colours that cloth can have, the same for the same seed."""

import numpy as np
import pytest

from muslin.data.graphics import any_dye, badge, blocks, drawing, ink_on, other_than_ground, scatter, words, woven

MASK = np.zeros((96, 96), np.float32)
MASK[10:90, 20:76] = 1
CLOTH = np.full((96, 96, 3), 0.4, np.float32)
PICTURE = np.random.default_rng(9).uniform(0, 1, (96, 96, 3)).astype(np.float32)

PRINTS = {
    "words": lambda rng: words(rng, CLOTH, MASK),
    "badge": lambda rng: badge(rng, CLOTH, MASK, PICTURE),
    "blocks": lambda rng: blocks(rng, CLOTH),
    "drawing": lambda rng: drawing(rng, CLOTH, MASK),
    "scatter": lambda rng: scatter(rng, CLOTH),
}


@pytest.mark.parametrize("kind", PRINTS)
def test_a_placed_print_covers_some_of_the_cloth_and_not_all(kind: str) -> None:
    shares = []
    for seed in range(20):
        printed = PRINTS[kind](np.random.default_rng(seed))
        assert printed.dtype == np.float32 and printed.min() >= 0 and printed.max() <= 1
        assert np.array_equal(printed, PRINTS[kind](np.random.default_rng(seed)))
        shares.append(np.mean(np.abs(printed - CLOTH).max(-1) > 1e-3))
    assert np.median(shares) > 0.005 and np.mean(np.array(shares) < 0.9) > 0.5
    assert (CLOTH == 0.4).all(), "the cloth that came in was changed"


def test_dyes_stay_between_black_and_white() -> None:
    dyes = np.stack([any_dye(np.random.default_rng(seed)) for seed in range(500)])
    assert dyes.min() >= 0.01 and dyes.max() <= 0.95
    brightness = dyes.mean(1)
    assert np.quantile(brightness, 0.1) < 0.06 and np.quantile(brightness, 0.9) > 0.5


def test_words_lie_on_the_garment_for_the_most_part() -> None:
    on = off = 0
    for seed in range(40):
        ink = np.abs(words(np.random.default_rng(seed), CLOTH, MASK) - CLOTH).max(-1) > 0.02
        on, off = on + (ink & (MASK > 0)).sum(), off + (ink & (MASK == 0)).sum()
    assert on > 2.5 * off  # strewn evenly, they would lie on and off alike


def test_two_inks_in_five_are_the_grounds_own_hue() -> None:
    ground = np.full((8, 8, 3), (0.3, 0.15, 0.1), np.float32)
    inks = np.stack([ink_on(np.random.default_rng(seed), ground) for seed in range(400)])
    ratio = inks / np.float32((0.3, 0.15, 0.1))
    own_hue = (ratio.max(1) / ratio.min(1)) < 1.001
    assert 0.3 < own_hue.mean() < 0.5
    assert (np.abs(np.log(ratio[own_hue].mean(1))) > 0.3).all(), "an ink that nobody sees is none"


def test_scattered_motifs_lie_all_over_and_leave_the_ground_most_frequent() -> None:
    shares = []
    for seed in range(40):
        printed = np.abs(scatter(np.random.default_rng(seed), CLOTH) - CLOTH).max(-1) > 0.02
        quarters = [printed[y : y + 48, x : x + 48].mean() for y in (0, 48) for x in (0, 48)]
        shares.append(printed.mean())
        assert max(quarters) < 3 * min(quarters) + 0.1, seed
    assert 0.02 < np.median(shares) < 0.4 and max(shares) < 0.65


def test_where_two_yarns_cross_the_dyes_lie_halfway() -> None:
    """A check has the ground, one yarn and both: three logarithms, the middle one halfway between the others."""
    found, cloth = 0, np.full((256, 256, 3), 0.3, np.float32)
    for seed in range(60):
        checked = woven(np.random.default_rng(seed), cloth)
        assert checked.dtype == np.float32 and checked.min() > 0 and checked.max() <= 1
        log = np.log(checked[..., 0] / 0.3)
        extreme = log.flat[np.abs(log).argmax()]
        halves = np.abs(log - extreme / 2) < 0.02 * abs(extreme)
        wholes, ground = np.abs(log - extreme) < 0.02 * abs(extreme), np.abs(log) < 0.02 * abs(extreme)
        assert ground.mean() > 0.05
        found += halves.mean() > 0.15 and wholes.mean() > 0.01 and (halves | wholes | ground).mean() > 0.5
    assert 10 < found < 50  # three in five are checks, and some of these are too fine to tell


@pytest.mark.parametrize("ink", [0.05, 0.9, (0.4, 0.1, 0.1)])
def test_what_lies_on_the_ground_is_found_and_the_weave_is_not(ink: float | tuple[float, ...]) -> None:
    weave = np.exp(np.random.default_rng(1).normal(0, 0.05, (96, 96, 1))).astype(np.float32)
    cloth = CLOTH * weave
    cloth[30:50, 30:60] = np.float32(ink)
    found = other_than_ground(cloth, MASK)
    expected = np.zeros_like(MASK)
    expected[30:50, 30:60] = 1
    assert np.array_equal(found > 0.5, expected > 0)
    assert not found[MASK < 0.5].any()


def test_cloth_without_a_frequent_dye_is_print_everywhere() -> None:
    colours = np.random.default_rng(2).uniform(0.02, 0.9, (6, 6, 3)).astype(np.float32)
    patchwork = np.kron(colours, np.ones((16, 16, 1), np.float32))
    assert np.array_equal(other_than_ground(patchwork, MASK), (MASK > 0.95).astype(np.float32))
    assert not other_than_ground(patchwork, np.zeros_like(MASK)).any()

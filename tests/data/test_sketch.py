import cv2
import numpy as np
import pytest

from muslin.data import sketch
from muslin.data.lines import lines_of, outline_of, thinned
from muslin.data.pairs import Pair, rendered
from muslin.data.sketch_stream import SketchStream


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return rendered(range(6), 60, plain=True)


def stream(pairs: list[Pair], **options: float) -> SketchStream:
    return SketchStream(pairs, 48, 4, seed=5, **options)


def test_a_batch_is_a_pure_function_of_images_seen(pairs: list[Pair]) -> None:
    first, again, other = stream(pairs).batch(8), stream(pairs).batch(8), stream(pairs).batch(12)
    for key in ("source", "target"):
        np.testing.assert_array_equal(first[key], again[key])
        assert first[key].shape == (4, 48, 48, 3) and np.abs(first[key]).max() <= 1
        assert first[key].dtype == np.float32
    assert np.abs(first["source"] - other["source"]).max() > 0.1
    two = SketchStream(pairs, 48, 2, seed=5)  # whatever the size of the batch: sample 9 is sample 9
    np.testing.assert_array_equal(two.batch(8)["source"], first["source"][:2])


def test_each_pair_comes_once_before_any_comes_again(pairs: list[Pair]) -> None:
    made = stream(pairs)
    orders = np.concatenate([made._order(seen) for seen in (0, 4, 8)])
    assert sorted(orders[:6]) == sorted(orders[6:]) == list(range(6))


def test_without_chance_the_source_is_the_drawing_and_fits_its_target(pairs: list[Pair]) -> None:
    """Unredrawn ink lies on the garment's outline in the same frame as the target."""
    batch = stream(pairs, redrawn=0.0, painted=0.0).batch(0)
    for source, target in zip(batch["source"], batch["target"], strict=True):
        ink = source[..., 0] < 0.5
        cloth = (target.min(axis=2) < 0.9).astype(np.uint8)
        near = cv2.dilate(cloth, np.ones((3, 3), np.uint8)) > 0
        border = cv2.morphologyEx(cloth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        assert ink.sum() > 50 and near[ink].mean() > 0.97
        drawn = cv2.dilate((source[..., 0] < 0.6).astype(np.uint8), np.ones((3, 3), np.uint8))
        assert drawn[border].mean() > 0.65  # highlights on light cloth look like paper, their borders have no ink
        assert np.abs(np.diff(source, axis=2)).max() == 0  # grey: no paint


def test_paint_tells_the_colour_of_the_cloth(pairs: list[Pair]) -> None:
    """Inverting the wash at the garment's middle gives the cloth's colour back."""
    rng = np.random.default_rng(0)
    pair = pairs[0]
    target, mask = pair.target.astype(np.float32) / 255, pair.mask.astype(np.float32) / 255
    errors = []
    for _ in range(40):
        ground = sketch.painted(rng, target, mask, np.ones((60, 60, 3), np.float32))
        inside = (mask > 0.95) & (ground.max(axis=2) < 0.97)
        assert ground[mask == 0].mean() > 0.97
        if inside.sum() < 20:
            continue
        tone = np.median(ground[inside], axis=0)
        asked = (tone - sketch.WASH_DARK) / (sketch.WASH_LIGHT - sketch.WASH_DARK)
        errors.append(np.abs(asked - np.median(target[mask > 0.6], axis=0)).max())
    assert len(errors) > 30 and np.median(errors) < 0.06


def test_white_paint_is_not_paper_and_black_paint_shows_lines() -> None:
    assert sketch.wash(np.ones(3)).max() < 0.93
    assert sketch.wash(np.zeros(3)).min() > 0.3
    page = sketch.on_paper(np.array([[0.0, 0.7]], np.float32), np.full((1, 2, 3), sketch.WASH_DARK, np.float32))
    assert page[0, 0, 0] - page[0, 1, 0] > 0.3


@pytest.mark.parametrize("seed", range(8))
def test_leaving_out_spares_the_outline(pairs: list[Pair], seed: int) -> None:
    pair = pairs[seed % len(pairs)]
    lines = lines_of(pair.source[..., 0], pair.mask)
    ink = np.ones((60, 60), np.float32)
    left = sketch.leave_out(np.random.default_rng(seed), ink, lines)
    assert (left[lines.outline > 0] == 1).all()
    assert (left[sketch.deep_inside(lines) == 0] == 1).all()


def test_hands_misplace_lines_by_little(pairs: list[Pair]) -> None:
    """Each redrawn outline stays within 8 % of the side of the true one: the wobble is a hand's, not a quake."""
    pair = pairs[1]
    lines = lines_of(pair.source[..., 0], pair.mask)
    away = cv2.distanceTransform((lines.outline == 0).astype(np.uint8), cv2.DIST_L2, 5)
    rng = np.random.default_rng(1)
    frame = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    for _ in range(20):
        drawn = sketch.carry(rng, lines.outline.astype(np.float32) / 255, frame, 60)
        assert (drawn > 0.3).sum() > 0.4 * (lines.outline > 0).sum()
        assert np.quantile(away[drawn > 0.3], 0.95) < 0.08 * 60


def test_redrawing_varies_and_stays_ink(pairs: list[Pair]) -> None:
    lines = lines_of(pairs[2].source[..., 0], pairs[2].mask)
    frame = np.array([[0.8, 0, 0], [0, 0.8, 0]], np.float32)
    drawn = np.stack([sketch.redraw(np.random.default_rng(seed), lines, frame, 48) for seed in range(40)])
    assert drawn.min() >= 0 and drawn.max() <= 1 and drawn.dtype == np.float32
    assert (drawn.max(axis=(1, 2)) > 0.15).all()  # no empty page
    amounts = drawn.mean(axis=(1, 2))
    assert amounts.max() > 2.5 * amounts.min()


def test_thinning_by_hand() -> None:
    """A bar three pixels thick becomes its middle row; what is one pixel wide stays as it is."""
    bar = np.zeros((9, 20), bool)
    bar[3:6, 2:18] = True
    thin = thinned(bar) > 0
    assert (thin.sum(axis=0)[4:16] == 1).all() and thin[4, 4:16].all()
    line = np.eye(12, dtype=bool)
    np.testing.assert_array_equal(thinned(line) > 0, line)


def test_outline_by_hand() -> None:
    mask = np.zeros((6, 6), np.uint8)
    mask[1:5, 1:5] = 255
    expected = mask.copy()
    expected[2:4, 2:4] = 0
    np.testing.assert_array_equal(outline_of(mask), expected)


def test_colours_are_those_of_the_garments() -> None:
    """Twelve red and four blue garments: two groups, red first."""
    made = []
    for index in range(16):
        target = np.full((60, 60, 3), 255, np.uint8)
        target[10:50, 10:50] = (200, 30, 40) if index % 4 else (20, 40, 180)
        mask = np.zeros((60, 60), np.uint8)
        mask[10:50, 10:50] = 255
        made.append(Pair(str(index), np.full_like(target, 255), target, mask))
    colours = SketchStream(made, 48, 4).colours(2)
    values = [tuple(bytes.fromhex(colour[1:])) for colour in colours]
    assert np.abs(np.subtract(values[0], (200, 30, 40))).max() <= 4
    assert np.abs(np.subtract(values[1], (20, 40, 180))).max() <= 4


def test_pictures_are_used_as_they_are(pairs: list[Pair]) -> None:
    """Sources that are no drawings get the same map as their targets and nothing else."""
    same = [Pair(pair.key, pair.target, pair.target, pair.mask) for pair in pairs]
    batch = stream(same, drawings=False).batch(0)
    inner = batch["target"][:, 8:-8, 8:-8]
    assert np.abs(batch["source"][:, 8:-8, 8:-8] - inner).mean() < 0.02

"""Arranged prints against what can be known: exact periods, exact shares, hand-set fields with one right answer."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from muslin.textiles import arrange
from muslin.textiles.arrange import CELLS, FIELDS, LAYERS, Arrangement, Layer
from muslin.textiles.exemplars import REPEAT, Look, tone_of
from muslin.textiles.procedural import swatch
from muslin.textiles.seamless import seam_score


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((REPEAT, REPEAT, 3), colour, np.uint8)


def laid_out(swatches: list[np.ndarray], shares: list[float], noise: np.ndarray | None = None) -> Arrangement:
    """The swatches flat on a tile of two units in their own colours."""
    tone = tone_of(swatches[0])
    layers = tuple(Layer(one, tone, 2 * np.eye(2, dtype=int), (0.0, 0.0), share) for one, share in zip(
        (swatches * LAYERS)[:LAYERS], (shares + [0.0] * LAYERS)[:LAYERS], strict=True))  # fmt: skip
    flat = np.zeros((LAYERS, 2 * CELLS, 2 * CELLS, arrange.NOISE), np.float32)
    return Arrangement(layers, (2, 2), tone, flat if noise is None else noise)


def drawn(seed: int, names: tuple[str, ...] = ("floral", "stripes", "ikat")) -> Arrangement:
    exemplars = np.stack([swatch(name, seed, REPEAT) for name in names])
    look = Look(exemplars, tuple(tone_of(one) for one in exemplars), np.zeros(arrange.STYLE, np.float32))
    return arrange.draw(np.random.default_rng(seed), [(look, 1.0)], (2, 2))


def random_fields(seed: int, cells: int = 2 * CELLS) -> np.ndarray:
    """Smooth random fields, as a network would give them."""
    rng = np.random.default_rng(seed)
    grow = arrange.upsampling(4, cells)
    fields = np.einsum("Yy,kyxf,Xx->kYXf", grow, rng.normal(0, 0.7, (LAYERS, 4, 4, FIELDS)), grow)
    return fields.astype(np.float32)


def test_upsampling_is_opencvs_cubic_inside_and_wraps_at_the_border() -> None:
    row = np.random.default_rng(0).normal(size=8).astype(np.float32)
    grown = arrange.upsampling(8, 32) @ row
    reference = cv2.resize(np.tile(row, 3)[None], (96, 1), interpolation=cv2.INTER_CUBIC)[0, 32:64]
    assert grown == pytest.approx(reference, abs=1e-5)


def test_counts_are_whole_turns_and_never_flat() -> None:
    assert arrange.count_repeats(0, 1, False, (2, 3)).tolist() == [[2, 0], [0, 3]]
    assert arrange.count_repeats(90, 1, False, (2, 2)).tolist() == [[0, -2], [2, 0]]
    assert arrange.count_repeats(0, 2, True, (1, 1)).tolist() == [[-2, 0], [0, 2]]
    for angle in range(0, 180, 15):
        assert round(np.linalg.det(arrange.count_repeats(angle, 0.7, False, (1, 1)))) != 0


def test_moving_everything_moves_the_print_across_its_border() -> None:
    """The proof that there is no border: a print made of moved cloths and fields is the moved print."""
    one, fields = drawn(1), random_fields(1)
    made = arrange.render(one, fields, 128, 128)
    cells = 7
    moved_layers = tuple(
        replace(layer, offset=tuple(np.array(layer.offset) - layer.counts @ [cells / (2 * CELLS), 0]))
        for layer in one.layers
    )
    moved = replace(one, layers=moved_layers, noise=np.roll(one.noise, cells, axis=2))
    again = arrange.render(moved, np.roll(fields, cells, axis=2), 128, 128)
    difference = np.abs(np.roll(made, cells * 128 // (2 * CELLS), axis=1).astype(int) - again)
    assert difference.max() <= 6  # OpenCV samples at multiples of 1/32 px
    assert difference.mean() < 0.2


@pytest.mark.parametrize("seed", range(4))
def test_a_tile_has_no_seam(seed: int) -> None:
    made = arrange.render(drawn(seed), random_fields(seed), 160, 120)
    assert seam_score(made) < 0.1
    for axis in (0, 1):
        steps = np.abs(np.diff(made.astype(int), axis=axis)).mean(axis=(1 - axis, 2))
        across = np.abs(np.take(made, 0, axis).astype(int) - np.take(made, -1, axis)).mean()
        assert across <= steps.max()


def in_own_colours(one: Arrangement) -> Arrangement:
    one.__dict__["toned"] = one.layers
    return one


def test_each_cloth_gets_its_share() -> None:
    noise = arrange.draw_noise(np.random.default_rng(3), (2, 2))
    one = in_own_colours(laid_out([plain((255, 0, 0)), plain((0, 255, 0)), plain((0, 0, 255))], [0.5, 0.3, 0.2], noise))
    made = arrange.render(one, np.zeros((LAYERS, 2 * CELLS, 2 * CELLS, FIELDS), np.float32), 96, 96)
    assert made.mean(axis=(0, 1)) / 255 == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


def test_weights_on_a_cloths_own_colours_cut_along_its_outlines() -> None:
    """Fields that say "show the first where it is light": its dark half must give way, to the pixel."""
    halves = plain((20, 20, 20))
    halves[:, : REPEAT // 2] = 230
    one = in_own_colours(laid_out([halves, plain((128, 128, 128))], [0.5, 0.5]))
    fields = np.zeros((LAYERS, 2 * CELLS, 2 * CELLS, FIELDS), np.float32)
    fields[0, ..., 3] = 2.0
    made = arrange.render(one, fields, 2 * REPEAT, 2 * REPEAT)[..., 0].astype(int)
    wanted = np.where(np.tile(halves[..., 0], (2, 2)) > 128, 230, 128)
    inside = np.ones_like(wanted, bool)
    for border in range(0, 2 * REPEAT, REPEAT // 2):
        inside[:, np.arange(border - 2, border + 2) % (2 * REPEAT)] = False
    assert np.abs(made - wanted)[inside].max() <= 4


def test_stripes_run_through_whatever_the_fields_say() -> None:
    """Lying stripes over lying stripes: every row is one colour, though the fields vary over the tile."""
    y = np.arange(REPEAT)
    rows = [np.where((y // (REPEAT // count)) % 2, 220, 40).astype(np.uint8) for count in (4, 8)]
    stripes = [np.repeat(np.repeat(row[:, None, None], REPEAT, 1), 3, 2) for row in rows]
    one = laid_out(stripes, [0.6, 0.4])
    bound = replace(one, layers=tuple(replace(layer, regularity=1.0) for layer in one.layers))
    assert (bound.calm, one.calm) == (0.0, 1.0)
    across = {name: arrange.render(each, random_fields(2), 128, 128).std(axis=1).max()
              for name, each in (("bound", bound), ("free", one))}  # fmt: skip
    assert across["bound"] < 1.0
    assert across["free"] > 20.0


def test_stripes_of_a_print_run_one_way() -> None:
    """Of standing and lying stripes some are turned, so that all of one print run one way."""
    y, x = np.mgrid[0:REPEAT, 0:REPEAT]
    lines = [np.where(axis * count // REPEAT % 2, 220, 40) for axis in (x, y) for count in (4, 6, 8)]
    exemplars = np.repeat(np.stack(lines)[..., None], 3, 3).astype(np.uint8)
    look = Look(exemplars, tuple(tone_of(one) for one in exemplars), np.zeros(arrange.STYLE, np.float32))
    for seed in range(8):
        made = arrange.draw(np.random.default_rng(seed), [(look, 1.0)], (2, 2))
        directions = []
        for layer in made.layers:
            standing = bool((layer.swatch == layer.swatch[:1]).all())
            turned = layer.counts[0, 0] == 0
            directions.append(standing != turned)
        assert len(set(directions)) == 1 or any(abs(layer.counts).all() for layer in made.layers)


def test_between_two_arrangements_the_ends_are_the_ends() -> None:
    first, second = drawn(5), drawn(6)
    ends = [arrange.between(first, second, share) for share in (0.0, 1.0)]
    for end, one in zip(ends, (first, second), strict=True):
        shown = {id(layer.swatch) for layer in end.layers if layer.share > 0}
        assert shown <= {id(layer.swatch) for layer in one.layers}
        assert end.tone.mean == pytest.approx(one.tone.mean)
    middle = arrange.between(first, second, 0.25)
    assert middle.shares[:2].sum() == pytest.approx(0.75)


def test_mixed_looks_share_the_tile_by_their_weights() -> None:
    shares = arrange.draw_shares(np.random.default_rng(0), np.array([0.7, 0.3]))
    assert shares[::2].sum() == pytest.approx(0.7)
    assert shares[1::2].sum() == pytest.approx(0.3)
    for seed in range(20):  # never one cloth alone: that would be a copy
        assert arrange.draw_shares(np.random.default_rng(seed), np.ones(1)).max() <= 0.75


def test_dark_motifs_on_cream_take_no_tone_of_light_motifs_on_navy() -> None:
    """Dots of many sizes on either ground: a print has the ground of its main cloth, and company that has it too."""

    def dots(count: int, ground: int, motif: int) -> np.ndarray:
        image = np.full((REPEAT, REPEAT, 3), ground, np.uint8)
        for k in range(count):
            at = (int((k * 0.618 % 1) * REPEAT), int((k + 0.5) / count * REPEAT))
            cv2.circle(image, at, REPEAT // 16, (motif,) * 3, -1)
        return image

    exemplars = np.stack([dots(count, *colours) for colours in ((235, 60), (30, 200)) for count in range(4, 10)])
    look = Look(exemplars, tuple(tone_of(one) for one in exemplars), np.zeros(arrange.STYLE, np.float32))
    for seed in range(24):
        made = arrange.draw(np.random.default_rng(seed), [(look, 1.0)], (2, 2))
        main, *company = (layer.swatch for layer in sorted(made.layers, key=lambda layer: -layer.share) if layer.share)
        light = np.median(main) > 128
        assert (made.tone.mean[0] > 0.6) == light
        assert all((np.median(cloth) > 128) == light for cloth in company)

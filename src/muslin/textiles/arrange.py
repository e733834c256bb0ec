"""Prints arranged from swatches: several cloths lie on one tile, smooth fields say where each of them shows.

Each layer is a seamless swatch laid on the tile a whole number of times in both directions of the tile, turned or
mirrored as these numbers say, so the tile has no seam. A network looks at the layers, small, and predicts a few smooth
periodic fields for each: a warp, weights on the layer's own colours ("show where this cloth is dark"), a tint. The
fields are coarse; the swatches are sampled at the tile's own size, and since the weights multiply the swatch's own
colours, one print gives way to another along the outlines of its motifs, as sharp as the swatch. (Fields that are
coarse and applied through a sharp guide: Gharbi et al. 2017, "Deep Bilateral Learning".)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from muslin.images import as_pixels
from muslin.textiles.exemplars import Look, Tone, on_one_ground, toned_lab
from muslin.textiles.palette import from_oklab
from muslin.textiles.repeat import Cloth

LAYERS = 4  # cloths on a tile
CELLS = 16  # cells of the fields on the side of a unit; a unit is one repeat at the swatch's own size
SEEN = 64  # px of a unit's side as the network sees the layers
NOISE = 4  # random fields of each layer
MAIN_SHARE = (0.45, 0.75)  # of the first cloth of a look: more would be a copy of one swatch
FIELDS = 9  # of each layer: warp 2, bias 1, weights on its colours 3, tint 3
STYLE = 16  # numbers of a style code

CHANCE = 0.5  # of the first random field in the choice between layers, before anything is learned
MOTIF = 1.0  # of a cloth's rare colours in that choice: what stands out of its ground is its motif
MOST_SKEW = 1.5
PLACE = 0.4  # the largest learned bias; more lets the generator win by a patchwork of whole cloths
WARP = 0.06  # of a unit, the largest displacement
TINT = 0.2  # the largest change of a colour, display values in [-1, 1]
HARDNESS = 3.0  # of the choice between layers
GUIDE_LIMIT = 2.5  # of a layer's own colours, in standard deviations
MOVED = 0.3  # of second cloths are the first one again, moved: the same flowers, arranged anew
AS_LIGHT = 0.15  # OKLab: how far apart in mean lightness a cloth and the tone that it takes may lie
TURNED = 0.4  # natural logarithm: cloths with so much more change along than across have a direction
FREE, BOUND = 0.35, 0.75  # regularity up to which fields are free to vary over a tile, and from which on they are not
BALANCE_STEPS = 10
BALANCE_STRIDE = 2  # px of MEASURED: where shares are counted
MEASURED = 64  # px of a unit when shares are balanced

_BAND = 1 << 17  # pixels worked on at a time


@dataclass(frozen=True, eq=False)
class Layer:
    """One cloth on the tile.

    swatch: uint8 sRGB HxWx3 that tiles straight. counts: 2x2 whole numbers; column i says how many repeats across and
    down lie along the tile's side i (0 = width), negative for mirrored. offset: in repeats. share: of the tile's area.
    """

    swatch: np.ndarray
    tone: Tone
    counts: np.ndarray
    offset: tuple[float, float]
    share: float
    regularity: float = 0.0  # 1: it repeats itself inside, as stripes do

    def place(self, x: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
        """The cloth at positions x, y (HxW, fractions of the tile), uint8. scale: px of the result a swatch pixel."""
        prepared = Cloth(self.swatch).prepare(scale)
        matrix = np.column_stack([self.counts, self.offset]).astype(np.float64)
        # positions go in as pixels, so that the cloth's own measure of compression by the warp holds
        pixels = self.swatch.shape[1] * scale
        matrix[:, :2] /= pixels
        return replace(prepared, matrix=matrix).sample(x * np.float32(pixels), y * np.float32(pixels))

    def scale(self, width: int, height: int) -> float:
        """Pixels of a width x height tile for one pixel of the swatch."""
        area = abs(float(np.linalg.det(self.counts))) * self.swatch.shape[0] * self.swatch.shape[1]
        return float(np.sqrt(width * height / max(area, 1.0)))


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Everything that makes a print, before the network has looked at it.

    units: (across, down). tone: the colours of the print. noise: float32 layers x CELLS*down x CELLS*across x NOISE.
    """

    layers: tuple[Layer, ...]
    units: tuple[int, int]
    tone: Tone
    noise: np.ndarray
    style_code: np.ndarray = field(default_factory=lambda: np.zeros(STYLE, np.float32))

    @property
    def shares(self) -> np.ndarray:
        shares = np.array([layer.share for layer in self.layers], np.float32)
        return shares / shares.sum()

    @property
    def calm(self) -> float:
        return calm_of(self.shares, [layer.regularity for layer in self.layers])

    @cached_property
    def toned(self) -> tuple[Layer, ...]:
        """The layers in the colours of the print, on one ground."""
        labs = on_one_ground([toned_lab(layer.swatch, layer.tone, self.tone) for layer in self.layers])
        return tuple(
            replace(layer, swatch=from_oklab(lab), tone=self.tone) for layer, lab in zip(self.layers, labs, strict=True)
        )

    def laid(self, width: int, height: int, rows: slice = slice(None), warp: np.ndarray | None = None) -> np.ndarray:
        """The layers flat on a width x height tile, uint8 layers x rows x width x 3. warp: in units, or None."""
        y, x = np.mgrid[rows if rows.stop else slice(0, height), 0:width].astype(np.float32)
        x, y = (x + np.float32(0.5)) / width, (y + np.float32(0.5)) / height
        placed = []
        for number, layer in enumerate(self.toned):
            if warp is None:
                placed.append(layer.place(x, y, layer.scale(width, height)))
            else:
                across, down = warp[number, ..., 0] / self.units[0], warp[number, ..., 1] / self.units[1]
                placed.append(layer.place(x + across, y + down, layer.scale(width, height)))
        return np.stack(placed)

    @cached_property
    def seen(self) -> np.ndarray:
        """What the network sees: layers x SEEN*down x SEEN*across x 3 float32 in [-1, 1]."""
        laid = self.laid(SEEN * self.units[0], SEEN * self.units[1])
        return laid.astype(np.float32) / 127.5 - 1.0

    def inputs(self) -> dict[str, np.ndarray]:
        """The network's inputs by name, a batch of one."""
        arrays = {"layers": self.seen, "shares": self.shares, "noise": self.noise, "style_code": self.style_code}
        return {name: np.ascontiguousarray(array[None], np.float32) for name, array in arrays.items()}


# ---------------------------------------------------------------------------------------------------- rendering


def render(arrangement: Arrangement, fields: np.ndarray, width: int, height: int) -> np.ndarray:
    """The print, uint8 height x width x 3, a tile without a seam.

    fields: float32 layers x CELLS*down x CELLS*across x FIELDS, as the network gives them.
    """
    balance = _balance(arrangement, fields)
    grow_x = upsampling(fields.shape[2], width)
    grow_y = upsampling(fields.shape[1], height)
    logits = _smooth_part(arrangement, fields)
    wide = np.einsum("Xx,kyxf->kyXf", grow_x, logits, optimize=True)
    guide = _Guide.of(arrangement.seen)
    print_ = np.empty((height, width, 3), np.uint8)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        grown = np.einsum("Yy,kyxf->kYxf", grow_y[rows], wide, optimize=True)
        laid = arrangement.laid(width, height, rows, grown[..., :2]).astype(np.float32) / 127.5 - 1.0
        weights = _weights(grown, guide(laid), balance)
        mixed = ((laid + grown[..., 6:9]) * weights[..., None]).sum(axis=0)
        print_[rows] = as_pixels(mixed)
    return print_


def _smooth_part(arrangement: Arrangement, fields: np.ndarray) -> np.ndarray:
    """The fields with their limits, and where they start: rare colours show, and a random partition.

    All that follows is linear in this.
    """
    fields = steadied(fields, arrangement.calm)
    warp = WARP * np.tanh(fields[..., :2])
    bias = PLACE * np.tanh(fields[..., 2:3] / PLACE) + CHANCE * arrangement.noise[..., :1]
    colours = fields[..., 3:6] + rare_colours(_Guide.of(arrangement.seen)(arrangement.seen))
    return np.concatenate([warp, bias, colours, TINT * np.tanh(fields[..., 6:9])], axis=-1).astype(np.float32)


def steadied(fields: Any, calm: Any) -> Any:
    """Fields whose variation over the tile counts by `calm`: what breaks the rhythm of stripes makes florals loose.

    fields: ... x CELLS x CELLS x FIELDS of any array library; calm: a number, or an array that broadcasts.
    """
    mean = fields.mean(axis=(-3, -2), keepdims=True)
    return mean + calm * (fields - mean)


def rare_colours(guide: np.ndarray) -> np.ndarray:
    """Weights on its own colours with which each layer shows its motif, layers x 1 x 1 x 3: their skewness.

    guide: layers x h x w x 3. White flowers on a dark ground: lightness is skewed upwards, so light colours are shown.
    """
    square, cube = (guide**2).mean(axis=(1, 2), keepdims=True), (guide**3).mean(axis=(1, 2), keepdims=True)
    return MOTIF * np.clip(cube / (square**1.5 + 0.02), -MOST_SKEW, MOST_SKEW) * MOTIF_CHANNELS


def _weights(grown: np.ndarray, guide: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """Shares of the layers at each pixel, layers x H x W, sum 1."""
    logits = HARDNESS * (grown[..., 2] + (grown[..., 3:6] * guide).sum(axis=-1)) + balance[:, None, None]
    logits -= logits.max(axis=0)
    weights = np.exp(logits)
    return weights / weights.sum(axis=0)


def _balance(arrangement: Arrangement, fields: np.ndarray) -> np.ndarray:
    """What each layer's logits need for it to get its share of the tile; found on a small version."""
    width, height = (MEASURED * count for count in arrangement.units)
    grown = _smooth_part(arrangement, fields)
    grown = np.einsum("Yy,kyxf->kYxf", upsampling(fields.shape[1], height), grown, optimize=True)
    grown = np.einsum("Xx,kyxf->kyXf", upsampling(fields.shape[2], width), grown, optimize=True)
    laid = arrangement.laid(width, height, warp=grown[..., :2]).astype(np.float32) / 127.5 - 1.0
    pick = (slice(None), slice(None, None, BALANCE_STRIDE), slice(None, None, BALANCE_STRIDE))
    guide = _Guide.of(arrangement.seen)(laid[pick])
    shares, balance = arrangement.shares, np.log(arrangement.shares + 1e-4)
    for _ in range(BALANCE_STEPS):
        reached = _weights(grown[pick], guide, balance).mean(axis=(1, 2))
        balance = balance + np.log((shares + 1e-4) / (reached + 1e-4))
    return balance.astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Guide:
    """A layer's own colours: lightness, red against blue, green against both; centred, in standard deviations."""

    mean: np.ndarray
    scale: np.ndarray

    @staticmethod
    def of(seen: np.ndarray) -> _Guide:
        opponents = seen @ OPPONENTS
        spread = opponents[..., 0].std(axis=(1, 2))[:, None, None, None] + np.float32(0.05)
        return _Guide(opponents.mean(axis=(1, 2), keepdims=True), spread)

    def __call__(self, laid: np.ndarray) -> np.ndarray:
        return np.clip((laid @ OPPONENTS - self.mean) / self.scale, -GUIDE_LIMIT, GUIDE_LIMIT)


MOTIF_CHANNELS = np.array([1.0, 0.6, 0.6], np.float32)
OPPONENTS = np.array([[1 / 3, 1.0, -0.5], [1 / 3, 0.0, 1.0], [1 / 3, -1.0, -0.5]], np.float32)


def upsampling(count: int, size: int) -> np.ndarray:
    """size x count matrix that enlarges a periodic row of `count` samples: cubic (Keys 1981, a = -0.75), wrapped."""
    position = (np.arange(size) + 0.5) * count / size - 0.5
    whole = np.floor(position).astype(int)
    matrix = np.zeros((size, count), np.float32)
    for tap in (-1, 0, 1, 2):
        np.add.at(matrix, (np.arange(size), (whole + tap) % count), _cubic(np.abs(position - whole - tap)))
    return matrix


def _cubic(distance: np.ndarray, a: float = -0.75) -> np.ndarray:
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0)).astype(np.float32)


# ------------------------------------------------------------------------------------------------------ drawing


def draw(
    rng: np.random.Generator,
    looks: Sequence[tuple[Look, float]],
    units: tuple[int, int] = (2, 2),
) -> Arrangement:
    """A random arrangement. looks: with their weights; with two, each gives some of the layers."""
    weights = np.array([weight for _, weight in looks], float)
    weights = weights / weights.sum()
    by_chance = int(rng.integers(len(looks[0][0].tones)))
    mixed_in = [looks[number][0].tones[rng.integers(len(looks[number][0].tones))] for number in range(1, len(looks))]
    shares = draw_shares(rng, weights)
    orders = [_company(rng, look) for look, _ in looks]
    tone = _tone(looks[0][0], orders[0][0], by_chance)
    for number, other in enumerate(mixed_in, start=1):
        tone = tone.mixed(other, weights[number] / weights[: number + 1].sum())
    ordered = looks[0][0].regularities[orders[0][0]] > BOUND  # stripes may stand or lie, flowers stand upright
    turns = [0.5, 0.34, 0.06, 0.1] if ordered else [0.84, 0.04, 0.1, 0.02]
    angle = float(rng.choice([0.0, 90.0, 180.0, 45.0], p=turns))
    density = float(rng.choice([1.0, 2.0, 0.7], p=[0.8, 0.12, 0.08]))
    layers: list[Layer] = []
    for number in range(LAYERS):
        of = number % len(looks)
        look = looks[of][0]
        which = orders[of][number // len(looks)]
        across = look.grains[which] * looks[0][0].grains[orders[0][0]] < -(TURNED**2)
        layers.append(_draw_layer(rng, look, which, float(shares[number]), angle + 90.0 * across, density, units))
    code = sum(weight * look.style_code for weight, (look, _) in zip(weights, looks, strict=True))
    noise = calmed(draw_noise(rng, units), shares, [layer.regularity for layer in layers])
    return Arrangement(tuple(layers), units, tone, noise, np.asarray(code, np.float32))


def draw_shares(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """Shares of the layers: a main cloth, a second, sometimes a third or a fourth. Each look's add up to its weight."""
    shares = np.zeros(LAYERS)
    for of, weight in enumerate(weights):
        mine = np.flatnonzero(np.arange(LAYERS) % len(weights) == of)
        parts = rng.uniform(0.1, 0.5, len(mine)).cumprod()  # the later, the smaller
        parts[2:] *= rng.random(len(mine[2:])) < 0.5
        parts[1] = max(0.0, 1.0 - parts[2:].sum())
        main = rng.uniform(*MAIN_SHARE)
        parts = np.concatenate([[main], (1.0 - main) * parts[1:]])
        shares[mine] = weight * parts / parts.sum()
    return shares


def _company(rng: np.random.Generator, look: Look) -> list[int]:
    """Cloths of a look that suit each other: one by chance, then such as are near it in scale and rhythm."""
    main = int(rng.integers(len(look.exemplars)))
    near = np.argsort(look.strangeness[main], kind="stable")[1 : 1 + max(LAYERS, len(look.exemplars) // 4)]
    order = [main, *rng.permutation(near).tolist()]
    if len(order) == 1 or rng.random() < MOVED:
        order.insert(1, main)
    return [int(order[place % len(order)]) for place in range(LAYERS)]


def _tone(look: Look, main: int, by_chance: int) -> Tone:
    """The colours of a print: of one of the look's swatches, as light as the main cloth or nearly so.

    In the tone of a navy cloth with yellow flowers one with dark flowers on cream is black on navy.
    """
    own = look.exemplar_tones[main]

    def as_light(tone: Tone) -> bool:
        return abs(float(tone.mean[0] - own.mean[0])) < AS_LIGHT

    if as_light(look.tones[by_chance]):
        return look.tones[by_chance]
    others = [tone for tone in look.tones if as_light(tone)] or [own]
    return others[by_chance % len(others)]


def _draw_layer(
    rng: np.random.Generator, look: Look, which: int, share: float, angle: float, density: float,
    units: tuple[int, int],
) -> Layer:  # fmt: skip
    """All cloths of a tile lie in one direction and at one density: motifs of one size suit each other."""
    mirrored = rng.random() < 0.5
    offset = (float(rng.random()), float(rng.random()))
    counts = count_repeats(angle, density, mirrored, units)
    return Layer(look.exemplars[which], look.exemplar_tones[which], counts, offset, share, look.regularities[which])


def count_repeats(angle: float, density: float, mirrored: bool, units: tuple[int, int]) -> np.ndarray:
    """The whole numbers nearest to a turn by `angle` degrees at `density` repeats a unit, for a tile of `units`."""
    turn = np.deg2rad(angle)
    matrix = density * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if mirrored:
        matrix[:, 0] *= -1
    counts = np.rint(matrix * np.array(units)).astype(int)
    if round(abs(np.linalg.det(counts))) == 0:  # too few units for this angle or density
        counts = np.diag(np.maximum(1, np.rint(density * np.array(units)))).astype(int)
    return counts


def calmed(noise: np.ndarray, shares: np.ndarray, regularities: Sequence[float]) -> np.ndarray:
    """Noise whose random partition is fainter the more regular the cloths are: chance would break their rhythm."""
    regular = float(np.asarray(shares) @ np.asarray(regularities) / np.sum(shares))
    noise = noise.copy()
    noise[..., 0] *= (1.0 - regular) ** 2
    return noise


def calm_of(shares: np.ndarray, regularities: Sequence[float]) -> float:
    """How far fields may vary over the tile: 1 for scattered motifs, 0 for stripes and checks."""
    regular = float(np.asarray(shares) @ np.asarray(regularities) / np.sum(shares))
    return float(np.clip((BOUND - regular) / (BOUND - FREE), 0.0, 1.0))


def draw_noise(rng: np.random.Generator, units: tuple[int, int], layers: int = LAYERS) -> np.ndarray:
    """Smooth periodic noise, layers x CELLS*down x CELLS*across x NOISE, of coarse and finer grain."""
    channels = []
    for knots in (3, 4, 6, 8)[:NOISE]:
        lattice = rng.standard_normal((layers, knots * units[1], knots * units[0])).astype(np.float32)
        grow_y, grow_x = (upsampling(knots * count, CELLS * count) for count in (units[1], units[0]))
        channels.append(np.einsum("Yy,kyx,Xx->kYX", grow_y, lattice, grow_x, optimize=True))
    return np.stack(channels, axis=-1).astype(np.float32)


def between(first: Arrangement, second: Arrangement, share: float) -> Arrangement:
    """An arrangement on the way from `first` (share 0) to `second` (1): the two main cloths of each."""
    half = LAYERS // 2
    picks = [(one, np.argsort([-layer.share for layer in one.layers], kind="stable")[:half]) for one in (first, second)]
    layers: list[Layer] = []
    noise = []
    for (one, places), weight in zip(picks, (1.0 - share, share), strict=True):
        total = sum(one.layers[place].share for place in places)
        for place in places:
            layers.append(replace(one.layers[place], share=weight * one.layers[place].share / total))
            noise.append(one.noise[place])
    code = (1.0 - share) * first.style_code + share * second.style_code
    return Arrangement(
        tuple(layers), first.units, first.tone.mixed(second.tone, share), np.stack(noise), code.astype(np.float32)
    )

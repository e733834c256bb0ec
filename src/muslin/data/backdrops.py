"""What garments are photographed on: paper, walls, boards, tiles, bed linen, rugs, printed sheets,
clutter."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from muslin.data.relief import Billow, Crumple, Fold, Grid, Light, log_gain, relief, slopes
from muslin.textiles.procedural import TEXTILES, cached_swatch

FloatArray = NDArray[Any]

# Linear colours (not sRGB) of walls, sheets and papers: mostly pale and neutral, a few saturated ones.
_TONES: FloatArray = np.array(
    [
        [0.82, 0.82, 0.80],
        [0.66, 0.65, 0.62],
        [0.90, 0.88, 0.84],
        [0.42, 0.42, 0.43],
        [0.55, 0.48, 0.40],
        [0.72, 0.66, 0.52],
        [0.30, 0.33, 0.38],
        [0.62, 0.08, 0.05],
        [0.30, 0.02, 0.10],
        [0.55, 0.35, 0.33],
        [0.25, 0.35, 0.30],
        [0.12, 0.12, 0.14],
        [0.40, 0.45, 0.55],
        [0.75, 0.60, 0.15],
        [0.50, 0.25, 0.20],
    ]
)


def noise(rng: np.random.Generator, shape: tuple[int, int], cell_x: float, cell_y: float | None = None) -> FloatArray:
    """Smooth noise of variance about 1; cells are shares of the picture's longer side."""
    longer = max(shape)
    rows = int(shape[0] / longer / (cell_y or cell_x)) + 3
    columns = int(shape[1] / longer / cell_x) + 3
    lattice = rng.standard_normal((rows, columns)).astype(np.float32)
    return cv2.resize(lattice, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC) * np.float32(1.3)


def paper(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Studio paper or a plain wall, hardly any structure."""
    tone = _TONES[int(rng.integers(7))] if rng.random() < 0.75 else _TONES[int(rng.integers(len(_TONES)))]
    image = np.broadcast_to(tone, (*shape, 3)) * np.exp(0.05 * noise(rng, shape, 0.6))[..., None]
    return image.astype(np.float32)


def corner(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A wall that meets a floor, or a door frame: two tones with a straight border."""
    first, second = _TONES[rng.choice(7, 2, replace=False)]
    x, y = np.meshgrid(np.linspace(-1, 1, shape[1]), np.linspace(-1, 1, shape[0]))
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.05)
    side = x * np.sin(angle) + y * np.cos(angle) - rng.choice([-1, 1]) * rng.uniform(0.45, 0.9)
    amount = np.clip(side * max(shape) / 3, 0, 1)[..., None]
    return (first * (1 - amount) + second * amount).astype(np.float32)


def planks(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Wooden boards with grain, in either direction, rotated a little."""
    tone = np.array(
        [[0.50, 0.30, 0.14], [0.32, 0.16, 0.07], [0.62, 0.46, 0.28], [0.50, 0.47, 0.43], [0.20, 0.10, 0.05]]
    )
    base = tone[int(rng.integers(5))] * rng.uniform(0.8, 1.25)
    side = int(1.5 * max(shape))
    count = int(rng.integers(5, 14))
    y = np.linspace(0, count, side, endpoint=False, dtype=np.float32)
    board = np.floor(y).astype(int)
    value = rng.normal(0, 0.16, count + 1).astype(np.float32)[board][:, None]
    grain = noise(rng, (side, side), 0.25, 0.006) * 0.12 + noise(rng, (side, side), 0.5, 0.03) * 0.1
    fraction = (y % 1)[:, None]
    gap = np.exp(-np.minimum(fraction, 1 - fraction) * side / count / 1.2) * -rng.uniform(0.3, 1.0)
    shift = rng.uniform(0, 1, count + 1).astype(np.float32)[board][:, None]
    x = np.linspace(0, 1, side, dtype=np.float32)[None]
    ends = np.abs(((x + shift) * 2) % 1 - 0.5) < 1.0 / side
    log = value + grain + gap - 0.6 * ends
    turn = rng.choice([0, 90]) + rng.normal(0, 6)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), float(turn), 1.0)
    matrix = matrix + np.array([[0, 0, (shape[1] - side) / 2], [0, 0, (shape[0] - side) / 2]])
    log = cv2.warpAffine(log.astype(np.float32), matrix, (shape[1], shape[0]), borderMode=cv2.BORDER_REFLECT)
    return (base * np.exp(log)[..., None]).astype(np.float32)


def tiles(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Floor tiles with joints."""
    base = _TONES[int(rng.integers(7))]
    count, angle = rng.uniform(1.5, 5), rng.normal(0.0, 0.15) + rng.choice([0.0, 0.78])
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    scale = np.float32(count / max(shape))
    u = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) * scale + np.float32(rng.random())
    v = (y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))) * scale + np.float32(rng.random())
    joint = np.minimum(np.minimum(u % 1, 1 - u % 1), np.minimum(v % 1, 1 - v % 1)) / scale
    log = 0.12 * noise(rng, shape, 0.05) + 0.06 * noise(rng, shape, 0.015)
    log = log + rng.choice([-0.7, 0.4]) * np.exp(-((joint / max(1.0, 0.006 * max(shape))) ** 2))
    return (base * np.exp(log)[..., None]).astype(np.float32)


def linen(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Bed linen or a curtain, with its own folds; at times printed."""
    step = 2.4 / max(shape)
    grid = Grid.around((0.0, 0.0), ((shape[1] - 1) * step, (shape[0] - 1) * step), step)
    steepness, turn = rng.uniform(0.1, 0.5), rng.uniform(0, 3.14)
    folds: list[Fold] = [
        Billow(rng.uniform(0.3, 0.6), steepness),
        Crumple(rng.uniform(0.15, 0.4), 0.6 * steepness, turn),
        Crumple(0.08, 0.4 * steepness * rng.random(), turn + rng.normal(0, 0.5)),
    ]
    height = relief(folds, grid, ((0.0, 1.0), (2.5, 1.0)), rng)
    across, along = slopes(height, step)
    log = log_gain(height, across, along, grid, Light.draw(rng), np.zeros((grid.shape[0], 1), np.float32))
    log = log[: shape[0], : shape[1]]
    base: FloatArray = np.broadcast_to(_TONES[int(rng.integers(len(_TONES)))], (*shape, 3))
    if rng.random() < 0.35:
        base = printed(rng, shape)
    return (base * np.exp(log)[..., None]).astype(np.float32)


def printed(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A flat printed cloth, so that a pattern alone never means garment."""
    name = list(TEXTILES)[int(rng.integers(len(TEXTILES)))]
    tile = cached_swatch(name, int(rng.integers(8)), 128)
    side = max(8, round(max(shape) * rng.uniform(0.12, 0.5)))
    tile = cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA if side < 128 else cv2.INTER_LINEAR)
    image = np.tile(tile, (shape[0] // side + 1, shape[1] // side + 1, 1))[: shape[0], : shape[1]]
    return (image.astype(np.float32) / 255) ** np.float32(2.2)


def rug(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Carpet or fleece: fine rough structure."""
    base = _TONES[int(rng.integers(len(_TONES)))]
    rough = rng.normal(0, 1, shape).astype(np.float32)
    size = max(3, round(0.012 * max(shape)) | 1)
    log = 0.35 * cv2.GaussianBlur(rough, (size, size), 0) + 0.08 * noise(rng, shape, 0.03)
    return (base * np.exp(log * rng.uniform(0.5, 1.5) + 0.1 * noise(rng, shape, 0.4))[..., None]).astype(np.float32)


_BACKDROPS = (paper, corner, planks, tiles, linen, rug, printed)
_ODDS = (0.26, 0.1, 0.18, 0.1, 0.2, 0.1, 0.06)


def backdrop(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Background in linear light, float32 [h, w, 3], not yet lit; at times with a few objects at the rim."""
    image = _BACKDROPS[int(rng.choice(len(_BACKDROPS), p=_ODDS))](rng, shape).copy()
    if rng.random() < 0.15:
        for _ in range(int(rng.integers(1, 4))):
            angle = rng.uniform(0, 2 * np.pi)
            centre = (
                np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(0.5, 0.62) * shape[::-1]
                + np.array(shape[::-1]) / 2
            )
            ring = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 9))))
            radius = max(shape) * rng.uniform(0.05, 0.18)
            points = centre + radius * np.stack([np.cos(ring), np.sin(ring)], -1)
            color = _TONES[int(rng.integers(len(_TONES)))]
            cv2.fillPoly(image, [np.round(points * 16).astype(np.int32)], [float(c) for c in color], cv2.LINE_8, 4)
    return np.clip(image, 0.004, 1.0)

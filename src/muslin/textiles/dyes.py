"""What all procedural textiles are made with: colour cards, wrapped noise, wrapped shapes, the weave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[Any]
ByteArray = NDArray[Any]

# Five colours each: ground, main, second, accent, dark. Chosen by eye, as a designer's colour cards.
PALETTES: tuple[tuple[str, str, str, str, str], ...] = (
    ("#f4efe6", "#1f2a44", "#c8102e", "#d9b36c", "#10131f"),  # marine
    ("#efe6d8", "#a4553a", "#d9a066", "#5b6b4e", "#3b2a22"),  # terracotta
    ("#e8ece4", "#7b9477", "#c9b79c", "#e2a793", "#37463a"),  # sage
    ("#f7f3ee", "#d8a7b1", "#b6c9bb", "#ef7c8e", "#5c3d46"),  # rose
    ("#0f1a2b", "#e9dcc3", "#b23a48", "#4f7cac", "#070c14"),  # midnight
    ("#2f3e2f", "#8a1c2b", "#d9c48f", "#1d2b4f", "#141c14"),  # tartan green
    ("#8e1b24", "#14213d", "#f1e3c8", "#d9a441", "#1b1014"),  # tartan red
    ("#fbfaf7", "#111111", "#8c8c8c", "#c9c4bb", "#2a2a2a"),  # monochrome
    ("#dfe7ef", "#2b4c7e", "#567ebb", "#f2b134", "#1f2430"),  # denim sky
    ("#f6e7cb", "#e07a5f", "#3d405b", "#81b29a", "#2a2c3f"),  # sunset
    ("#f1ede4", "#6b4e71", "#c3a6c8", "#d9c76c", "#32243a"),  # lilac
    ("#ede3d3", "#26453e", "#c96f3b", "#e8b84a", "#14231f"),  # forest
    ("#14342b", "#f3e9d2", "#c6dabf", "#d98f5c", "#0a1a15"),  # bottle
    ("#fff6ea", "#ff6f59", "#254441", "#43aa8b", "#183230"),  # coral
    ("#d6ccc2", "#7f5539", "#b08968", "#ede0d4", "#40291b"),  # camel
    ("#f5f0e6", "#274690", "#576ca8", "#f2c14e", "#1b264f"),  # delft
    ("#22223b", "#c9ada7", "#9a8c98", "#f2e9e4", "#12121f"),  # mauve night
    ("#faf3dd", "#5e6472", "#aed9e0", "#ffa69e", "#30343f"),  # sherbet
    ("#e9edc9", "#606c38", "#bc6c25", "#dda15e", "#283618"),  # olive
    ("#f0f3f5", "#0b7a75", "#d7c9aa", "#7b2d26", "#19535f"),  # teal
)


def card(rng: np.random.Generator) -> FloatArray:
    """A colour card: float32 [5, 3] sRGB in [0, 1], slightly shifted so that no two are the same."""
    colors = PALETTES[int(rng.integers(len(PALETTES)))]
    values = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors], np.float32) / 255
    return np.clip(values + rng.normal(0, 0.02, 3).astype(np.float32), 0.02, 0.98).astype(np.float32)


def axes(size: int) -> tuple[FloatArray, FloatArray]:
    """Pixel centres in [0, 1): x as [1, size], y as [size, 1]."""
    line = ((np.arange(size) + 0.5) / size).astype(np.float32)
    return line[None], line[:, None]


def periodic_noise(rng: np.random.Generator, size: int, cells_x: int, cells_y: int | None = None) -> FloatArray:
    """Smooth noise that wraps, float32 [size, size] of variance about 1, with the cells given."""
    lattice = rng.standard_normal((cells_y or cells_x, cells_x)).astype(np.float32)
    lattice = np.pad(lattice, 4, mode="wrap")
    x, y = axes(size)
    map_x = np.broadcast_to(x * cells_x + 4, (size, size)).astype(np.float32)
    map_y = np.broadcast_to(y * (cells_y or cells_x) + 4, (size, size)).astype(np.float32)
    return cv2.remap(lattice, map_x, map_y, cv2.INTER_CUBIC) * np.float32(1.35)


def mix(a: FloatArray, b: FloatArray, amount: FloatArray) -> FloatArray:
    """Colour a where amount is 0, b where it is 1; amount [h, w]."""
    return (a + (b - a) * amount[..., None]).astype(np.float32)


def edge(value: FloatArray, softness: float) -> FloatArray:
    """0 below zero, 1 above, with a soft step about as wide as `softness`."""
    return np.clip(value / np.float32(softness) + 0.5, 0, 1).astype(np.float32)


def finish(image: FloatArray, rng: np.random.Generator, weave: float = 0.03) -> ByteArray:
    """Thread structure and a little unevenness of the dye; float [0, 1] to uint8."""
    size = image.shape[0]
    warp = periodic_noise(rng, size, 96, 16)
    weft = periodic_noise(rng, size, 16, 96)
    grain = 1 + np.float32(weave) * 0.38 * (warp + weft) + 0.006 * periodic_noise(rng, size, 6)
    return np.clip(image * grain[..., None] * 255 + 0.5, 0, 255).astype(np.uint8)


def wrapped_shapes(
    draw: Callable[[ByteArray, float, float], None],
    x: float,
    y: float,
    reach: float,
    canvas: ByteArray,
) -> None:
    """Call draw(canvas, x, y) at (x, y) and at its images across the border, in units of the repeat."""
    for shift_x in (-1, 0, 1):
        for shift_y in (-1, 0, 1):
            px, py = x + shift_x, y + shift_y
            if -reach < px < 1 + reach and -reach < py < 1 + reach:
                draw(canvas, px, py)


def fill(canvas: ByteArray, points: NDArray[np.float64], color: FloatArray) -> None:
    """Antialiased polygon, points [n, 2] in units of the repeat."""
    fixed = np.round((points * canvas.shape[0] - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], [float(c) * 255 for c in color], lineType=cv2.LINE_AA, shift=4)


def scatter(rng: np.random.Generator, count: int, distance: float) -> list[tuple[float, float]]:
    """Points on the torus that keep `distance` from each other (fewer than count if it is full)."""
    points: list[tuple[float, float]] = []
    for _ in range(count * 25):
        x, y = rng.random(2)
        apart = all(np.hypot((x - a + 0.5) % 1 - 0.5, (y - b + 0.5) % 1 - 0.5) >= distance for a, b in points)
        if apart:
            points.append((float(x), float(y)))
            if len(points) == count:
                break
    return points

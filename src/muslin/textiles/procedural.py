"""Procedural textiles: seamless swatches of the classics, coloured from curated palettes.

Every function takes a NumPy generator and a size in pixels and returns one repeat, uint8 [size, size, 3] sRGB, that
tiles straight without a seam. The same generator state gives the same design at any size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from muslin.errors import UserError

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]

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
    """Smooth noise that wraps, float32 [size, size] of variance about 1, with the given cells over a repeat."""
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
    threads = 64
    warp = periodic_noise(rng, size, threads, 8)
    weft = periodic_noise(rng, size, 8, threads)
    grain = 1 + np.float32(weave) * 0.5 * (warp + weft) + 0.006 * periodic_noise(rng, size, 6)
    return np.clip(image * grain[..., None] * 255 + 0.5, 0, 255).astype(np.uint8)


def wrapped_shapes(size: int, draw: Callable[[ByteArray, float, float], None], x: float, y: float, reach: float,
                   canvas: ByteArray) -> None:  # fmt: skip
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
    """Points on the torus that keep `distance` from each other (dart throwing; fewer than count if it is full)."""
    points: list[tuple[float, float]] = []
    for _ in range(count * 25):
        x, y = rng.random(2)
        apart = all(
            np.hypot((x - a + 0.5) % 1 - 0.5, (y - b + 0.5) % 1 - 0.5) >= distance for a, b in points
        )
        if apart:
            points.append((float(x), float(y)))
            if len(points) == count:
                break
    return points


# ---------------------------------------------------------------- woven and printed classics


def plain(rng: np.random.Generator, size: int) -> ByteArray:
    """One colour."""
    colors = card(rng)
    color = colors[int(rng.choice(5, p=[0.25, 0.3, 0.2, 0.15, 0.1]))]
    return finish(np.broadcast_to(color, (size, size, 3)).astype(np.float32), rng, 0.02)


def melange(rng: np.random.Generator, size: int) -> ByteArray:
    """Heathered yarn: two shades mixed in the thread."""
    colors = card(rng)
    base = colors[int(rng.integers(1, 4))]
    fleck = 0.5 * periodic_noise(rng, size, 24, 96) + 0.5 * periodic_noise(rng, size, 48, 128)
    return finish(mix(base, base * 0.6 + 0.4, np.clip(0.3 + 0.22 * fleck, 0, 1)), rng, 0.05)


def stripes(rng: np.random.Generator, size: int) -> ByteArray:
    """Horizontal or vertical stripes: awning, breton, or several widths."""
    colors = card(rng)
    x, y = axes(size)
    along = y if rng.random() < 0.6 else x
    style = rng.integers(3)
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    soft = 1.5 / size
    if style == 0:
        count, share = int(rng.integers(2, 6)), rng.uniform(0.25, 0.55)
        wave = np.abs((along * count) % 1 - 0.5) * 2 - (1 - share)
        bands = [(edge(wave, 2 * soft * count), colors[1])]
    else:
        bands = []
        for _ in range(int(rng.integers(3, 6))):
            centre, half = rng.random(), rng.uniform(0.015, 0.11)
            distance = np.abs((along - centre + 0.5) % 1 - 0.5)
            bands.append((edge(half - distance, soft), colors[int(rng.integers(1, 5))]))
    for amount, color in bands:
        image = mix(image, color, np.broadcast_to(amount, (size, size)))
    return finish(image, rng)


def sett(rng: np.random.Generator, colors: FloatArray, size: int, wide: bool) -> FloatArray:
    """A symmetrical sequence of thread colours, [size, 3]."""
    line = np.broadcast_to(colors[0], (size, 3)).astype(np.float32).copy()
    at = (np.arange(size) + 0.5) / size
    distance = np.abs(at - 0.5)
    bands = [(rng.uniform(0.1, 0.22), 0.0, 1), (rng.uniform(0.03, 0.07), rng.uniform(0.2, 0.42), 2)]
    if wide:
        bands += [(rng.uniform(0.008, 0.02), rng.uniform(0.05, 0.3), 3), (0.012, rng.uniform(0.3, 0.48), 4),
                  (rng.uniform(0.02, 0.05), 0.5, 4)]  # fmt: skip
    for half, centre, index in bands:
        amount = edge((half - np.abs(distance - centre)).astype(np.float32), 1.5 / size)[:, None]
        line = line + (colors[index] - line) * amount
    return line


def tartan(rng: np.random.Generator, size: int) -> ByteArray:
    """Scottish plaid: the same sett in warp and weft, woven as a 2/2 twill."""
    colors = card(rng)[rng.permutation(5)] if rng.random() < 0.3 else card(rng)
    line = sett(rng, colors, size, True)
    count = 64
    x, y = axes(size)
    twill = ((x * count + y * count) % 1) < 0.5
    share = np.where(twill, 0.64, 0.36).astype(np.float32)[..., None]
    return finish(line[None] * share + line[:, None] * (1 - share), rng, 0.02)


def gingham(rng: np.random.Generator, size: int) -> ByteArray:
    """Two-coloured check with the mixed tone where the stripes cross."""
    colors = card(rng)
    count = int(rng.integers(2, 6))
    x, y = axes(size)
    soft = 3 * count / size
    across = edge(0.5 - np.abs((x * count) % 1 * 2 - 1), soft)
    along = edge(0.5 - np.abs((y * count) % 1 * 2 - 1), soft)
    return finish(mix(colors[0], colors[int(rng.integers(1, 4))], 0.5 * (across + along)), rng)


def windowpane(rng: np.random.Generator, size: int) -> ByteArray:
    """Thin lines in a wide square on suiting."""
    colors = card(rng)
    ground, line = (colors[4], colors[0]) if rng.random() < 0.5 else (colors[0], colors[1])
    count = int(rng.integers(1, 4))
    x, y = axes(size)
    half = rng.uniform(0.012, 0.03)
    lines = np.maximum(
        edge(half - np.abs((x * count) % 1 - 0.5), 1.5 * count / size),
        edge(half - np.abs((y * count) % 1 - 0.5), 1.5 * count / size),
    )
    return finish(mix(ground, line, lines * 0.85), rng, 0.05)


def polka_dots(rng: np.random.Generator, size: int) -> ByteArray:
    """Dots on a diagonal lattice."""
    colors = card(rng)
    ground, dot = (colors[0], colors[1]) if rng.random() < 0.5 else (colors[1], colors[0])
    count, radius = int(rng.integers(1, 4)), rng.uniform(0.14, 0.3)
    x, y = axes(size)
    amount = np.zeros((size, size), np.float32)
    for shift in (0.0, 0.5):
        u, v = (x * count + shift) % 1 - 0.5, (y * count + shift) % 1 - 0.5
        amount = np.maximum(amount, edge(radius - np.sqrt(u * u + v * v), 2 * count / size))
    return finish(mix(ground, dot, amount), rng)


def houndstooth(rng: np.random.Generator, size: int) -> ByteArray:
    """Broken check: bands of four threads, woven in a 2/2 twill."""
    colors = card(rng)
    dark, light = (colors[4], colors[0]) if rng.random() < 0.6 else (colors[1], colors[0])
    count = int(rng.integers(2, 5))
    big = 4 * size
    thread = (np.arange(big) * 8 * count // big) % 8
    warp_dark, weft_dark = (thread < 4)[None], (thread < 4)[:, None]
    over = ((thread[None] - thread[:, None]) % 4) < 2
    amount = np.where(over, warp_dark, weft_dark).astype(np.float32)
    amount = cv2.resize(amount, (size, size), interpolation=cv2.INTER_AREA)
    return finish(mix(light, dark, amount), rng)


def herringbone(rng: np.random.Generator, size: int) -> ByteArray:
    """Twill lines that change direction in columns."""
    colors = card(rng)
    columns, lines = 2 * int(rng.integers(1, 4)), int(rng.integers(8, 15))
    x, y = axes(size)
    zigzag = np.abs((x * columns / 2) % 1 - 0.5) * 2 / columns * rng.integers(2, 4) * 2
    zigzag = np.round(zigzag * 1000) / 1000
    phase = (y * lines + zigzag * lines * 0.5) % 1
    amount = edge(0.25 - np.abs(phase - 0.5), 1.5 * lines / size)
    first, second = (colors[4], colors[3]) if rng.random() < 0.5 else (colors[1], colors[0])
    return finish(mix(first, second, amount * rng.uniform(0.5, 0.9)), rng, 0.05)


def chevron(rng: np.random.Generator, size: int) -> ByteArray:
    """Bold zigzag in several colours."""
    colors = card(rng)
    zigs, bands = int(rng.integers(2, 5)), int(rng.choice([2, 3, 4]))
    x, y = axes(size)
    height = rng.uniform(0.4, 1.0) / zigs
    shift = np.abs((x * zigs) % 1 - 0.5) * 2 * height
    phase = ((y + shift) * bands) % 1 * bands
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    repeat = int(rng.integers(1, 3))
    phase = ((y + shift) * repeat) % 1
    for index in range(bands):
        centre, half = (index + 0.5) / bands, 0.5 / bands * rng.uniform(0.35, 0.9)
        amount = edge(half - np.abs((phase - centre + 0.5) % 1 - 0.5), 2.5 * repeat / size)
        image = mix(image, colors[1 + index % 4], amount)
    return finish(image, rng)


def argyle(rng: np.random.Generator, size: int) -> ByteArray:
    """Diamonds with a thin diagonal overcheck."""
    colors = card(rng)
    count = int(rng.integers(1, 3))
    x, y = axes(size)
    u, v = (x * 2 * count) % 2, (y * count * 2 * 0.5) % 1
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    soft = 3.0 * count / size
    for centre, color in ((0.5, colors[1]), (1.5, colors[2])):
        away = np.abs((u - centre + 1) % 2 - 1) + np.abs(v - 0.5)
        image = mix(image, color, edge(0.5 - away, soft))
    first, second = (u * 0.5 * 2 + v * 1.0) % 1, (u * 0.5 * 2 - v * 1.0) % 1
    lines = np.minimum(np.abs(first - 0.5 + 0.5 * (first < 0)), np.abs(second - 0.5))
    dashes = np.maximum(edge(0.018 - lines, soft), 0)
    return finish(mix(image, colors[3], dashes), rng, 0.05)


def ikat(rng: np.random.Generator, size: int) -> ByteArray:
    """Diamonds and lozenges with feathered edges, as when the warp is dyed before weaving."""
    colors = card(rng)
    count = int(rng.integers(1, 3))
    x, y = axes(size)
    feather = periodic_noise(rng, size, 90, 3) * 0.045 + periodic_noise(rng, size, 32, 2) * 0.03
    u = np.abs((x * count + 0 * y) % 1 - 0.5) * 2
    v = np.abs(((y + feather * 0.6) * count) % 1 - 0.5) * 2
    distance = (u + v * rng.uniform(0.8, 1.25)) * 0.62
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    order = rng.permutation([1, 2, 3, 4])
    level = rng.uniform(0.85, 1.0)
    for index in range(4):
        soft = 0.05 if index else 0.04
        image = mix(image, colors[order[index]], edge(level - distance, soft))
        level -= rng.uniform(0.12, 0.28)
        if index % 2 == 0:
            image = mix(image, colors[0], edge(level - distance, soft))
            level -= rng.uniform(0.06, 0.12)
    return finish(image, rng, 0.05)


def flower(canvas: ByteArray, x: float, y: float, radius: float, turn: float, petals: int, colors: FloatArray,
           bloom: int) -> None:  # fmt: skip
    """One flower: petals, a second ring, a heart."""
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    for ring, (scale, color) in enumerate(((1.0, colors[bloom]), (0.62, 0.72 * colors[bloom] + 0.28))):
        petal = 0.62 + 0.38 * np.abs(np.cos(0.5 * petals * (angle + ring * np.pi / petals))) ** 0.7
        r = radius * scale * petal
        fill(canvas, np.stack([x + r * np.cos(angle + turn), y + r * np.sin(angle + turn)], -1), color)
    heart = np.stack([x + 0.22 * radius * np.cos(angle), y + 0.22 * radius * np.sin(angle)], -1)
    fill(canvas, heart, colors[3])


def leaf(canvas: ByteArray, x: float, y: float, length: float, turn: float, color: FloatArray) -> None:
    """A pointed leaf that starts at (x, y)."""
    along = np.linspace(0, 1, 24)
    width = 0.3 * np.sin(np.pi * along**0.8) * length
    both = np.concatenate([np.stack([along * length, width], -1), np.stack([along * length, -0.75 * width], -1)[::-1]])
    cosine, sine = np.cos(turn), np.sin(turn)
    fill(canvas, both @ np.array([[cosine, sine], [-sine, cosine]]) + [x, y], color)


def floral(rng: np.random.Generator, size: int) -> ByteArray:
    """Scattered flowers with leaves, from ditsy to bold."""
    colors = card(rng)
    if rng.random() < 0.4:
        colors = colors[[4, 1, 2, 3, 0]]
    canvas = np.empty((2 * size, 2 * size, 3), np.uint8)
    canvas[:] = (colors[0] * 255).astype(np.uint8)
    count = int(rng.integers(5, 15))
    spacing = 0.82 / np.sqrt(count)
    green = colors[4] if rng.random() < 0.5 else 0.5 * colors[2] + 0.5 * colors[4]
    for x, y in scatter(rng, count, spacing):
        radius, turn = spacing * rng.uniform(0.3, 0.46), rng.uniform(0, 6.28)
        petals, bloom = int(rng.integers(5, 8)), int(rng.choice([1, 1, 2]))
        angles = turn + rng.uniform(0.5, 2.5) * np.arange(3)

        def draw(c: ByteArray, px: float, py: float) -> None:
            for angle in angles:  # noqa: B023
                leaf(c, px, py, radius * 1.75, float(angle), green)  # noqa: B023
            flower(c, px, py, radius, turn, petals, colors, bloom)  # noqa: B023

        wrapped_shapes(size, draw, x, y, 0.3, canvas)
    for x, y in scatter(rng, count * 3, spacing * 0.42):
        dot = rng.uniform(0.006, 0.012)
        ring = np.linspace(0, 2 * np.pi, 16)

        def spot(c: ByteArray, px: float, py: float) -> None:
            if np.abs(c[int(py % 1 * len(c)), int(px % 1 * len(c))].astype(float) / 255 - colors[0]).max() < 0.02:
                fill(c, np.stack([px + dot * np.cos(ring), py + dot * np.sin(ring)], -1), colors[3])  # noqa: B023

        wrapped_shapes(size, spot, x, y, 0.02, canvas)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


def botanical(rng: np.random.Generator, size: int) -> ByteArray:
    """Overlapping leaves in a few tones."""
    colors = card(rng)
    if rng.random() < 0.5:
        colors = colors[[4, 1, 2, 3, 0]]
    canvas = np.empty((2 * size, 2 * size, 3), np.uint8)
    canvas[:] = (colors[0] * 255).astype(np.uint8)
    count = int(rng.integers(14, 34))
    for x, y in scatter(rng, count, 0.55 / np.sqrt(count)):
        length, turn = 1.0 / np.sqrt(count) * rng.uniform(0.7, 1.2), rng.uniform(0, 6.28)
        color = colors[int(rng.integers(1, 4))]
        vein = 0.75 * color + 0.25 * colors[0]

        def draw(c: ByteArray, px: float, py: float) -> None:
            leaf(c, px, py, length, turn, color)  # noqa: B023
            tip = np.array([np.cos(turn), np.sin(turn)]) * length * 0.9  # noqa: B023
            side = np.array([-np.sin(turn), np.cos(turn)]) * length * 0.012  # noqa: B023
            root = np.array([px, py])
            fill(c, np.stack([root + side, root + tip, root - side]), vein)  # noqa: B023

        wrapped_shapes(size, draw, x, y, 0.4, canvas)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


def shibori(rng: np.random.Generator, size: int) -> ByteArray:
    """Resist dye: rings and rays that bleed into each other."""
    colors = card(rng)
    dye, cloth = colors[int(rng.choice([1, 4]))], colors[0] * 0.3 + 0.68
    x, y = axes(size)
    bleed = periodic_noise(rng, size, 5) * 0.05 + periodic_noise(rng, size, 16) * 0.02
    amount = np.zeros((size, size), np.float32)
    count = int(rng.integers(1, 4))
    if rng.random() < 0.5:
        u, v = (x * count) % 1 - 0.5, (y * count) % 1 - 0.5
        amount = 0.5 + 0.5 * np.cos(28 * (np.sqrt(u * u + v * v) + bleed))
        amount *= 0.6 + 0.4 * edge(0.5 - np.sqrt(u * u + v * v), 0.4)
    else:
        lines = int(rng.integers(3, 9))
        amount = 0.5 + 0.5 * np.cos(6.283 * (lines * y + 6 * bleed + 0.2 * np.sin(6.283 * x * 2)))
        amount *= 0.65 + 0.35 * np.cos(6.283 * (2 * x + 2 * bleed))
    amount = np.clip(amount * 1.2 + 0.14 * periodic_noise(rng, size, 40), 0, 1) ** 1.3
    return finish(mix(dye, cloth, amount.astype(np.float32)), rng, 0.04)


def tie_dye(rng: np.random.Generator, size: int) -> ByteArray:
    """Soft clouds of several dyes."""
    colors = card(rng)
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    for index in (1, 2, 3):
        cloud = periodic_noise(rng, size, 3) + 0.5 * periodic_noise(rng, size, 7) + 0.2 * periodic_noise(rng, size, 20)
        image = mix(image, colors[index], edge(cloud - rng.uniform(0.1, 0.7), rng.uniform(0.5, 1.2)) * 0.85)
    return finish(image, rng, 0.03)


def terrazzo(rng: np.random.Generator, size: int) -> ByteArray:
    """Angular chips in several colours."""
    colors = card(rng)
    canvas = np.empty((2 * size, 2 * size, 3), np.uint8)
    canvas[:] = (colors[0] * 255).astype(np.uint8)
    for x, y in scatter(rng, int(rng.integers(30, 60)), 0.085):
        corners = int(rng.integers(4, 7))
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.uniform(0.02, 0.055) * rng.uniform(0.7, 1.2, corners)
        shape = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
        color = colors[int(rng.integers(1, 5))]
        wrapped_shapes(size, lambda c, px, py: fill(c, shape + [px, py], color), x, y, 0.1, canvas)  # noqa: B023
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


def leopard(rng: np.random.Generator, size: int) -> ByteArray:
    """Broken rosettes on a warm ground."""
    colors = card(rng)
    ground = np.array([0.82, 0.66, 0.45], np.float32) if rng.random() < 0.6 else colors[0]
    ring = np.array([0.14, 0.09, 0.06], np.float32) if rng.random() < 0.7 else colors[4]
    x, y = axes(size)
    wobble = periodic_noise(rng, size, 14) * 0.012
    image = np.broadcast_to(ground, (size, size, 3)).astype(np.float32)
    outer, inner = np.full((size, size), 9, np.float32), np.full((size, size), 9, np.float32)
    for px, py in scatter(rng, 26, 0.15):
        dx, dy = (x - px + 0.5) % 1 - 0.5, (y - py + 0.5) % 1 - 0.5
        squash, radius = rng.uniform(0.75, 1.3), rng.uniform(0.042, 0.062)
        distance = np.sqrt((dx * squash) ** 2 + (dy / squash) ** 2) + wobble
        outer = np.minimum(outer, distance - radius)
        inner = np.minimum(inner, distance - radius * 0.55)
    broken = edge(periodic_noise(rng, size, 15) + 0.55, 0.3)
    image = mix(image, ground * 0.72, edge(-inner, 0.012))
    shell = edge(-outer, 0.01) * (1 - edge(-inner, 0.01)) * broken
    return finish(mix(image, ring, shell), rng, 0.03)


def scales(rng: np.random.Generator, size: int) -> ByteArray:
    """Seigaiha: overlapping scallops with rings."""
    colors = card(rng)
    count = int(rng.integers(2, 5))
    x, y = axes(size)
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    rings = int(rng.integers(2, 5))
    soft = 2.5 * count / size
    # Rows from the top down, each over the one before; two extra rows make it wrap.
    for row in range(-2, 2 * count + 3):
        u = (x * count + 0.5 * (row % 2)) % 1 - 0.5
        v = y * count - 0.5 * row
        distance = np.sqrt(u * u + (v * 1.0) ** 2)
        image = mix(image, colors[0], edge(0.52 - distance, soft))
        for ring in range(rings):
            radius = 0.5 * (1 - ring / rings)
            line = edge(0.28 / rings * 0.5 - np.abs(distance - radius + 0.03), soft)
            image = mix(image, colors[1 + ring % 2], line * edge(0.52 - distance, soft))
    return finish(image, rng)


def brushstrokes(rng: np.random.Generator, size: int) -> ByteArray:
    """Painted dabs with dry edges."""
    colors = card(rng)
    x, y = axes(size)
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    bristle = periodic_noise(rng, size, 60, 6)
    for index, (px, py) in enumerate(scatter(rng, int(rng.integers(9, 18)), 0.17)):
        turn = rng.normal(0.6, 0.3)
        dx, dy = (x - px + 0.5) % 1 - 0.5, (y - py + 0.5) % 1 - 0.5
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        body = 1 - np.maximum(np.abs(along) / rng.uniform(0.09, 0.15), np.abs(across) / rng.uniform(0.028, 0.045))
        image = mix(image, colors[1 + index % 4], edge(body + 0.12 * bristle, 0.25) * 0.92)
    return finish(image, rng)


def denim(rng: np.random.Generator, size: int) -> ByteArray:
    """Indigo twill with a white weft and slubs."""
    dark = np.array([0.13, 0.2, 0.36], np.float32) * rng.uniform(0.7, 1.9)
    if rng.random() < 0.25:
        dark = card(rng)[int(rng.integers(1, 5))]
    x, y = axes(size)
    count = 40
    phase = (x * count + y * count) % 1
    slub = periodic_noise(rng, size, 80, 4) * 0.16 + periodic_noise(rng, size, 128) * 0.12
    amount = np.clip(0.16 + 0.22 * edge(0.16 - np.abs(phase - 0.5), 0.3) + slub * 0.55, 0, 1)
    return finish(mix(np.clip(dark, 0, 0.9), np.float32([0.86, 0.88, 0.9]), amount), rng, 0.05)


def knit(rng: np.random.Generator, size: int) -> ByteArray:
    """Stocking stitch, with or without a two-coloured motif of the fair isle sort."""
    colors = card(rng)
    columns = int(rng.choice([12, 16, 20]))
    rows = columns
    x, y = axes(size)
    u = (x * columns) % 1
    lean = np.abs(u - 0.5) * 1.1
    v = (y * rows - lean) % 1
    strand = np.sin(np.pi * ((u * 2) % 1)) ** 0.6 * (0.55 + 0.45 * np.sin(np.pi * v) ** 0.7)
    motif = np.zeros((rows, columns), np.float32)
    if rng.random() < 0.6:
        half = rng.random((rows // 4, columns // 4)) < 0.45
        quarter = np.hstack([half, half[:, ::-1]])
        motif = np.tile(np.vstack([quarter, quarter[::-1]]), (2, 2)).astype(np.float32)
        motif[:: rows // 4] = 1.0
    row = np.floor(y * rows - lean).astype(int) % rows
    column = np.broadcast_to(np.floor(x * columns).astype(int) % columns, row.shape)
    color = mix(colors[0], colors[1], motif[row, column])
    return finish(color * (0.62 + 0.38 * strand)[..., None], rng, 0.04)


def paisley(rng: np.random.Generator, size: int) -> ByteArray:
    """Scattered drops with a curled tip, outlined, with a dotted heart."""
    colors = card(rng)
    if rng.random() < 0.5:
        colors = colors[[1, 0, 2, 3, 4]]
    canvas = np.empty((2 * size, 2 * size, 3), np.uint8)
    canvas[:] = (colors[0] * 255).astype(np.uint8)
    angle = np.linspace(0, 2 * np.pi, 70, endpoint=False)
    tip = np.maximum(np.cos(angle), 0) ** 6
    drop = np.stack([np.cos(angle) * (1 + 0.75 * tip), np.sin(angle) * (1 - 0.15 * tip) + 0.75 * tip], -1)
    for x, y in scatter(rng, int(rng.integers(5, 10)), 0.27):
        size_, turn = rng.uniform(0.07, 0.11), rng.uniform(0, 6.28)
        spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        order = rng.permutation([1, 2, 3])

        def draw(c: ByteArray, px: float, py: float) -> None:
            for scale, color in zip((1.0, 0.84, 0.62, 0.4, 0.2), (4, *order, 4), strict=True):  # noqa: B023
                fill(c, (drop * scale * size_) @ spin + [px, py], colors[color])  # noqa: B023
            for k in range(18):
                a = 2 * np.pi * k / 18
                at = (np.array([np.cos(a), np.sin(a)]) * 1.3 * size_) @ spin + [px, py]  # noqa: B023
                fill(c, at + 0.008 * np.stack([np.cos(angle), np.sin(angle)], -1), colors[order[0]])  # noqa: B023

        wrapped_shapes(size, draw, x, y, 0.25, canvas)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


TEXTILES: dict[str, Callable[[np.random.Generator, int], ByteArray]] = {
    "plain": plain,
    "melange": melange,
    "stripes": stripes,
    "tartan": tartan,
    "gingham": gingham,
    "windowpane": windowpane,
    "polka dots": polka_dots,
    "houndstooth": houndstooth,
    "herringbone": herringbone,
    "chevron": chevron,
    "argyle": argyle,
    "ikat": ikat,
    "floral": floral,
    "botanical": botanical,
    "paisley": paisley,
    "shibori": shibori,
    "tie dye": tie_dye,
    "terrazzo": terrazzo,
    "leopard": leopard,
    "scales": scales,
    "brushstrokes": brushstrokes,
    "denim": denim,
    "knit": knit,
}


@lru_cache(maxsize=192)
def cached_swatch(name: str, seed: int, size: int) -> ByteArray:
    image = TEXTILES[name](np.random.default_rng([seed, *name.encode()]), size)
    image.setflags(write=False)
    return image


def swatch(name: str, seed: int = 0, size: int = 256) -> ByteArray:
    """One repeat of a named textile, uint8 [size, size, 3] sRGB; the same design at any size for one seed.

    Raises UserError for a name that is not in TEXTILES.
    """
    if name not in TEXTILES:
        raise UserError("unknown textile", received=name, possible=", ".join(TEXTILES))
    return cached_swatch(name, int(seed), int(size)).copy()

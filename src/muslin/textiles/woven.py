"""Textiles whose pattern is in the thread: stripes, checks, twills, knits."""

from __future__ import annotations

import cv2
import numpy as np

from muslin.textiles.dyes import (
    ByteArray,
    FloatArray,
    axes,
    card,
    edge,
    finish,
    mix,
    periodic_noise,
)


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
        bands += [
            (rng.uniform(0.008, 0.02), rng.uniform(0.05, 0.3), 3),
            (0.012, rng.uniform(0.3, 0.48), 4),
            (rng.uniform(0.02, 0.05), 0.5, 4),
        ]
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


def houndstooth(rng: np.random.Generator, size: int) -> ByteArray:
    """Broken check: bands of four threads, woven in a 2/2 twill."""
    colors = card(rng)
    dark, light = (colors[4], colors[0]) if rng.random() < 0.6 else (colors[1], colors[0])
    count = int(rng.integers(2, 5))
    big = 4 * size
    thread = (np.arange(big) * 8 * count // big) % 8
    warp_dark, weft_dark = (thread < 4)[None], (thread < 4)[:, None]
    over = ((thread[None] - thread[:, None]) % 4) < 2
    amount: FloatArray = np.where(over, warp_dark, weft_dark).astype(np.float32)
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


def argyle(rng: np.random.Generator, size: int) -> ByteArray:
    """Diamonds with a thin diagonal overcheck."""
    colors = card(rng)
    count = int(rng.integers(1, 3))
    x, y = axes(size)
    u, v = (x * 2 * count) % 2, (y * count) % 1
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    soft = 3.0 * count / size
    for centre, color in ((0.5, colors[1]), (1.5, colors[2])):
        away = np.abs((u - centre + 1) % 2 - 1) + np.abs(v - 0.5)
        image = mix(image, color, edge(0.5 - away, soft))
    first, second = (u + v) % 1, (u - v) % 1
    lines = np.minimum(np.abs(first - 0.5), np.abs(second - 0.5))
    dashes = np.maximum(edge(0.018 - lines, soft), 0)
    return finish(mix(image, colors[3], dashes), rng, 0.05)


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
    return finish(mix(np.clip(dark, 0, 0.9), np.array([0.86, 0.88, 0.9], np.float32), amount), rng, 0.05)


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

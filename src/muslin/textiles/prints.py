"""Textiles whose pattern is printed or dyed: dots, flowers, leaves, resist dyes, animal prints."""

from __future__ import annotations

import cv2
import numpy as np

from muslin.textiles.dyes import (
    ByteArray,
    FloatArray,
    axes,
    card,
    edge,
    fill,
    finish,
    mix,
    periodic_noise,
    scatter,
    wrapped_shapes,
)


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


def chevron(rng: np.random.Generator, size: int) -> ByteArray:
    """Bold zigzag in several colours."""
    colors = card(rng)
    zigs, bands = int(rng.integers(2, 5)), int(rng.choice([2, 3, 4]))
    x, y = axes(size)
    height = rng.uniform(0.4, 1.0) / zigs
    shift = np.abs((x * zigs) % 1 - 0.5) * 2 * height
    image = np.broadcast_to(colors[0], (size, size, 3)).astype(np.float32)
    repeat = int(rng.integers(1, 3))
    phase = ((y + shift) * repeat) % 1
    for index in range(bands):
        centre, half = (index + 0.5) / bands, 0.5 / bands * rng.uniform(0.35, 0.9)
        amount = edge(half - np.abs((phase - centre + 0.5) % 1 - 0.5), 2.5 * repeat / size)
        image = mix(image, colors[1 + index % 4], amount)
    return finish(image, rng)


def ikat(rng: np.random.Generator, size: int) -> ByteArray:
    """Diamonds and lozenges with feathered edges, as when the warp is dyed before weaving."""
    colors = card(rng)
    count = int(rng.integers(1, 3))
    x, y = axes(size)
    feather = periodic_noise(rng, size, 90, 3) * 0.045 + periodic_noise(rng, size, 32, 2) * 0.03
    u = np.abs((x * count) % 1 - 0.5) * 2
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


def flower(
    canvas: ByteArray,
    x: float,
    y: float,
    radius: float,
    turn: float,
    petals: int,
    colors: FloatArray,
    bloom: int,
) -> None:
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

        wrapped_shapes(draw, x, y, 0.3, canvas)
    for x, y in scatter(rng, count * 3, spacing * 0.42):
        dot = rng.uniform(0.006, 0.012)
        ring = np.linspace(0, 2 * np.pi, 16)

        def spot(c: ByteArray, px: float, py: float) -> None:
            if np.abs(c[int(py % 1 * len(c)), int(px % 1 * len(c))].astype(float) / 255 - colors[0]).max() < 0.02:
                fill(c, np.stack([px + dot * np.cos(ring), py + dot * np.sin(ring)], -1), colors[3])  # noqa: B023

        wrapped_shapes(spot, x, y, 0.02, canvas)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


def botanical(rng: np.random.Generator, size: int) -> ByteArray:
    """Overlapping leaves in a few tones."""
    colors = card(rng)
    if rng.random() < 0.5:
        colors = colors[[4, 1, 2, 3, 0]]
    canvas = np.empty((2 * size, 2 * size, 3), np.uint8)
    canvas[:] = (colors[0] * 255).astype(np.uint8)
    count = int(rng.integers(20, 60))
    for x, y in scatter(rng, count, 0.62 / np.sqrt(count)):
        length, turn = 1.0 / np.sqrt(count) * rng.uniform(0.95, 1.5), rng.uniform(0, 6.28)
        color = colors[int(rng.integers(1, 4))]
        vein = 0.75 * color + 0.25 * colors[0]

        def draw(c: ByteArray, px: float, py: float) -> None:
            leaf(c, px, py, length, turn, color)  # noqa: B023
            tip = np.array([np.cos(turn), np.sin(turn)]) * length * 0.9  # noqa: B023
            side = np.array([-np.sin(turn), np.cos(turn)]) * length * 0.012  # noqa: B023
            root = np.array([px, py])
            fill(c, np.stack([root + side, root + tip, root - side]), vein)  # noqa: B023

        wrapped_shapes(draw, x, y, 0.4, canvas)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


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

        wrapped_shapes(draw, x, y, 0.25, canvas)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return finish(image, rng)


def shibori(rng: np.random.Generator, size: int) -> ByteArray:
    """Resist dye: rings and rays that bleed into each other."""
    colors = card(rng)
    dye, cloth = colors[int(rng.choice([1, 4]))], colors[0] * 0.3 + 0.68
    x, y = axes(size)
    bleed = periodic_noise(rng, size, 5) * 0.05 + periodic_noise(rng, size, 16) * 0.02
    amount: FloatArray = np.zeros((size, size), np.float32)
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
    for x, y in scatter(rng, int(rng.integers(40, 90)), 0.075):
        corners = int(rng.integers(4, 7))
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.uniform(0.025, 0.065) * rng.uniform(0.7, 1.2, corners)
        shape = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
        color = colors[int(rng.integers(1, 5))]
        wrapped_shapes(lambda c, px, py: fill(c, shape + np.array([px, py]), color), x, y, 0.1, canvas)  # noqa: B023
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
    outer: FloatArray = np.full((size, size), 9, np.float32)
    inner: FloatArray = np.full((size, size), 9, np.float32)
    for px, py in scatter(rng, 40, 0.128):
        dx, dy = (x - px + 0.5) % 1 - 0.5, (y - py + 0.5) % 1 - 0.5
        squash, radius = rng.uniform(0.75, 1.3), rng.uniform(0.05, 0.07)
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
    for index, (px, py) in enumerate(scatter(rng, int(rng.integers(16, 32)), 0.12)):
        turn = rng.normal(0.6, 0.3)
        dx, dy = (x - px + 0.5) % 1 - 0.5, (y - py + 0.5) % 1 - 0.5
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        body = 1 - np.maximum(np.abs(along) / rng.uniform(0.09, 0.15), np.abs(across) / rng.uniform(0.028, 0.045))
        image = mix(image, colors[1 + index % 4], edge(body + 0.12 * bristle, 0.25) * 0.92)
    return finish(image, rng)

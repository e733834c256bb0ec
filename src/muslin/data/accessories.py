"""Bag, shoes and hat: stiffer things, made of the same panels."""

from __future__ import annotations

import numpy as np

from muslin.data.panels import BODY, LEFT, RIGHT, TRIM, Mood, Panel, Points, curve, loose_folds, path, spokes, surface
from muslin.data.relief import Billow, Crumple, Fold, Pleats, Ridge


def stroke(line: Points, width: float) -> Points:
    """Outline of a ribbon `width` units broad around a line, with square ends."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], -1) * width / 2
    return np.vstack([line + normal, (line - normal)[::-1]])


def stiff(mood: Mood, outline: Points, tone: float = 0.0, lift: float = 0.3) -> Panel:
    """A small, hardly creased piece anchored at its own middle."""
    middle = (outline.min(0) + outline.max(0)) / 2
    folds: list[Fold] = [Billow(0.2, 0.12), Crumple(0.1, 0.06 * mood.crumple)]
    return Panel(outline, TRIM, (float(middle[0]), float(middle[1])), folds=folds, tone=tone, lift=lift)


def bag(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Tote or shopper with two handles, at times with a flap."""
    half, height = rng.uniform(0.42, 0.6), rng.uniform(0.75, 1.15)
    low, round_ = half * rng.uniform(0.85, 1.12), rng.uniform(0.02, 0.12)
    sag = rng.uniform(0.0, 0.05)
    body = path(
        [(-half, 0.0), (0.0, sag), (half, 0.0)],
        [(half, 0.0), ((half + low) / 2 * 1.02, height / 2), (low, height - round_)],
        [(low, height - round_), (low - 0.3 * round_, height - 0.3 * round_), (low - round_, height)],
        [(low - round_, height), (0.0, height + 0.02), (-low + round_, height)],
        [(-low + round_, height), (-low + 0.3 * round_, height - 0.3 * round_), (-low, height - round_)],
        [(-low, height - round_), (-(half + low) / 2 * 1.02, height / 2), (-half, 0.0)],
    )
    folds = surface(rng, mood, height, 0.8)
    folds += loose_folds(rng, mood, (-half, 0.05, half, height), int(rng.integers(3, 8)), 0.9)
    panels: list[Panel] = []
    reach, gap, width = rng.uniform(0.3, 0.65), half * rng.uniform(0.35, 0.6), rng.uniform(0.05, 0.085)
    for back in (True, False):
        skew, top = rng.normal(0, 0.05), -reach * rng.uniform(0.85, 1.1)
        foot = 0.05 if back else rng.uniform(0.1, 0.2)
        line = curve(
            [
                (-gap, foot),
                (-gap + 0.02, 0.3 * top),
                (-0.6 * gap + skew, 0.85 * top),
                (skew, top),
                (0.6 * gap + skew, 0.85 * top),
                (gap - 0.02, 0.3 * top),
                (gap, foot),
            ],
            9,
        )
        handle = stiff(mood, stroke(line, width), -0.25 if back else 0.0, 0.4)
        panels.append(handle)
        for side in (-1, 1):
            folds += spokes(rng, mood, side * gap, foot, side * 0.3, 2, 0.4, 0.4)
    main = Panel(body, BODY, profile=((0, half), (height, low)), folds=folds, central=True, lift=0.3)
    main.lines.append((curve([(-half * 0.98, 0.06), (0, sag + 0.06), (half * 0.98, 0.06)]), 0.4))
    panels.insert(1, main)
    if rng.random() < 0.3:
        depth = height * rng.uniform(0.4, 0.65)
        flap = path(
            [(-half * 1.01, -0.01), (0.0, sag - 0.02), (half * 1.01, -0.01)],
            [
                (half * 1.01, -0.01),
                (half * 0.97, depth * 0.7),
                (0.0, depth),
                (-half * 0.97, depth * 0.7),
                (-half * 1.01, -0.01),
            ],
        )
        cover = stiff(mood, flap, lift=0.6)
        cover.folds += surface(rng, mood, depth, 0.6)
        cover.buttons.append((0.0, depth - 0.08, 0.03))
        panels.append(cover)
    return panels


def side_shoe(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """One shoe or ankle boot from the side."""
    shaft, toe = (
        rng.uniform(-0.1, 0.28) if rng.random() < 0.75 else rng.uniform(0.4, 0.7),
        rng.uniform(0.08, 0.2),
    )
    main, base = upper(rng, mood, shaft, toe), sole(rng, mood)
    inside = path(
        [(-0.68, -0.1 - shaft), (-0.5, -0.2 - shaft), (-0.24, -0.18 - shaft)],
        [(-0.24, -0.18 - shaft), (-0.4, 0.0 - shaft), (-0.68, -0.1 - shaft)],
    )
    panels = [stiff(mood, inside, -0.9, 0.0), main, base]
    if rng.random() < 0.5:
        for panel in panels:
            flip = [-1.0, 1.0]
            panel.outline = panel.outline * flip
            panel.lines = [(line * flip, strength) for line, strength in panel.lines]
            panel.root = (-panel.root[0], panel.root[1])
    return panels


def upper(rng: np.random.Generator, mood: Mood, shaft: float, toe: float) -> Panel:
    """What is above the sole of a shoe from the side, with its seams and laces. shaft, toe: how high they are."""
    rear, front = [(-0.7, 0.42), (-0.74, 0.16), (-0.7, -0.12 - shaft)], (-0.22, -0.2 - shaft)
    throat = [(-0.7, -0.12 - shaft), (-0.46, -0.06 - shaft), front]
    instep = [
        front,
        (-0.02 - 0.1 * (shaft > 0.3), -0.02),
        (0.3, 0.1 + 0.3 * toe),
        (0.62, 0.14 + toe),
        (0.76, 0.3),
        (0.74, 0.44),
    ]
    outline = path(rear, throat, instep, [(0.74, 0.44), (0.0, 0.46), (-0.7, 0.42)])
    folds = surface(rng, mood, 0.6, 0.45)
    folds += [
        Ridge(
            0.3 + rng.normal(0, 0.06),
            0.2,
            rng.normal(0.5, 0.4),
            0.2,
            0.03,
            mood.fold * rng.normal(0, 0.3),
            0.05,
            True,
        )
        for _ in range(4)
    ]
    folds.append(Ridge(0.0, 0.1, 1.57, 1.3, 0.3, rng.uniform(0.4, 0.8), 0, True))
    main = Panel(outline, BODY, profile=((-1, 0.7), (1, 0.7)), folds=folds, central=True, lift=0.3)
    quarter = curve([(-0.08, -0.05 - 0.5 * max(shaft, 0)), (-0.02, 0.2), (0.1, 0.44)])
    main.lines += [
        (quarter, 0.6),
        (curve([(0.28, 0.1), (0.4, 0.24), (0.42, 0.44)]), 0.5),
        (curve([(-0.5, -0.05), (-0.46, 0.2), (-0.5, 0.44)]), 0.5),
    ]
    for at in np.linspace(0.1, 0.85, int(rng.integers(3, 7))):
        x, y = -0.16 + 0.42 * at, -0.15 - shaft * (1 - at) + 0.27 * at
        main.lines.append((np.array([(x, y), (x - 0.14, y + 0.1)]), 0.9))
    return main


def sole(rng: np.random.Generator, mood: Mood) -> Panel:
    """The sole of a shoe from the side, with or without a heel."""
    depth, heel = rng.uniform(0.07, 0.14), rng.uniform(0.0, 0.12)
    outline = path(
        [(-0.73, 0.39), (0.0, 0.435), (0.77, 0.39)],
        [(0.77, 0.39), (0.81, 0.42), (0.74, 0.44 + depth * 0.8)],
        [
            (0.74, 0.44 + depth * 0.8),
            (0.1, 0.45 + depth),
            (-0.2, 0.44 + depth),
            (-0.3, 0.44 + depth + heel),
            (-0.7, 0.44 + depth + heel),
        ],
        [(-0.7, 0.44 + depth + heel), (-0.76, 0.43), (-0.73, 0.39)],
    )
    base = stiff(mood, outline, rng.normal(0.05, 0.25), 0.35)
    base.lines.append((curve([(-0.74, 0.46), (0.0, 0.48), (0.78, 0.45)]), 0.4))
    return base


def pair_of_shoes(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Two shoes from above, toes towards the viewer."""
    length, wide, gap = rng.uniform(1.15, 1.4), rng.uniform(0.2, 0.25), rng.uniform(0.27, 0.36)
    hole_end, laced = rng.uniform(0.42, 0.58) * length, rng.random() < 0.6
    panels: list[Panel] = []
    for side in (-1, 1):
        lean, place = side * rng.normal(0.05, 0.05), np.array([side * gap, rng.normal(0, 0.03)])
        panels += shoe_from_above(rng, mood, side, lean, place, (wide, length, hole_end), laced)
    return panels


def shoe_from_above(
    rng: np.random.Generator, mood: Mood, side: int, lean: float, place: Points,
    sizes: tuple[float, float, float], laced: bool,
) -> list[Panel]:  # fmt: skip
    """One of a pair.

    side: -1 left, 1 right, as the viewer sees them. lean: how far it is turned, radians. place: of its heel. sizes: its
    half width, its length, and how far the opening for the foot reaches.
    """
    wide, length, hole_end = sizes
    spin = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])

    def put(points: Points) -> Points:
        return (np.asarray(points) * [float(side), 1.0]) @ spin.T + place

    outline, hole = above_outline(wide, length), above_opening(wide, length, hole_end)
    middle = put(np.array([[0.0, 0.5 * length]]))[0]
    folds = surface(rng, mood, 0.5, 0.4)
    folds += [
        Ridge(0.0, 0.0, 0.0, 2 * length, 0.75 * wide, rng.uniform(0.4, 0.8), 0, True),
        Pleats(2, 0.12, 0.1, 0.4, 0.1),
    ]
    below = stiff(mood, put(outline * [1.07, 1.02] - [0, 0.01]), rng.normal(0, 0.3), 0.3)
    root = (float(middle[0]), float(middle[1]))
    part = LEFT if side < 0 else RIGHT
    main = Panel(put(outline), part, root, -lean, 0.0, ((-1, wide), (1, wide)), folds, lift=0.3)
    cap = curve([(-0.9 * wide, 0.74 * length), (0, 0.68 * length), (0.95 * wide, 0.76 * length)])
    main.lines += [(put(hole), 0.7), (put(cap), 0.5)]
    panels = [below, main, stiff(mood, put(hole), -rng.uniform(0.7, 1.2), 0.0)]
    if laced:
        tongue = path(
            [(-0.3 * wide, hole_end * 0.62), (0.0, hole_end * 0.56), (0.3 * wide, hole_end * 0.62)],
            [(0.34 * wide, 0.66 * length), (-0.34 * wide, 0.66 * length)],
        )
        piece = stiff(mood, put(tongue), 0.0, 0.3)
        for y in np.linspace(hole_end * 0.75, 0.63 * length, 5):
            piece.lines.append((put(np.array([(-0.42 * wide, y), (0.42 * wide, y + 0.02)])), 1.0))
        panels.append(piece)
    return panels


def above_outline(wide: float, length: float) -> Points:
    """A right shoe from above, its heel at the origin, its toe down."""
    return path(
        [
            (0.0, 0.0),
            (0.72 * wide, 0.06 * length),
            (0.78 * wide, 0.36 * length),
            (wide, 0.68 * length),
            (0.75 * wide, 0.92 * length),
            (0.1 * wide, length),
            (-0.6 * wide, 0.9 * length),
            (-0.92 * wide, 0.66 * length),
            (-0.74 * wide, 0.36 * length),
            (-0.7 * wide, 0.06 * length),
            (0.0, 0.0),
        ]
    )


def above_opening(wide: float, length: float, end: float) -> Points:
    """Where the foot goes in. end: how far from the heel it reaches."""
    start = 0.05
    return path(
        [
            (0.0, start),
            (0.5 * wide, 0.1 * length),
            (0.52 * wide, 0.28 * length),
            (0.34 * wide, end),
            (0.0, end + 0.03),
            (-0.34 * wide, end),
            (-0.52 * wide, 0.28 * length),
            (-0.5 * wide, 0.1 * length),
            (0.0, start),
        ]
    )


def shoe(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """A shoe from the side, or a pair from above."""
    return side_shoe(rng, mood) if rng.random() < 0.5 else pair_of_shoes(rng, mood)


def hat(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Cap or bucket hat from the front."""
    half, height = rng.uniform(0.44, 0.52), rng.uniform(0.5, 0.66)
    main = crown(rng, mood, half, height)
    edge, wide, deep = peak(rng, half, height) if rng.random() < 0.55 else brim(rng, half, height)
    folds: list[Fold] = [
        Billow(0.3, 0.2),
        Ridge(0.0, 0.0, 0.0, 2.0, 0.45, 0.35, 0, True),
        Crumple(0.1, 0.08 * mood.crumple),
    ]
    shade = Panel(edge, TRIM, (0.0, height + deep / 2), profile=((-1, wide), (1, wide)), lift=0.5, folds=folds)
    for share in (0.35, 0.6, 0.85):
        end = height + share * deep * 0.55
        stitches = curve([(-wide * 0.8, end), (0, height + 0.06 + share * deep), (wide * 0.8, end)])
        shade.lines.append((stitches, 0.22))
    return [main, shade]


def crown(rng: np.random.Generator, mood: Mood, half: float, height: float) -> Panel:
    """What covers the head, sewn from wedges, with a button on top."""
    outline = path(
        [
            (-half, height),
            (-half * 0.96, 0.45 * height),
            (-half * 0.62, 0.08 * height),
            (0.0, 0.0),
            (half * 0.62, 0.08 * height),
            (half * 0.96, 0.45 * height),
            (half, height),
        ],
        [(half, height), (0.0, height + 0.1), (-half, height)],
    )
    folds = [
        *surface(rng, mood, height, 0.5),
        Ridge(0.0, height, 0.0, 3.0, 0.5, rng.uniform(0.5, 0.9), 0, True),
    ]
    panel = Panel(outline, BODY, profile=((0, half), (1, half)), folds=folds, central=True)
    for x in (-0.55, 0.0, 0.55):
        panel.lines.append((curve([(0.06 * x, 0.01), (half * x * 0.8, 0.4 * height), (half * x, height + 0.05)]), 0.5))
    panel.buttons.append((0.0, 0.012, 0.025))
    return panel


def peak(rng: np.random.Generator, half: float, height: float) -> tuple[Points, float, float]:
    """The outline of a cap's peak, its half width and its depth."""
    wide, deep = half * rng.uniform(0.95, 1.08), rng.uniform(0.2, 0.34)
    outline = path(
        [
            (-wide, height - 0.02),
            (-wide * 0.5, height + 0.06),
            (0.0, height + 0.08),
            (wide * 0.5, height + 0.06),
            (wide, height - 0.02),
        ],
        [
            (wide, height - 0.02),
            (wide * 0.85, height + 0.6 * deep),
            (0.0, height + deep + 0.06),
            (-wide * 0.85, height + 0.6 * deep),
            (-wide, height - 0.02),
        ],
    )
    return outline, wide, deep


def brim(rng: np.random.Generator, half: float, height: float) -> tuple[Points, float, float]:
    """The outline of a bucket hat's brim, its half width and its depth."""
    wide, deep = half * rng.uniform(1.3, 1.55), rng.uniform(0.2, 0.3)
    outline = path(
        [(-half * 1.0, height - 0.06), (0.0, height + 0.03), (half * 1.0, height - 0.06)],
        [
            (half * 1.0, height - 0.06),
            (wide, height + 0.6 * deep),
            (wide * 0.6, height + deep),
            (0.0, height + deep * 1.15),
            (-wide * 0.6, height + deep),
            (-wide, height + 0.6 * deep),
            (-half * 1.0, height - 0.06),
        ],
    )
    return outline, wide, deep

"""Garments that hang from the waist: skirt, trousers, shorts."""

from __future__ import annotations

import numpy as np

from muslin.data.panels import (
    BODY,
    LEFT,
    RIGHT,
    TRIM,
    Mood,
    Panel,
    bend_folds,
    curve,
    loose_folds,
    mirrored,
    path,
    spokes,
    surface,
    to_frame,
)
from muslin.data.relief import Billow, Crease, Fold, Pleats


def waistband(rng: np.random.Generator, mood: Mood, half: float, depth: float) -> Panel:
    sag = rng.uniform(0.0, 0.03)
    outline = path(
        [(-half, 0.0), (0, sag), (half, 0.0)],
        [(half * 1.01, depth), (0, depth + sag), (-half * 1.01, depth)],
    )
    gathered = rng.random() < 0.4
    folds: list[Fold] = [Billow(0.2, 0.08)]
    if gathered:
        folds.append(Pleats(rng.uniform(16, 28), 0.4 * mood.fold, -9, -8, 0.2, 0.3))
    lower = outline[-(len(outline) // 2) :]
    return Panel(
        outline,
        TRIM,
        (0.0, depth / 2),
        profile=((-1, half), (1, half)),
        folds=folds,
        lift=0.25,
        lines=[(lower, 0.4)],
        role="band",
    )


def skirt(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Waistband and a straight, A-line or pleated skirt."""
    waist, length = rng.uniform(0.34, 0.46), rng.uniform(0.75, 1.6)
    hem = waist * rng.uniform(1.05, 2.1)
    count = rng.uniform(4, 14)
    wave = (0.012 + 0.03 * (hem / waist - 1) * rng.random()) * min(1.0, 6 / count)
    across = np.linspace(1, -1, 41)
    drop = 0.11 * (hem - waist) / length
    phase = rng.uniform(0, 6.28)
    hem_line = np.stack(
        [across * hem, length + drop * (1 - across**2) + wave * np.sin(np.pi * count * across + phase)], -1
    )
    hip = waist + (hem - waist) * rng.uniform(0.3, 0.5)
    side = [(waist, 0.03), (hip, 0.33 * length), (hem, length)]
    outline = np.vstack([curve(side), hem_line, mirrored(curve(side))])
    folds = surface(rng, mood, length)
    folds += loose_folds(rng, mood, (-hem, 0.1, hem, length), int(rng.integers(4, 10)), 0.35)
    folds.append(
        Pleats(
            count,
            mood.fold * rng.uniform(0.1, 0.8),
            rng.uniform(-0.2, 0.2) * length,
            rng.uniform(0.3, 1.0) * length,
            rng.uniform(0.2, 1.0),
            rng.uniform(0.05, 0.4),
        )
    )
    profile = ((0.0, waist), (0.33 * length, hip), (length, hem))
    body = Panel(outline, BODY, profile=profile, folds=folds, lines=[(hem_line - [0, 0.04], 0.35)], central=True)
    return [body, waistband(rng, mood, waist, rng.uniform(0.07, 0.14))]


def trouser_like(rng: np.random.Generator, mood: Mood, length: float, cuff: float) -> list[Panel]:
    """Two legs from the waist to the hem, waistband, fly and pocket seams."""
    waist = rng.uniform(0.36, 0.44)
    rise = min(rng.uniform(0.5, 0.64), length * rng.uniform(0.5, 0.62))
    hip = waist * rng.uniform(1.1, 1.28)
    spread = rng.uniform(0.02, 0.13)
    panels = []
    for side in (-1, 1):
        lean = spread * rng.uniform(0.7, 1.3)
        knee = 0.5 * (hip + cuff * 1.7) * 0.5
        middle = hip * 0.5 + lean * (length - rise)
        outer = [(waist, 0.02), (hip, 0.5 * rise), (hip * 0.98 + lean * 0.3, rise)]
        inner = [(middle - cuff, length + rng.normal(0, 0.015))]
        if length > 1.4:
            outer.append((middle - lean * 0.3 + knee, 0.62 * length))
            inner += [
                (middle - lean * 0.3 - knee, 0.62 * length),
                (0.5 * (middle - knee), 0.5 * rise + 0.31 * length),
            ]
        outer.append((middle + cuff, length))
        inner.append((-0.012, rise))
        seam = [(-0.012, rise), (-0.016, 0.5 * rise), (-0.012, 0.02)]
        outline = path(outer, inner, seam, [(-0.012, 0.02), (waist, 0.02)])
        angle = side * np.arctan2(middle - waist * 0.5, length)
        root = np.array([side * waist * 0.5, 0.0])
        folds = surface(rng, mood, length, 0.75)
        half = 0.5 * hip
        folds += loose_folds(rng, mood, (-half, 0.1, half, length), int(rng.integers(4, 9)), 0.7)
        t, s = to_frame(np.array([0.0, rise]), root, float(angle), 0.0)
        towards = side * rng.uniform(1.0, 2.0)
        folds += spokes(rng, mood, float(t), float(s), towards, int(rng.integers(3, 6)), 0.8, 0.35)
        if length > 1.4:
            folds += bend_folds(rng, mood, 0.6 * length, 0.5 * half, int(rng.integers(3, 9)))
            folds += bend_folds(rng, mood, 0.92 * length, cuff * 0.8, int(rng.integers(1, 6)))
        if rng.random() < 0.3:
            folds.append(Crease(0.0, rng.uniform(0.1, 0.3), False, 0.06))
        pocket = curve([(waist * 0.6, 0.03), (waist * 0.8, 0.2), (hip * 0.99, 0.34)])
        lines = [
            (curve(seam), 0.6),
            (pocket, 0.5),
            (np.array([(middle - cuff, length - 0.05), (middle + cuff, length - 0.05)]), 0.4),
        ]
        flip = np.array([side, 1.0])
        panels.append(
            Panel(
                outline * flip,
                LEFT if side < 0 else RIGHT,
                tuple(root),
                float(angle),
                0.0,
                ((0, half), (rise, half), (length, cuff)),
                folds,
                [(points * flip, k) for points, k in lines],
                lift=0.3,
            )
        )
    if rng.random() < 0.5:
        panels.reverse()
    fly = curve([(0.07, 0.05), (0.075, 0.3), (0.01, rise * 0.72)])
    panels[-1].lines.append((fly, 0.45))
    belt = waistband(rng, mood, waist, rng.uniform(0.07, 0.11))
    if rng.random() < 0.7:
        belt.buttons.append((0.03, 0.055, 0.022))
    return [*panels, belt]


def trousers(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Slim to wide trousers."""
    return trouser_like(rng, mood, rng.uniform(1.9, 2.3), rng.uniform(0.13, 0.28))


def shorts(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Shorts down to the knee."""
    return trouser_like(rng, mood, rng.uniform(0.8, 1.15), rng.uniform(0.2, 0.27))

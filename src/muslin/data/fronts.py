"""Garments with a front that opens or a hood: shirt, hoodie, blazer, coat."""

from __future__ import annotations

import numpy as np

from muslin.data.panels import (
    TRIM,
    Mood,
    Panel,
    Points,
    band,
    curve,
    loose_folds,
    path,
    rect,
)
from muslin.data.relief import Billow, Crumple, Fold, Pleats
from muslin.data.tops import SleeveShape, TopShape, draw_top, sleeves, top_body

COLLARS = ("left collar", "right collar")


def trim(outline: Points, mood: Mood, role: str, angle: float = 0.0, lift: float = 0.35, tone: float = 0.0) -> Panel:
    """A small piece of the same cloth, anchored at its own middle."""
    middle = (outline.min(0) + outline.max(0)) / 2
    half = float(np.ptp(outline[:, 0])) / 2
    folds: list[Fold] = [Billow(0.15, 0.12 * mood.fold), Crumple(0.08, 0.1 * mood.crumple)]
    root = (float(middle[0]), float(middle[1]))
    rim = 0.3 + 0.7 * min(1.0, lift / 0.5)  # what lies close to the body has a flat edge
    profile = ((-2.0, half), (2.0, half))
    return Panel(outline, TRIM, root, angle, 0.0, profile, folds, lift=lift, rim=rim, tone=tone, role=role)


def inset(outline: Points, amount: float) -> Points:
    """The outline a little smaller, closed: the stitching along an edge."""
    middle = outline.mean(0)
    away = outline - middle
    length = np.linalg.norm(away, axis=1, keepdims=True)
    inner = middle + away * np.maximum(1 - amount / np.maximum(length, 1e-6), 0)
    return np.vstack([inner, inner[:1]])


def placket(
    rng: np.random.Generator, mood: Mood, top: TopShape, start: float, count: int, half: float = 0.035
) -> Panel:
    """Strip down the front with buttons."""
    end = top.length + top.tail - 0.012
    strip = path(
        [(-half, start), (half, start)],
        [(half, start), (half, (start + end) / 2), (half, end)],
        [(half, end), (-half, end)],
        [(-half, end), (-half, (start + end) / 2), (-half, start)],
    )
    panel = trim(strip, mood, "strip", lift=0.15)
    panel.folds.append(Pleats(1.5, 0.12 * mood.fold, -9, -8, 0.1))
    panel.lines = [(np.array([(x, start), (x, end)]), 0.3) for x in (-half * 0.72, half * 0.72)]
    radius = rng.uniform(0.011, 0.017)
    panel.buttons = [(0.0, float(y), radius) for y in np.linspace(start + 0.09, end - 0.16, count)]
    return panel


def collar(rng: np.random.Generator, mood: Mood, top: TopShape) -> list[Panel]:
    """Back of the collar and its two leaves."""
    neck, drop, point = top.neck, top.drop, rng.uniform(0.1, 0.18)
    back = path(
        [
            (-neck * 1.02, 0.02),
            (-neck * 0.6, -0.055),
            (0.0, -0.075),
            (neck * 0.6, -0.055),
            (neck * 1.02, 0.02),
        ],
        [(neck * 0.9, 0.05), (0.0, 0.035), (-neck * 0.9, 0.05)],
    )
    panels = [trim(back, mood, "stand", lift=0.2)]
    for side in (-1, 1):
        leaf = path(
            [(0.0, drop), (neck * 0.62, drop * 0.62), (neck * 0.97, -0.03)],
            [(neck * 0.97, -0.03), (neck * 1.22, 0.03), (neck * 1.3, 0.075)],
            [(neck * 1.3, 0.075), (neck * rng.uniform(0.75, 0.95), drop + point), (0.0, drop)],
        ) * [float(side), 1.0]
        panel = trim(leaf, mood, COLLARS[side > 0], side * 0.45, lift=0.55)
        panel.lines.append((inset(leaf, 0.018), 0.25))
        panels.append(panel)
    return panels


def patch(rng: np.random.Generator, mood: Mood, x: float, y: float, width: float, height: float) -> Panel:
    """A pocket sewn on, with a pointed or straight lower edge."""
    dip = rng.uniform(0.0, 0.04)
    outline = np.array(
        [
            (x - width, y),
            (x + width, y),
            (x + width, y + height),
            (x, y + height + dip),
            (x - width, y + height),
        ]
    )
    panel = trim(outline, mood, "pocket", lift=0.12)
    panel.lines.append((inset(outline, 0.015), 0.3))
    return panel


def shirt(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Collar, placket with buttons, cuffs or short sleeves, often a pocket on the chest."""
    top = draw_top(rng, 1.42, 0.02)
    top.neck, top.drop, top.tail = rng.uniform(0.13, 0.17), rng.uniform(0.08, 0.13), rng.uniform(0.0, 0.09)
    if rng.random() < 0.7:
        direction, bend = rng.uniform(5, 42), rng.uniform(-8, 24)
        arm = SleeveShape(rng.uniform(1.0, 1.2), rng.uniform(0.1, 0.13), direction, bend, 0.11, ribbed=False)
    else:
        arm = SleeveShape(rng.uniform(0.35, 0.5), rng.uniform(0.17, 0.21), rng.uniform(35, 60), 5.0)
    panels = top_body(rng, mood, top)
    yoke = curve([(-top.shoulder, top.slope + 0.09), (0, 0.14), (top.shoulder, top.slope + 0.09)])
    panels[-1].lines.append((yoke, 0.3))
    if rng.random() < 0.6:
        for side in (-1, 1) if rng.random() < 0.35 else (1,):
            panels.append(patch(rng, mood, side * top.chest * 0.48, 0.42, 0.095, 0.19))
    panels.append(placket(rng, mood, top, top.drop, int(rng.integers(5, 8))))
    return [*panels, *sleeves(rng, mood, top, arm), *collar(rng, mood, top)]


def hood_of(top: TopShape, high: float, wide: float) -> tuple[Points, Points]:
    """Outlines of a hood laid flat above the neck, and of the hole in it."""
    neck = top.neck
    hood = path(
        [
            (-neck * 1.25, 0.06),
            (-neck * wide, -0.45 * high),
            (-neck * 0.75, -0.95 * high),
            (0.0, -high),
            (neck * 0.75, -0.95 * high),
            (neck * wide, -0.45 * high),
            (neck * 1.25, 0.06),
        ],
        [(neck * 1.25, 0.06), (0.0, top.drop + 0.05), (-neck * 1.25, 0.06)],
    )
    opening = path(
        [
            (-neck * 0.55, 0.03),
            (-neck * 0.8, -0.4 * high),
            (0.0, -0.74 * high),
            (neck * 0.8, -0.4 * high),
            (neck * 0.55, 0.03),
        ],
        [(neck * 0.55, 0.03), (0.0, top.drop + 0.04), (-neck * 0.55, 0.03)],
    )
    return hood, opening


def hoodie(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Hood laid flat above the neck, kangaroo pocket, ribbed cuffs and hem; at times with a zip."""
    top = draw_top(rng, 1.3, 0.05)
    top.neck, top.drop = rng.uniform(0.16, 0.2), rng.uniform(0.1, 0.16)
    arm = SleeveShape(rng.uniform(0.98, 1.15), rng.uniform(0.11, 0.14), rng.uniform(6, 40), rng.uniform(-8, 22), 0.1)
    hood, opening = hood_of(top, rng.uniform(0.3, 0.5), rng.uniform(1.3, 1.75))
    panels = top_body(rng, mood, top, closed=False)
    shell = trim(hood, mood, "stand", lift=0.5)
    shell.folds += loose_folds(rng, mood, (-0.2, -0.3, 0.2, 0.2), 6, 0.9)
    hole = trim(opening, mood, "inside", lift=0.0, tone=-rng.uniform(0.5, 1.0))
    rib: list[Fold] = [Pleats(rng.uniform(40, 60), 0.22, -9, -8, 0.0, 0.03), Billow(0.2, 0.1)]
    low = curve([(x * top.hem, top.length + 0.01) for x in (-1, 0, 1)])
    hem = Panel(
        band(low, 0.11) - np.array([0, 0.04]),
        TRIM,
        (0.0, top.length),
        profile=((-1, top.hem), (1, top.hem)),
        folds=rib,
        lift=0.15,
        role="band",
    )
    wide_pocket, pocket_at = top.hem * rng.uniform(0.5, 0.62), top.length * rng.uniform(0.64, 0.7)
    bottom = top.length - 0.03
    pouch = np.array(
        [
            (-wide_pocket * 0.62, pocket_at),
            (wide_pocket * 0.62, pocket_at),
            (wide_pocket, pocket_at + 0.2),
            (wide_pocket, bottom),
            (-wide_pocket, bottom),
            (-wide_pocket, pocket_at + 0.2),
        ]
    )
    pocket = trim(pouch, mood, "pocket", lift=0.35)
    pocket.lines.append((inset(pouch, 0.02), 0.25))
    panels += [pocket, hem]
    if rng.random() < 0.4:
        zipper = np.array([(0.0, top.drop), (0.0, top.length + 0.07)])
        for panel in (panels[0], hem, pocket):
            panel.openings.append(zipper)
        hem.lines.append((zipper, 1.0))
        pocket.lines.append((zipper, 1.0))
        panels[0].lines += [
            (zipper, 1.0),
            (zipper + np.array([0.03, 0]), 0.25),
            (zipper - np.array([0.03, 0]), 0.25),
        ]
    else:
        for side in (-1, 1):
            end = top.drop + rng.uniform(0.2, 0.4)
            cord = curve(
                [
                    (side * top.neck * 0.4, top.drop * 0.9),
                    (side * (top.neck * 0.4 + 0.02), 0.5 * end),
                    (side * 0.06, end),
                ]
            )
            panels[0].lines.append((cord, 1.0))
    return [*panels, *sleeves(rng, mood, top, arm), shell, hole]


def lapels(rng: np.random.Generator, mood: Mood, top: TopShape) -> list[Panel]:
    """Two turned lapels with a notch; the right one lies below."""
    neck, drop, wide = top.neck, top.drop, rng.uniform(1.45, 1.95)
    panels = []
    for side in (1, -1):
        outline = path(
            [(-0.035, drop), (neck * 0.55, drop * 0.42), (neck * 0.92, -0.03)],
            [(neck * 0.92, -0.03), (neck * 1.28, 0.03), (neck * 1.42, 0.13)],
            [(neck * 1.42, 0.13), (neck * 1.18, 0.2), (neck * wide, 0.23)],
            [(neck * wide, 0.23), (neck * wide * 0.62, drop * 0.66), (-0.035, drop)],
        ) * [float(side), 1.0]
        panel = trim(outline, mood, COLLARS[side > 0], side * 0.25, lift=0.5)
        panel.lines.append((np.array([(neck * 0.75 * side, 0.12), (neck * 1.2 * side, 0.19)]), 0.45))
        panels.append(panel)
    return panels


def jacket(rng: np.random.Generator, mood: Mood, length: float) -> list[Panel]:
    """Blazer or coat, buttoned, with lapels and flap pockets."""
    top = draw_top(rng, length, 0.03)
    top.pointed, top.neck = True, rng.uniform(0.14, 0.18)
    top.drop, top.slope = rng.uniform(0.45, 0.75), rng.uniform(0.07, 0.12)
    arm = SleeveShape(rng.uniform(1.05, 1.2), rng.uniform(0.12, 0.15), rng.uniform(5, 30), rng.uniform(-4, 18))
    panels = top_body(rng, mood, top)
    front = panels[-1]
    double = rng.random() < 0.25
    edge = curve([(0.04, top.drop), (0.05, 0.5 * (top.drop + top.length)), (0.035, top.length + top.tail)])
    front.lines += [(edge, 0.95), (edge - [0.02, 0.0], 0.25)]
    front.openings.append(edge)
    for side in (-1, 1):
        dart = curve([(side * 0.26, top.armpit + 0.05), (side * 0.24, top.waist_at), (side * 0.27, top.length * 0.85)])
        front.lines.append((dart, 0.3))
    count, radius = int(rng.integers(1, 4)) + int(length > 1.6), rng.uniform(0.018, 0.028)
    last = min(top.drop + 0.22 * count, top.length * 0.72)
    for y in np.linspace(top.drop + 0.05, last, count):
        front.buttons += [(x, float(y), radius) for x in ((-0.1, 0.1) if double else (0.0,))]
    for side in (-1, 1):
        y = top.length * rng.uniform(0.66, 0.7) if length < 1.6 else top.length * 0.56
        x = side * top.chest * 0.58
        flap = rect(x - 0.12, y, x + 0.12, y + 0.085)
        pocket = trim(flap, mood, "pocket", lift=0.35)
        panels.append(pocket)
    return [*panels, *sleeves(rng, mood, top, arm), *lapels(rng, mood, top)]


def blazer(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Hip length jacket."""
    return jacket(rng, mood, 1.4)


def coat(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Knee length."""
    return jacket(rng, mood, rng.uniform(1.75, 2.15))

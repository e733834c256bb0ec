"""Garments that hang from the shoulders: t-shirt, tank top, long sleeve, shirt, hoodie, blazer, coat, dress."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muslin.data.panels import (
    BODY,
    LEFT,
    RIGHT,
    TRIM,
    Mood,
    Panel,
    Points,
    band,
    bend_folds,
    curve,
    from_frame,
    loose_folds,
    mirrored,
    path,
    rect,
    spokes,
    surface,
    to_frame,
)
from muslin.data.relief import Billow, Crumple, Fold, Pleats, Ridge


@dataclass
class TopShape:
    """Half measures of an upper garment, in garment units."""

    neck: float
    drop: float  # depth of the front neckline
    shoulder: float
    slope: float
    chest: float
    armpit: float
    waist: float
    waist_at: float
    hem: float
    length: float
    tail: float = 0.0  # how much lower the hem hangs in the middle
    pointed: bool = False  # V neck

    @property
    def armhole(self) -> list[tuple[float, float]]:
        """From the shoulder's tip to the armpit, on the viewer's right."""
        middle = (min(self.shoulder, self.chest) - 0.035, (self.slope + self.armpit) * 0.52)
        return [(self.shoulder, self.slope), middle, (self.chest, self.armpit)]


def top_body(rng: np.random.Generator, mood: Mood, shape: TopShape, closed: bool = True) -> list[Panel]:
    """Back of the neck, front body and neckline band of an upper garment."""
    a = shape
    side = [(a.chest, a.armpit), (a.waist, a.waist_at), (a.hem, a.length)]
    hem = [(x * a.hem, a.length + a.tail * (1 - x * x) + rng.normal(0, 0.012)) for x in (1, 0.55, 0, -0.55, -1)]
    shoulder = [(a.neck, 0.0), (a.shoulder, a.slope)]
    if a.pointed:
        neckline = np.array([(-a.neck, 0.0), (-a.neck * 0.55, a.drop * 0.5), (0.0, a.drop)])
        neckline = np.vstack([curve(neckline), mirrored(curve(neckline))[1:]])
    else:
        neckline = curve([(-a.neck, 0.0), (-a.neck * 0.72, a.drop * 0.72), (0, a.drop), (a.neck * 0.72, a.drop * 0.72), (a.neck, 0)])  # fmt: skip
    outline = path(
        shoulder, a.armhole, side, hem,
        mirrored(side), mirrored(a.armhole), mirrored(shoulder), neckline,
    )  # fmt: skip
    profile = ((0.0, a.shoulder), (a.armpit, a.chest), (a.waist_at, a.waist), (a.length, a.hem))
    folds = surface(rng, mood, a.length)
    folds += loose_folds(rng, mood, (-a.chest, 0.1, a.chest, a.length), int(rng.integers(6, 13)))
    for sign in (-1, 1):
        folds += spokes(rng, mood, sign * a.chest * 0.98, a.armpit, -sign * rng.uniform(0.4, 1.0),
                        int(rng.integers(2, 5)), 0.5, 0.55)  # fmt: skip
    if rng.random() < 0.6:
        folds.append(Pleats(rng.uniform(3, 8), mood.fold * rng.uniform(0.06, 0.3), a.armpit * rng.uniform(0.3, 1.2),
                            a.length * 1.05, rng.uniform(0.1, 0.8)))  # fmt: skip
    hem_line = curve([(x, y - 0.035) for x, y in hem])
    body = Panel(outline, BODY, profile=profile, folds=folds, lines=[(hem_line, 0.35)], central=True)
    panels = [body]
    if closed:
        back_drop = min(0.05, a.drop * 0.4)
        back = path(
            [(-a.neck, 0.0), (-a.neck * 0.5, back_drop), (a.neck * 0.5, back_drop), (a.neck, 0.0)],
            [(a.neck, 0.02), (0.0, a.drop + 0.06), (-a.neck, 0.02)],
        )  # fmt: skip
        tone = -rng.uniform(0.35, 0.8)
        panels.insert(0, Panel(back, TRIM, (0.0, back_drop), tone=tone, folds=[Billow(0.2, 0.1)], lift=0.0))
    return panels


def neck_band(panels: list[Panel], rng: np.random.Generator, shape: TopShape, width: float) -> Panel:
    """Ribbed band along the front neckline of `panels[-1]`'s shape."""
    a = shape
    line = curve([(-a.neck, 0.0), (-a.neck * 0.72, a.drop * 0.72), (0, a.drop), (a.neck * 0.72, a.drop * 0.72), (a.neck, 0)])  # fmt: skip
    if a.pointed:
        half = curve([(-a.neck, 0.0), (-a.neck * 0.55, a.drop * 0.5), (0.0, a.drop)])
        line = np.vstack([half, mirrored(half)[1:]])
    outline = band(line, width)
    ribs = [Pleats(46, 0.16, -9, -8, 0.0, 0.0)] if rng.random() < 0.5 else []
    edge = outline[len(line) :]
    return Panel(outline, TRIM, (0.0, a.drop), folds=[*ribs, Billow(0.1, 0.12)], lines=[(edge, 0.5)], lift=0.15,
                 profile=((-1, a.neck), (2, a.neck)))  # fmt: skip


@dataclass
class SleeveShape:
    """length along the axis, half width at the cuff, direction in degrees from straight down, bend in degrees."""

    length: float
    cuff: float
    direction: float
    bend: float
    band: float = 0.0  # length of a cuff of its own, 0 = plain hem


def sleeve(rng: np.random.Generator, mood: Mood, top: TopShape, arm: SleeveShape, side: int) -> list[Panel]:
    """Sleeve and cuff on one side (-1 = viewer's left, 1 = right)."""
    upper = np.array([side * top.shoulder, top.slope])
    lower = np.array([side * top.chest, top.armpit])
    root = (upper + lower) / 2
    angle = side * np.deg2rad(arm.direction)
    bend = -side * np.deg2rad(arm.bend) / max(arm.length, 1e-6)
    (top_t, top_s), (low_t, low_s) = to_frame(np.array([upper, lower]), root, angle, bend)
    length, cuff = arm.length, arm.cuff * side
    mid = 0.5 * (abs(top_t) + arm.cuff) * side
    outer = [(top_t, top_s), (0.55 * top_t + 0.45 * mid * 1.05, max(0.25 * length, top_s + 0.05)),
             (mid * 0.97, 0.58 * length), (cuff, length)]  # fmt: skip
    low_mid = -0.5 * (abs(low_t) + arm.cuff) * side
    inner = [(-cuff, length + rng.normal(0, 0.01)), (low_mid * 0.95, 0.58 * length), (low_t, low_s)]
    frame = (root, angle, bend)
    pieces = [from_frame(curve(piece), *frame) for piece in (outer, inner)]
    # The sleeve lies a little over the body, so that no hairline of background shows in the seam.
    joint = (curve(top.armhole)[::-1] - [0.02, 0.0]) * [side, 1.0]
    outline = np.vstack([*pieces, joint])
    part = LEFT if side < 0 else RIGHT
    width = 0.5 * (abs(top_t) + arm.cuff)
    profile = ((0.0, abs(top_t)), (length, arm.cuff))
    folds = surface(rng, mood, length, 0.6)
    folds += loose_folds(rng, mood, (-width, 0, width, length), int(rng.integers(2, 6)), 0.8)
    folds += spokes(rng, mood, float(low_t), float(low_s), side * 0.7, int(rng.integers(2, 4)), 0.5, 0.4)
    if length > 0.6:
        folds += bend_folds(rng, mood, length * rng.uniform(0.42, 0.58), width, int(rng.integers(4, 9)))
        folds += bend_folds(rng, mood, length * rng.uniform(0.8, 0.95), width, int(rng.integers(1, 5)))
    # An arm is a flattened tube: rounder than the body.
    folds.append(Ridge(0.0, 0.5 * length, 0.0, 2.0 * length, 0.9 * width, rng.uniform(0.05, 0.3), 0, True))
    hem = from_frame(np.array([(-cuff, length - 0.04), (cuff, length - 0.04)]), *frame)
    lines = [(joint, 0.55)] + ([] if arm.band else [(hem, 0.4)])
    base = Panel(outline, part, tuple(root), angle, bend, profile, folds, lines, lift=0.45)
    panels = [base]
    if arm.band:
        inner_t, outer_t = -cuff * 1.02, cuff * 1.02
        corners = [(outer_t, length - 0.02), (outer_t * 0.98, length + arm.band), (inner_t * 0.98, length + arm.band),
                   (inner_t, length - 0.02)]  # fmt: skip
        cuff_angle = angle + bend * length
        centre = from_frame(np.array([0.0, length]), *frame)
        ribs = [Pleats(rng.uniform(14, 20), 0.25, -9, -8, 0.0, 0.05)] if rng.random() < 0.6 else []
        panels.append(
            Panel(from_frame(np.array(corners), *frame), TRIM, tuple(centre), cuff_angle, 0.0,
                  ((-1, arm.cuff), (1, arm.cuff)), [*ribs, Crumple(0.08, 0.06 * mood.crumple)], [], lift=0.2)
        )  # fmt: skip
    return panels


def sleeves(rng: np.random.Generator, mood: Mood, top: TopShape, arm: SleeveShape) -> list[Panel]:
    """Both sleeves, each a little different."""
    panels = []
    for side in (-1, 1):
        own = SleeveShape(arm.length, arm.cuff, arm.direction + rng.normal(0, 5), arm.bend + rng.normal(0, 6), arm.band)
        panels += sleeve(rng, mood, top, own, side)
    return panels


def draw_top(rng: np.random.Generator, length: float, ease: float = 0.0) -> TopShape:
    """Measures of an upper garment of about the given length."""
    chest = rng.uniform(0.44, 0.54) + ease
    return TopShape(
        neck=rng.uniform(0.15, 0.22), drop=rng.uniform(0.1, 0.24), shoulder=chest * rng.uniform(0.86, 0.98),
        slope=rng.uniform(0.08, 0.16), chest=chest, armpit=rng.uniform(0.4, 0.5), waist=chest * rng.uniform(0.86, 1.0),
        waist_at=length * 0.6, hem=chest * rng.uniform(0.94, 1.1), length=length * rng.uniform(0.92, 1.08),
    )  # fmt: skip


def t_shirt(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Short sleeves, round or V neck."""
    top = draw_top(rng, 1.32)
    top.pointed = bool(rng.random() < 0.25)
    arm = SleeveShape(rng.uniform(0.3, 0.5), rng.uniform(0.16, 0.21), rng.uniform(38, 72), rng.uniform(0, 15))
    panels = top_body(rng, mood, top)
    return [*panels, *sleeves(rng, mood, top, arm), neck_band(panels, rng, top, rng.uniform(0.03, 0.06))]


def long_sleeve(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Long sleeves that hang or lie spread, round neck."""
    top = draw_top(rng, 1.32)
    arm = SleeveShape(rng.uniform(1.0, 1.25), rng.uniform(0.085, 0.13), rng.uniform(6, 48), rng.uniform(-10, 28),
                      0.0 if rng.random() < 0.4 else rng.uniform(0.05, 0.12))  # fmt: skip
    panels = top_body(rng, mood, top)
    return [*panels, *sleeves(rng, mood, top, arm), neck_band(panels, rng, top, rng.uniform(0.035, 0.08))]


def dress(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Fitted bodice, flared or straight skirt; with or without short sleeves."""
    length, flare = rng.uniform(1.6, 2.3), rng.uniform(0.42, 0.95)
    chest, waist_at = rng.uniform(0.36, 0.42), rng.uniform(0.7, 0.85)
    waist = chest * rng.uniform(0.72, 0.92)
    top = TopShape(rng.uniform(0.16, 0.22), rng.uniform(0.12, 0.3), chest * rng.uniform(0.8, 0.95), 0.08, chest,
                   rng.uniform(0.34, 0.42), waist, waist_at, flare, length, rng.uniform(0.0, 0.06),
                   bool(rng.random() < 0.3))  # fmt: skip
    panels = top_body(rng, mood, top)
    body = panels[-1]
    body.folds.append(Pleats(rng.uniform(4, 13), mood.fold * rng.uniform(0.15, 0.75), waist_at,
                             waist_at + rng.uniform(0.15, 0.9), rng.uniform(0.2, 0.9)))  # fmt: skip
    if rng.random() < 0.6:
        body.folds.append(Pleats(rng.uniform(14, 26), mood.fold * 0.2, waist_at - 0.05, waist_at + 0.02, 0.3))
        body.lines.append((curve([(-waist, waist_at), (0, waist_at + 0.02), (waist, waist_at)]), 0.6))
    arms: list[Panel] = []
    if rng.random() < 0.6:
        arm = SleeveShape(rng.uniform(0.2, 0.45), rng.uniform(0.12, 0.17), rng.uniform(35, 65), 5.0)
        arms = sleeves(rng, mood, top, arm)
    return [*panels, *arms, neck_band(panels, rng, top, rng.uniform(0.02, 0.04))]


def tank_top(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """No sleeves, wide armholes, narrow shoulders."""
    top = draw_top(rng, 1.25)
    top.neck, top.drop = rng.uniform(0.15, 0.22), rng.uniform(0.2, 0.34)
    top.shoulder = top.neck + rng.uniform(0.07, 0.15)
    top.slope = 0.03
    panels = top_body(rng, mood, top)
    for side in (-1.0, 1.0):
        hole = curve(top.armhole) * [side, 1.0]
        inner = hole - [side * 0.03, 0.0]
        panels[-1].lines.append((inner, 0.4))
    return [*panels, neck_band(panels, rng, top, rng.uniform(0.02, 0.04))]


# ---------------------------------------------------------------- fronts that open


def trim(outline: Points, mood: Mood, angle: float = 0.0, lift: float = 0.35, tone: float = 0.0) -> Panel:
    """A small piece of the same cloth, anchored at its own middle."""
    middle = (outline.min(0) + outline.max(0)) / 2
    half = float(np.ptp(outline[:, 0])) / 2
    folds: list[Fold] = [Billow(0.15, 0.12 * mood.fold), Crumple(0.08, 0.1 * mood.crumple)]
    root = (float(middle[0]), float(middle[1]))
    return Panel(outline, TRIM, root, angle, 0.0, ((-2.0, half), (2.0, half)), folds, lift=lift, tone=tone)


def inset(outline: Points, amount: float) -> Points:
    """The outline a little smaller, closed: the stitching along an edge."""
    middle = outline.mean(0)
    away = outline - middle
    length = np.linalg.norm(away, axis=1, keepdims=True)
    inner = middle + away * np.maximum(1 - amount / np.maximum(length, 1e-6), 0)
    return np.vstack([inner, inner[:1]])


def placket(rng: np.random.Generator, mood: Mood, top: TopShape, start: float, count: int, half: float = 0.035) -> Panel:
    """Strip down the front with buttons."""
    end = top.length + top.tail - 0.012
    strip = path([(-half, start), (half, start)], [(half, start), (half, (start + end) / 2), (half, end)],
                 [(half, end), (-half, end)], [(-half, end), (-half, (start + end) / 2), (-half, start)])  # fmt: skip
    panel = trim(strip, mood, lift=0.25)
    panel.folds.append(Pleats(1.5, 0.12 * mood.fold, -9, -8, 0.1))
    panel.lines = [(np.array([(x, start), (x, end)]), 0.3) for x in (-half * 0.72, half * 0.72)]
    radius = rng.uniform(0.011, 0.017)
    panel.buttons = [(0.0, float(y), radius) for y in np.linspace(start + 0.09, end - 0.16, count)]
    return panel


def collar(rng: np.random.Generator, mood: Mood, top: TopShape) -> list[Panel]:
    """Back of the collar and its two leaves."""
    neck, drop, point = top.neck, top.drop, rng.uniform(0.1, 0.18)
    back = path([(-neck * 1.02, 0.02), (-neck * 0.6, -0.055), (0.0, -0.075), (neck * 0.6, -0.055), (neck * 1.02, 0.02)],
                [(neck * 0.9, 0.05), (0.0, 0.035), (-neck * 0.9, 0.05)])  # fmt: skip
    panels = [trim(back, mood, lift=0.2)]
    for side in (-1, 1):
        leaf = path(
            [(0.0, drop), (neck * 0.62, drop * 0.62), (neck * 0.97, -0.03)],
            [(neck * 0.97, -0.03), (neck * 1.22, 0.03), (neck * 1.3, 0.075)],
            [(neck * 1.3, 0.075), (neck * rng.uniform(0.75, 0.95), drop + point), (0.0, drop)],
        ) * [float(side), 1.0]  # fmt: skip
        panel = trim(leaf, mood, angle=side * 0.45, lift=0.55)
        panel.lines.append((inset(leaf, 0.018), 0.25))
        panels.append(panel)
    return panels


def patch(rng: np.random.Generator, mood: Mood, x: float, y: float, width: float, height: float) -> Panel:
    """A pocket sewn on, with a pointed or straight lower edge."""
    dip = rng.uniform(0.0, 0.04)
    outline = np.array([(x - width, y), (x + width, y), (x + width, y + height), (x, y + height + dip), (x - width, y + height)])
    panel = trim(outline, mood, lift=0.2)
    panel.lines.append((inset(outline, 0.015), 0.3))
    return panel


def shirt(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Collar, placket with buttons, cuffs or short sleeves, often a pocket on the chest."""
    top = draw_top(rng, 1.42, 0.02)
    top.neck, top.drop, top.tail = rng.uniform(0.13, 0.17), rng.uniform(0.08, 0.13), rng.uniform(0.0, 0.09)
    if rng.random() < 0.7:
        arm = SleeveShape(rng.uniform(1.0, 1.2), rng.uniform(0.1, 0.13), rng.uniform(5, 42), rng.uniform(-8, 24), 0.11)
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


def hoodie(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Hood laid flat above the neck, kangaroo pocket, ribbed cuffs and hem; at times with a zip."""
    top = draw_top(rng, 1.3, 0.05)
    top.neck, top.drop = rng.uniform(0.16, 0.2), rng.uniform(0.1, 0.16)
    arm = SleeveShape(rng.uniform(0.98, 1.15), rng.uniform(0.11, 0.14), rng.uniform(6, 40), rng.uniform(-8, 22), 0.1)
    neck, high, wide = top.neck, rng.uniform(0.3, 0.5), rng.uniform(1.3, 1.75)
    hood = path([(-neck * 1.25, 0.06), (-neck * wide, -0.45 * high), (-neck * 0.75, -0.95 * high), (0.0, -high),
                 (neck * 0.75, -0.95 * high), (neck * wide, -0.45 * high), (neck * 1.25, 0.06)],
                [(neck * 1.25, 0.06), (0.0, top.drop + 0.05), (-neck * 1.25, 0.06)])  # fmt: skip
    opening = path([(-neck * 0.55, 0.03), (-neck * 0.8, -0.4 * high), (0.0, -0.74 * high), (neck * 0.8, -0.4 * high),
                    (neck * 0.55, 0.03)], [(neck * 0.55, 0.03), (0.0, top.drop + 0.04), (-neck * 0.55, 0.03)])  # fmt: skip
    panels = top_body(rng, mood, top, closed=False)
    shell = trim(hood, mood, lift=0.5)
    shell.folds += loose_folds(rng, mood, (-0.2, -0.3, 0.2, 0.2), 6, 0.9)
    hole = trim(opening, mood, lift=0.0, tone=-rng.uniform(0.5, 1.0))
    rib = [Pleats(rng.uniform(40, 60), 0.22, -9, -8, 0.0, 0.03), Billow(0.2, 0.1)]
    low = curve([(x * top.hem, top.length + 0.01) for x in (-1, 0, 1)])
    hem = Panel(band(low, 0.09) - [0, 0.02], TRIM, (0.0, top.length), profile=((-1, top.hem), (1, top.hem)),
                folds=list(rib), lift=0.15)  # fmt: skip
    wide_pocket, pocket_at = top.hem * rng.uniform(0.5, 0.62), top.length * rng.uniform(0.64, 0.7)
    bottom = top.length - 0.03
    pouch = np.array([(-wide_pocket * 0.62, pocket_at), (wide_pocket * 0.62, pocket_at), (wide_pocket, pocket_at + 0.2),
                      (wide_pocket, bottom), (-wide_pocket, bottom), (-wide_pocket, pocket_at + 0.2)])  # fmt: skip
    pocket = trim(pouch, mood, lift=0.35)
    pocket.lines.append((inset(pouch, 0.02), 0.25))
    panels += [pocket, hem]
    if rng.random() < 0.4:
        zipper = np.array([(0.0, top.drop), (0.0, top.length + 0.07)])
        hem.lines.append((zipper, 1.0))
        pocket.lines.append((zipper, 1.0))
        panels[0].lines += [(zipper, 1.0), (zipper + [0.03, 0], 0.25), (zipper - [0.03, 0], 0.25)]
    else:
        for side in (-1, 1):
            end = top.drop + rng.uniform(0.2, 0.4)
            cord = curve([(side * neck * 0.4, top.drop * 0.9), (side * (neck * 0.4 + 0.02), 0.5 * end), (side * 0.06, end)])
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
        ) * [float(side), 1.0]  # fmt: skip
        panel = trim(outline, mood, angle=side * 0.25, lift=0.5)
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
    for side in (-1, 1):
        dart = curve([(side * 0.26, top.armpit + 0.05), (side * 0.24, top.waist_at), (side * 0.27, top.length * 0.85)])
        front.lines.append((dart, 0.3))
    count, radius = int(rng.integers(1, 4)) + int(length > 1.6), rng.uniform(0.018, 0.028)
    last = min(top.drop + 0.22 * count, top.length * 0.72)
    for y in np.linspace(top.drop + 0.05, last, count):
        front.buttons += [(x, float(y), radius) for x in ((-0.1, 0.1) if double else (0.0,))]
    for side in (-1, 1):
        y = top.length * rng.uniform(0.66, 0.7) if length < 1.6 else top.length * 0.56
        flap = rect(-0.12, 0, 0.12, 0.085) + [side * top.chest * 0.58, y]
        pocket = trim(flap, mood, lift=0.35)
        panels.append(pocket)
    return [*panels, *sleeves(rng, mood, top, arm), *lapels(rng, mood, top)]


def blazer(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Hip length jacket."""
    return jacket(rng, mood, 1.4)


def coat(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Knee length."""
    return jacket(rng, mood, rng.uniform(1.75, 2.15))

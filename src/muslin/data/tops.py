"""Garments that hang from the shoulders: t-shirt, tank top, long sleeve, dress."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from muslin.data.panels import (
    BODY,
    LEFT,
    RIGHT,
    TRIM,
    Mood,
    Panel,
    band,
    bend_folds,
    curve,
    from_frame,
    loose_folds,
    mirrored,
    path,
    spokes,
    surface,
    to_frame,
)
from muslin.data.relief import Billow, Crumple, Pleats, Ridge


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
        neckline = curve(
            [
                (-a.neck, 0.0),
                (-a.neck * 0.72, a.drop * 0.72),
                (0, a.drop),
                (a.neck * 0.72, a.drop * 0.72),
                (a.neck, 0),
            ]
        )
    outline = path(
        shoulder,
        a.armhole,
        side,
        hem,
        mirrored(side),
        mirrored(a.armhole),
        mirrored(shoulder),
        neckline,
    )
    profile = ((0.0, a.shoulder), (a.armpit, a.chest), (a.waist_at, a.waist), (a.length, a.hem))
    folds = surface(rng, mood, a.length)
    folds += loose_folds(rng, mood, (-a.chest, 0.1, a.chest, a.length), int(rng.integers(6, 13)))
    for sign in (-1, 1):
        folds += spokes(
            rng,
            mood,
            sign * a.chest * 0.98,
            a.armpit,
            -sign * rng.uniform(0.4, 1.0),
            int(rng.integers(2, 5)),
            0.5,
            0.55,
        )
    if rng.random() < 0.6:
        folds.append(
            Pleats(
                rng.uniform(3, 8),
                mood.fold * rng.uniform(0.06, 0.3),
                a.armpit * rng.uniform(0.3, 1.2),
                a.length * 1.05,
                rng.uniform(0.1, 0.8),
            )
        )
    hem_line = curve([(x, y - 0.035) for x, y in hem])
    body = Panel(outline, BODY, profile=profile, folds=folds, lines=[(hem_line, 0.35)], central=True)
    panels = [body]
    if closed:
        back_drop = min(0.05, a.drop * 0.4)
        # Its lower edge lies behind the front, well below the neckline, so that no background shows between.
        low = np.array([(0.72 * a.neck, a.drop * (0.6 if a.pointed else 0.8) + 0.03), (a.neck + 0.03, 0.03)])
        back = path(
            [(-a.neck, 0.0), (-a.neck * 0.5, back_drop), (a.neck * 0.5, back_drop), (a.neck, 0.0)],
            np.vstack([low[::-1], [(0.0, a.drop + 0.06)], mirrored(low[::-1])]),
        )
        tone = -rng.uniform(0.35, 0.8)
        panels.insert(
            0, Panel(back, TRIM, (0.0, back_drop), tone=tone, folds=[Billow(0.2, 0.1)], lift=0.0, role="inside")
        )
    return panels


def neck_band(rng: np.random.Generator, shape: TopShape, width: float) -> Panel:
    """Ribbed band along the front neckline."""
    a = shape
    line = curve(
        [
            (-a.neck, 0.0),
            (-a.neck * 0.72, a.drop * 0.72),
            (0, a.drop),
            (a.neck * 0.72, a.drop * 0.72),
            (a.neck, 0),
        ]
    )
    if a.pointed:
        half = curve([(-a.neck, 0.0), (-a.neck * 0.55, a.drop * 0.5), (0.0, a.drop)])
        line = np.vstack([half, mirrored(half)[1:]])
    outline = band(line, width)
    ribs = [Pleats(46, 0.16, -9, -8, 0.0, 0.0)] if rng.random() < 0.5 else []
    edge = outline[len(line) :]
    return Panel(
        outline,
        TRIM,
        (0.0, a.drop),
        folds=[*ribs, Billow(0.1, 0.12)],
        lines=[(edge, 0.5)],
        lift=0.15,
        profile=((-1, a.neck), (2, a.neck)),
        role="stand",
    )


@dataclass
class SleeveShape:
    """length along the axis, half width at the cuff, direction in degrees from straight down, bend in
    degrees."""

    length: float
    cuff: float
    direction: float
    bend: float
    band: float = 0.0  # length of a cuff of its own, 0 = plain hem
    ribbed: bool = True  # whether that cuff is knitted in ribs


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
    outer = [
        (top_t, top_s),
        (0.55 * top_t + 0.45 * mid * 1.05, max(0.25 * length, top_s + 0.05)),
        (mid * 0.97, 0.58 * length),
        (cuff, length),
    ]
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
        corners = [
            (outer_t, length - 0.02),
            (outer_t * 0.98, length + arm.band),
            (inner_t * 0.98, length + arm.band),
            (inner_t, length - 0.02),
        ]
        cuff_angle = angle + bend * length
        centre = from_frame(np.array([0.0, length]), *frame)
        ribs = [Pleats(rng.uniform(14, 20), 0.25, -9, -8, 0.0, 0.05)] if arm.ribbed else []
        panels.append(
            Panel(
                from_frame(np.array(corners), *frame),
                TRIM,
                tuple(centre),
                cuff_angle,
                0.0,
                ((-1, arm.cuff), (1, arm.cuff)),
                [*ribs, Crumple(0.08, 0.06 * mood.crumple)],
                [],
                lift=0.2,
                role="left cuff" if side < 0 else "right cuff",
            )
        )
    return panels


def sleeves(rng: np.random.Generator, mood: Mood, top: TopShape, arm: SleeveShape) -> list[Panel]:
    """Both sleeves, each a little different."""
    panels = []
    for side in (-1, 1):
        direction, bend = arm.direction + rng.normal(0, 5), arm.bend + rng.normal(0, 6)
        own = replace(arm, direction=direction, bend=bend)
        panels += sleeve(rng, mood, top, own, side)
    return panels


def draw_top(rng: np.random.Generator, length: float, ease: float = 0.0) -> TopShape:
    """Measures of an upper garment of about the given length."""
    chest = rng.uniform(0.44, 0.54) + ease
    return TopShape(
        neck=rng.uniform(0.15, 0.22),
        drop=rng.uniform(0.1, 0.24),
        shoulder=chest * rng.uniform(0.86, 0.98),
        slope=rng.uniform(0.08, 0.16),
        chest=chest,
        armpit=rng.uniform(0.4, 0.5),
        waist=chest * rng.uniform(0.86, 1.0),
        waist_at=length * 0.6,
        hem=chest * rng.uniform(0.94, 1.1),
        length=length * rng.uniform(0.92, 1.08),
    )


def t_shirt(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Short sleeves, round or V neck."""
    top = draw_top(rng, 1.32)
    top.pointed = bool(rng.random() < 0.25)
    arm = SleeveShape(rng.uniform(0.3, 0.5), rng.uniform(0.16, 0.21), rng.uniform(38, 72), rng.uniform(0, 15))
    panels = top_body(rng, mood, top)
    return [*panels, *sleeves(rng, mood, top, arm), neck_band(rng, top, rng.uniform(0.03, 0.06))]


def long_sleeve(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Long sleeves that hang or lie spread, round neck."""
    top = draw_top(rng, 1.32)
    arm = SleeveShape(
        rng.uniform(1.0, 1.25),
        rng.uniform(0.085, 0.13),
        rng.uniform(6, 48),
        rng.uniform(-10, 28),
        0.0 if rng.random() < 0.4 else rng.uniform(0.05, 0.12),
    )
    panels = top_body(rng, mood, top)
    return [*panels, *sleeves(rng, mood, top, arm), neck_band(rng, top, rng.uniform(0.035, 0.08))]


def dress(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Fitted bodice, flared or straight skirt; with or without short sleeves."""
    length, flare = rng.uniform(1.6, 2.3), rng.uniform(0.42, 0.95)
    chest, waist_at = rng.uniform(0.36, 0.42), rng.uniform(0.7, 0.85)
    waist = chest * rng.uniform(0.72, 0.92)
    top = TopShape(
        rng.uniform(0.16, 0.22),
        rng.uniform(0.12, 0.3),
        chest * rng.uniform(0.8, 0.95),
        0.08,
        chest,
        rng.uniform(0.34, 0.42),
        waist,
        waist_at,
        flare,
        length,
        rng.uniform(0.0, 0.06),
        bool(rng.random() < 0.3),
    )
    panels = top_body(rng, mood, top)
    body = panels[-1]
    body.folds.append(
        Pleats(
            rng.uniform(4, 13),
            mood.fold * rng.uniform(0.15, 0.75),
            waist_at,
            waist_at + rng.uniform(0.15, 0.9),
            rng.uniform(0.2, 0.9),
        )
    )
    if rng.random() < 0.6:
        body.folds.append(Pleats(rng.uniform(14, 26), mood.fold * 0.2, waist_at - 0.05, waist_at + 0.02, 0.3))
        body.lines.append((curve([(-waist, waist_at), (0, waist_at + 0.02), (waist, waist_at)]), 0.6))
    arms: list[Panel] = []
    if rng.random() < 0.6:
        arm = SleeveShape(rng.uniform(0.2, 0.45), rng.uniform(0.12, 0.17), rng.uniform(35, 65), 5.0)
        arms = sleeves(rng, mood, top, arm)
    return [*panels, *arms, neck_band(rng, top, rng.uniform(0.02, 0.04))]


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
    return [*panels, neck_band(rng, top, rng.uniform(0.02, 0.04))]

"""Garments as flat panels: outlines, grain, folds, seams and buttons of each kind.

Coordinates are garment units: x to the viewer's right, y down, the shoulder line (or the waistband) near y = 0, a
body about 1 unit wide. A panel has its own frame (t, s): s runs along the grain, from `root` in direction
(sin angle, cos angle) and then along a circle of curvature `bend`; t is the distance to the right of that line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from muslin.data.relief import Billow, Crease, Crumple, Fold, Pleats, Ridge

Points = NDArray[np.float64]
BODY, LEFT, RIGHT, TRIM = 1, 2, 3, 4


@dataclass
class Panel:
    """One piece of cloth; later panels lie on top of earlier ones.

    part: BODY, LEFT, RIGHT or TRIM; profile: (s, half width) knots for pleats that fan out; lift: how strongly it
    throws a contact shadow on what it covers (0..1); tone: log gain of the whole panel (the inside of a neck is
    dark); lines: seams as polylines with a strength; buttons: (x, y, radius); central: cloth anchored at the centre of
    the garment's bounding box instead of at the root.
    """

    outline: Points
    part: int
    root: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    bend: float = 0.0
    profile: Sequence[tuple[float, float]] = ((-1.0, 0.5), (3.0, 0.5))
    folds: list[Fold] = field(default_factory=list)
    lines: list[tuple[Points, float]] = field(default_factory=list)
    buttons: list[tuple[float, float, float]] = field(default_factory=list)
    lift: float = 0.3
    tone: float = 0.0
    central: bool = False


@dataclass(frozen=True)
class Mood:
    """How the cloth was treated, drawn once for a garment: multipliers of the folds' steepness."""

    fold: float
    crumple: float
    stored: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Mood:
        return cls(
            fold=float(np.exp(rng.normal(0.0, 0.4))),
            crumple=float(np.exp(rng.normal(-0.35, 0.6))),
            stored=bool(rng.random() < 0.22),
        )


def to_frame(points: Points, root: Sequence[float], angle: float, bend: float) -> Points:
    """Garment coordinates [..., 2] to a panel's own (t, s) [..., 2]."""
    across = np.array([np.cos(angle), -np.sin(angle)])
    grain = np.array([np.sin(angle), np.cos(angle)])
    delta = points - np.asarray(root)
    if abs(bend) < 1e-4:
        return np.stack([delta @ across, delta @ grain], -1)
    sign = np.sign(bend)
    to_centre = (across / bend - delta) * sign
    heading = np.arctan2(-to_centre[..., 1], to_centre[..., 0])
    turned = (heading - angle + np.pi) % (2 * np.pi) - np.pi
    return np.stack([1 / bend - sign * np.hypot(to_centre[..., 0], to_centre[..., 1]), turned / bend], -1)


def from_frame(points: Points, root: Sequence[float], angle: float, bend: float) -> Points:
    """A panel's own (t, s) [..., 2] to garment coordinates: the inverse of to_frame."""
    t, s = points[..., 0], points[..., 1]
    heading = angle + bend * s
    if abs(bend) < 1e-4:
        x, y = t * np.cos(angle) + s * np.sin(angle), s * np.cos(angle) - t * np.sin(angle)
    else:
        x = np.cos(angle) / bend - np.cos(heading) * (1 / bend - t)
        y = -np.sin(angle) / bend + np.sin(heading) * (1 / bend - t)
    return np.stack([x + root[0], y + root[1]], -1)


def curve(points: Sequence[Sequence[float]], samples: int = 7) -> Points:
    """Catmull-Rom spline through the points, open: [n, 2] -> [(n - 1) * samples + 1, 2]."""
    p = np.asarray(points, np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    x = np.linspace(0, 1, samples, endpoint=False)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None] for i in range(4))
    inner = 0.5 * (2 * b + (c - a) * x + (2 * a - 5 * b + 4 * c - d) * x**2 + (3 * b - a - 3 * c + d) * x**3)
    return np.vstack([inner.reshape(-1, 2), p[-2:-1]])


def path(*pieces: Sequence[Sequence[float]] | Points) -> Points:
    """Closed outline of smooth pieces that meet in corners."""
    return np.vstack([curve(piece) if len(piece) > 2 else np.asarray(piece, np.float64) for piece in pieces])


def mirrored(points: Sequence[Sequence[float]] | Points) -> Points:
    """The points on the other side of the middle line, in reverse order so that an outline can go on."""
    return (np.asarray(points, np.float64) * [-1.0, 1.0])[::-1]


def band(line: Points, width: float) -> Points:
    """Outline of a ribbon that lies below-right of a polyline, `width` units broad."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], -1)
    return np.vstack([line, (line + width * normal)[::-1]])


def rect(x0: float, y0: float, x1: float, y1: float) -> Points:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


# ---------------------------------------------------------------- folds that several kinds share


def loose_folds(
    rng: np.random.Generator, mood: Mood, box: tuple[float, float, float, float], count: int, lean: float = 0.5
) -> list[Fold]:
    """Stray folds inside box = (t0, s0, t1, s1), mostly along the grain; lean: spread of their direction."""
    folds: list[Fold] = []
    size = min(box[2] - box[0], box[3] - box[1])
    for _ in range(count):
        width = size * rng.uniform(0.02, 0.07)
        folds.append(
            Ridge(
                rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3]), rng.normal(0, lean),
                width * rng.uniform(4, 12), width, mood.fold * rng.normal(0, 0.26), rng.normal(0, 0.06), True,
            )
        )  # fmt: skip
    return folds


def surface(rng: np.random.Generator, mood: Mood, length: float, size: float = 1.0) -> list[Fold]:
    """What every piece of cloth has: soft hills, crumples, at times the lines of storage."""
    folds: list[Fold] = [
        Billow(0.42 * size, 0.22 * mood.fold * rng.uniform(0.5, 1.3)),
        Billow(0.17 * size, 0.15 * mood.fold * rng.uniform(0.2, 1.2)),
        Crumple(0.15 * size, 0.3 * mood.crumple * rng.uniform(0.4, 1.3), rng.normal(0, 0.7)),
        Crumple(0.06 * size, 0.14 * mood.crumple * rng.uniform(0.1, 1.3), rng.normal(0, 0.7)),
    ]
    if mood.stored and size > 0.7:
        folds.append(Crease(rng.normal(0, 0.03), rng.choice([-1, 1]) * rng.uniform(0.12, 0.3), False))
        for share in rng.permutation([0.33, 0.5, 0.66])[: rng.integers(1, 3)]:
            steepness = rng.choice([-1, 1]) * rng.uniform(0.12, 0.3)
            folds.append(Crease(share * length + rng.normal(0, 0.03), steepness, True))
    return folds


def spokes(
    rng: np.random.Generator, mood: Mood, t: float, s: float, towards: float, count: int, spread: float, length: float
) -> list[Fold]:
    """Tension folds that radiate from one point (armpit, crotch) in direction `towards` (radians from the grain)."""
    folds: list[Fold] = []
    for offset in np.linspace(-spread, spread, count) if count > 1 else [0.0]:
        steepness = mood.fold * rng.uniform(0.1, 0.42)
        folds.append(
            Ridge(
                t + rng.normal(0, 0.02), s + rng.normal(0, 0.02), towards + offset + rng.normal(0, 0.12),
                length * rng.uniform(0.5, 1.2), rng.uniform(0.016, 0.035), steepness, rng.normal(0, 0.08),
            )
        )  # fmt: skip
    return folds


def bend_folds(rng: np.random.Generator, mood: Mood, s: float, half_width: float, count: int) -> list[Fold]:
    """Wrinkles across a limb where it bends (elbow, knee), in a zigzag."""
    folds: list[Fold] = []
    for index in range(count):
        angle = (1 if index % 2 else -1) * rng.uniform(0.75, 1.35)
        width = half_width * rng.uniform(0.08, 0.17)
        place = s + rng.normal(0, 1.0) * half_width
        folds.append(
            Ridge(
                rng.uniform(-0.6, 0.6) * half_width, place, angle, half_width * rng.uniform(0.8, 1.7), width,
                mood.fold * rng.normal(0.1, 0.28), rng.normal(0, 0.25) * half_width, True,
            )
        )  # fmt: skip
    return folds


# ---------------------------------------------------------------- tops


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


# ---------------------------------------------------------------- dress, skirt, trousers


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
    return Panel(outline, TRIM, (0.0, depth / 2), profile=((-1, half), (1, half)), folds=folds, lift=0.25,
                 lines=[(lower, 0.4)])  # fmt: skip


def skirt(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Waistband and a straight, A-line or pleated skirt."""
    waist, length = rng.uniform(0.34, 0.46), rng.uniform(0.75, 1.6)
    hem = waist * rng.uniform(1.05, 2.1)
    count = rng.uniform(4, 14)
    wave = 0.012 + 0.03 * (hem / waist - 1) * rng.random()
    across = np.linspace(1, -1, 41)
    drop = 0.11 * (hem - waist) / length
    phase = rng.uniform(0, 6.28)
    hem_line = np.stack([across * hem, length + drop * (1 - across**2) + wave * np.sin(np.pi * count * across + phase)], -1)  # fmt: skip
    hip = waist + (hem - waist) * rng.uniform(0.3, 0.5)
    side = [(waist, 0.03), (hip, 0.33 * length), (hem, length)]
    outline = np.vstack([curve(side), hem_line, mirrored(curve(side))])
    folds = surface(rng, mood, length)
    folds += loose_folds(rng, mood, (-hem, 0.1, hem, length), int(rng.integers(4, 10)), 0.35)
    folds.append(Pleats(count, mood.fold * rng.uniform(0.1, 0.8), rng.uniform(-0.2, 0.2) * length,
                        rng.uniform(0.3, 1.0) * length, rng.uniform(0.2, 1.0), rng.uniform(0.05, 0.4)))  # fmt: skip
    profile = ((0.0, waist), (0.33 * length, hip), (length, hem))
    body = Panel(outline, BODY, profile=profile, folds=folds, lines=[(hem_line - [0, 0.04], 0.35)], central=True)
    return [body, waistband(rng, mood, waist, rng.uniform(0.07, 0.14))]


def trouser_like(rng: np.random.Generator, mood: Mood, length: float, cuff: float) -> list[Panel]:
    """Two legs from the waist to the hem, waistband, fly and pocket seams."""
    waist, rise = rng.uniform(0.36, 0.44), rng.uniform(0.5, 0.64)
    hip = waist * rng.uniform(1.1, 1.28)
    spread = rng.uniform(0.02, 0.13)
    panels = []
    for side in (-1, 1):
        lean = spread * rng.uniform(0.7, 1.3)
        knee = 0.5 * (hip + cuff * 1.7) * 0.5
        middle = hip * 0.5 + lean * (length - rise)
        outer = [(waist, 0.02), (hip, 0.5 * rise), (hip * 0.98 + lean * 0.3, rise),
                 (middle - lean * 0.3 + knee, 0.62 * length), (middle + cuff, length)]  # fmt: skip
        inner = [(middle - cuff, length + rng.normal(0, 0.015)), (middle - lean * 0.3 - knee, 0.62 * length),
                 (0.5 * (middle - knee), 0.5 * rise + 0.31 * length), (-0.012, rise)]  # fmt: skip
        seam = [(-0.012, rise), (-0.016, 0.5 * rise), (-0.012, 0.02)]
        outline = path(outer, inner, seam, [(-0.012, 0.02), (waist, 0.02)])
        angle = side * np.arctan2(middle - waist * 0.5, length)
        root = np.array([side * waist * 0.5, 0.0])
        folds = surface(rng, mood, length, 0.75)
        half = 0.5 * hip
        folds += loose_folds(rng, mood, (-half, 0.1, half, length), int(rng.integers(4, 9)), 0.7)
        crotch = to_frame(np.array([0.0, rise]), root, float(angle), 0.0)
        folds += spokes(rng, mood, *crotch, side * rng.uniform(1.0, 2.0), int(rng.integers(3, 6)), 0.8, 0.35)
        if length > 1.4:
            folds += bend_folds(rng, mood, 0.6 * length, 0.5 * half, int(rng.integers(3, 9)))
            folds += bend_folds(rng, mood, 0.92 * length, cuff * 0.8, int(rng.integers(1, 6)))
        if rng.random() < 0.3:
            folds.append(Crease(0.0, rng.uniform(0.1, 0.3), False, 0.06))
        pocket = curve([(waist * 0.6, 0.03), (waist * 0.8, 0.2), (hip * 0.99, 0.34)])
        lines = [(curve(seam), 0.6), (pocket, 0.5),
                 (np.array([(middle - cuff, length - 0.05), (middle + cuff, length - 0.05)]), 0.4)]  # fmt: skip
        flip = np.array([side, 1.0])
        panels.append(
            Panel(outline * flip, LEFT if side < 0 else RIGHT, tuple(root), float(angle), 0.0,
                  ((0, half), (rise, half), (length, cuff)), folds, [(points * flip, k) for points, k in lines], lift=0.3)
        )  # fmt: skip
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
    return trouser_like(rng, mood, rng.uniform(0.8, 1.15), rng.uniform(0.24, 0.32))


KINDS: dict[str, Callable[[np.random.Generator, Mood], list[Panel]]] = {
    "t-shirt": t_shirt,
    "long sleeve": long_sleeve,
    "dress": dress,
    "skirt": skirt,
    "trousers": trousers,
    "shorts": shorts,
}

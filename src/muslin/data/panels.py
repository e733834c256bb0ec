"""Flat panels, of which garments are made: outline, grain, folds, seams, buttons.

Coordinates are garment units: x to the viewer's right, y down, the shoulder line (or the waistband) near
y = 0, a body about 1 unit wide. A panel has its own frame (t, s): s runs along the grain, from `root` in
direction (sin angle, cos angle) and then along a circle of curvature `bend`; t is the distance to the right
of that line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muslin.data.relief import Billow, Crease, Crumple, Fold, Ridge

Points = NDArray[Any]
BODY, LEFT, RIGHT, TRIM = 1, 2, 3, 4


@dataclass
class Panel:
    """One piece of cloth; later panels lie on top of earlier ones.

    part: BODY, LEFT, RIGHT or TRIM; profile: (s, half width) knots for pleats that fan out; lift: how
    strongly it throws a contact shadow on what it covers (0..1); rim: how round its
    edge is (0..1); tone: log gain of the whole panel (the
    inside of a neck is dark); lines: seams as polylines with a strength; buttons: (x, y, radius); central:
    cloth anchored at the centre of the garment's bounding box instead of at the root; openings: which of the lines
    part the cloth, as a zip does; role: one of garments.pieces.ROLES, by default what its part says.
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
    rim: float = 1.0
    tone: float = 0.0
    central: bool = False
    openings: list[Points] = field(default_factory=list)
    role: str = ""

    def __post_init__(self) -> None:
        self.role = self.role or ("front", "left limb", "right limb", "trim")[self.part - BODY]


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


def to_frame(points: Points, root: Sequence[float] | Points, angle: float, bend: float) -> Points:
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


def curve(points: Sequence[Sequence[float]] | Points, samples: int = 7) -> Points:
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
    rng: np.random.Generator,
    mood: Mood,
    box: tuple[float, float, float, float],
    count: int,
    lean: float = 0.5,
) -> list[Fold]:
    """Stray folds inside box = (t0, s0, t1, s1), mostly along the grain; lean: spread of their direction."""
    folds: list[Fold] = []
    size = min(box[2] - box[0], box[3] - box[1])
    for _ in range(count):
        width = size * rng.uniform(0.02, 0.07)
        folds.append(
            Ridge(
                rng.uniform(box[0], box[2]),
                rng.uniform(box[1], box[3]),
                rng.normal(0, lean),
                width * rng.uniform(4, 12),
                width,
                mood.fold * rng.normal(0, 0.26),
                rng.normal(0, 0.06),
                True,
            )
        )
    return folds


def surface(rng: np.random.Generator, mood: Mood, length: float, size: float = 1.0) -> list[Fold]:
    """What every piece of cloth has: soft hills, crumples, at times the lines of storage."""
    folds: list[Fold] = [
        Billow(0.42 * size, 0.22 * mood.fold * rng.uniform(0.5, 1.3)),
        Billow(0.17 * size, 0.15 * mood.fold * rng.uniform(0.2, 1.2)),
        Crumple(0.15 * size, 0.3 * mood.crumple * rng.uniform(0.4, 1.3), rng.normal(0, 0.7)),
        Crumple(0.06 * size, 0.16 * mood.crumple * rng.uniform(0.1, 1.4), rng.normal(0, 0.7)),
        Crumple(0.025, 0.09 * mood.crumple * rng.uniform(0.0, 1.4), rng.normal(0, 0.7)),
    ]
    if mood.stored and size > 0.7:
        folds.append(Crease(rng.normal(0, 0.03), rng.choice([-1, 1]) * rng.uniform(0.12, 0.3), False))
        for share in rng.permutation([0.33, 0.5, 0.66])[: rng.integers(1, 3)]:
            steepness = rng.choice([-1, 1]) * rng.uniform(0.12, 0.3)
            folds.append(Crease(share * length + rng.normal(0, 0.03), steepness, True))
    return folds


def spokes(
    rng: np.random.Generator,
    mood: Mood,
    t: float,
    s: float,
    towards: float,
    count: int,
    spread: float,
    length: float,
) -> list[Fold]:
    """Tension folds that radiate from one point (armpit, crotch) in direction `towards` (radians from the
    grain)."""
    folds: list[Fold] = []
    for offset in np.linspace(-spread, spread, count) if count > 1 else [0.0]:
        steepness = mood.fold * rng.uniform(0.1, 0.42)
        folds.append(
            Ridge(
                t + rng.normal(0, 0.02),
                s + rng.normal(0, 0.02),
                towards + offset + rng.normal(0, 0.12),
                length * rng.uniform(0.5, 1.2),
                rng.uniform(0.016, 0.035),
                steepness,
                rng.normal(0, 0.08),
            )
        )
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
                rng.uniform(-0.6, 0.6) * half_width,
                place,
                angle,
                half_width * rng.uniform(0.8, 1.7),
                width,
                mood.fold * rng.normal(0.1, 0.28),
                rng.normal(0, 0.25) * half_width,
                True,
            )
        )
    return folds

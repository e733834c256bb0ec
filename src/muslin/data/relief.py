"""Relief of cloth: folds as a height field, the light on it, and the length of cloth that lies in it.

All lengths are in *garment units* (a t-shirt is about 1 unit wide), so that slopes, and with them light and
stretch, do not depend on the size of the picture. A height field lives on the regular grid of one panel:
rows run along the panel's grain (s, towards the hem), columns across it (t, towards the viewer's right).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[Any]


@dataclass(frozen=True)
class Grid:
    """Regular sampling of one panel's own frame.

    t: float32 [1, columns], s: float32 [rows, 1], both in garment units; step: distance of two samples.
    """

    t: FloatArray
    s: FloatArray
    step: float

    @property
    def shape(self) -> tuple[int, int]:
        return self.s.shape[0], self.t.shape[1]

    @classmethod
    def around(cls, low: Sequence[float], high: Sequence[float], step: float) -> Grid:
        """Grid that covers the box low = (t, s) .. high = (t, s)."""
        columns = int(np.ceil((high[0] - low[0]) / step)) + 1
        rows = int(np.ceil((high[1] - low[1]) / step)) + 1
        t = low[0] + step * np.arange(columns, dtype=np.float32)
        s = low[1] + step * np.arange(rows, dtype=np.float32)
        return cls(t[None].astype(np.float32), s[:, None].astype(np.float32), float(step))

    def noise(
        self,
        rng: np.random.Generator,
        cell: float | tuple[float, float],
        turn: float = 0.0,
        bend: float = 0.0,
    ) -> FloatArray:
        """Smooth noise of variance about 1 with features of `cell` units: one size or (across, along).

        turn: angle of the features from the grain, radians; bend: how much they meander, in their lengths.
        The draws do not depend on the resolution.
        """
        across, along = (cell, cell) if isinstance(cell, int | float) else cell
        lattice = rng.standard_normal((32, 32)).astype(np.float32)
        first, second, third, fourth = rng.uniform(0, 6.28, 4).astype(np.float32)
        # Broad features are drawn on every k-th sample and enlarged: k times k less work, no visible loss.
        k = max(1, int(min(across, along) / (6 * self.step)))
        k -= 1 - k % 2
        rows, columns = self.shape
        t = (np.arange(-k, columns + 2 * k, k, dtype=np.float32)[None] + (k - 1) / 2) * np.float32(self.step)
        s = (np.arange(-k, rows + 2 * k, k, dtype=np.float32)[:, None] + (k - 1) / 2) * np.float32(self.step)
        if bend:
            wave, sway = np.float32(2.2 / along), np.float32(bend * along)
            t, s = (
                t + sway * np.sin(wave * s + first + np.sin(wave * t + third)),
                s + sway * np.sin(wave * t + second + np.sin(wave * s + fourth)),
            )
        cosine, sine = np.cos(turn), np.sin(turn)
        # One lattice cell is exactly `cell` units, whatever the resolution; the lattice repeats after 32 cells.
        x = t * np.float32(cosine / across) - s * np.float32(sine / across)
        y = t * np.float32(sine / along) + s * np.float32(cosine / along)
        fine = cv2.remap(lattice, x, y, interpolation=cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
        if k > 1:
            size = (fine.shape[1] * k, fine.shape[0] * k)
            # Linear and then a box of k samples is a quadratic spline: its slope, which the light shows, is smooth.
            fine = cv2.blur(cv2.resize(fine, size, interpolation=cv2.INTER_LINEAR), (k, k))
        return fine[k : k + rows, k : k + columns] * np.float32(1.35)


@dataclass(frozen=True)
class Pleats:
    """Folds that run along the grain and fan out with the panel.

    count: folds over the panel's width; steepness: greatest slope; start, end: where along s they grow
    from nothing to full depth; sharpness: 0 = sine, 1 = knife pleat; wander: how far they stray, in folds.
    """

    count: float
    steepness: float
    start: float
    end: float
    sharpness: float = 0.4
    wander: float = 0.35

    def height(self, grid: Grid, half_width: FloatArray, rng: np.random.Generator) -> FloatArray:
        # Cubic interpolation of a coarse lattice keeps the pleats' lines straight over long stretches.
        stray = grid.noise(rng, (0.35, 1.1)) * np.float32(self.wander)
        phase = np.float32(np.pi * self.count) * (grid.t / half_width) + np.float32(6.283 * rng.random())
        phase = phase + stray * np.float32(3.0)
        depth = np.clip(1.0 + 0.55 * grid.noise(rng, (0.3, 0.9)), 0.1, 2.2)
        ramp = np.clip((grid.s - self.start) / (self.end - self.start), 0.0, 1.0)
        ramp = ramp * ramp * (3 - 2 * ramp)
        profile = np.sin(phase + np.float32(0.9 * self.sharpness) * np.sin(phase))
        wavelength = 2.0 * half_width / np.float32(self.count)
        return (profile * depth * ramp * wavelength * (self.steepness / 6.283)).astype(np.float32)


@dataclass(frozen=True)
class Ridge:
    """One fold: starts at (t, s), runs `length` units in direction `angle` (radians from the grain), dies
    away.

    width: half width at its start (it grows to twice that); steepness: greatest slope, negative = a valley;
    curl: sideways bend over its length, in units; two_sided: dies away at both ends.
    """

    t: float
    s: float
    angle: float
    length: float
    width: float
    steepness: float
    curl: float = 0.0
    two_sided: bool = False

    def reach(self, grid: Grid) -> tuple[slice, slice]:
        """Rows and columns where the fold is higher than about a thousandth of its height."""
        sine, cosine = np.sin(self.angle), np.cos(self.angle)
        behind, ahead = (1.8 * self.length, 1.8) if self.two_sided else (4 * self.width, 2.2)
        away = (3.8 if self.two_sided else 9.0) * self.width + abs(self.curl) * ahead**2
        along, across = np.array([-behind, ahead * self.length]), np.array([-away, away])
        t = self.t + (along[:, None] * sine + across * cosine)
        s = self.s + (along[:, None] * cosine - across * sine)
        slices = []
        for values, line in ((s, grid.s[:, 0]), (t, grid.t[0])):
            low, high = (values.min() - line[0]) / grid.step, (values.max() - line[0]) / grid.step
            slices.append(slice(int(np.clip(low, 0, len(line))), int(np.clip(high + 2, 0, len(line)))))
        return slices[0], slices[1]

    def height(self, grid: Grid, half_width: FloatArray, rng: np.random.Generator) -> FloatArray:
        total = np.zeros(grid.shape, np.float32)
        rows, columns = self.reach(grid)
        sine, cosine = np.float32(np.sin(self.angle)), np.float32(np.cos(self.angle))
        dt, ds = grid.t[:, columns] - np.float32(self.t), grid.s[rows] - np.float32(self.s)
        along = (dt * sine + ds * cosine) * np.float32(1 / self.length)
        across = dt * cosine - ds * sine - np.float32(self.curl) * along * along
        if self.two_sided:
            envelope = -2.5 * along * along
            width: FloatArray | float = self.width
        else:
            ahead = np.maximum(along, 0)
            behind = np.minimum(along, 0) * np.float32(self.length / self.width)
            envelope = -1.6 * ahead * ahead - behind * behind
            width = np.float32(self.width) * (1 + np.minimum(ahead, 2.0))
        ratio = across / width
        peak = np.float32(1.65 * self.steepness * self.width)
        total[rows, columns] = peak * np.exp(envelope - 0.5 * ratio * ratio)
        return total


@dataclass(frozen=True)
class Crumple:
    """Random creases, as in cloth that lay in a heap: `cell` units wide, `stretch` times as long, in patches.

    turn: main direction of the creases from the grain, radians.
    """

    cell: float
    steepness: float
    turn: float = 0.0
    stretch: float = 3.0

    def height(self, grid: Grid, half_width: FloatArray, rng: np.random.Generator) -> FloatArray:
        patches = np.clip(0.45 + 0.6 * grid.noise(rng, 4 * self.cell), 0, 1.6)
        total = np.zeros(grid.shape, np.float32)
        for turn, share in ((self.turn, 1.0), (self.turn + rng.uniform(0.6, 1.3), 0.6)):
            bumps = grid.noise(rng, (self.cell, self.cell * self.stretch), turn, 0.16)
            # The rounded absolute value has facets between sharp lines: that is how creases differ from
            # hills.
            total -= np.float32(share) * np.sqrt(bumps * bumps + 0.04)
        return total * patches * np.float32(0.7 * self.steepness * self.cell)


@dataclass(frozen=True)
class Billow:
    """Broad, soft hills: cloth that does not lie flat."""

    cell: float
    steepness: float

    def height(self, grid: Grid, half_width: FloatArray, rng: np.random.Generator) -> FloatArray:
        bumps = grid.noise(rng, (self.cell, 1.8 * self.cell), float(rng.normal(0, 0.6)))
        return bumps * np.float32(0.5 * self.steepness * self.cell)


@dataclass(frozen=True)
class Crease:
    """A pressed line, as storage in a drawer leaves it. across: line of constant s (else of constant t)."""

    position: float
    steepness: float
    across: bool
    reach: float = 0.1

    def height(self, grid: Grid, half_width: FloatArray, rng: np.random.Generator) -> FloatArray:
        distance = (grid.s if self.across else grid.t) - np.float32(self.position)
        tent = np.exp(-np.sqrt(distance * distance + 1e-4) / np.float32(self.reach))
        return np.broadcast_to(np.float32(self.steepness * self.reach) * tent, grid.shape).astype(np.float32)


Fold = Pleats | Ridge | Crumple | Billow | Crease


def relief(
    folds: Sequence[Fold], grid: Grid, profile: Sequence[tuple[float, float]], rng: np.random.Generator
) -> FloatArray:
    """Sum of the folds' heights, float32 [rows, columns] in garment units.

    profile: (s, half width) knots of the panel, in the order of s; pleats fan out with it.
    """
    knots = np.asarray(profile, np.float32)
    half_width = np.interp(grid.s[:, 0], knots[:, 0], knots[:, 1]).astype(np.float32)[:, None]
    total = np.zeros(grid.shape, np.float32)
    for fold, child in zip(folds, rng.spawn(len(folds)), strict=True):
        total += fold.height(grid, half_width, child)
    return total


def slopes(height: FloatArray, step: float) -> tuple[FloatArray, FloatArray]:
    """Slope across (dh/dt) and along (dh/ds) the grain: central differences, one-sided at the border."""
    along, across = np.gradient(height, np.float32(step))
    return across.astype(np.float32), along.astype(np.float32)


def eased(slope: FloatArray, steepest: float = 1.3) -> FloatArray:
    """Slope with a soft upper limit: steeper cloth would fall over into a fold that hides itself."""
    return slope / np.sqrt(1 + slope * slope * np.float32(1 / steepest**2))


def arc_excess(slope: FloatArray, step: float, start: float, axis: int) -> FloatArray:
    """Cloth hidden in the folds: the integral of sqrt(1 + slope^2) - 1 from the (fractional) index `start`.

    Trapezoidal along `axis`; 0 at `start`, negative before it. Same unit as `step`.
    """
    extra = np.sqrt(1 + slope * slope) - 1
    extra = np.moveaxis(extra, axis, 0)
    total = np.zeros_like(extra)
    np.cumsum((extra[1:] + extra[:-1]) * np.float32(0.5 * step), axis=0, out=total[1:])
    position = float(np.clip(start, 0, len(total) - 1))
    index = min(int(position), max(len(total) - 2, 0))
    fraction = np.float32(position - index)
    origin = total[index] * (1 - fraction) + total[min(index + 1, len(total) - 1)] * fraction
    return np.moveaxis(total - origin, 0, axis)


@dataclass(frozen=True)
class Light:
    """Light on the whole scene.

    direction: unit vector in the picture towards the light; slant: horizontal over vertical part of the
    light (0 = along the camera, 2 = grazing); ambient: share of light from everywhere; gloss: strength of
    the highlights; contrast: wished standard deviation of the log gain; gradient: change of the log gain
    over the picture, towards the light; hollow: darkening in valleys.
    """

    direction: tuple[float, float]
    slant: float
    ambient: float
    gloss: float
    contrast: float
    gradient: float
    hollow: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Light:
        # Window and lamp light comes from above or from the side far more often than from below.
        angle = np.deg2rad(-90 + rng.normal(0, 62))
        flash = rng.random() < 0.15
        return cls(
            direction=(float(np.cos(angle)), float(np.sin(angle))),
            slant=float(rng.uniform(0.15, 0.4) if flash else rng.uniform(0.55, 1.7)),
            ambient=float(rng.uniform(0.15, 0.6)),
            gloss=float(rng.uniform(0.1, 0.5) if rng.random() < 0.2 else 0.0),
            contrast=float(np.clip(np.exp(rng.normal(np.log(0.2), 0.45)), 0.07, 0.45)),
            gradient=float(abs(rng.normal(0, 0.22))),
            hollow=float(rng.uniform(0.6, 1.6)),
        )


def log_gain(
    height: FloatArray, across: FloatArray, along: FloatArray, grid: Grid, light: Light, turn: FloatArray
) -> FloatArray:
    """Logarithm of the light on a relief, 0 on flat cloth.

    turn: float32 [rows, 1], angle from the picture's axes to the panel's frame in each row, so that
    sleeves are lit from the same side as the body. Lambert's law with an ambient part, darkened in
    valleys, brighter on ridges.
    """
    x, y = light.direction
    cosine, sine = np.cos(turn), np.sin(turn)
    light_across, light_along = x * cosine + y * sine, y * cosine - x * sine
    # The surface normal is (-dh/dt, -dh/ds, 1): cloth that rises towards the light turns away from it.
    towards = -(across * light_across + along * light_along)
    facing = (1 + light.slant * towards) / np.sqrt(1 + across * across + along * along)
    facing = 0.5 * (facing + np.sqrt(facing * facing + 0.02))
    gain = light.ambient + (1 - light.ambient) * facing
    if light.gloss:
        gain = gain + light.gloss * np.exp(-8.0 * (towards - 0.35) ** 2)
    result = np.log(gain)
    # Narrow creases catch less light than their slopes alone tell: real garments have a long dark tail.
    for radius, brightest in ((0.015, -0.02), (0.04, -0.1), (0.12, -0.12)):
        size = 2 * max(1, round(radius / grid.step)) + 1
        hollow = (cv2.blur(height, (size, size)) - height) * np.float32(1 / radius)
        result -= np.float32(light.hollow) * np.clip(hollow, brightest, 0.6)
    return result.astype(np.float32)

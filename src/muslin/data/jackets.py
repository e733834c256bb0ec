"""Fronts in more kinds than seeds draw: polo shirts, and jackets with zips, plackets, flaps, bands, open or closed.

They teach where one piece of cloth ends on another (pieces), not the pose: what seeds draw stays what it was.
"""

from __future__ import annotations

import numpy as np

from muslin.data.fronts import collar, hood_of, inset, patch, trim
from muslin.data.panels import TRIM, Mood, Panel, Points, band, curve, loose_folds, path
from muslin.data.relief import Billow, Crease, Crumple, Fold, Pleats
from muslin.data.tops import SleeveShape, TopShape, draw_top, neck_band, sleeves, top_body


def strip(mood: Mood, left: float, right: float, start: float, end: float, lift: float) -> Panel:
    """A straight strip of cloth down the front, stitched along both its edges."""
    outline = path(
        [(left, start), (right, start)],
        [(right, start), (right, (start + end) / 2), (right, end)],
        [(right, end), (left, end)],
        [(left, end), (left, (start + end) / 2), (left, start)],
    )
    panel = trim(outline, mood, "strip", lift=lift)
    margin = 0.16 * (right - left)
    panel.lines = [(np.array([(x, start), (x, end)]), 0.3) for x in (left + margin, right - margin)]
    return panel


def standing(rng: np.random.Generator, mood: Mood, top: TopShape) -> list[Panel]:
    """A collar that stands, and what is seen in it."""
    neck, high = top.neck * rng.uniform(1.0, 1.15), rng.uniform(0.07, 0.17)
    outline = path(
        [(-neck, 0.03), (-neck * 0.94, -high * 0.8), (0.0, -high), (neck * 0.94, -high * 0.8), (neck, 0.03)],
        [(neck, 0.03), (neck * 0.5, top.drop * 0.8 + 0.02), (0.0, top.drop + 0.03)],
        [(0.0, top.drop + 0.03), (-neck * 0.5, top.drop * 0.8 + 0.02), (-neck, 0.03)],
    )
    whole = trim(outline, mood, "stand", lift=0.4)
    whole.lines.append((inset(outline, 0.015), 0.3))
    inner = path(
        [(-neck * 0.75, 0.02 - high * 0.6), (0.0, -high * 0.85), (neck * 0.75, 0.02 - high * 0.6)],
        [(neck * 0.75, 0.02 - high * 0.6), (0.0, top.drop * rng.uniform(0.3, 0.8)), (-neck * 0.75, 0.02 - high * 0.6)],
    )
    return [whole, trim(inner, mood, "inside", lift=0.0, tone=-rng.uniform(0.2, 0.7))]


def hood(rng: np.random.Generator, mood: Mood, top: TopShape) -> list[Panel]:
    """A hood laid flat, and what is seen in it."""
    outline, hole = hood_of(top, rng.uniform(0.3, 0.55), rng.uniform(1.25, 1.75))
    shell = trim(outline, mood, "stand", lift=0.5)
    shell.folds += loose_folds(rng, mood, (-0.2, -0.3, 0.2, 0.2), 6, 0.9)
    return [shell, trim(hole, mood, "inside", lift=0.0, tone=-rng.uniform(0.3, 1.0))]


def flap(rng: np.random.Generator, mood: Mood, x: float, y: float, width: float) -> Panel:
    """The flap of a breast pocket, straight or pointed, with a button."""
    dip, high = rng.uniform(0.0, 0.05), rng.uniform(0.05, 0.09)
    outline = np.array(
        [(x - width, y), (x + width, y), (x + width, y + high), (x, y + high + dip), (x - width, y + high)]
    )
    panel = trim(outline, mood, "pocket", lift=rng.uniform(0.15, 0.4))
    panel.lines.append((inset(outline, 0.012), 0.3))
    if rng.random() < 0.6:
        panel.buttons.append((x, y + 0.7 * high, 0.013))
    return panel


def hem_band(rng: np.random.Generator, top: TopShape) -> Panel:
    """Ribbed or plain band along the hem."""
    ribbed: list[Fold] = [Pleats(rng.uniform(36, 60), 0.22, -9, -8, 0.0, 0.03)] if rng.random() < 0.4 else []
    low = curve([(x * top.hem, top.length + top.tail * (1 - x * x) - 0.02) for x in (-1, -0.5, 0, 0.5, 1)])
    outline = band(low, rng.uniform(0.06, 0.12))
    profile = ((-1, top.hem), (1, top.hem))
    return Panel(
        outline, TRIM, (0.0, top.length), profile=profile, folds=[*ribbed, Billow(0.2, 0.1)], lift=0.2, role="band"
    )


def seams(rng: np.random.Generator, top: TopShape) -> list[tuple[Points, float]]:
    """Yoke and vertical seams, as of a denim jacket."""
    at = rng.uniform(0.3, 0.42)
    lines = [(curve([(-top.chest, at), (0, at + rng.normal(0, 0.015)), (top.chest, at)]), 0.45)]
    for side in (-1, 1):
        for x in rng.uniform(0.12, 0.32, 2):
            ends = [(side * x, at), (side * x * rng.uniform(0.6, 0.9), top.length)]
            lines.append((np.array(ends), 0.4))
    return lines


def quilt(rng: np.random.Generator, mood: Mood, panel: Panel, top: TopShape) -> None:
    """Channels of down across a panel: stitched lines at which no cloth ends."""
    step = rng.uniform(0.09, 0.2)
    for y in np.arange(rng.uniform(0.1, 0.2), top.length - 0.05, step):
        line = curve([(-top.chest * 1.1, y), (0.0, y + rng.normal(0, 0.01)), (top.chest * 1.1, y)])
        panel.lines.append((line, rng.uniform(0.4, 0.8)))
        panel.folds.append(Crease(float(y), -rng.uniform(0.3, 0.8) * mood.fold, True, step * 0.3))


def opening(rng: np.random.Generator, mood: Mood, top: TopShape, front: Panel) -> list[Panel]:
    """The front from neck to hem: a zip, a placket, one edge upon the other, or open over what is inside."""
    end, kind = top.length + top.tail, rng.random()
    bow = rng.normal(0, 0.02)
    line = curve([(0.0, top.drop), (bow, 0.5 * (top.drop + end)), (rng.normal(0, 0.02), end)])
    if kind < 0.3:
        front.openings.append(line)
        front.lines += [(line, 1.0), (line + np.array([0.03, 0.0]), 0.25), (line - [0.03, 0.0], 0.25)]
        return []
    if kind < 0.55:
        side, half = rng.choice((-1.0, 1.0)), rng.uniform(0.03, 0.055)
        panel = strip(mood, side * 0.02 - half, side * 0.02 + half, top.drop, end, 0.3)
        panel.buttons = [(side * 0.02, float(y), 0.014) for y in np.linspace(top.drop + 0.06, end - 0.08, 6)]
        return [panel]
    if kind < 0.75:
        edge = line + np.array([rng.uniform(0.02, 0.07) * rng.choice((-1.0, 1.0)), 0.0])
        front.openings.append(edge)
        front.lines += [(edge, 0.95), (edge - [0.02, 0.0], 0.25)]
        front.buttons += [(0.0, float(y), 0.016) for y in np.linspace(top.drop + 0.06, end - 0.1, 5)]
        return []
    return [_inside(rng, mood, top, end)]


def _inside(rng: np.random.Generator, mood: Mood, top: TopShape, end: float) -> Panel:
    """What is seen of the back's inside between two front edges that do not meet."""
    high, low = top.neck * rng.uniform(0.2, 0.8), rng.uniform(0.03, 0.22)
    outline = path(
        [(-high, top.drop * 0.4), (high, top.drop * 0.4)],
        [(high, top.drop * 0.4), (0.5 * (high + low) + rng.normal(0, 0.02), 0.5 * end), (low, end)],
        [(low, end), (-low, end)],
        [(-low, end), (-0.5 * (high + low) + rng.normal(0, 0.02), 0.5 * end), (-high, top.drop * 0.4)],
    )
    panel = trim(outline, mood, "inside", lift=0.0, tone=-rng.uniform(0.2, 0.7))
    panel.folds.append(Crumple(0.15, 0.2 * mood.crumple))
    return panel


def casual_jacket(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Denim jackets, bombers, quilted vests, overshirts, cardigans."""
    top = draw_top(rng, rng.uniform(1.05, 1.5), 0.03)
    top.neck, top.drop = rng.uniform(0.14, 0.2), rng.uniform(0.08, 0.2)
    top.pointed = bool(rng.random() < 0.2)
    if top.pointed:
        top.drop = rng.uniform(0.3, 0.6)
    panels = top_body(rng, mood, top)
    front = panels[-1]
    kind = rng.random()
    if kind < 0.4:
        front.lines += seams(rng, top)
    elif kind < 0.6:
        quilt(rng, mood, front, top)
    panels += opening(rng, mood, top, front)
    if rng.random() < 0.55:
        make = flap if rng.random() < 0.5 else patch
        y = rng.uniform(0.34, 0.44)
        for side in (-1, 1):
            size = (0.1,) if make is flap else (0.1, 0.19)
            panels.append(make(rng, mood, side * top.chest * 0.5, y, *size))
    if rng.random() < 0.5:
        for side in (-1, 1):
            x, y = side * top.chest * 0.55, top.length * rng.uniform(0.6, 0.7)
            slanted = np.array([(x - side * 0.04, y), (x + side * 0.06, y + 0.22)])
            front.lines.append((slanted, 0.8))
    if rng.random() < 0.5:
        panels.append(hem_band(rng, top))
    if rng.random() < 0.85:
        spread, bend = rng.uniform(5, 45), rng.uniform(-8, 24)
        arm = SleeveShape(rng.uniform(1.0, 1.2), rng.uniform(0.1, 0.14), spread, bend, 0.1 * float(rng.random() < 0.6))
        panels += sleeves(rng, mood, top, arm)
    if top.pointed:
        return [*panels, neck_band(rng, top, rng.uniform(0.03, 0.07))]
    neck = (collar, standing, hood)[int(rng.choice(3, p=(0.5, 0.25, 0.25)))]
    return [*panels, *neck(rng, mood, top)]


def polo(rng: np.random.Generator, mood: Mood) -> list[Panel]:
    """Turned-down collar, a short placket with two or three buttons, short sleeves."""
    top = draw_top(rng, 1.34)
    top.neck, top.drop = rng.uniform(0.13, 0.17), rng.uniform(0.07, 0.12)
    arm = SleeveShape(
        rng.uniform(0.3, 0.5), rng.uniform(0.15, 0.2), rng.uniform(38, 68), 5.0, 0.05 * float(rng.random() < 0.6)
    )
    panels = top_body(rng, mood, top)
    end, half = top.drop + rng.uniform(0.16, 0.36), rng.uniform(0.025, 0.04)
    short = strip(mood, -half, half, top.drop * 0.8, end, 0.15)
    short.buttons = [(0.0, float(y), 0.013) for y in np.linspace(top.drop + 0.04, end - 0.04, int(rng.integers(2, 4)))]
    panels.append(short)
    if rng.random() < 0.25:
        panels.append(patch(rng, mood, top.chest * 0.48, 0.42, 0.095, 0.18))
    return [*panels, *sleeves(rng, mood, top, arm), *collar(rng, mood, top)]

"""Sketches as hands draw them: one clean line drawing becomes a new pencil, pen or marker sketch at every draw.

Edge detectors draw every fold, exactly in place, in soft tones. A hand leaves most of them out, wobbles, breaks and
repeats its strokes, presses more or less, and works on paper that is not white. A network that has seen only the
former turns the latter into noise, so each training source is redrawn. Colour reaches the network in the drawing too,
as the wash of a marker inside the outline (see `wash`): paint is a hint that a designer can give with any tool.
"""

from __future__ import annotations

import cv2
import numpy as np

from muslin.data.lines import Lines

WASH_DARK, WASH_LIGHT = 0.35, 0.9  # tones that black and white cloth have in a wash: lines stay legible on the first,
# and the second differs from bare paper, which means "any colour"
STYLES = ("soft", "marker", "pen", "flat")
STYLE_SHARES = (0.2, 0.2, 0.35, 0.25)


def redraw(
    rng: np.random.Generator,
    lines: Lines,  # R x R
    frame: np.ndarray,  # 2x3, from the drawing's pixels to the sketch's
    size: int,  # px, side of the sketch
) -> np.ndarray:
    """Ink of one hand-made sketch of these lines, float32 size x size in [0, 1]."""
    ink = stroke(rng, lines)
    ink = leave_out(rng, ink, lines)
    drawn = carry(rng, ink, frame, size)
    if rng.random() < 0.3:  # a second, searching stroke beside the first
        drawn = np.maximum(drawn, rng.uniform(0.4, 0.9) * carry(rng, ink, frame, size))
    drawn = break_strokes(rng, drawn)
    if rng.random() < 0.3:
        drawn = np.maximum(drawn, construction_lines(rng, size))
    return press(rng, drawn)


def stroke(rng: np.random.Generator, lines: Lines) -> np.ndarray:
    """The lines in one of STYLES: edge tones, felt-tip, pen or the technical flat. float32 R x R in [0, 1]."""
    style = STYLES[int(rng.choice(len(STYLES), p=STYLE_SHARES))]
    soft = lines.soft.astype(np.float32) / 255
    if style == "soft":
        return np.clip(soft * rng.uniform(0.8, 1.4), 0, 1)
    if style == "marker":
        return np.clip((soft - rng.uniform(0.2, 0.6)) * rng.uniform(4, 10), 0, 1)
    thin = lines.outline
    if style == "pen" or not lines.inside.any():
        thin = np.maximum(lines.thin, lines.outline if rng.random() < 0.5 else 0)
    elif rng.random() < 0.7:  # inner lines without the soft ones next to the outline, which would double it
        thin = np.maximum(thin, lines.thin * deep_inside(lines))
    width = rng.uniform(0.5, 1.1) * len(thin) / 160
    return np.clip(cv2.GaussianBlur(thin.astype(np.float32) / 255, (0, 0), width) * 2.2 * width, 0, 1)


def leave_out(rng: np.random.Generator, ink: np.ndarray, lines: Lines) -> np.ndarray:
    """Without some or all of the inner lines, in patches. The outline stays."""
    kept = rng.choice((1.0, 0.6, 0.3, 0.0), p=(0.4, 0.2, 0.2, 0.2))
    if kept == 1.0:
        return ink
    where = field(rng, len(ink), 5)
    threshold = np.quantile(where, 1 - kept) if kept else np.inf
    dropped = (where < threshold).astype(np.float32)
    if lines.inside.any():
        return ink * (1 - dropped * deep_inside(lines))
    return np.where(dropped > 0, np.clip((ink - 0.5) * 2, 0, 1), ink)  # nobody knows the outline: strong lines stay


def deep_inside(lines: Lines) -> np.ndarray:
    """1 where a line is not the outline's own, 0 elsewhere. uint8 R x R."""
    near = max(1, round(len(lines.inside) * 0.025))
    core = (lines.inside > 127).astype(np.uint8)
    return cv2.erode(core, np.ones((2 * near + 1, 2 * near + 1), np.uint8), borderValue=0)


def carry(rng: np.random.Generator, ink: np.ndarray, frame: np.ndarray, size: int) -> np.ndarray:
    """Ink in the sketch's own frame, misplaced as a whole and wobbling. float32 size x size."""
    back = cv2.invertAffineTransform(frame)
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    centre = (size - 1) / 2
    turn, scale = rng.normal(0, 0.015), np.exp(rng.normal(0, 0.012))
    moved = rng.normal(0, 0.007, 2) * size
    waver, tremble = abs(rng.normal(0, 0.006)) * size, abs(rng.normal(0, 0.0025)) * size
    dx = (x - centre) * (scale - 1) - (y - centre) * turn + moved[0]
    dy = (y - centre) * (scale - 1) + (x - centre) * turn + moved[1]
    x = x + dx + waver * field(rng, size, 5) + tremble * field(rng, size, 16)
    y = y + dy + waver * field(rng, size, 5) + tremble * field(rng, size, 16)
    map_x = (back[0, 0] * x + back[0, 1] * y + back[0, 2]).astype(np.float32)
    map_y = (back[1, 0] * x + back[1, 1] * y + back[1, 2]).astype(np.float32)
    return cv2.remap(ink.astype(np.float32), map_x, map_y, cv2.INTER_LINEAR, borderValue=0)


def break_strokes(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Gaps in the lines, and lines that fade where the hand lifts."""
    size = len(ink)
    gaps = rng.poisson(rng.choice((0, 3, 8)))
    points = np.argwhere(ink > 0.3)
    if gaps and len(points):
        ink = ink.copy()
        for row, column in points[rng.integers(len(points), size=gaps)]:
            cv2.circle(ink, (int(column), int(row)), round(size * rng.uniform(0.01, 0.03)), 0.0, -1)
    if rng.random() < 0.4:
        ink = ink * np.clip(1 + 0.5 * (field(rng, size, 8) - 0.3), 0.25, 1)
    return ink


def construction_lines(rng: np.random.Generator, size: int) -> np.ndarray:
    """A few faint straight lines through the drawing: axes, shoulder and hem levels. float32 size x size."""
    canvas = np.zeros((size, size), np.float32)
    for _ in range(rng.integers(1, 4)):
        middle = rng.uniform(0.1, 0.9, 2) * size
        angle = rng.choice((0.0, np.pi / 2)) + rng.normal(0, 0.04 if rng.random() < 0.8 else 0.6)
        reach = rng.uniform(0.3, 1.2) * size * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(int(value) for value in np.round(16 * (middle + sign * reach))) for sign in (-1, 1)]
        cv2.line(canvas, ends[0], ends[1], float(rng.uniform(0.12, 0.45)), 1, cv2.LINE_AA, 4)
    return canvas


def press(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Pencil: pressure, grain of the paper, and a blur of up to a pixel."""
    size = len(ink)
    ink = ink * rng.uniform(0.4, 1.0)
    if rng.random() < 0.4:
        ink = ink * (1 - rng.uniform(0.1, 0.5) * rng.random((size, size), dtype=np.float32))
    if rng.random() < 0.4:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, 0.9))
    return np.clip(ink, 0, 1).astype(np.float32)


def paper(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paper under a lamp: nearly white, a tint, a gradient, some noise. float32 size x size x 3 in [0, 1]."""
    if rng.random() < 0.35:
        return np.ones((size, size, 3), np.float32)
    tint = (1 - abs(rng.normal(0, 0.05))) * (1 - np.abs(rng.normal(0, 0.02, 3)))
    lamp = 1 + rng.normal(0, 0.03) * np.linspace(-1, 1, size, dtype=np.float32)
    lamp = lamp[:, None] if rng.random() < 0.5 else lamp[None]
    noise = 1 + rng.normal(0, rng.uniform(0, 0.015), (size, size)).astype(np.float32)
    return np.clip(tint.astype(np.float32) * (lamp * noise)[..., None], 0, 1).astype(np.float32)


def on_paper(ink: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Graphite over painted paper. ink: HxW in [0, 1]; ground: HxWx3 in [0, 1] -> float32 HxWx3 in [-1, 1]."""
    return ((ground * (1 - 0.95 * ink[..., None])) * 2 - 1).astype(np.float32)


def wash(colour: np.ndarray) -> np.ndarray:
    """The tone of paint that asks for cloth of this colour, sRGB in [0, 1] both. Black is a grey one, so that lines
    show on it; white is a light grey, since bare paper asks for nothing."""
    return WASH_DARK + (WASH_LIGHT - WASH_DARK) * np.asarray(colour, np.float32)


def painted(rng: np.random.Generator, target: np.ndarray, mask: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Paper with a wash in the garment's colours where its mask is, as carelessly as markers are used.

    target: the garment, float32 S x S x 3 in [0, 1]; mask: S x S in [0, 1]; ground: as from `paper`.
    """
    size, area = len(mask), float(mask.sum())
    if area < 8:
        return ground
    flat = np.median(target[mask > 0.6], axis=0) if (mask > 0.6).any() else target.mean(axis=(0, 1))
    if rng.random() < 0.6:
        colour = np.broadcast_to(flat.astype(np.float32), target.shape)
    else:  # colours in place: sleeves, yokes, broad stripes
        sigma = size * rng.uniform(0.05, 0.15)
        weight = cv2.GaussianBlur(mask, (0, 0), sigma)[..., None] + 1e-3
        colour = (cv2.GaussianBlur(target * mask[..., None], (0, 0), sigma) + 1e-3 * flat) / weight
    region = _painted_region(rng, mask)[..., None]
    tone = wash(np.clip(colour, 0, 1)) + rng.normal(0, 0.015, 3).astype(np.float32)
    return ground * (1 - region + region * np.clip(tone, 0, 1))


def _painted_region(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Where the paint goes: about the mask, or some scribbles inside it. float32 S x S in [0, 1]."""
    size = len(mask)
    ragged = cv2.GaussianBlur(mask, (0, 0), max(0.6, size * rng.uniform(0.003, 0.02)))
    shift = np.hstack([np.eye(2), rng.normal(0, 0.008, (2, 1)) * size])
    ragged = cv2.warpAffine(ragged + 0.1 * field(rng, size, 8), shift, (size, size))
    region = np.clip((ragged - rng.uniform(0.3, 0.6)) * 5 + 0.5, 0, 1)
    if rng.random() < 0.2:
        scribble = np.zeros((size, size), np.float32)
        points = np.argwhere(mask > 0.6)[:, ::-1]
        for _ in range(rng.integers(1, 4)):
            ends = points[rng.integers(len(points), size=rng.integers(2, 5))].astype(np.int32)
            cv2.polylines(scribble, [ends], False, 1.0, max(2, round(size * rng.uniform(0.04, 0.1))), cv2.LINE_AA)
        region = region * scribble
    return region


def field(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """A smooth random field of about unit variance with `cells` humps across. float32 size x size."""
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)

"""Prints on a ground of one dye, in linear light: words, badges, drawings, blocks, strewn motifs, yarn-dyed checks."""

from __future__ import annotations

import cv2
import numpy as np

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
LETTERS = np.array(list("ABCDEFGHIKLMNOPRSTUVWYabcdeghiklmnoprstuvwy0123456789"))
GROUND = 0.35  # share of the garment below which its most frequent dye is no ground on which the rest is printed
SAME_LIGHT, SAME_HUE = 0.22, 0.16  # of log luminance and of log colour ratios: a dye and its own weave


def any_dye(rng: np.random.Generator) -> np.ndarray:
    """A cloth colour: linear light, 3, from near black to near white, more often muted than loud."""
    grey = float(np.exp(rng.uniform(np.log(0.02), np.log(0.9))))
    return np.clip(grey * np.exp(rng.normal(0, 0.5, 3)), 0.01, 0.95).astype(np.float32)


def words(rng: np.random.Generator, albedo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """One to three lines of letters printed somewhere on the garment, most often on the chest.

    albedo: HxWx3 linear light; mask: HxW in [0, 1]. Returns a new HxWx3.
    """
    ink = np.zeros(mask.shape, np.uint8)
    size, (x, y) = mask.shape[0], _place(rng, mask)
    thickness = int(rng.integers(1, 4))
    for line in range(int(rng.integers(1, 4))):
        text = "".join(rng.choice(LETTERS, int(rng.integers(2, 10))))
        font, scale = FONTS[int(rng.integers(len(FONTS)))], size / 128 * rng.uniform(0.25, 0.9)
        (width, height), _ = cv2.getTextSize(text, font, scale, thickness)
        start = (int(x - width / 2), int(y + line * height * 1.5))
        cv2.putText(ink, text, start, font, scale, 255, thickness, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((float(x), float(y)), rng.normal(0, 6), 1)
    return _mix(albedo, cv2.warpAffine(ink, turn, ink.shape[::-1]), ink_on(rng, albedo))


def badge(rng: np.random.Generator, albedo: np.ndarray, mask: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """A picture with a clear outline, printed in one place: an ellipse, a box, or scattered pieces of one.

    picture: HxWx3 linear light, of which the shape is cut.
    """
    ink = np.zeros(mask.shape, np.uint8)
    size, (x, y) = mask.shape[0], _place(rng, mask)
    for _ in range(int(rng.choice((1, 1, 2, 4)))):
        half = np.maximum(2, size * rng.uniform(0.04, 0.2, 2)).astype(int)
        where = (np.array((x, y)) + rng.normal(0, 0.06 * size, 2)).astype(int)
        box = ((float(where[0]), float(where[1])), (float(2 * half[0]), float(2 * half[1])), float(rng.normal(0, 10)))
        if rng.random() < 0.5:
            cv2.ellipse(ink, box, 255, -1, cv2.LINE_AA)
        else:
            cv2.fillPoly(ink, [cv2.boxPoints(box).astype(np.int32)], 255, cv2.LINE_AA)
    return _mix(albedo, ink, ink_on(rng, albedo) if rng.random() < 0.3 else picture)


def drawing(rng: np.random.Generator, albedo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Islands and lines of one to three inks, as of a worn or hand-drawn picture: level sets of smooth noise.

    albedo: HxWx3 linear light; mask: HxW in [0, 1]. Returns a new HxWx3.
    """
    size, (x, y) = mask.shape[0], _place(rng, mask)
    half = np.maximum(4, size * rng.uniform(0.06, 0.28, 2))
    rows, columns = np.mgrid[:size, : mask.shape[1]].astype(np.float32)
    frame = np.clip(4 * (1 - np.hypot((columns - x) / half[0], (rows - y) / half[1])), 0, 1)
    for _ in range(int(rng.integers(1, 4))):
        grain = int(rng.integers(5, 24))
        noise = cv2.resize(
            rng.normal(0, 1, (grain, grain)).astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_CUBIC
        )
        level = noise - rng.uniform(-0.5, 0.8)
        if rng.random() < 0.5:  # a line along the outline of the islands
            level = rng.uniform(0.1, 0.4) - np.abs(level)
        ink = np.clip(0.5 + level * size / grain / 2, 0, 1) * frame
        albedo = _mix(albedo, np.round(255 * ink).astype(np.uint8), ink_on(rng, albedo))
    return albedo


def scatter(rng: np.random.Generator, albedo: np.ndarray) -> np.ndarray:
    """Small motifs strewn over the ground in rows: spots, rings, stars, blossoms, in one or two inks.

    albedo: HxWx3 linear light. Returns a new HxWx3.
    """
    height, width = albedo.shape[:2]
    period = height * float(np.exp(rng.uniform(np.log(0.03), np.log(0.2))))
    across, down = _turned(rng, height, width, period)
    down_row = np.floor(down)
    across = across + 0.5 * (down_row % 2) * (rng.random() < 0.6)
    column, row = np.floor(across).astype(int) % 64, down_row.astype(int) % 64
    off = rng.uniform(-1, 1, (2, 64, 64)) * rng.choice((0.0, 0.0, 0.2))
    x, y = across % 1 - 0.5 - off[0][row, column], down % 1 - 0.5 - off[1][row, column]
    angle = np.arctan2(y, x) + rng.uniform(0, 2 * np.pi, (64, 64))[row, column]
    petals, depth = int(rng.integers(3, 7)), rng.choice((0.0, 0.0, rng.uniform(0.1, 0.5)))
    radius = rng.uniform(0.1, 0.32)
    level = radius * (1 + depth * np.cos(petals * angle)) - np.hypot(x, y)
    if rng.random() < 0.2:
        level = rng.uniform(0.2, 0.4) * radius - np.abs(level)  # its outline alone
    ink = np.round(255 * np.clip(0.5 + level * period, 0, 1)).astype(np.uint8)
    second = (rng.random((64, 64)) < rng.choice((0.0, 0.5)))[row, column]
    printed = _mix(albedo, ink * ~second, ink_on(rng, albedo))
    return _mix(printed, ink * second, ink_on(rng, albedo))


def woven(rng: np.random.Generator, albedo: np.ndarray) -> np.ndarray:
    """Stripes or checks of the ground's dye and another one, in the yarn: where both cross, the dyes lie halfway.

    albedo: HxWx3 linear light. Returns a new HxWx3.
    """
    height, width = albedo.shape[:2]
    period = height * float(np.exp(rng.uniform(np.log(0.016), np.log(0.16))))
    share, soft = rng.uniform(0.15, 0.6), rng.uniform(0.5, 3.0)

    def stripes(place: np.ndarray) -> np.ndarray:
        """In [0, 1]; an edge is `soft` pixels wide."""
        return np.clip(0.5 + (share / 2 - np.abs(place % 1 - 0.5)) * period / soft, 0, 1)

    across, down = _turned(rng, height, width, period)
    amount = stripes(across)
    if rng.random() < 0.6:
        amount = (amount + stripes(down * rng.choice((1.0, rng.uniform(0.6, 1.6))))) / 2
    own = np.median(albedo.reshape(-1, 3), 0)
    near = np.clip(own * np.exp(rng.choice((-1, 1)) * rng.uniform(0.3, 1.0)), 0.01, 0.95)
    dye = near if rng.random() < 0.5 else any_dye(rng)
    ratio = np.log(dye / np.maximum(own, 1e-3)).astype(np.float32)
    return np.clip(albedo * np.exp(amount[..., None] * ratio), 0.005, 0.97).astype(np.float32)


def _turned(rng: np.random.Generator, height: int, width: int, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Places in periods along two axes at right angles, a little askew or at 45 degrees, with a random beginning."""
    angle = rng.choice((0.0, 0.0, 0.0, np.pi / 2, np.pi / 4)) + rng.normal(0, 0.06)
    y, x = np.mgrid[:height, :width].astype(np.float32) / period
    first = rng.uniform(0, 64, 2)
    return x * np.cos(angle) + y * np.sin(angle) + first[0], y * np.cos(angle) - x * np.sin(angle) + first[1]


def ink_on(rng: np.random.Generator, albedo: np.ndarray) -> np.ndarray:
    """Any dye, or (two times in five) the ground's own, lighter or darker: tone on tone. Linear light, 3."""
    if rng.random() < 0.6:
        return any_dye(rng)
    own = np.median(albedo.reshape(-1, 3), 0)
    return np.clip(own * np.exp(rng.choice((-1, 1)) * rng.uniform(0.4, 2.0)), 0.01, 0.95).astype(np.float32)


def blocks(rng: np.random.Generator, albedo: np.ndarray) -> np.ndarray:
    """Cloth of two or three dyes, sewn together along straight or curved lines: yokes, raglans, side panels, bands."""
    height, width = albedo.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / height - 0.5
    for _ in range(int(rng.integers(1, 3))):
        angle, bend = rng.choice((0.0, 0.0, np.pi / 2, 0.6, -0.6)) + rng.normal(0, 0.15), rng.normal(0, 0.5)
        across, along = np.cos(angle) * y + np.sin(angle) * x, np.cos(angle) * x - np.sin(angle) * y
        distance = across + bend * along**2 - rng.uniform(-0.35, 0.35)
        if rng.random() < 0.4:  # a band rather than a half
            distance = np.abs(distance) - rng.uniform(0.01, 0.12)
        edge = np.clip(0.5 + distance * height, 0, 1)
        albedo = _mix(albedo, np.round(255 * edge).astype(np.uint8), ink_on(rng, albedo))
    return albedo


def _place(rng: np.random.Generator, mask: np.ndarray) -> tuple[int, int]:
    """(x, y) inside the garment, drawn towards its middle and the upper half."""
    rows, columns = np.nonzero(mask > 0.5)
    if not len(rows):
        return mask.shape[1] // 2, mask.shape[0] // 2
    y = np.quantile(rows, np.clip(rng.normal(0.35, 0.2), 0.05, 0.95))
    x = np.quantile(columns, np.clip(rng.normal(0.5, 0.15), 0.05, 0.95))
    return int(x), int(y)


def _mix(below: np.ndarray, ink: np.ndarray, above: np.ndarray) -> np.ndarray:
    share = ink[..., None].astype(np.float32) / 255
    return (below * (1 - share) + above * share).astype(np.float32)


def other_than_ground(albedo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Where cloth of this albedo shows another dye than its ground, the most frequent one. HxW float32 in [0, 1].

    albedo: HxWx3 linear light, above 0; mask: HxW in [0, 1]. 1 everywhere in the mask where no dye is frequent enough.
    """
    inside = mask > 0.95  # pixels on the outline show the backdrop too
    if not inside.any():
        return np.zeros(mask.shape, np.float32)
    log = np.log(albedo + np.float32(0.01))
    points = log[inside]
    few = np.ascontiguousarray(points[:: max(1, len(points) // 600)])
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 8, 1e-3)
    centres = cv2.kmeans(few, min(6, len(few)), None, stop, 1, cv2.KMEANS_PP_CENTERS)[2]
    apart = [_apart(few, centre) for centre in centres]
    best = int(np.argmax([(one < 1).mean() for one in apart]))
    if (apart[best] < 1).mean() < GROUND:
        return inside.astype(np.float32)
    return (np.clip(2 * _apart(log, centres[best]) - 1.5, 0, 1) * inside).astype(np.float32)


def _apart(log: np.ndarray, dye: np.ndarray) -> np.ndarray:
    """How far log colours ... x 3 are from a dye: below 1 it is the same. float32 ..."""
    difference = log - dye
    hue = np.maximum(np.abs(difference[..., 0] - difference[..., 1]), np.abs(difference[..., 1] - difference[..., 2]))
    return np.maximum(np.abs(difference.mean(-1)) / SAME_LIGHT, hue / SAME_HUE)

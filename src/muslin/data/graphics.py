"""Prints that are placed rather than all over: words, badges and blocks of colour, as linear-light albedo."""

from __future__ import annotations

import cv2
import numpy as np

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
LETTERS = np.array(list("ABCDEFGHIKLMNOPRSTUVWYabcdeghiklmnoprstuvwy0123456789"))


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
    return _mix(albedo, cv2.warpAffine(ink, turn, ink.shape[::-1]), any_dye(rng))


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
    return _mix(albedo, ink, any_dye(rng) if rng.random() < 0.3 else picture)


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
        albedo = _mix(albedo, np.round(255 * edge).astype(np.uint8), any_dye(rng))
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

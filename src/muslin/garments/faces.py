"""Faces in a photo (models/face): so that what a person wears is told from the person. Nobody is recognised.

The network is MediaPipe's full-range BlazeFace (Bazarevsky et al. 2019): boxes and six points of each face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import cv2
import numpy as np

from muslin.garments.network import fits

SIDE = 192  # px, side of the square that the network sees
CELLS = 48  # a side; each says of one face, whether its middle is near
SURE = 0.7  # chance from which something is a face: of 200 people in the street three have none
MOST = 12  # faces of a photo
APART = 0.5  # of the larger one's size, between the middles of two faces; nearer ones are the same

FaceNetwork = Callable[..., Mapping[str, np.ndarray]]


class Face(NamedTuple):
    """eyes, mouth: the middle between the eyes and that of the mouth, (x, y) in photo pixels. size: of its box, px."""

    chance: float
    eyes: np.ndarray
    mouth: np.ndarray
    size: float


class Faces:
    """network: input `image` 1,SIDE,SIDE,3 in [-1, 1]; outputs `boxes` 1,N,16 (px of the square), `logits` 1,N,1."""

    def __init__(self, network: FaceNetwork) -> None:
        self.network = network
        rows, columns = np.mgrid[:CELLS, :CELLS]
        self._middles = (np.stack([columns, rows], -1).reshape(-1, 2) + 0.5) * (SIDE / CELLS)

    def __call__(self, pixels: np.ndarray) -> list[Face]:
        """The faces of a photo, the surest first, at most MOST. pixels: uint8 HxWx3 sRGB.

        Raises UserError (exit code 4) for a model that does not fit.
        """
        square, scale, corner = _letterbox(pixels)
        found = self.network(image=square[None])
        boxes = fits("boxes", found["boxes"], 1, CELLS**2, 16)[0]
        chances = 1 / (1 + np.exp(-np.clip(fits("logits", found["logits"], 1, CELLS**2, 1)[0, :, 0], -50, 50)))
        faces: list[Face] = []
        for cell in np.argsort(-chances, kind="stable")[: 20 * MOST]:
            if chances[cell] < SURE or len(faces) == MOST:
                break
            # Its box (middle, width, height), then right eye, left eye, nose, mouth, ears: all from the cell's middle.
            points = (boxes[cell, 4:].reshape(6, 2) + self._middles[cell] - corner) * scale
            size = float(boxes[cell, 2:4].max() * scale)
            face = Face(float(chances[cell]), points[:2].mean(0), points[3], size)
            if size > 0 and not any(np.hypot(*(face.eyes - one.eyes)) < APART * max(one.size, size) for one in faces):
                faces.append(face)
        return faces


def _letterbox(pixels: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """(the photo in the middle of a grey square in [-1, 1], photo px of one of its px, its upper left corner there)."""
    height, width = pixels.shape[:2]
    scale = max(height, width) / SIDE
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    square = np.zeros((SIDE, SIDE, 3), np.float32)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)
    square[top : top + size[1], left : left + size[0]] = small / np.float32(127.5) - 1
    return square, scale, np.array([left, top])

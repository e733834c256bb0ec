"""sRGB <-> linear light, luminance, and size; and what networks make, as pixels."""

from __future__ import annotations

from functools import cache

import numpy as np

from muslin.errors import EXIT_USAGE, UserError

_CHUNK = 1 << 19  # values at a time, so that the steps between stay in the processor's cache


@cache
def _linear_table() -> np.ndarray:
    return _decode_srgb(np.arange(256, dtype=np.float64) / 255.0).astype(np.float32)


@cache
def _srgb_table() -> np.ndarray:
    linear = np.arange(65536, dtype=np.float64) / 65535.0
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255.0).astype(np.uint8)


def _decode_srgb(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0.0) + 0.055) / 1.055) ** 2.4)


def srgb_to_linear(encoded: np.ndarray) -> np.ndarray:
    """sRGB (uint8, or float in [0, 1]) to linear light, float32 of the same shape (IEC 61966-2-1)."""
    encoded = np.asarray(encoded)
    if encoded.dtype == np.uint8:
        return _look_up(encoded, _linear_table())
    return _decode_srgb(encoded).astype(np.float32)


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light (float, clipped to [0, 1], NaN is 0) to sRGB uint8 of the same shape (IEC 61966-2-1).

    Through a table of 65,536 steps: exact for the 256 values of srgb_to_linear, within one level elsewhere.
    """
    linear = np.ascontiguousarray(linear, np.float32)
    encoded = np.empty(linear.shape, np.uint8)
    flat, encoded_flat = linear.reshape(-1), encoded.reshape(-1)
    for start in range(0, len(flat), _CHUNK):
        part = slice(start, start + _CHUNK)
        steps = np.fmin(np.fmax(flat[part], 0.0), 1.0)  # fmax: the other one of the two where one is NaN
        steps *= 65535.0
        steps += 0.5
        encoded_flat[part] = _look_up(steps.astype(np.uint16), _srgb_table())
    return encoded


def _look_up(index: np.ndarray, table: np.ndarray) -> np.ndarray:
    """table[index]; OpenCV is many times faster than NumPy; it takes 16-bit indices from version 5 on."""
    import cv2

    if index.size == 0:
        return table[index]
    try:
        return cv2.LUT(np.ascontiguousarray(index).reshape(-1, 1), table[None]).reshape(index.shape)
    except cv2.error:
        return np.take(table, index, mode="clip")


def as_pixels(images: np.ndarray) -> np.ndarray:
    """What a network makes, float in [-1, 1], to uint8 of the same shape: to the nearest level, clipped."""
    return np.rint((np.asarray(images) + 1.0) * 127.5).clip(0, 255).astype(np.uint8)


def luminance(linear: np.ndarray) -> np.ndarray:
    """Relative luminance (Rec. 709) of linear light: HxWx3 float to HxW float32."""
    return np.asarray(linear, np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def at_most(image: np.ndarray, side: int) -> np.ndarray:
    """HxW or HxWxC, uint8 or float32, shrunk so that its longer side is `side` px; as it is where that is no longer."""
    height, width = image.shape[:2]
    shrink = side / max(height, width)
    return image if shrink >= 1 else resize(image, max(1, round(width * shrink)), max(1, round(height * shrink)))


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """HxW or HxWxC, uint8 or float32, to the given size: averaged when shrinking, cubic when growing."""
    import cv2

    if min(width, height) < 1:
        raise UserError("A picture is at least 1 x 1 pixel.", received=f"{width} x {height}", exit_code=EXIT_USAGE)
    for size in ((min(width, image.shape[1]), min(height, image.shape[0])), (width, height)):
        if size != image.shape[1::-1]:
            shrinks = size[0] < image.shape[1] or size[1] < image.shape[0]
            channels = image.shape[2:]
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
            image = image.reshape(image.shape[:2] + channels)  # OpenCV drops a single channel
    return image

"""A swatch becomes an endless cloth: repeat type, scale, rotation, offset, sampled at any position.

Repeats are those of textile printing: straight (a plain grid), half-drop (every second column half a height
lower), brick (every second row half a width further) and mirror (every second tile reflected).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.images import linear_to_srgb, luminance, srgb_to_linear
from muslin.textiles.enlarge import enlarge

REPEATS = ("straight", "half-drop", "brick", "mirror")

_MARGIN = 4  # pixels of wrapped border around a level: what the cubic kernel and rounding can reach
_LARGEST_LEVEL = 16_000  # OpenCV's remap counts positions in 16 bits
_LARGEST_ENLARGED = 2048  # at larger scales the steps of 1/32 px are the only thing to be seen
_LARGEST_TARGET = 32_000
_MAGNIFY = 4.0  # remap places samples to 1/32 px, too coarse for more magnification than this
_BAND = 1 << 18  # positions at a time, so that intermediate arrays stay in the processor's cache
_FOLD_LEVELS = 3  # coarser levels for where the cloth is compressed in folds, up to eightfold


@dataclass(frozen=True, eq=False)
class Cloth:
    """An endless cloth printed with a swatch.

    swatch: sRGB uint8 hxwx3. repeat: one of REPEATS; an odd size is shifted by the half rounded down.
    Raises UserError for another repeat or a swatch of another shape or type.
    """

    swatch: np.ndarray
    repeat: str = "straight"
    _levels: dict[tuple[int, int], np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        swatch = self.swatch
        if swatch.dtype != np.uint8 or swatch.ndim != 3 or swatch.shape[2] != 3 or swatch.size == 0:
            raise UserError(
                "A swatch is an sRGB uint8 array of height x width x 3.",
                received=f"{swatch.dtype} {swatch.shape}",
            )
        if self.repeat not in REPEATS:
            raise UserError("There is no such repeat.", received=self.repeat, possible=REPEATS, exit_code=EXIT_USAGE)

    @property
    def period(self) -> tuple[int, int]:
        """(width, height) in swatch pixels of the smallest cell that tiles straight."""
        height, width = self.swatch.shape[:2]
        across = 2 if self.repeat in ("half-drop", "mirror") else 1
        down = 2 if self.repeat in ("brick", "mirror") else 1
        return width * across, height * down

    def cell(self) -> np.ndarray:
        """The swatches of one period, uint8 HxWx3; it tiles straight whatever the repeat is."""
        swatch = self.swatch
        height, width = swatch.shape[:2]
        if self.repeat == "half-drop":
            return np.concatenate([swatch, np.roll(swatch, height // 2, axis=0)], axis=1)
        if self.repeat == "brick":
            return np.concatenate([swatch, np.roll(swatch, width // 2, axis=1)], axis=0)
        if self.repeat == "mirror":
            row = np.concatenate([swatch, swatch[:, ::-1]], axis=1)
            return np.concatenate([row, row[::-1]], axis=0)
        return swatch

    def prepare(
        self, scale: float = 1.0, rotation: float = 0.0, offset: tuple[float, float] = (0.0, 0.0)
    ) -> PreparedCloth:
        """Everything that does not depend on the position, done once; then sample at will, also in bands.

        scale: photo pixels per swatch pixel. rotation: degrees, clockwise as seen, about the cloth's origin.
        offset: how far the print moves along its own axes, in fractions of the swatch's (width, height).
        Raises UserError unless scale is above 0 and all of them are finite.
        """
        if not (math.isfinite(scale) and scale > 0 and all(map(math.isfinite, (rotation, *offset)))):
            raise UserError(
                "The cloth's scale is above 0, and scale, rotation and offset are finite.",
                received=f"scale {scale}, rotation {rotation}, offset {tuple(offset)}",
                exit_code=EXIT_USAGE,
            )
        width, height = self.period
        base = min(scale, 1.0) if scale <= _MAGNIFY else scale / _MAGNIFY
        largest = _LARGEST_LEVEL if base <= 1.0 else max(_LARGEST_ENLARGED, width, height)
        base = min(base, largest / max(width, height))
        levels = []
        for coarser in range(_FOLD_LEVELS + 1):
            size = tuple(max(1, round(side * base / 2**coarser)) for side in (width, height))
            levels.append(self._level(size[0], size[1]))
        angle = math.radians(rotation % 360.0)
        cosine, sine = math.cos(angle) / scale, math.sin(angle) / scale
        shift = (offset[0] * self.swatch.shape[1], offset[1] * self.swatch.shape[0])
        matrix = np.array([[cosine, sine, 0.5 - shift[0]], [-sine, cosine, 0.5 - shift[1]]])
        return PreparedCloth(tuple(levels), matrix / [[width], [height]])

    def sample(
        self,
        u: np.ndarray,
        v: np.ndarray,
        scale: float = 1.0,
        rotation: float = 0.0,
        offset: tuple[float, float] = (0.0, 0.0),
    ) -> np.ndarray:
        """The cloth's colour, sRGB uint8 HxWx3, at the positions u, v (float HxW, photo pixels, any values).

        The centre of swatch pixel (column i, row j) lies at (i, j) * scale, turned about the origin.
        The parameters are those of prepare.
        """
        return self.prepare(scale, rotation, offset).sample(u, v)

    def _level(self, width: int, height: int) -> np.ndarray:
        """The cell at another size (averaged in linear light when smaller), with a wrapped margin; kept."""
        import cv2

        level = self._levels.get((width, height))
        if level is None:
            cell = self.cell()
            rows, columns = cell.shape[:2]
            if (width, height) != (columns, rows):
                if width < columns or height < rows:
                    light = cv2.resize(srgb_to_linear(cell), (width, height), interpolation=cv2.INTER_AREA)
                    cell = linear_to_srgb(light)
                else:
                    cell = enlarge(cell, width, height)
            level = np.pad(cell, [(_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)], mode="wrap")
            self._levels[width, height] = level
        return level


@dataclass(frozen=True, eq=False)
class PreparedCloth:
    """A cloth with its scale, rotation and offset applied, made by Cloth.prepare; threads may share it."""

    levels: tuple[np.ndarray, ...]
    matrix: np.ndarray  # 2x3: position (u, v, 1) in photo pixels -> position in periods

    @property
    def reflectance(self) -> float:
        """Mean luminance in linear light, 0..1."""
        coarsest = self.levels[-1][_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]  # averaged in linear light
        return float(luminance(srgb_to_linear(coarsest)).mean())

    def sample(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Colour at the positions u, v (float HxW, photo pixels): sRGB uint8 HxWx3.

        Neighbours in u and v are taken for neighbours in the picture: where they lie further apart than a
        pixel the cloth is compressed, and a coarser level is blended in, so that a fold does not sparkle.
        """
        u, v = np.asarray(u, np.float32), np.asarray(v, np.float32)
        if u.ndim != 2 or u.shape != v.shape:
            raise UserError("u and v are two arrays of one height x width.", received=f"{u.shape}, {v.shape}")
        colors = np.empty((*u.shape, 3), np.uint8)
        coarser = _compression(u, v)
        rows = max(1, _BAND // max(1, u.shape[1]))
        for top in range(0, u.shape[0], rows):
            for left in range(0, u.shape[1], _LARGEST_TARGET):
                part = (slice(top, top + rows), slice(left, left + _LARGEST_TARGET))
                colors[part] = self._sample_part(u[part], v[part], None if coarser is None else coarser[part])
        return colors

    def _sample_part(self, u: np.ndarray, v: np.ndarray, coarser: np.ndarray | None) -> np.ndarray:
        import cv2

        x, y = (_fraction(u, v, *row.tolist()) for row in self.matrix)
        colors = _look_up(self.levels[0], x, y)
        if coarser is None:
            return colors
        for number in range(1, min(math.ceil(float(coarser.max())), len(self.levels) - 1) + 1):
            share = np.clip(coarser - np.float32(number - 1), 0.0, 1.0)
            colors = cv2.blendLinear(colors, _look_up(self.levels[number], x, y), 1.0 - share, share)
        return colors


def _fraction(u: np.ndarray, v: np.ndarray, of_u: float, of_v: float, shift: float) -> np.ndarray:
    """Where in its period each position lies, 0..1, since remap counts too few pixels for endless cloth."""
    position = u * np.float32(of_u)
    position += v * np.float32(of_v)
    position += np.float32(shift % 1.0)
    position -= np.floor(position)
    return position


def _look_up(level: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours of one level, whose pixel centres lie at (i + 0.5) / size, at fractions of a period."""
    import cv2

    height, width = level.shape[:2]
    across = x * np.float32(width - 2 * _MARGIN) + np.float32(_MARGIN - 0.5)
    down = y * np.float32(height - 2 * _MARGIN) + np.float32(_MARGIN - 0.5)
    return cv2.remap(level, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _compression(u: np.ndarray, v: np.ndarray) -> np.ndarray | None:
    """How many halvings coarser than its pixels the cloth lies, float32 HxW; None where it nowhere does.

    Measured on every fourth pixel. Jumps of the cloth (at a seam between two parts) are one sample
    wide and are eroded away.
    """
    import cv2

    step = 4
    if min(u.shape) < 4 * step:
        return None
    coarse = np.stack([u[::step, ::step], v[::step, ::step]], axis=-1)
    rows, columns = coarse.shape[:2]
    across = np.linalg.norm(np.diff(coarse, axis=1), axis=-1)[: rows - 1] / step
    down = np.linalg.norm(np.diff(coarse, axis=0), axis=-1)[:, : columns - 1] / step
    spread = cv2.erode(np.nan_to_num(np.maximum(across, down)), np.ones((3, 3), np.uint8))
    if float(spread.max()) < 1.4:
        return None
    spread = cv2.GaussianBlur(np.clip(spread, 1.0, 2.0**_FOLD_LEVELS), (0, 0), 1.0)
    halvings = np.clip(np.log2(spread) - 0.25, 0.0, float(_FOLD_LEVELS)).astype(np.float32)
    return cv2.resize(halvings, u.shape[::-1], interpolation=cv2.INTER_LINEAR)


def tile(cloth: Cloth, width: int, height: int) -> np.ndarray:
    """The flat cloth at the swatch's own size, uint8 height x width x 3, starting with a whole swatch."""
    cell = cloth.cell()
    rows, columns = np.arange(height) % cell.shape[0], np.arange(width) % cell.shape[1]
    return cell[rows[:, None], columns[None, :]]

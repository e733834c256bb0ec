"""What a designer may turn: the controls of a restyle, their ranges, and variants around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.garments.references import SHOWS
from muslin.textiles.placement import ONCE
from muslin.textiles.repeat import REPEATS

LAID = (*REPEATS, ONCE)
FARTHEST = 2.0  # of a garment's longer side, from the middle of its chest: well beside it
NEAR = 0.15  # of a garment's longer side
MIXES = ("overprint", "panels")
SEAMS = ("cut", "matched")
NUMBERS = (int, float, np.integer, np.floating)


@dataclass(frozen=True)
class Controls:
    """What a designer may turn. Raises UserError for a value outside its range, naming the range."""

    scale: float = 1.0  # 1 = one swatch spans 30 % of the garment's longer side; 0.02 .. 20
    rotation: float = 0.0  # degrees, clockwise
    # Of a print that repeats in fractions of a swatch, along its own axes; of one that lies "once" in fractions of the
    # garment's longer side, to the right and down in the photo, from the middle of the chest.
    offset: tuple[float, float] = (0.0, 0.0)
    repeat: str = "straight"  # one of textiles.repeat.REPEATS, or "once": a placement print on the garment's own cloth
    strength: float = 1.0  # 0 = the photo, 1 = all new cloth
    shading: float = 1.0  # 0 = flat cloth, 1 = the photo's own folds and light, as they look in the new cloth
    palette: str | Sequence[Any] | None = None  # colours for the cloth, "navy,#e8c1a0" or (r, g, b) each
    seamless: str | bool = "auto"  # mend a swatch that does not tile: True, False or "auto" (when its seam shows)
    mix: str = "overprint"  # several swatches: printed over each other, or one for each sewn panel
    seams: str = (
        "cut"  # collars, pockets, openings are cut from elsewhere in the cloth, or "matched": the print runs on
    )
    shows: str = "auto"  # what a style's picture shows: "cloth", a "garment" whose cloth is taken, or found out

    def __post_init__(self) -> None:
        for name, low, high in (("scale", 0.02, 20.0), ("strength", 0.0, 1.0), ("shading", 0.0, 2.0)):
            object.__setattr__(self, name, within(name, getattr(self, name), low, high))
        if not (isinstance(self.rotation, NUMBERS) and math.isfinite(self.rotation)):
            raise outside("rotation", self.rotation, "a number of degrees")
        object.__setattr__(self, "rotation", float(self.rotation))
        object.__setattr__(self, "offset", _pair(self.offset))
        if self.repeat not in LAID:
            raise outside("repeat", self.repeat, LAID)
        if self.repeat == ONCE and max(map(abs, self.offset)) > FARTHEST:
            raise outside("offset", self.offset, f"-{FARTHEST:g} to {FARTHEST:g} of the garment (repeat '{ONCE}')")
        if self.mix not in MIXES:
            raise outside("mix", self.mix, MIXES)
        if self.seams not in SEAMS:
            raise outside("seams", self.seams, SEAMS)
        if self.shows not in SHOWS:
            raise outside("shows", self.shows, SHOWS)
        if self.seamless not in ("auto", True, False):
            raise outside("seamless", self.seamless, ("auto", True, False))
        if self.palette is not None and not isinstance(self.palette, str):
            _check_colours(self.palette)


def _pair(offset: Any) -> tuple[float, float]:
    """Two finite numbers. Raises UserError for anything else."""
    try:
        across, down = (float(part) for part in offset)
    except (TypeError, ValueError):
        across = down = math.nan
    if not (math.isfinite(across) and math.isfinite(down)):
        raise outside("offset", offset, "two numbers: fractions across and down")
    return across, down


def _check_colours(palette: Any) -> None:
    """Raises UserError for a sequence that is empty, or that holds what is no colour. Words are read later."""
    colours = list(palette) if isinstance(palette, (Sequence, np.ndarray)) else []
    if not colours or not all(one is None or isinstance(one, str) or _is_colour(one) for one in colours):
        received = palette if colours else "none"
        raise outside("palette", received, "one or more colours: (red, green, blue) from 0 to 255, words, None to keep")


def _is_colour(value: Any) -> bool:
    parts = list(value) if isinstance(value, (tuple, list, np.ndarray)) else []
    return len(parts) == 3 and all(isinstance(part, (int, np.integer)) and 0 <= part <= 255 for part in parts)


def from_names(given: dict[str, Any]) -> Controls:
    """Controls from keyword arguments. Raises UserError for a name that is none."""
    names = list(Controls.__dataclass_fields__)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise UserError("There is no such control.", received=", ".join(unknown), possible=names, exit_code=EXIT_USAGE)
    return Controls(**given)


def vary_print(settings: Controls, rng: np.random.Generator) -> Controls:
    """Another print scale, angle, place and perhaps repeat, around the given.

    A placement print stays one, and near its place: up to NEAR of the garment away.
    """
    turn = float(rng.choice([0, 0, 45, 90, -45, 30, -30, 15]))
    scale = float(np.clip(settings.scale * 2 ** rng.uniform(-1.0, 0.8), 0.02, 20))
    if settings.repeat == ONCE:
        across, down = (float(np.clip(at + rng.uniform(-NEAR, NEAR), -FARTHEST, FARTHEST)) for at in settings.offset)
        return replace(settings, scale=scale, rotation=settings.rotation + turn / 3, offset=(across, down))
    return replace(
        settings,
        scale=scale,
        rotation=settings.rotation + turn,
        offset=(float(rng.random()), float(rng.random())),
        repeat=str(rng.choice(REPEATS)) if rng.random() < 0.5 else settings.repeat,
    )


def within(name: str, value: Any, low: float, high: float) -> float:
    """A number from `low` to `high`, Python's or NumPy's. Raises UserError for any other value."""
    if not (isinstance(value, NUMBERS) and low <= value <= high):
        raise outside(name, value, f"{low:g} to {high:g}")
    return float(value)


def outside(name: str, value: object, possible: object) -> UserError:
    """The error of a value that is not among the possible ones."""
    return UserError(f"{name} is outside its range.", received=value, possible=possible, exit_code=EXIT_USAGE)

"""The cloth of a garment, cut from its photo: the largest straight piece of a panel, its grain upright, evenly lit.

Plain cloth is quilted from all of the panel where nothing is sewn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from muslin.errors import EXIT_DATA, UserError
from muslin.garments.bands import bands, cloth_positions
from muslin.garments.fields import Fields
from muslin.garments.framing import garment_box, rotation
from muslin.garments.plain import plain_cloth
from muslin.garments.sight import SEWN, Seen
from muslin.images import linear_to_srgb, srgb_to_linear

LARGEST = 1600  # px of the photo's longer side; a larger one is made smaller first
GRID = 72  # cells of the longer side among which the piece is looked for
EDGE = 0.025  # of the garment's longer side that is left free along its outline: hems, seams, the shadow beside them
BROAD = 0.01  # of the garment's longer side: light that changes more slowly is taken out, weave and knit are not
UPRIGHT = 2.0  # degrees: a grain nearer to the vertical than this is left, since turning costs sharpness
LEAST_GROUND = 0.35  # of the largest piece, that one without words and pictures must come to
MOSTLY = 0.7  # of a plain panel, that is free of words and pictures, or these are what is meant
SLIMMEST = 2.5  # times as long as wide: what is slimmer counts as cut short
SMALLEST = 24  # px
NEVER = -30.0  # logit of something sewn, where nobody knows

Tell = Callable[[np.ndarray], Seen]  # what a picture shows: sight.Sight


def cut_cloth(
    pixels: np.ndarray, alpha: np.ndarray, fields: Fields, tell: Tell | None = None
) -> tuple[np.ndarray, float]:
    """(swatch uint8 hxwx3 sRGB, its longer side as a share of the garment's longer side).

    pixels: uint8 HxWx3 sRGB. alpha: float32 HxW in [0, 1]. fields: of this photo and mask. tell: what a picture shows;
    None = plain cloth and what is sewn are not known.
    Plain cloth is quilted (plain.py). Of any other it is the largest straight piece; light and folds are divided out as
    far as they are broad, so that a knit stays a knit. Raises UserError where no piece of SMALLEST px is in one panel.
    """
    left, top, right, bottom = box = garment_box(alpha)
    side = max(right - left, bottom - top)
    light, panel, u, v = _seen(pixels, fields, box)
    inside = alpha[top:bottom, left:right] > 0.99
    if not inside.any():
        raise _too_small(0, 0)
    shares = np.bincount(panel[inside], minlength=4)
    piece = inside & (panel == int(shares[:3].argmax()))  # trim is no cloth to cut from
    even = _evened(srgb_to_linear(pixels[top:bottom, left:right]), light, inside, BROAD * side)
    turn, edge = _grain(u, v, piece), max(2, round(EDGE * side))
    ground, seen = piece & ~_dyed(fields, box), pixels[top:bottom, left:right]
    shows = None if tell is None else tell(seen)
    sewn = _sewn(shows, inside.shape)
    if abs(turn) >= UPRIGHT:
        even, seen, sewn = (_turned(field, turn) for field in (even, seen, sewn))
        piece, ground = (_turned(field.astype(np.float32), turn) > 0.99 for field in (piece, ground))
    if shows is not None and shows.plain > 0 and ground.sum() >= MOSTLY * piece.sum():
        tile = plain_cloth(np.ascontiguousarray(seen), sewn, _eroded(ground, edge), BROAD * side)
        if tile is not None:
            return tile, max(tile.shape[:2]) / side
    ground &= sewn < SEWN
    y, x = _largest_piece(piece, edge)
    beside = _largest_piece(ground, edge)
    large = min(part.stop - part.start for part in beside) >= SMALLEST
    if large and worth(*beside) >= LEAST_GROUND * worth(y, x):  # a slogan is not the cloth; a dotted one's dots are
        y, x = beside
    height, width = y.stop - y.start, x.stop - x.start
    if min(height, width) < SMALLEST:
        raise _too_small(width, height)
    return linear_to_srgb(np.ascontiguousarray(even[y, x])), max(height, width) / side


def _sewn(shows: Seen | None, size: tuple[int, int]) -> np.ndarray:
    """Logits of something sewn, float32 of `size`; nowhere if nobody knows."""
    if shows is None:
        return np.full(size, NEVER, np.float32)
    return cv2.resize(shows.sewn.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)


def _too_small(width: int, height: int) -> UserError:
    return UserError(
        "No piece of cloth can be cut from this garment.",
        received=f"the largest straight piece is {width}x{height} px",
        possible=f"{SMALLEST} px or more",
        advice="Give a larger photo, or a picture of the cloth alone.",
        exit_code=EXIT_DATA,
    )


def _seen(
    pixels: np.ndarray, fields: Fields, box: tuple[int, int, int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(log gain, panel, u, v) over the box of the garment, each hxw."""
    # What looks like a fold in a printed garment may be its print: cut cloth is not unbent. Nor does what has been sewn
    # from pieces break its print where the network errs, and drawn seams are no light to be divided out.
    fields = replace(fields.folded(0), pieces=None, seams=None)
    seen = list(bands(pixels, fields, box))
    places = [cloth_positions(fields, part.rows, part.columns, part.warp) for part in seen]
    light = np.concatenate([part.shading for part in seen])
    panel = np.concatenate([part.part for part in seen])  # not sewn from pieces: its parts are its panels
    u, v = (np.concatenate(rows) for rows in zip(*places, strict=True))
    return light, panel, u, v


def _dyed(fields: Fields, box: tuple[int, int, int, int]) -> np.ndarray:
    """Where something of another dye is on the garment's ground, bool hxw over the box; nowhere if nobody knows."""
    left, top, right, bottom = box
    if fields.dyed is None:
        return np.zeros((bottom - top, right - left), bool)
    matrix = fields.frame.astype(np.float64)
    matrix[:, 2] += matrix[:, :2] @ [left, top]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(fields.dyed, matrix, (right - left, bottom - top), flags=flags) > 0


def _evened(linear: np.ndarray, light: np.ndarray, inside: np.ndarray, radius: float) -> np.ndarray:
    """Linear light hxwx3 without the broad part of its log gain, hxw. Its middle brightness stays."""
    weight = inside.astype(np.float32) + np.float32(1e-4)
    broad = cv2.GaussianBlur(light * weight, (0, 0), radius) / cv2.GaussianBlur(weight, (0, 0), radius)
    return linear * np.exp(np.median(broad[inside]) - broad)[..., None]


def _grain(u: np.ndarray, v: np.ndarray, piece: np.ndarray) -> float:
    """Degrees (clockwise in the picture) by which the cloth of a piece is turned: the rotation nearest to its map."""
    y, x = np.nonzero(piece)
    if len(y) < 16:
        return 0.0
    some = np.linspace(0, len(y) - 1, min(len(y), 4000)).astype(np.intp)
    y, x = y[some], x[some]
    known = np.column_stack([x, y, np.ones(len(x))]).astype(np.float64)
    linear = np.linalg.lstsq(known, np.column_stack([u[y, x], v[y, x]]), rcond=None)[0][:2].T  # (x, y) -> (u, v)
    return float(np.degrees(np.arctan2(linear[0, 1] - linear[1, 0], linear[0, 0] + linear[1, 1])))


def _turned(field: np.ndarray, degrees: float) -> np.ndarray:
    """A picture turned back by `degrees` about its middle, on a canvas that holds all of it."""
    height, width = field.shape[:2]
    matrix = rotation(-degrees)
    across, down = np.abs(matrix) @ [width, height]
    size = (int(np.ceil(across)), int(np.ceil(down)))
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2]) - matrix @ middle
    return cv2.warpAffine(field, np.column_stack([matrix, shift]), size, flags=cv2.INTER_LINEAR)


def _largest_piece(inside: np.ndarray, edge: int) -> tuple[slice, slice]:
    """(rows, columns) of the largest upright rectangle inside, `edge` px from its outline; slim ones count less."""
    core = _eroded(inside, edge)
    cell = max(1, max(core.shape) // GRID)
    rows, columns = core.shape[0] // cell, core.shape[1] // cell
    free = core[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).min((1, 3)) > 0
    y, x = (slice(cell * side.start, cell * side.stop) for side in largest_rectangle(free))
    return y, x


def _eroded(inside: np.ndarray, edge: int) -> np.ndarray:
    """Without what is within `edge` px of the outline; bool."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * edge + 1, 2 * edge + 1))
    return cv2.erode(inside.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0


def largest_rectangle(free: np.ndarray) -> tuple[slice, slice]:
    """(rows, columns) of the largest upright rectangle of True, by its worth; empty slices where nothing is True."""
    best, found = 0.0, (slice(0, 0), slice(0, 0))
    for first in range(free.shape[0]):
        open_ = np.ones(free.shape[1], bool)
        for last in range(first, free.shape[0]):
            open_ &= free[last]
            if not open_.any():
                break
            start, width = _longest_run(open_)
            tall, wide = slice(first, last + 1), slice(start, start + width)
            if worth(tall, wide) > best:
                best, found = worth(tall, wide), (tall, wide)
    return found


def worth(rows: slice, columns: slice) -> float:
    """Area of a rectangle; what is slimmer than SLIMMEST counts as cut short."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    return min(width, SLIMMEST * height) * min(height, SLIMMEST * width)


def _longest_run(open_: np.ndarray) -> tuple[int, int]:
    """(start, length) of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], open_, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return int(edges[::2][longest]), int(lengths[longest])

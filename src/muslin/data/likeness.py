"""What pictures look like, small: enough to find those that show the same thing.

Near duplicates are found in two steps. Small looks of all pictures, 12 x 12 thumbnails (brightness, and colour at
half that size) and the detail of 32 x 32 ones, say which pairs are worth a closer look. That lays one of the two
over the other at 128 px, since a copy may be cropped a little, and asks whether detail, contrast and colours agree:
saving, shrinking and a change of exposure leave them, and two textures of one kind, or one print in other dyes,
do not share them. Where nothing is left to lay over each other (plain cloth, fine weaves) colours and the strength
of the detail must agree instead, and a piece of one weave must be found in the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from muslin.data.folder import Record

WORTH_RMS = 14.0  # grey levels between two 12 x 12 thumbnails, mean brightness aside: worth a closer look
WORTH_CORRELATION = 0.5  # of the detail of two 32 x 32 thumbnails: a crop of 3 % keeps 0.67 of nine garments in ten
FLAT = 2.0  # grey levels of detail at 32 px below which a picture says too little to be told by it

CLOSE = 128  # pixels, the side of the closer look
NEAR_CORRELATION = 0.9  # of the detail, laid over each other: cropped copies keep it, other garments do not
NEAR_CONTRAST = 1.4  # times as much contrast in one as in the other; dyed anew it is often more
NEAR_BRIGHTNESS = 25.0  # grey levels between the means: an exposure changed by a tenth makes 22 at most
NEAR_COLOUR = 8.0  # levels of Cr and Cb between patches of an eighth
EQUAL_COLOUR = 3.0  # levels between the mean colours of two textures of which nothing else can be told
EQUAL_STRENGTH = 2.0  # times as strong the detail of one may be, at any of three finenesses
SAME_WEAVE = 0.25  # correlation of a piece of one with its best place in the other: chance makes 0.1, JPEG leaves 0.3
ZOOMS = np.linspace(0.94, 1.06, 13)  # in steps of a hundredth: of a copy that was cropped by 3 % on each side
NOTHING = 0.3  # grey levels of detail at any fineness below which cloth is plain
MOST_MOVED = 0.1  # of the side: more than this is no small crop


@dataclass(frozen=True)
class Look:
    """What one picture looks like, small."""

    path: Path | None = None
    problem: str | None = None
    coarse: np.ndarray = field(default_factory=lambda: np.zeros(216, np.float32))  # 144 brightness, 72 colour
    detail: np.ndarray = field(default_factory=lambda: np.zeros(1024, np.float32))  # unit norm, or 0 where none is
    flat: bool = True  # less detail than FLAT
    brightness: float = 0.0  # mean grey level
    alpha: bool = False
    grey: bool = False
    mask_problem: str | None = None


def look_at(record: Record) -> Look:
    """Decode one picture, small where its format allows, and its mask."""
    try:
        pixels, alpha = _decode(record.path, 64)
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        words = str(error) if isinstance(error, OSError) else type(error).__name__
        return Look(path=record.path, problem=f"cannot be decoded ({words})")
    small = cv2.resize(pixels, (96, 96), interpolation=cv2.INTER_AREA)
    coarse, detail, strength = features(small)
    red, green, blue = cv2.split(small)
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return Look(
        path=record.path,
        coarse=coarse,
        detail=detail,
        flat=strength <= FLAT,
        brightness=float(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).mean()),
        alpha=alpha,
        grey=int(np.sort(spread, axis=None)[-93]) <= 4,
        mask_problem=_mask_problem(record),
    )


def _decode(path: Path, side: int) -> tuple[np.ndarray, bool]:
    """uint8 HxWx3, upright and on white, and whether it has transparent parts. JPEGs may come smaller, but not
    smaller than `side`.

    Raises whatever Pillow does.
    """
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        image.draft("RGB", (side, side))  # JPEG: decode at an eighth of the size, still reading every byte
        image.load()
        alpha = "A" in image.getbands() or "transparency" in image.info
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):
            upright = upright.point(lambda value: value / 256).convert("L")
        if alpha:
            upright = upright.convert("RGBA")
            alpha = bool(np.asarray(upright.getchannel("A")).min() < 250)
            upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
        return np.asarray(upright.convert("RGB")), alpha


def features(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Features of a uint8 HxWx3 picture to compare it by: (216,) brightness and colour in grey levels,
    (1024,) detail of unit norm, and its strength in grey levels.

    The mean brightness is taken out of the first, so that a change of exposure does not count.
    """
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    brightness = cv2.resize(luma[..., 0], (12, 12), interpolation=cv2.INTER_AREA)
    colour = cv2.resize(luma[..., 1:], (6, 6), interpolation=cv2.INTER_AREA)
    coarse = np.concatenate([(brightness - brightness.mean()).ravel(), colour.ravel()])
    grey = cv2.resize(luma[..., 0], (32, 32), interpolation=cv2.INTER_AREA)
    detail = (grey - cv2.GaussianBlur(grey, (0, 0), 2.5)).ravel()
    strength = float(np.sqrt(np.mean(detail**2)))
    return coarse, detail / max(strength * 32, 1e-3), strength


def near_pairs(looks: list[Look], block: int = 1024) -> Iterator[tuple[int, int]]:
    """Index pairs (i < j) of pictures that show the same thing; those worth it are opened once more.

    Distances as matrix products, block by block.
    """
    if not looks:
        return
    close = lru_cache(1024)(_close)  # 50 MB at most
    coarse = np.stack([look.coarse for look in looks])
    norms = np.einsum("ij,ij->i", coarse, coarse)
    limit = WORTH_RMS**2 * coarse.shape[1]
    for top in range(0, len(looks), block):
        rows = slice(top, top + block)
        for left in range(top, len(looks), block):
            columns = slice(left, left + block)
            squared = norms[rows, None] + norms[None, columns] - 2 * coarse[rows] @ coarse[columns].T
            for i, j in np.argwhere(squared < limit) + np.array([top, left]):
                if i < j and _worth(looks[i], looks[j]) and same(close(looks[i].path), close(looks[j].path)):
                    yield int(i), int(j)


def _worth(first: Look, second: Look) -> bool:
    """Whether two pictures whose thumbnails are close are worth a closer look."""
    if abs(first.brightness - second.brightness) > NEAR_BRIGHTNESS + 2:  # two levels for what sizes make of it
        return False
    return (first.flat and second.flat) or float(first.detail @ second.detail) > WORTH_CORRELATION


@dataclass(frozen=True)
class Close:
    """One picture, looked at closely, and what is asked of it for every pair."""

    pixels: np.ndarray  # uint8 NxNx3 in YCrCb
    mean: np.ndarray  # (3,) of Y, Cr and Cb
    strengths: np.ndarray  # (3,) grey levels of detail between blurs, the broadest last

    @classmethod
    def of(cls, pixels: np.ndarray) -> Close:
        """pixels: uint8 NxNx3 in YCrCb."""
        return cls(pixels, pixels.mean((0, 1)), _strengths(pixels[..., 0].astype(np.float32)))

    def at(self, side: int) -> Close:
        """The same, no larger than `side` px."""
        if len(self.pixels) <= side:
            return self
        return Close.of(cv2.resize(self.pixels, (side, side), interpolation=cv2.INTER_AREA))


def _close(path: Path) -> Close:
    """Of a file, CLOSE px or less: no side is enlarged."""
    pixels, _ = _decode(path, CLOSE)
    side = min(CLOSE, *pixels.shape[:2])
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return Close.of(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb))


def same(first: Close, second: Close) -> bool:
    """Whether two pictures are copies of one."""
    side = min(len(first.pixels), len(second.pixels))
    first, second = first.at(side), second.at(side)
    apart = np.abs(first.mean - second.mean)
    if apart[0] > NEAR_BRIGHTNESS or apart[1:].max() > NEAR_COLOUR:
        return False
    if _equal_textures(first, second):
        return True
    one, other = (look.pixels.astype(np.float32) for look in (first, second))
    return _agree(one, other) or _agree(*_laid_over(one, other))


def _equal_textures(first: Close, second: Close) -> bool:
    """Two pictures without anything larger than a weave, of one colour and as strong a weave."""
    strengths = np.array([first.strengths, second.strengths]) + 0.5  # JPEG's own noise
    broad = strengths[:, -1].max() < 0.5 + FLAT
    ratio = strengths.max(0) / strengths.min(0)
    if not broad or np.abs(first.mean - second.mean).max() > EQUAL_COLOUR or ratio.max() > EQUAL_STRENGTH:
        return False
    return strengths.max() < 0.5 + NOTHING or _weave_found(first.pixels[..., 0], second.pixels[..., 0])


def _weave_found(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether the middle of one texture is found somewhere in the other, enlarged or shrunk a little. uint8 NxN both.

    A weave moves by more than a thread where a copy is cropped, so it is looked for at all places.
    """
    side = len(first)
    middle = _weave(first)[side // 4 : -side // 4, side // 4 : -side // 4]
    for size in {round(side * zoom) for zoom in ZOOMS}:
        other = _weave(cv2.resize(second, (size, size), interpolation=cv2.INTER_LINEAR))
        if float(cv2.matchTemplate(other, middle, cv2.TM_CCOEFF_NORMED).max()) > SAME_WEAVE:
            return True
    return False


def _weave(grey: np.ndarray) -> np.ndarray:
    field = grey.astype(np.float32)
    return field - cv2.GaussianBlur(field, (0, 0), 8)


def _strengths(grey: np.ndarray) -> np.ndarray:
    """Grey levels of detail between blurs of 1, 2, 4 and 8 px: three numbers, the broadest last."""
    blurred = [cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (1, 2, 4, 8)]
    return np.array([(fine - broad).std() for fine, broad in pairwise(blurred)])


def _agree(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two pictures that lie over each other, float32 NxMx3 in YCrCb, have detail and colours in common."""
    details = [picture[..., 0] - cv2.GaussianBlur(picture[..., 0], (0, 0), CLOSE / 13) for picture in (first, second)]
    strengths = [float(detail.std()) for detail in details]
    if min(strengths) < 1 or max(strengths) > NEAR_CONTRAST * min(strengths):
        return False
    patches = [cv2.resize(picture[..., 1:], (8, 8), interpolation=cv2.INTER_AREA) for picture in (first, second)]
    colour = float(np.sqrt(np.mean((patches[0] - patches[1]) ** 2)))
    return colour < NEAR_COLOUR and float(np.corrcoef(details[0].ravel(), details[1].ravel())[0, 1]) > NEAR_CORRELATION


def _laid_over(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part that two pictures share, the second moved and stretched a little to lie on the first (Evangelidis and
    Psarakis 2008, from coarse to fine); the pictures as they are where that finds nothing.
    """
    side = len(first)
    if side < 32:  # an icon: nothing to be found at a quarter of it
        return first, second
    move = np.eye(2, 3, dtype=np.float32)
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]], np.float32)
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    for size in (side // 4, side // 2, side):
        share = np.array([1, 1, size / side], np.float32)
        one, two = (
            cv2.resize(picture[..., 0], (size, size), interpolation=cv2.INTER_AREA) for picture in (first, second)
        )
        try:
            found, better = cv2.findTransformECC(one, two, move * share, cv2.MOTION_AFFINE, rule, None, 3)
        except cv2.error:  # it did not converge: nothing in common
            return first, second
        better = np.asarray(better, np.float32) / share
        if found < WORTH_CORRELATION or np.abs(corners @ better.T - corners[:, :2]).max() > MOST_MOVED * side:
            return first, second
        move = better
    moved = cv2.warpAffine(second, move, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    outer = corners @ move.T - corners[:, :2]  # what of the first lies beyond the second's edges is left out
    rim = int(np.ceil(np.abs(outer).max())) + 1
    return first[rim:-rim, rim:-rim], moved[rim:-rim, rim:-rim]


def _mask_problem(record: Record) -> str | None:
    """What is wrong with a picture's mask, in words."""
    if record.mask is None:
        return None
    from PIL import Image

    try:
        with Image.open(record.mask) as image:
            width, height = image.size
            covered = float(np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX)).mean()) / 255
    except Exception as error:
        return f"its mask cannot be read ({type(error).__name__})"
    if abs(width / height - record.width / record.height) > 0.03 * record.width / record.height:
        return f"its mask is {width} x {height}, the picture {record.width} x {record.height}"
    if covered < 0.01:
        return "its mask is empty"
    if covered > 0.99:
        return "its mask covers everything"
    return None

"""What pictures look like, small: enough to find those that show the same thing.

Near duplicates are found in two steps: pictures whose 12 x 12 thumbnails (brightness, and colour at half
that size) are close are compared by the detail of their 32 x 32 thumbnails, which survives saving, shrinking
and a change of exposure, and which two photos of similar garments do not share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from muslin.data.folder import Record

NEAR_RMS = 12.0  # grey levels between two 12 x 12 thumbnails, mean brightness aside: worth a closer look
NEAR_CORRELATION = 0.9  # of the detail of two 32 x 32 thumbnails
FLAT = 2.0  # grey levels of detail below which a picture is a plain colour


@dataclass(frozen=True)
class Look:
    """What one picture looks like, small."""

    problem: str | None = None
    coarse: np.ndarray = field(default_factory=lambda: np.zeros(216, np.float32))  # 144 brightness, 72 colour
    detail: np.ndarray = field(default_factory=lambda: np.zeros(1024, np.float32))  # unit norm, or 0 when flat
    alpha: bool = False
    grey: bool = False
    mask_problem: str | None = None


def look_at(record: Record) -> Look:
    """Decode one picture, small where its format allows, and its mask."""
    from PIL import Image, ImageOps

    try:
        with Image.open(record.path) as image:
            image.draft("RGB", (64, 64))  # JPEG: decode at an eighth of the size, still reading every byte
            image.load()
            alpha = "A" in image.getbands() or "transparency" in image.info
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I;16"):
                upright = upright.point(lambda value: value / 256).convert("L")
            if alpha:
                upright = upright.convert("RGBA")
                alpha = bool(np.asarray(upright.getchannel("A")).min() < 250)
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
            pixels = np.asarray(upright.convert("RGB"))
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        words = str(error) if isinstance(error, OSError) else type(error).__name__
        return Look(problem=f"cannot be decoded ({words})")
    small = cv2.resize(pixels, (96, 96), interpolation=cv2.INTER_AREA)
    coarse, detail = features(small)
    red, green, blue = cv2.split(small)
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return Look(
        coarse=coarse,
        detail=detail,
        alpha=alpha,
        grey=int(np.sort(spread, axis=None)[-93]) <= 4,
        mask_problem=_mask_problem(record),
    )


def features(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of a uint8 HxWx3 picture to compare it by: (216,) brightness and colour in grey levels,
    (1024,) detail of unit norm.

    The mean brightness is taken out of the first, so that a change of exposure does not count.
    """
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    brightness = cv2.resize(luma[..., 0], (12, 12), interpolation=cv2.INTER_AREA)
    colour = cv2.resize(luma[..., 1:], (6, 6), interpolation=cv2.INTER_AREA)
    coarse = np.concatenate([(brightness - brightness.mean()).ravel(), colour.ravel()])
    grey = cv2.resize(luma[..., 0], (32, 32), interpolation=cv2.INTER_AREA)
    detail = (grey - cv2.GaussianBlur(grey, (0, 0), 2.5)).ravel()
    strength = float(np.sqrt(np.mean(detail**2)))
    detail = detail / (strength * 32) if strength > FLAT else np.zeros_like(detail)
    return coarse, detail


def near_pairs(looks: list[Look], block: int = 1024) -> Iterator[tuple[int, int]]:
    """Index pairs (i < j) of pictures that show the same thing.

    Distances as matrix products, block by block.
    """
    if not looks:
        return
    coarse = np.stack([look.coarse for look in looks])
    norms = np.einsum("ij,ij->i", coarse, coarse)
    limit = NEAR_RMS**2 * coarse.shape[1]
    for top in range(0, len(looks), block):
        rows = slice(top, top + block)
        for left in range(top, len(looks), block):
            columns = slice(left, left + block)
            squared = norms[rows, None] + norms[None, columns] - 2 * coarse[rows] @ coarse[columns].T
            for i, j in np.argwhere(squared < limit) + np.array([top, left]):
                if i < j and _same(looks[i], looks[j], float(squared[i - top, j - left])):
                    yield int(i), int(j)


def _same(first: Look, second: Look, squared: float) -> bool:
    if not first.detail.any() and not second.detail.any():  # two plain colours: only nearly equal ones are the same
        return squared < first.coarse.size
    return float(first.detail @ second.detail) > NEAR_CORRELATION


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

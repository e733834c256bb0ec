"""What the picture of a style shows: cloth alone, or a garment, whole or from near, whose cloth is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from muslin.errors import UserError
from muslin.garments import masks
from muslin.garments.closeup import SEWN, how_sewn, piece_of_cloth
from muslin.garments.cloth import LARGEST, cut_cloth
from muslin.garments.fields import Fields
from muslin.images import Photo
from muslin.textiles.seamless import VISIBLE, seam_score

TellSewn = Callable[[np.ndarray], np.ndarray]  # where in a picture something is sewn: closeup.Construction
LookAt = Callable[[Photo], tuple[np.ndarray, Fields]]  # finds the garment of a photo: its alpha, its fields
SHOWS = ("auto", "cloth", "garment")
# Of 434 garments kept out these take 88 %, of 1,505 swatches three, of 920 drawn textiles none (docs/benchmarks.md).
SURE = 0.93  # the mask network's confidence from which there is a garment
LEAST, MOST = 0.08, 0.85  # of the picture that it fills
MOST_BORDER = 0.02  # of the picture's border that belongs to it: a garment lies on something
WHOLE = 0.9  # of it that is one piece
ROUNDEST = 0.8  # of the circle around it: a dot and a planet fill theirs, a square two thirds
MEETING = 1.35  # times the step between neighbours, up to which the ends of a repeat meet; those of photos lie apart
TEXTURED = 0.35  # 8-bit levels: a white backdrop's ends meet as well
APART = 10.0  # 8-bit levels: half of all swatches are told by this, before any network
QUICK = ((128, False),)  # most swatches are told by one small look
SMALLEST = 64  # px, shorter side of a picture that can show a garment
SEWN_SURE, SEWN_BORDER = 0.88, 0.12  # instead of SURE and MOST_BORDER, where something sewn is seen


class Cut(NamedTuple):
    """The cloth that a style stands for, where that is not its whole picture."""

    pixels: np.ndarray  # uint8 hxwx3 sRGB
    share: float  # its longer side as a share of the garment's longer side, or of the close-up's
    near: bool  # whether the picture is a close-up


def shows_garment(picture: Photo, network: masks.MaskNetwork | None) -> bool:
    """Whether a picture shows a garment in front of something, and not cloth alone.

    What the mask network is sure of: better to miss one than to cut a swatch to pieces. Transparency says nothing:
    motifs have it too.
    """
    if network is None or min(picture.pixels.shape[:2]) < SMALLEST:
        return False
    return (
        _apart(picture.pixels) >= APART
        and not _repeats(picture.pixels)  # or the diamond of an argyle is a garment
        and _found(picture.pixels, network, QUICK, SURE - 0.05, 3 * MOST_BORDER)
        and _found(picture.pixels, network, masks.READS, SURE, MOST_BORDER)
    )


def _found(
    pixels: np.ndarray, network: masks.MaskNetwork, reads: tuple[tuple[int, bool], ...], sure: float, border: float
) -> bool:
    probability = masks.segment(pixels, network, reads)
    inside = probability > 0.5
    if masks.confidence(probability) < sure or not LEAST <= inside.mean() <= MOST:
        return False
    edges = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8))
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    area = float(stats[largest, cv2.CC_STAT_AREA])
    outline = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0][0]
    radius = cv2.minEnclosingCircle(outline)[1]
    return bool(edges.mean() <= border and area >= WHOLE * inside.sum() and area <= ROUNDEST * np.pi * radius**2)


def _apart(pixels: np.ndarray) -> float:
    """Distance of the mean colours of a picture's border and of its middle, 8-bit levels."""
    small = cv2.resize(pixels, (24, 24), interpolation=cv2.INTER_AREA).astype(np.float32)
    inner = small[2:-2, 2:-2].sum((0, 1))
    border = (small.sum((0, 1)) - inner) / (24 * 24 - 20 * 20)
    return float(np.linalg.norm(border - small[8:16, 8:16].mean((0, 1))))


def _repeats(pixels: np.ndarray) -> bool:
    """Whether a picture is one textured repeat of a cloth: its opposite ends meet as neighbours do."""
    for field in (pixels, pixels.swapaxes(0, 1)):
        first, second, last_but_one, last = (field[:, k].astype(np.float32) for k in (0, 1, -2, -1))
        beside = (np.abs(first - second).mean() + np.abs(last - last_but_one).mean()) / 2
        if beside < TEXTURED or np.abs(first - last).mean() > MEETING * beside:
            return False
    return True


def cloth_shown(
    picture: Photo, look_at: LookAt, network: masks.MaskNetwork | None, construction: TellSewn | None
) -> Cut | None:
    """The cloth of a picture that surely shows a garment, whole or from near; None of any other.

    None too where no piece is large enough: nobody asked for a garment. construction: None = close-ups are not known.
    """
    whole = shows_garment(picture, network)
    logits = None if whole or construction is None else _sewn(picture.pixels, construction)
    if logits is not None and network is not None:
        whole = _found(picture.pixels, network, masks.READS, SEWN_SURE, SEWN_BORDER)
    if whole:
        try:
            return Cut(*cloth_of(picture, look_at), near=False)
        except UserError:
            return None
    near = _at_most(picture, LARGEST).pixels
    piece = None if logits is None else piece_of_cloth(near, logits)
    return None if piece is None else Cut(piece, max(piece.shape[:2]) / max(near.shape[:2]), near=True)


def _sewn(pixels: np.ndarray, construction: TellSewn) -> np.ndarray | None:
    """Where something sewn is, if it is in the picture and would show when the picture is repeated."""
    if min(pixels.shape[:2]) < SMALLEST or _repeats(pixels) or seam_score(pixels) <= VISIBLE:
        return None
    logits = construction(pixels)
    return logits if how_sewn(logits) > SEWN else None


def cloth_of(picture: Photo, look_at: LookAt) -> tuple[np.ndarray, float]:
    """(swatch, its longer side as a share of the garment's) of the garment that a picture shows.

    Raises UserError where no garment is found, or no piece of it is large enough.
    """
    picture = _at_most(picture, LARGEST)
    return cut_cloth(picture.pixels, *look_at(picture))


def _at_most(picture: Photo, side: int) -> Photo:
    """The picture, its longer side at most `side` px."""
    height, width = picture.pixels.shape[:2]
    shrink = side / max(height, width)
    if shrink >= 1:
        return picture
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    pixels = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    alpha = None if picture.alpha is None else cv2.resize(picture.alpha, size, interpolation=cv2.INTER_AREA)
    return Photo(pixels, alpha, picture.path)

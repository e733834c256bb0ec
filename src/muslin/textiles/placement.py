"""A placement print: a picture that lies on a garment once, in one place, with the garment's own cloth around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muslin.errors import EXIT_DATA, UserError
from muslin.images import Photo, at_most, linear_to_srgb, luminance, off_white, srgb_to_linear
from muslin.textiles.repeat import Cloth, PreparedCloth

ONCE = "once"  # as a repeat: none
SEEN = 32  # of 255: colours of what is more transparent are noise; half of what shows best, where all is fainter
LEAST, MOST = 64, 3000  # px, longer side of a picture that is placed
ROOM = 6  # px around the picture, so that its border is interpolated with nothing


@dataclass(frozen=True, eq=False)
class Placement:
    """A picture in its place, made by `placed`; threads may share it.

    panel: the only one that it lies on (fields.PANELS): it ends at the seam to another, as a print on cut cloth does.
    """

    colours: PreparedCloth
    shares: PreparedCloth
    centre: tuple[float, float]  # u, v
    reflectance: float  # mean luminance of what is printed, in linear light
    panel: int

    def sample(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Colour at the positions u, v (float HxW, photo pixels): sRGB uint8 HxWx3; anything where `cover` is 0."""
        colours = np.zeros((*u.shape, 3), np.uint8)
        part = self._reached(u, v)
        if part is not None:
            colours[part] = self.colours.sample(*self._own(u[part], v[part]))
        return colours

    def cover(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """How much of the cloth the print hides at the positions u, v: float32 HxW in [0, 1]."""
        cover = np.zeros(u.shape, np.float32)
        part = self._reached(u, v)
        if part is not None:
            own = self._own(u[part], v[part])
            share = self.shares.sample(*own)[..., 0] / np.float32(255)
            cover[part] = share * self._within(*own)
        return cover

    def _own(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return u - np.float32(self.centre[0]), v - np.float32(self.centre[1])

    def _within(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        across, down = (a * u + b * v + c for a, b, c in self.colours.matrix.tolist())
        within: np.ndarray = (across >= 0) & (across < 1) & (down >= 0) & (down < 1)
        return within

    def _reached(self, u: np.ndarray, v: np.ndarray) -> tuple[slice, slice] | None:
        """The rows and columns in which the picture lies; None: it lies in none of them."""
        within = self._within(*self._own(u, v))
        rows, columns = np.flatnonzero(within.any(1)), np.flatnonzero(within.any(0))
        if not len(rows):
            return None
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def drawn(pixels: np.ndarray, alpha: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """(colours, alpha) of a picture that is to be placed: uint8 hxwx3 and hxw, LEAST to MOST px.

    Its clear margins are cut off, since its size on the garment is that of what shows; its colours are carried on to
    where it is transparent. pixels: uint8 hxwx3 as seen on white paper (Photo.pixels). alpha: uint8 hxw; None: all of
    it shows. Raises UserError for a picture in which nothing shows.
    """
    shown = without_clear_margins(Photo(pixels, alpha))
    pixels, alpha = at_most(shown.pixels, MOST), None if shown.alpha is None else at_most(shown.alpha, MOST)
    if alpha is not None:
        pixels = opaque(pixels, alpha)
    times = -(-LEAST // max(pixels.shape[:2]))
    if times > 1:  # a pixel is a square: of a picture of four a smooth kernel makes a cloud
        pixels = pixels.repeat(times, 0).repeat(times, 1)
        alpha = None if alpha is None else alpha.repeat(times, 0).repeat(times, 1)
    return pixels, alpha


def without_clear_margins(picture: Photo) -> Photo:
    """The picture cut to what shows of it, and a pixel around. Raises UserError where nothing does."""
    if picture.alpha is None:
        return picture
    left, top, wide, high = _seen(picture.alpha)
    part = np.s_[max(0, top - 1) : top + high + 1, max(0, left - 1) : left + wide + 1]
    return Photo(picture.pixels[part], picture.alpha[part])


def _seen(alpha: np.ndarray) -> tuple[int, int, int, int]:
    """The box (left, top, width, height) of what shows. Raises UserError where nothing does."""
    import cv2

    if not alpha.any():
        raise UserError(
            "Nothing shows in the picture to be placed: it is transparent all over.",
            advice="Save it again with its background alone transparent.",
            exit_code=EXIT_DATA,
        )
    left, top, wide, high = (int(side) for side in cv2.boundingRect(_shows(alpha).astype(np.uint8)))
    return left, top, wide, high


def _shows(alpha: np.ndarray) -> np.ndarray:
    """What of a picture shows its own colours, bool hxw: thin lines, made small, are faint as a whole."""
    return np.asarray(alpha >= min(SEEN, max(1, int(alpha.max()) // 2)))


def opaque(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The picture's own colours, carried on to where it is transparent: uint8 hxwx3. Shapes, errors: see drawn."""
    import cv2

    _seen(alpha)
    seen = _shows(alpha)
    own = off_white(pixels, alpha)
    _, nearest = cv2.distanceTransformWithLabels(
        (~seen).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros((nearest.max() + 1, 3), np.uint8)
    by_label[nearest[seen]] = own[seen]
    return np.where(seen[..., None], own, by_label[nearest])


def placed(
    colours: np.ndarray,
    alpha: np.ndarray | None,
    scale: float,
    rotation: float,
    centre: tuple[float, float],
    panel: int,
) -> Placement:
    """A picture laid with its middle on `centre` (u, v in photo pixels).

    colours: uint8 hxwx3, as `drawn` gives them. alpha: uint8 hxw, how much of each pixel is printed; None: all.
    scale: photo pixels per pixel of the picture. rotation: degrees, clockwise.
    """
    import cv2

    alpha = np.full(colours.shape[:2], 255, np.uint8) if alpha is None else alpha
    height, width = alpha.shape
    if scale < 1:  # here, since a cloth averages in linear light, which makes outlines of shares too broad
        size = (max(1, int(width * scale)), max(1, int(height * scale)))  # never larger, or it shrinks once more
        share = cv2.resize(alpha.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        ink = cv2.resize(
            srgb_to_linear(colours) * alpha[..., None].astype(np.float32), size, interpolation=cv2.INTER_AREA
        )
        plain = cv2.resize(srgb_to_linear(colours), size, interpolation=cv2.INTER_AREA)
        light = np.where(share[..., None] > 1, ink / np.maximum(share, 1)[..., None], plain)
        colours, alpha = linear_to_srgb(light), np.rint(share).astype(np.uint8)
        scale *= max(height, width) / max(alpha.shape)
    light = luminance(srgb_to_linear(colours))
    reflectance = float((light * alpha).sum() / max(1.0, float(alpha.sum())))
    colours = cv2.copyMakeBorder(colours, ROOM, ROOM, ROOM, ROOM, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(alpha, ROOM, ROOM, ROOM, ROOM, cv2.BORDER_CONSTANT, value=0)
    # Position 0 is the middle of a cloth's first pixel; here it is to be the middle of the picture.
    middle = (0.5 / alpha.shape[1] - 0.5, 0.5 / alpha.shape[0] - 0.5)
    laid = [Cloth(one).prepare(scale, rotation, middle) for one in (colours, cv2.merge([alpha] * 3))]
    return Placement(laid[0], laid[1], centre, reflectance, panel)

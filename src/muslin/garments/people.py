"""A person in a photo wears the garment: face, hair and skin are no cloth.

The network of masks has seen garments alone, and takes a person along as one piece. A face tells the rest: what colour
the skin is, where hair begins, and below which line there can be cloth. How well it works: docs/benchmarks.md, "Worn".
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from muslin.garments.faces import Face
from muslin.garments.outfits import upper_part
from muslin.images import at_most, srgb_to_linear

SIDE = 448  # px, longer side at which colours are told apart
COLOURLESS = 16  # 8-bit levels between the channels of 99 in 100 pixels, below which a photo is black and white
GLANCE = 64  # px, longer side at which somebody asks whether there is skin at all
ABOVE = 1.6  # sizes of the face: a garment goes on higher above the eyes of a face that is printed on it
BESIDE = 3.2  # and is wider than that where they are
FLESH = 0.5  # of the middle of a face that has the colours of skin: holes of a clog have not
BELOW = 2.0  # and begins no further below a face that the mask has left out
CHIN = 1.75  # times the way from eyes to mouth, below the eyes
DARK = 0.01  # linear light, below which hue is noise
SPREAD = 0.1  # of the logarithms of red over green and green over blue, in skin, over what is measured
LIT, SHADED = (0.7, 0.35), (1.8, 0.5)  # log light that skin may be above and below the face, and how softly that ends
SKIN = 4.0  # log odds that a pixel of the skin's very colour is skin
CORE = 1.0  # less of them in front of the trunk, which hands and low necks show alone
RARE = 3e-3  # share of the cloth in a bin, below which a colour counts as none of its own
UNSEEN = 2e-5  # share of a bin in which nothing was seen
BINS = np.array([16, 24, 24])  # of CIELAB, 8-bit
BLUR = (1.6, 0.8, 0.8)  # bins
LONG = 1.3, 1.2  # sizes of the face, beyond which hair is less likely, and how fast (log odds, power 1.5)
DECIDED = 0.3  # log odds, averaged over SMOOTH px, from which a pixel is the person's
SMOOTH = 2.0
ASIDE = 2.5  # sizes of the face to the side, beyond which a piece of cloth is somebody else's
CRUMB, SPOT = 0.01, 0.002  # of the person: smaller pieces of cloth are none, smaller holes are closed


def wearers(pixels: np.ndarray, alpha: np.ndarray, faces: Sequence[Face]) -> list[Face]:
    """Those of a photo's faces that belong to somebody who wears the garment, the largest first.

    pixels: uint8 HxWx3 sRGB. alpha: float32 HxW, the garment as it was found, taken with the person.
    """
    if not faces:
        return []
    small, taken, scale = _shrunk(pixels, alpha)
    worn_by = [face for face in faces if _wears(small, taken > 0.5, _scaled(face, scale))]
    return sorted(worn_by, key=lambda face: -face.size)


def without_person(pixels: np.ndarray, alpha: np.ndarray, worn_by: Sequence[Face]) -> np.ndarray:
    """The chance that a pixel is cloth, float32 hxw in [0, 1], the whole photo, at most SIDE px.

    pixels, alpha: as of `wearers`, which gives worn_by.
    """
    small, taken, scale = _shrunk(pixels, alpha)
    inside = taken > 0.5
    person = np.zeros(inside.shape, bool)
    beside = np.ones(inside.shape, bool)
    for face in (_scaled(face, scale) for face in worn_by):
        person |= _skin_and_hair(small, inside, face)
        beside &= np.abs(_from_face(face, inside.shape)[0]) > ASIDE * face.size
    return np.where(_in_pieces(inside & ~person, inside, beside), taken, 0).astype(np.float32)


def part_of_outfit(pixels: np.ndarray, cloth: np.ndarray, wearer: Face, part: str) -> np.ndarray:
    """One of outfits.PARTS of what somebody wears. cloth: as `without_person` gives it."""
    small = cv2.resize(pixels, cloth.shape[::-1], interpolation=cv2.INTER_AREA)
    worn = cloth > 0.5
    face = _scaled(wearer, cloth.shape[1] / pixels.shape[1])
    across, down, chin = _from_face(face, cloth.shape)
    upper = upper_part(small, worn, across / face.size, (down - chin) / face.size)
    nobody = np.zeros(worn.shape, bool)
    own = _in_pieces(worn & (upper if part == "upper" else ~upper), worn, nobody) & worn
    return np.where(own, cloth, 0).astype(np.float32)


def _small(shape: tuple[int, ...]) -> tuple[tuple[int, int], float]:
    """((width, height), scale) of a photo at most SIDE px."""
    scale = min(1.0, SIDE / max(shape[:2]))
    return (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))), scale


def _shrunk(pixels: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Photo and garment at most SIDE px, and their scale."""
    size, scale = _small(alpha.shape)
    small, taken = (cv2.resize(field, size, interpolation=cv2.INTER_AREA) for field in (pixels, alpha))
    return small, taken, scale


def _scaled(face: Face, scale: float) -> Face:
    return Face(face.chance, face.eyes * scale, face.mouth * scale, face.size * scale)


def skin_share(pixels: np.ndarray, alpha: np.ndarray) -> float:
    """The share of a garment in the colours of skin, 0..1: so cheap that it can be asked of every photo.

    pixels: uint8 HxWx3 sRGB. alpha: float32 HxW. Wood and beige cloth have these colours too; where all is grey,
    nobody can say, and it is 1.
    """
    small, inside = at_most(pixels, GLANCE), at_most(alpha, GLANCE) > 0.5
    if _grey(small):
        return 1.0
    return float(_likely(small)[inside].mean()) if inside.any() else 0.0


def _grey(pixels: np.ndarray) -> bool:
    """Whether a picture is black and white. uint8 hxwx3."""
    return bool(np.percentile(pixels.max(-1) - pixels.min(-1), 99) < COLOURLESS)


def _likely(pixels: np.ndarray) -> np.ndarray:
    """Whether a colour is in the range of skin in YCbCr (Chai and Ngan 1999), a little wider. bool hxw."""
    red, blue = np.moveaxis(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)[..., 1:], -1, 0)
    likely: np.ndarray = (red >= 130) & (red <= 180) & (blue >= 70) & (blue <= 132)
    return likely


def trunk(shape: tuple[int, ...], face: Face) -> np.ndarray:
    """How likely each pixel of a photo (HxW) is cloth, by the place of a face alone: where a portrait ends in a bust.

    float32 hxw, at most SIDE px.
    """
    (width, height), scale = _small(shape)
    size, own = (height, width), _scaled(face, scale)
    across, down, chin = _from_face(own, size)
    across, down = np.abs(across) / own.size, (down - chin) / own.size
    likely = np.full(size, 0.3, np.float32)
    likely[(down > 0.3) & (across < np.minimum(2.4, 0.9 + 1.2 * down)) & (down < 6)] = 0.6
    likely[(down > 0.9) & (across < 0.8) & (down < 3)] = 0.97
    likely[(down < -0.2) | (down > 8) | (across > 3.5)] = 0.01
    return likely


def _wears(pixels: np.ndarray, inside: np.ndarray, face: Face) -> bool:
    """Whether it is the head of somebody in the mask, not a face that is printed on the garment or stands elsewhere."""
    height, width = inside.shape
    middle = _middle(*_from_face(face, inside.shape), face.size)
    if not middle.any() or (not _grey(pixels) and _likely(pixels)[middle].mean() < FLESH):
        return False
    x, y = (int(np.clip(at, 0, most - 1)) for at, most in zip(face.eyes, (width, height), strict=True))
    if not inside[y, x]:
        half = int(face.size / 2)
        below = np.flatnonzero(inside[y:, max(0, x - half) : x + half + 1].any(1))
        return len(below) > 0 and bool(below[0] < BELOW * face.size)
    across = np.flatnonzero(~inside[y])
    left, right = across[across < x].max(initial=-1), across[across > x].min(initial=width)
    above = y - np.flatnonzero(~inside[:y, x]).max(initial=-1)
    return bool(right - left < BESIDE * face.size and above < ABOVE * face.size)


def _skin_and_hair(pixels: np.ndarray, inside: np.ndarray, face: Face) -> np.ndarray:
    """What of a mask is the person's own, bool hxw. pixels: uint8 hxwx3."""
    across, down, chin = _from_face(face, inside.shape)
    size = face.size
    oval = (across / (0.55 * size)) ** 2 + ((down - 0.2 * chin) / (0.62 * size)) ** 2 < 1
    cap = (down < 0.34 * chin) & (down > -1.5 * size) & (np.abs(across) < 1.3 * size)
    head = (oval & (down < chin)) | cap
    distance = _from_skin(pixels, _middle(across, down, chin, size))
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    bins = tuple(np.moveaxis((lab.astype(np.float32) / 256 * BINS).astype(int), -1, 0))
    above = inside & (down < -0.45 * size) & (down > -size) & (np.abs(across) < 0.6 * size)
    hair = _share(bins, above)[bins] if above.sum() > 5 else np.zeros(inside.shape)
    far = LONG[1] * np.clip(np.hypot(across, down) / size - LONG[0], 0, None) ** 1.5
    trunk = (down > chin + 1.2 * size) & (down < chin + 4.2 * size) & (np.abs(across) < size)
    below = inside & (down > chin + 0.9 * size) & (down < chin + 3.5 * size)
    cloth = below & (distance >= 6)
    if cloth.sum() < 30:
        cloth = below
    weight = np.maximum(cv2.GaussianBlur(inside.astype(np.float32), (0, 0), SMOOTH), 0.05)
    person = head & inside
    for _ in range(2):  # what was found to be cloth shows the cloth's colours
        worn = _share(bins, cloth)[bins] if cloth.any() else np.full(inside.shape, 1 / BINS.prod())
        skin = SKIN - distance / 2 - np.log1p(worn / RARE) - CORE * trunk
        odds = np.maximum(skin, np.log(hair + UNSEEN) - np.log(worn + UNSEEN) - far)
        odds = np.clip(np.where(head, 6, odds), -5, 5) * inside
        person = inside & (cv2.GaussianBlur(odds.astype(np.float32), (0, 0), SMOOTH) / weight > DECIDED)
        cloth = inside & ~person & (down > chin)
    return person


def _from_face(face: Face, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, float]:
    """(px to the person's left, px down along the face, px from eyes to chin), both from between the eyes."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    way = face.mouth - face.eyes
    length = max(float(np.hypot(*way)), 1e-3)
    x, y = way / length
    right, below = columns - face.eyes[0], rows - face.eyes[1]
    return right * y - below * x, right * x + below * y, CHIN * length


def _middle(across: np.ndarray, down: np.ndarray, chin: float, size: float) -> np.ndarray:
    """The middle of a face, from below its eyes to its mouth: skin above all. bool hxw."""
    return np.asarray((across / (0.34 * size)) ** 2 + ((down - 0.43 * chin) / (0.30 * size)) ** 2 < 1)


def _from_skin(pixels: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """How far each pixel's colour is from that of the skin in a face, as a squared distance of Mahalanobis, hxw.

    seed: bool hxw, where the face is. Colours are told by ratios, since skin in the shade is darker, and no other
    hue; glasses and beards are left out by the range that skin has. Infinite in black and white, where the head
    alone can be told.
    """
    if _grey(pixels):
        return np.full(seed.shape, np.inf)
    light = srgb_to_linear(pixels) + np.float32(DARK)
    hue = np.log(light[..., :2] / light[..., 1:])
    level = np.log(light.mean(-1))
    likely = seed & _likely(pixels)
    seed = likely if likely.sum() >= 12 else seed
    if not seed.any():
        return np.full(seed.shape, np.inf)
    middle, lit = np.median(hue[seed], 0), float(np.median(level[seed]))
    near = np.abs(hue[seed] - middle).max(-1) < 0.35
    spread = np.cov(hue[seed][near].T) + np.eye(2) * SPREAD**2 if near.sum() > 8 else np.eye(2) * SPREAD**2
    apart = hue - middle
    distance = np.einsum("hwi,ij,hwj->hw", apart, np.linalg.inv(spread), apart)
    distance += np.clip((level - lit - LIT[0]) / LIT[1], 0, None) ** 2
    distance += np.clip((lit - level - SHADED[0]) / SHADED[1], 0, None) ** 2
    return np.asarray(distance)


def _share(bins: tuple[np.ndarray, ...], seen: np.ndarray) -> np.ndarray:
    """The share of each colour among the pixels `seen`, blurred over neighbouring bins. Sums to 1."""
    counts = np.zeros(BINS, np.float32)
    np.add.at(counts, tuple(field[seen] for field in bins), 1)
    for axis, sigma in enumerate(BLUR):
        kernel = cv2.getGaussianKernel(2 * int(3 * sigma) + 1, sigma).ravel()
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel, mode="same")
    return counts / max(float(counts.sum()), 1e-6)


def _in_pieces(cloth: np.ndarray, inside: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Cloth without crumbs, without holes that are small, and without pieces that lie `beside` the wearer. bool hxw."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(cloth.astype(np.uint8), connectivity=4)
    own = stats[:, cv2.CC_STAT_AREA] > CRUMB * inside.sum()
    own &= np.bincount(parts[~beside], minlength=count) > 0
    own[0] = False
    cloth = own[parts]
    _, parts, stats, _ = cv2.connectedComponentsWithStats((inside & ~cloth).astype(np.uint8), connectivity=4)
    spots = stats[:, cv2.CC_STAT_AREA] < SPOT * inside.sum()
    spots[0] = False
    return cloth | spots[parts]

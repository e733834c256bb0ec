"""The fields of a garment: how light falls on its cloth, which panel a pixel belongs to, how each panel's grain runs.

They are computed in a small square around the garment and used at the photo's own size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from muslin.garments.dyes import across_one_hue, other_dye, same_dye_same_light
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import fits
from muslin.images import luminance, srgb_to_linear

SIZE = 256  # px, side of the square in which the light is read
MIRRORED = (0, 2, 1, 3)  # PANELS as they are in the mirror: the limbs change places
GEOMETRY = 128  # px, side of the square in which panels and warp are read: the size of the garments in training
LOG_FLOOR = 0.004  # added to linear light before a logarithm: one step of 8-bit sRGB above black
LEAST_LOGIT = -30.0  # of a panel that a pixel does not belong to
PANELS = ("body", "left", "right", "trim")  # left and right as the viewer sees them

FieldNetwork = Callable[..., Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Fields:
    """S = side of the square, G = side at which the geometry was read. Everything in the garment's frame."""

    frame: np.ndarray  # 2x3, photo pixel -> square pixel
    shading: np.ndarray  # SxS log gain in linear light, about 0 on average inside the mask
    panels: np.ndarray  # G/2 x G/2 x P logits
    warp: np.ndarray  # G/4 x G/4 x P x 2, cloth position minus pixel position, in units of the side
    slopes: np.ndarray  # SxSx3: log shading = slopes . log colour + offset, at any size of the photo
    offset: np.ndarray  # SxS

    @property
    def size(self) -> int:
        return self.shading.shape[0]

    @property
    def geometry(self) -> int:
        """Side in pixels at which panels and warp were read."""
        return self.warp.shape[0] * 4

    @property
    def side(self) -> float:
        """Side of the square in photo pixels."""
        return self.size / float(self.frame[0, 0])

    @property
    def centre(self) -> tuple[float, float]:
        """The photo pixel at which the body's cloth begins: u = v = 0."""
        middle = (self.size - 1) / 2
        scale = float(self.frame[0, 0])
        return (middle - float(self.frame[0, 2])) / scale, (middle - float(self.frame[1, 2])) / scale


def predict_fields(pixels: np.ndarray, mask: np.ndarray, network: FieldNetwork, size: int = SIZE) -> Fields:
    """Fields by a network with inputs image, mask and outputs slopes, trend, panels, warp (networks/fields.py).

    pixels: uint8 HxWx3 sRGB. mask: float32 HxW in [0, 1]. size: a multiple of 32.
    Slopes gain from pixels that training did not have; a pose is a matter of the whole, and is read at the size at
    which the whole was learned (warp error 5.3 px at 128, 8.1 at 256; docs/benchmarks.md).
    """
    frame = garment_frame(garment_box(mask), size)
    image, inside = garment_square(pixels, mask, frame, size)
    found = _ask(network, image, inside)
    small = (GEOMETRY, GEOMETRY)
    geometry_panels, warp = _geometry(
        network,
        cv2.resize(image, small, interpolation=cv2.INTER_AREA),
        cv2.resize(inside, small, interpolation=cv2.INTER_AREA),
    )
    shading = shading_of(found["slopes"][0], found["trend"][0], image, inside)
    cells = cv2.resize(inside, (GEOMETRY // 2, GEOMETRY // 2), interpolation=cv2.INTER_AREA)
    panels = without_islands(geometry_panels, cells)
    return _with_guide(frame, image, inside, shading, panels, warp)


def shading_of(slopes: np.ndarray, trend: np.ndarray, image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log shading SxS of a garment's square, from what the network says of slopes and what its dyes say of the whole.

    slopes: SxSx2, trend: S/4 x S/4 x 1, as predicted. image: SxSx3 uint8. inside: SxS in [0, 1].
    A garment that is plain on the whole keeps its luminance, but for places of another dye: light does not write words.
    """
    colour, own = log_colour(image), _log_luminance(image, inside)
    whole = integrate(slopes, trend, inside[..., None])
    share = plainness(slopes, own, same_dye_same_light(colour, whole, inside), inside)
    other = other_dye(colour, inside) if share else inside
    if share == 1 and not other.any():
        return own
    shading = integrate(across_one_hue(slopes, colour), trend, inside[..., None])
    shading = same_dye_same_light(colour, shading, inside)
    if share == 0:
        return shading
    kept = share * (1 - other) * inside
    shading = shading + ((own - shading) * kept).sum() / (kept.sum() + 1e-3)  # level, where one gives way to the other
    return (shading + kept * (own - shading)).astype(np.float32)


def without_islands(panels: np.ndarray, mask: np.ndarray, share: float = 0.02) -> np.ndarray:
    """Logits in which no piece of a panel is smaller than `share` of the garment: such a piece goes to the next best.

    Clothes are sewn from a few large pieces; a patch of sleeve in the middle of a chest is the network's doubt.
    panels: hxwxP logits, mask: hxw in [0, 1]. Returns hxwxP.
    """
    panels, inside = panels.copy(), mask > 0.5
    for _ in range(panels.shape[-1] - 1):  # what takes an island over may be one itself
        best = np.where(inside, panels.argmax(-1), -1)
        islands = False
        for k in range(panels.shape[-1]):
            _, labels, stats, _ = cv2.connectedComponentsWithStats((best == k).astype(np.uint8), connectivity=4)
            small = 1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] < share * inside.sum())
            if len(small):
                islands = True
                panels[np.isin(labels, small), k] = LEAST_LOGIT
        if not islands:
            break
    return panels


def _geometry(network: FieldNetwork, image: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Panels (logits, h/2 x w/2 x P) and warp (h/4 x w/4 x P x 2) of a square, the mean of it and its mirror image.

    What a photo and its mirror image disagree about is the network's error: the mean is nearer to the truth
    (docs/benchmarks.md) for a few milliseconds.
    """
    found = [_ask(network, image, inside)]
    found.append(_ask(network, np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(inside[:, ::-1])))
    panels = (found[0]["panels"][0] + found[1]["panels"][0][:, ::-1][..., MIRRORED]) / 2
    warps = [one["warp"][0].reshape(*one["warp"].shape[1:3], -1, 2) for one in found]
    return panels, (warps[0] + warps[1][:, ::-1][..., MIRRORED, :] * np.array([-1, 1], np.float32)) / 2


def _ask(network: FieldNetwork, image: np.ndarray, inside: np.ndarray) -> Mapping[str, np.ndarray]:
    """What the network says about one square, its shapes checked."""
    found = network(image=image[None].astype(np.float32) / 127.5 - 1, mask=inside[None, ..., None])
    size, count = len(image), len(PANELS)
    fits("slopes", found["slopes"], 1, size, size, 2)
    fits("trend", found["trend"], 1, None, None, 1)
    fits("panels", found["panels"], 1, size // 2, size // 2, count)
    fits("warp", found["warp"], 1, size // 4, size // 4, 2 * count)
    return found


def _log_luminance(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Centred on the garment, 0 outside. HxW float32."""
    log = np.log(luminance(srgb_to_linear(image)) + LOG_FLOOR)
    return ((log - (log * inside).sum() / (inside.sum() + 1e-3)) * inside).astype(np.float32)


def plainness(slopes: np.ndarray, log: np.ndarray, shading: np.ndarray, mask: np.ndarray) -> float:
    """1 where the network passed nearly all of the luminance's slopes and agrees with it at large, down to 0.

    A network in two minds about each fold is still right about the garment: of garments kept out of training it passed
    more than 0.77 on 95 % of the plain ones and less than 0.56 on 90 % of the printed ones. A garment that is plain
    on the whole keeps its luminance entirely. A black dress with a checked top passes most slopes too, but there the
    luminance is far from the predicted shading: the second test.
    slopes: SxSx2 as predicted. log, shading: SxS, the luminance and the prediction, centred. mask: SxS in [0, 1].
    """
    inside = mask > 0.5
    across = np.clip(log[:, 1:] - log[:, :-1], -0.3, 0.3) * (inside[:, 1:] & inside[:, :-1])
    down = np.clip(log[1:] - log[:-1], -0.3, 0.3) * (inside[1:] & inside[:-1])
    passed = (slopes[:, :-1, 0] * across).sum() + (slopes[:-1, :, 1] * down).sum()
    share = passed / ((across * across).sum() + (down * down).sum() + 1e-6)
    apart = float(np.abs(log - shading)[inside].mean()) if inside.any() else 1.0
    return _smooth_step((share - 0.6) / 0.15) * (1 - _smooth_step((apart - 0.12) / 0.1))


def _smooth_step(t: float) -> float:
    t = float(np.clip(t, 0, 1))
    return t * t * (3 - 2 * t)


def integrate(slopes: np.ndarray, trend: np.ndarray, mask: np.ndarray, reach: float = 0.1) -> np.ndarray:
    """The log shading whose slopes are nearest to `slopes` and which follows `trend` at large: screened Poisson.

    Minimises |grad s - slopes|^2 + |s - trend|^2 / (reach * S)^2 by cosine transforms (Bhat et al. 2008, equation 4).
    slopes: SxSx2, to the right-hand and the lower neighbour. trend: S/4 x S/4 x 1. mask: SxSx1 in [0, 1].
    reach: share of the square's side beyond which the trend has the last word. Returns SxS float32, mean 0 inside.
    """
    size = slopes.shape[0]
    inside = mask[..., 0]
    coarse = cv2.resize(trend[..., 0], (size, size), interpolation=cv2.INTER_LINEAR)
    # Outside the garment there is no trend; the garment's own, spread outwards, does not pull at its edge.
    spread = (0.05 * size,) * 2
    weight = cv2.GaussianBlur(inside, (0, 0), *spread) + np.float32(1e-4)
    around = cv2.GaussianBlur(coarse * inside, (0, 0), *spread) / weight
    coarse = np.where(inside > 0.5, coarse, around).astype(np.float32)
    divergence = np.zeros((size, size), np.float32)
    divergence[:, :-1] += slopes[:, :-1, 0]
    divergence[:, 1:] -= slopes[:, :-1, 0]
    divergence[:-1] += slopes[:-1, :, 1]
    divergence[1:] -= slopes[:-1, :, 1]
    pull = np.float32(1 / (reach * size) ** 2)
    frequency = 2 * np.cos(np.pi * np.arange(size) / size) - 2
    laplacian = (frequency[:, None] + frequency[None, :]).astype(np.float32)
    filter_ = (1 / (pull - laplacian)).astype(np.float32)
    for _ in range(8):  # outside takes its own solution for trend, until it pulls no more
        shading = cv2.idct(cv2.dct(pull * coarse - divergence) * filter_)
        coarse = np.where(inside > 0.5, coarse, shading)
    return (shading - (shading * inside).sum() / (inside.sum() + 1e-3)).astype(np.float32)


def luminance_fields(pixels: np.ndarray, mask: np.ndarray, size: int = SIZE) -> Fields:
    """The classical baseline: the photo's own luminance as shading, cloth that lies flat."""
    frame = garment_frame(garment_box(mask), size)
    image, inside = garment_square(pixels, mask, frame, size)
    shading = _log_luminance(image, inside)
    panels = np.zeros((size // 2, size // 2, len(PANELS)), np.float32)
    panels[..., 0] = 1
    warp = np.zeros((size // 4, size // 4, len(PANELS), 2), np.float32)
    return _with_guide(frame, image, inside, shading, panels, warp)


def log_colour(pixels: np.ndarray) -> np.ndarray:
    """uint8 ... x 3 sRGB -> float32 log of linear light."""
    return cv2.LUT(pixels, _LOG_TABLE)


_LOG_TABLE = np.log(srgb_to_linear(np.arange(256, dtype=np.uint8)) + np.float32(LOG_FLOOR)).astype(np.float32)


def garment_square(pixels: np.ndarray, mask: np.ndarray, frame: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Photo and mask in the garment's square. A large photo is averaged down first, so that weave does not alias."""
    shrink = int(1 / frame[0, 0])
    if shrink > 1:
        height, width = mask.shape
        small = (max(1, width // shrink), max(1, height // shrink))
        pixels = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
        ratio = np.array([width / small[0], height / small[1]])
        # Pixel centres are integers: x = ratio * (x' + 0.5) - 0.5.
        shift = frame[:, :2] @ (ratio / 2 - 0.5) + frame[:, 2]
        frame = np.hstack([frame[:, :2] * ratio, shift[:, None]]).astype(np.float32)
    image = cv2.warpAffine(pixels, frame, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return image, cv2.warpAffine(mask, frame, (size, size), flags=cv2.INTER_LINEAR)


def _with_guide(
    frame: np.ndarray, image: np.ndarray, inside: np.ndarray, shading: np.ndarray, panels: np.ndarray,
    warp: np.ndarray,
) -> Fields:  # fmt: skip
    slopes, offset = fit_guide(log_colour(image), shading, inside)
    return Fields(frame, shading, panels, warp, slopes, offset)


def fit_guide(
    guide: np.ndarray, target: np.ndarray, weight: np.ndarray, radius: int = 3, epsilon: float = 0.004
) -> tuple[np.ndarray, np.ndarray]:
    """Local linear models target = slopes . guide + offset, by the guided filter (He, Sun, Tang 2013, section 4).

    guide HxWx3, target HxW, weight HxW in [0, 1]: only the garment's own pixels vote. Returns HxWx3 and HxW. Where
    cloth is plain the slopes are those of luminance, so that every seam and thread of the full-size photo comes along;
    across the edge of an old print they vanish, so that the edge does not.
    epsilon: variance of log colour below which a slope is not trusted.
    """
    size = (2 * radius + 1, 2 * radius + 1)
    weight = weight + np.float32(1e-4)

    def mean(field: np.ndarray) -> np.ndarray:
        return cv2.blur(field, size, borderType=cv2.BORDER_REPLICATE)

    total = mean(weight)
    weighted = weight[..., None]
    guide_mean = mean(guide * weighted) / total[..., None]
    target_mean = mean(target * weight) / total

    def moment(a: np.ndarray, a_mean: np.ndarray, b: np.ndarray, b_mean: np.ndarray) -> np.ndarray:
        return mean(a * b * weight) / total - a_mean * b_mean

    channels = [(guide[..., i], guide_mean[..., i]) for i in range(3)]
    covariance = [moment(*channels[i], *channels[j]) for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))]
    for diagonal in (0, 3, 5):
        covariance[diagonal] += np.float32(epsilon)
    cross = [moment(*channel, target, target_mean) for channel in channels]
    slopes = _solve_symmetric(covariance, cross)
    offset = target_mean - (slopes * guide_mean).sum(-1)
    # Averaging the models of all windows over a pixel is the filter's second half.
    slopes = mean(slopes * weighted) / total[..., None]
    return slopes.astype(np.float32), (mean(offset * weight) / total).astype(np.float32)


def _solve_symmetric(matrix: list[np.ndarray], right: list[np.ndarray]) -> np.ndarray:
    """x of matrix @ x = right at each pixel, by cofactors: twelve times faster than a general solver on 3 x 3.

    matrix: the fields xx, xy, xz, yy, yz, zz, positive definite. right: x, y, z. Returns HxWx3.
    """
    xx, xy, xz, yy, yz, zz = matrix
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    determinant = xx * a + xy * b + xz * c
    x, y, z = right
    solution = np.stack([a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z], axis=-1)
    return solution / determinant[..., None]

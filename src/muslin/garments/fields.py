"""The fields of a garment: how light falls on its cloth, which panel a pixel belongs to, how each panel's grain runs.

They are computed in a small square around the garment and used at the photo's own size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from muslin.garments.dyes import across_one_hue, other_dye
from muslin.garments.folds import bend, trust
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.interreflection import reflectance
from muslin.garments.limbs import straight
from muslin.garments.network import fits
from muslin.garments.pieces import ROLES, Pieces, cut
from muslin.garments.seams import hidden_seams
from muslin.garments.shading import (
    chance,
    integrate,
    left_out,
    log_colour,
    log_luminance,
    plain_share,
    shading_of,
    shading_of_footwear,
    shading_of_solid,
    spread,
)

SIZE = 256  # px, side of the square in which the light is read
MIRRORED = (0, 2, 1, 3)  # PANELS as they are in the mirror: the limbs change places
GEOMETRY = 128  # px, side of the square in which panels and warp are read: they err less there (docs/notebook.md)
ROLE_BLUR = 1.5  # cells, of the roles of pieces
SEAM_BLUR = 1.0  # cells: seams are sewn in smooth lines, and a network in doubt draws ragged ones
ASKED = (
    0.08  # of log luminance that the light leaves out, from which somebody asks whether it is a shoe: 2 in 3 garments
)
IN_DOUBT = 0.5  # of plain_share, below which somebody asks whether the garment is of one dye: 2 in 5 garments
RIM = 3  # px of the photo, from its outline, where a garment is mixed with its backdrop
FAR_LIGHTER = 0.25  # of log gain, than the cloth beside it: no fold along an outline is
LEAST_LOGIT = -30.0  # of a panel that a pixel does not belong to
PANELS = ("body", "left", "right", "trim")  # left and right as the viewer sees them

FieldNetwork = Callable[..., Mapping[str, np.ndarray]]
TellFootwear = Callable[[np.ndarray, np.ndarray], bool]  # of a square of GEOMETRY px: footwear.Footwear
TellSolid = Callable[[np.ndarray, np.ndarray], float]  # of a square of SIZE px, how surely: solids.Solids


@dataclass(frozen=True)
class Fields:
    """S = side of the square, G = side at which the geometry was read. Everything in the garment's frame."""

    frame: np.ndarray  # 2x3, photo pixel -> square pixel
    shading: np.ndarray  # SxS log gain in linear light, about 0 on average inside the mask
    panels: np.ndarray  # G/2 x G/2 x P logits
    warp: np.ndarray  # G/4 x G/4 x P x 2, cloth position minus pixel position, in units of the side
    slopes: np.ndarray  # SxSx3: log shading = slopes . log colour + offset, at any size of the photo
    offset: np.ndarray  # SxS
    dyed: np.ndarray | None = None  # SxS logits: whether a pixel shows another dye than the garment's ground
    reflectance: float | None = None  # mean luminance of the garment's own cloth; None: folds stay as they are
    pieces: Pieces | None = None  # what each panel is sewn from; None: each of one piece
    bend: np.ndarray | None = None  # SxS, what folds add to the warp's second number, in units of the side
    seams: np.ndarray | None = None  # SxS log gain of seams that a print hides, beside `shading`

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

    def folded(self, share: float) -> Fields:
        """The same with `share` of the bends that folds make."""
        return self if self.bend is None else replace(self, bend=self.bend * np.float32(share))

    def matched(self) -> Fields:
        """The same, a print running on across all that a panel is sewn from."""
        return self if self.pieces is None else replace(self, pieces=self.pieces.matched(self.warp))


def predict_fields(
    pixels: np.ndarray,
    mask: np.ndarray,
    network: FieldNetwork,
    size: int = SIZE,
    footwear: TellFootwear | None = None,
    solid: TellSolid | None = None,
    sewn: FieldNetwork | None = None,
) -> Fields:
    """Fields by a network with inputs image, mask and outputs slopes, trend, print, panels, warp (networks/fields.py).

    pixels: uint8 HxWx3 sRGB. mask: float32 HxW in [0, 1]. size: a multiple of 32. footwear: whether it is a shoe, whose
    light is read another way; None: nobody asks. solid: how surely it is of one dye, though the network sees a print;
    None: nobody asks. sewn: the network of pieces (inputs image, mask, known; outputs roles, grain); None: each panel
    is of one piece.
    A pose is a matter of the whole, and is read at a smaller size, once more in the mirror. The light is read at the
    full size, where print and folds are told apart best.
    """
    frame = garment_frame(garment_box(mask), size)
    image, inside = garment_square(pixels, mask, frame, size)
    found = ask(network, image[None], inside[None])
    small = [cv2.resize(field, (GEOMETRY, GEOMETRY), interpolation=cv2.INTER_AREA) for field in (image, inside)]
    images, insides = (np.stack([field, field[:, ::-1]]) for field in small)  # each with its mirror image
    pair = ask(network, images, insides)
    panels, warp = _geometry(pair)
    warp = straight(warp, panels, inside)
    read = {name: field[0] for name, field in found.items()}
    shoe, shading, dyed = _told(read, (image, inside), (images[0], insides[0]), footwear, solid)
    cells = cv2.resize(inside, (GEOMETRY // 2, GEOMETRY // 2), interpolation=cv2.INTER_AREA)
    rim = 0 if shoe else RIM  # the sole of a shoe is lighter than its parts
    fields = with_guide(frame, image, inside, shading, without_islands(panels, cells), warp, rim)
    fields = replace(fields, dyed=dyed)
    # The parts of a shoe differ by their dyes, which are as far apart in any cloth and no folds.
    if shoe:
        return replace(fields, reflectance=None)
    trusted = trust(dyed, inside)
    fields = replace(fields, bend=bend(fields.shading, inside) * np.float32(trusted))
    if sewn is None:
        return fields
    pieces = _pieces(sewn, images[0], insides[0], pair["known"][:1], inside, fields)
    return replace(fields, pieces=pieces, seams=hidden_seams(fields.shading, inside, pieces, 1 - trusted))


def _told(
    read: Mapping[str, np.ndarray],
    square: tuple[np.ndarray, np.ndarray],
    small: tuple[np.ndarray, np.ndarray],
    footwear: TellFootwear | None,
    solid: TellSolid | None,
) -> tuple[bool, np.ndarray, np.ndarray]:
    """(whether it is a shoe, log shading SxS, logits of print SxS), of what was read in `square` (image, inside).

    small: the same square, GEOMETRY px.
    """
    light, dyed = light_of(read, *square), read["print"][..., 0]
    shading = shading_of(light, read, *square)
    if footwear is not None and left_out(shading, *square) > ASKED and footwear(*small):
        return True, shading_of_footwear(*square), dyed
    sure = 0.0 if solid is None or plain_share(light, read, *square) >= IN_DOUBT else solid(*square)
    if sure > 0:
        shading = shading + np.float32(sure) * (shading_of_solid(light, read, *square) - shading)
        dyed = _less_dyed(dyed, sure, *square)
    return False, shading, dyed


def _less_dyed(dyed: np.ndarray, sure: float, image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Logits SxS of print, mended where a garment is surely of one dye: there only another hue is print."""
    hue = other_dye(log_colour(image), inside)
    share = np.clip((1 - sure) * chance(dyed) + sure * hue, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(share / (1 - share)), np.float32)


def _pieces(
    sewn: FieldNetwork, image: np.ndarray, mask: np.ndarray, known: np.ndarray, inside: np.ndarray, fields: Fields
) -> Pieces:
    """What a garment is sewn from. image, mask: GEOMETRY px; inside: of the whole square.

    Its mirror image is not asked: it would add 0.01 to the leaves of collars for 10 ms.
    """
    found = sewn(image=_levels(image[None]), mask=mask[None, ..., None], known=known)
    size = len(image)
    fits("roles", found["roles"], 1, size, size, len(ROLES))
    fits("grain", found["grain"], 1, size // 2, size // 2, 2)
    roles = cv2.GaussianBlur(found["roles"][0], (0, 0), ROLE_BLUR)
    return cut(roles, found["grain"][0], inside > 0.5, fields.panels, fields.warp, fields.shading)


def light_of(read: Mapping[str, np.ndarray], image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log shading of a square, SxSx2: from all of its slopes, and without those at jumps of hue."""
    slopes, trend, mask = read["slopes"], read["trend"], inside[..., None]
    cautious = across_one_hue(slopes, log_colour(image))
    return np.stack([integrate(slopes, trend, mask), integrate(cautious, trend, mask)], axis=-1)


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
            small = stats[:, cv2.CC_STAT_AREA] < share * inside.sum()
            small[0] = False  # all that is not of this panel
            if small.any():
                islands = True
                panels[small[labels], k] = LEAST_LOGIT
        if not islands:
            break
    return panels


def _geometry(pair: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Panels (logits, h/2 x w/2 x P) and warp (h/4 x w/4 x P x 2), the mean of what a square and its mirror image say.

    What a photo and its mirror image disagree about is the network's error: the mean is nearer to the truth
    (docs/notebook.md) for a few milliseconds.
    """
    panels = (pair["panels"][0] + pair["panels"][1][:, ::-1][..., MIRRORED]) / 2
    panels = cv2.GaussianBlur(panels, (0, 0), SEAM_BLUR)
    warp, mirrored = pair["warp"].reshape(*pair["warp"].shape[:3], -1, 2)
    return panels, (warp + mirrored[:, ::-1][..., MIRRORED, :] * np.array([-1, 1], np.float32)) / 2


def ask(network: FieldNetwork, images: np.ndarray, inside: np.ndarray) -> Mapping[str, np.ndarray]:
    """What the network says about squares (uint8 N,S,S,3; float32 N,S,S in [0, 1]), its shapes checked."""
    found = network(image=_levels(images), mask=inside[..., None])
    (many, size), count = images.shape[:2], len(PANELS)
    fits("slopes", found["slopes"], many, size, size, 2)
    fits("trend", found["trend"], many, None, None, 1)
    fits("print", found["print"], many, size, size, 1)
    fits("panels", found["panels"], many, size // 2, size // 2, count)
    fits("warp", found["warp"], many, size // 4, size // 4, 2 * count)
    return found


def _levels(images: np.ndarray) -> np.ndarray:
    """uint8 as networks take it: float32 in [-1, 1]."""
    return images.astype(np.float32) / 127.5 - 1


def luminance_fields(pixels: np.ndarray, mask: np.ndarray, size: int = SIZE) -> Fields:
    """The classical baseline: the photo's own luminance as shading, cloth that lies flat."""
    frame = garment_frame(garment_box(mask), size)
    image, inside = garment_square(pixels, mask, frame, size)
    shading = log_luminance(image, inside)
    panels = np.zeros((size // 2, size // 2, len(PANELS)), np.float32)
    panels[..., 0] = 1
    warp = np.zeros((size // 4, size // 4, len(PANELS), 2), np.float32)
    return with_guide(frame, image, inside, shading, panels, warp)


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


def with_guide(
    frame: np.ndarray, image: np.ndarray, inside: np.ndarray, shading: np.ndarray, panels: np.ndarray,
    warp: np.ndarray, rim: int = RIM,
) -> Fields:  # fmt: skip
    """Fields of a square of known log shading, which the photo's own detail follows at any size. Shapes: see Fields.

    The models say what is finer than the square's pixels; what they leave out of the square itself is added to them.
    rim: px of the photo along the outline that show garment and backdrop mixed: no lighter than the cloth inside them.
    """
    guide, own = log_colour(image), inside
    if rim:
        lit = _bright_rim(shading, inside, rim * min(1.0, float(frame[0, 0])))
        own = inside * ~lit
        shading = np.where(lit, spread(shading, own), shading).astype(np.float32)
    slopes, offset = fit_guide(guide, shading, own)
    if rim:  # nor does the photo's own detail count there
        slopes *= 1 - cv2.blur(lit.astype(np.float32), (3, 3))[..., None]
    offset += (shading - np.einsum("hwc,hwc->hw", slopes, guide) - offset) * inside
    return Fields(frame, shading, panels, warp, slopes, offset, reflectance=reflectance(image, inside))


def _bright_rim(shading: np.ndarray, inside: np.ndarray, rim: float) -> np.ndarray:
    """Where a garment is far lighter on its outline, `rim` px wide, than beside it. bool SxS."""
    reach = 2 * max(1, int(np.ceil(rim))) + 1
    sure = (inside > 0.98).astype(np.uint8)
    core = cv2.erode(sure, np.ones((reach, reach), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    if not core.any():
        return np.zeros(core.shape, bool)
    beside = spread(shading, core.astype(np.float32))
    return (core == 0) & (inside > 0) & (shading > beside + FAR_LIGHTER)


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
    offset = target_mean - np.einsum("hwc,hwc->hw", slopes, guide_mean)
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

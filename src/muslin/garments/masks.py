"""Where the garment is: given by a file or an alpha channel, or found by a network or by GrabCut.

One contract holds for all that follows: pixels where the mask is 0 stay bit-identical.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from muslin.errors import EXIT_DATA, UserError
from muslin.garments.faces import Face
from muslin.garments.framing import invert, photo_frame
from muslin.garments.fringe import with_fringe
from muslin.garments.hangers import hanger
from muslin.garments.network import fits
from muslin.garments.people import part_of_outfit, skin_share, trunk, wearers, without_person

READS = (128, 256)  # px, sides of the letterboxes that the network sees
WORKING_SIDE = 768  # px, the outline is refined at this size; beyond it, guided interpolation is enough
SURE_GAP = 0.25  # probability of "garment" below which the quarter of a gap is
SMALLEST_GAP = 0.0006  # of the garment; less is a pin-hole
ROUGH = 1.03  # times the border that the network sees: a longer one has teeth
TOOTH = 5  # px of the working size (OpenCV's largest median of floats): what juts out less is no outline
BLANK = 8  # 8-bit levels between the darkest and the lightest of a picture that shows nothing
SMALLEST_SHARE = 0.002  # of the picture; less than this is no garment
# Nobody asks for faces where the network is so sure (three garments in four, one of 200 people in the street) and less
# of it has the colours of skin (a head that fills the photo is surely a garment to a network that knows none).
ALONE, BARE = 0.97, 0.3
WORN = 0.8  # what is found on a person overlaps with all that they wear by so much (docs/benchmarks.md, "Worn")

MaskNetwork = Callable[..., Mapping[str, np.ndarray]]
FindFaces = Callable[[np.ndarray], Sequence[Face]]


@dataclass(frozen=True)
class Mask:
    """alpha: float32 HxW in [0, 1], 1 = garment. confidence: [0, 1], the expected overlap (IoU) with the truth."""

    alpha: np.ndarray
    confidence: float
    source: str  # "network", "grabcut", "file", "alpha" or "whole"
    worn: bool = False  # by somebody in the photo, whose face, hair and skin are left out

    @property
    def share(self) -> float:
        """Of the picture that is garment."""
        return float(self.alpha.mean())


def of_labels(mask: np.ndarray) -> np.ndarray:
    """A mask of 0 and 1 alone, as in most sets of training data (1 = garment), as 0 and 255; others as they are."""
    return mask * np.uint8(255) if mask.size and mask.max() == 1 else mask


def given(mask: np.ndarray, height: int, width: int, source: str = "file") -> Mask:
    """A mask that came with the photo: uint8 HxW (or HxWx3 grey), 255 = garment, any size of the same aspect.

    Raises UserError where its aspect is another or it is empty.
    """
    if mask.ndim == 3:
        mask = mask[..., :3].max(axis=-1)
    if abs(mask.shape[1] / mask.shape[0] - width / height) > 0.02 * width / height + 1 / min(height, width):
        raise UserError(
            "The mask has another shape than the photo.",
            received=f"mask {mask.shape[1]}x{mask.shape[0]}, photo {width}x{height}",
            advice="Save the mask at the photo's own size: white is garment, black is not.",
            exit_code=EXIT_DATA,
        )
    if mask.shape != (height, width):
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    alpha = mask.astype(np.float32) / 255
    if not (alpha > 0.5).any():
        raise UserError(
            "The mask is empty: it marks no pixel as garment.",
            advice="White marks the garment, black the rest.",
            exit_code=EXIT_DATA,
        )
    return Mask(alpha, 1.0, source)


def whole(height: int, width: int) -> Mask:
    """Everything is garment: for swatches, scans and prints."""
    return Mask(np.ones((height, width), np.float32), 1.0, "whole")


def automatic(
    pixels: np.ndarray, network: MaskNetwork | None, faces: FindFaces | None = None, part: str | None = None
) -> Mask:
    """Find the garment. pixels: uint8 HxWx3 sRGB. network: inputs `image`, output logits (recipes/mask.py).

    faces: finds the faces of a photo (faces.py); None: nobody asks whether somebody wears the garment. part: of an
    outfit (outfits.PARTS) that somebody wears, who has to be found; None: the garment, or all that is worn.

    The network says where the garment is; GrabCut (Rother et al. 2004), which knows this photo's own colours, draws
    the outline where the network is unsure of it. Its hanger is left out. Without a network, or where it finds
    nothing, GrabCut starts from an ellipse. Raises UserError where neither finds a garment, and for a part of what
    nobody wears.
    """
    blank = _blank(pixels)
    found = None if network is None or blank else _by_network(pixels, network)
    if found is None or found.share < SMALLEST_SHARE:
        found = grabcut(pixels)
    if blank or found.share < SMALLEST_SHARE:
        raise UserError(
            "No garment was found in this photo.",
            advice="Give a mask with --mask FILE (white = garment), or --mask none to restyle the whole picture.",
            exit_code=EXIT_DATA,
        )
    sure = found.confidence >= ALONE and skin_share(pixels, found.alpha) < BARE
    return found if faces is None or (part is None and sure) else _undressed(pixels, found, faces, part)


def _undressed(pixels: np.ndarray, found: Mask, faces: FindFaces, part: str | None) -> Mask:
    """The same without the person who wears the garment, if somebody does. Raises UserError as `automatic` does."""
    worn_by = wearers(pixels, found.alpha, faces(pixels))
    if not worn_by and part is not None:
        raise UserError(
            f"Nobody is seen to wear what this photo shows, so it has no {part} part.",
            advice="--mask auto finds the whole garment; --mask FILE gives a part of it (white = garment).",
            exit_code=EXIT_DATA,
        )
    if not worn_by:
        return found
    cloth = without_person(pixels, found.alpha, worn_by)
    if cloth.mean() * found.alpha.size < worn_by[0].size ** 2:  # the network saw a head, and no garment below it
        found = replace(grabcut(pixels, trunk(found.alpha.shape, worn_by[0])), source=found.source)
        cloth = without_person(pixels, found.alpha, worn_by)
    if part is not None:
        cloth = part_of_outfit(pixels, cloth, worn_by[0], part)
    scale = min(1.0, WORKING_SIDE / max(found.alpha.shape))
    working = (max(1, round(found.alpha.shape[1] * scale)), max(1, round(found.alpha.shape[0] * scale)))
    drawn = refine(pixels, cv2.resize(cloth, working, interpolation=cv2.INTER_LINEAR))
    worn = replace(found, alpha=np.minimum(found.alpha, drawn), confidence=WORN * found.confidence, worn=True)
    if worn.share < SMALLEST_SHARE:
        raise UserError(
            "This photo shows a person, and next to nothing of what they wear.",
            advice="Give a mask with --mask FILE (white = garment).",
            exit_code=EXIT_DATA,
        )
    return worn


def _blank(pixels: np.ndarray) -> bool:
    """Whether a picture shows nothing at all; of a few pixels nobody can say."""
    height, width = pixels.shape[:2]
    some = pixels[:: max(1, height // 64), :: max(1, width // 64)]
    return min(height, width) >= 16 and bool(np.ptp(some, axis=(0, 1)).max() < BLANK)


def _by_network(pixels: np.ndarray, network: MaskNetwork) -> Mask:
    probability = segment(pixels, network)
    sure = confidence(probability)
    probability = np.where(hanger(pixels, probability > 0.5), np.float32(0.01), probability)
    cut = grabcut(pixels, probability)
    if agreement(probability, cut.alpha) < 0.6:  # colours cannot tell garment from backdrop: the network's word stands
        return Mask(refine(pixels, probability), sure, "network")
    return Mask(cut.alpha, sure, "network")


def segment(pixels: np.ndarray, network: MaskNetwork, reads: Sequence[int] = READS) -> np.ndarray:
    """Probability of "garment" by the network alone, for the whole photo, float32, at most WORKING_SIDE px.

    Mean log odds of letterboxes of two sizes (the small one sees the whole, the large one the outline).
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    total = np.zeros((rows, columns), np.float32)
    for size in reads:
        image = letterbox(pixels, size)[None].astype(np.float32) / 127.5 - 1
        odds = fits("mask", next(iter(network(image=image).values())), 1, size, size, 1)[0, ..., 0]
        frame = invert(photo_frame(rows, columns, size))
        total += cv2.warpAffine(odds, frame, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return 1 / (1 + np.exp(-np.clip(total / len(reads), -20, 20)))


def letterbox(pixels: np.ndarray, size: int) -> np.ndarray:
    """The photo in the centre of a size x size square, its edges repeated outwards. uint8 in and out."""
    height, width = pixels.shape[:2]
    shrink = max(height, width) // size
    if shrink > 1:  # average first: bilinear sampling of a large photo would alias
        small = (max(1, width // shrink), max(1, height // shrink))
        pixels = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    frame = photo_frame(pixels.shape[0], pixels.shape[1], size)
    return cv2.warpAffine(pixels, frame, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def confidence(probability: np.ndarray) -> float:
    """The overlap (IoU) that the network itself expects between its mask and the truth: E[and] / E[or]."""
    mask = probability > 0.5
    union = np.where(mask, 1.0, probability).sum()
    return float(probability[mask].sum() / union) if union > 0 else 0.0


def agreement(probability: np.ndarray, alpha: np.ndarray) -> float:
    """The overlap (IoU) of what is likely garment, float32 hxw, with a mask of the same photo, float32 HxW."""
    likely, drawn = probability > 0.5, cv2.resize(alpha, probability.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return float((likely & drawn).sum() / max(1, (likely | drawn).sum()))


def refine(pixels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """A probability at working size becomes an alpha at the photo's own size that follows the photo's edges.

    pixels: uint8 HxWx3. probability: float32 hxw, the whole photo, any size. Returns float32 HxW; exactly 0 away
    from the garment.
    """
    height, width = pixels.shape[:2]
    rows, columns = probability.shape
    small = pixels if (rows, columns) == (height, width) else cv2.resize(
        pixels, (columns, rows), interpolation=cv2.INTER_AREA)  # fmt: skip
    probability = _decided(_whole_pieces(probability))
    radius = max(2, round(max(rows, columns) / 110))
    # Far inside and far outside the network is right and the photo's own contrasts (a print, a shadow) are not.
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * radius + 1, 4 * radius + 1))
    core = cv2.erode((probability > 0.5).astype(np.uint8), kernel)
    reach = cv2.dilate((probability > 0.5).astype(np.uint8), kernel)
    left, top, across, down = cv2.boundingRect(reach)
    near = (  # the filter sees twice its radius around what it decides
        slice(max(0, top - 2 * radius), top + down + 2 * radius),
        slice(max(0, left - 2 * radius), left + across + 2 * radius),
    )
    alpha = np.zeros_like(probability)
    if reach.any():
        drawn = np.clip(_guided(np.ascontiguousarray(small[near]), probability[near], radius, 2e-3), 0, 1)
        drawn = _settled(drawn.astype(np.float32))
        # Where a garment's stripes end the guide draws a tooth for each of them.
        toothed = _border(drawn) > ROUGH * _border(probability[near])
        alpha[near] = _settled(cv2.medianBlur(drawn, TOOTH)) if toothed else drawn
    alpha = np.where(core > 0, 1, np.where(reach > 0, alpha, 0)).astype(np.float32)
    decided = _firm(alpha)
    covered = with_fringe(small, decided)
    if (rows, columns) == (height, width):
        return covered
    # The outline is interpolated before it is made firm, and so as sharp as ever; the fringe is soft by nature.
    fringe = np.where(covered > decided, covered, 0)
    alpha, fringe = (cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR) for field in (alpha, fringe))
    return np.maximum(_firm(alpha), fringe)


def _border(field: np.ndarray) -> int:
    """Length of the border of what is above a half, in pixels' sides."""
    inside = field > 0.5
    return int((inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum())


def _settled(alpha: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """An alpha whose outline is as steep as one in a sharp photo, wherever it was drawn in a wide ramp. float32 HxW.

    A white shirt on white paper has no edge for the guide to follow: the outline is where the network is in two minds,
    and no halo. sigma: px over which steepness is measured; a sharp outline, blurred so, has a slope of 0.4 / sigma.
    """
    blurred = cv2.GaussianBlur(alpha, (0, 0), sigma)
    across, down = (cv2.Sobel(blurred, cv2.CV_32F, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    sharp = 1 / (np.float32(np.sqrt(2 * np.pi)) * sigma)
    steeper = np.clip((sharp / (cv2.magnitude(across, down) + np.float32(1e-4))) ** 2, 1, 30)
    return np.clip(0.5 + (alpha - 0.5) * steeper, 0, 1)


def _firm(alpha: np.ndarray) -> np.ndarray:
    return np.clip((alpha - 0.12) / 0.76, 0, 1)


def _decided(probability: np.ndarray, sharpness: float = 4.0) -> np.ndarray:
    """Odds to the power of `sharpness`: where the network wavers, an outline somewhere beats a wide grey fringe."""
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    odds = (clipped / (1 - clipped)) ** np.float32(sharpness)
    return (odds / (1 + odds)).astype(np.float32)


def _whole_pieces(probability: np.ndarray) -> np.ndarray:
    """Without specks and pin-holes. Shoes come in pairs, so more than one piece stays; a neck opening stays open.

    A small hole stays open if much of it is surely none of the garment: the gap between a sleeve and the body.
    """
    inside = (probability > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside)
    if count > 2:
        areas = stats[:, cv2.CC_STAT_AREA]
        specks = areas < areas[1:].max() / 12
        specks[0] = False  # the backdrop
        probability = np.where(specks[labels], np.minimum(probability, 0.02), probability)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - inside, connectivity=4)
    if count > 2:
        holes = stats[:, cv2.CC_STAT_AREA] < 0.006 * inside.sum()
        holes[0] = False  # the garment
        gaps = np.bincount(labels[probability < SURE_GAP], minlength=count) >= stats[:, cv2.CC_STAT_AREA] / 4
        gaps &= stats[:, cv2.CC_STAT_AREA] >= SMALLEST_GAP * inside.sum()
        holes &= ~gaps
        probability = np.where(holes[labels], np.maximum(probability, 0.98), probability)
    return probability


def _guided(pixels: np.ndarray, field: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Guided filter with a colour guide (He, Sun, Tang 2013, section 4.2). pixels uint8 HxWx3, field HxW.

    The linear models are fitted at half the size and used at the whole ("Fast guided filter", He and Sun 2015): they
    are smooth anyway, and a quarter of the work.
    """
    from muslin.garments.fields import fit_guide

    guide = pixels.astype(np.float32) / 255
    half = (max(1, field.shape[1] // 2), max(1, field.shape[0] // 2))
    coarse = cv2.resize(guide, half, interpolation=cv2.INTER_AREA)
    small = cv2.resize(field, half, interpolation=cv2.INTER_AREA)
    slopes, offset = fit_guide(coarse, small, np.ones_like(small), max(1, round(radius / 2)), epsilon)
    models = cv2.resize(np.dstack([slopes, offset]), field.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.einsum("hwc,hwc->hw", models[..., :3], guide) + models[..., 3]


def grabcut(pixels: np.ndarray, prior: np.ndarray | None = None, side: int = 256) -> Mask:
    """OpenCV's GrabCut, started from `prior` (probability, whole photo, any size) or from an ellipse in the middle."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    nothing = Mask(np.zeros((height, width), np.float32), 0.0, "grabcut")
    if min(rows, columns) < 8 or not small.std() > 1:
        return nothing
    state = np.full((rows, columns), cv2.GC_PR_BGD, np.uint8)
    if prior is None:
        border = max(1, round(0.02 * min(rows, columns)))
        middle, axes = (columns // 2, rows // 2), (round(columns * 0.38), round(rows * 0.4))
        cv2.ellipse(state, middle, axes, 0, 0, 360, cv2.GC_PR_FGD, -1)
        state[:border], state[-border:], state[:, :border], state[:, -border:] = (cv2.GC_BGD,) * 4
    else:
        prior = cv2.resize(prior, (columns, rows), interpolation=cv2.INTER_AREA)
        state[prior > 0.5], state[prior > 0.95] = cv2.GC_PR_FGD, cv2.GC_FGD
        state[prior < 0.05] = cv2.GC_BGD
    try:
        cv2.setRNGSeed(0)
        rounds = 5 if prior is None else 1  # a good start needs no more: measured, docs/notebook.md
        cv2.grabCut(small, state, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # one of the two sides is empty: there is nothing to tell apart
        return nothing
    inside = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    # GrabCut knows no doubt of its own: a cut whose outline lies on strong edges is surer.
    sure = 0.5 * _edge_support(small, inside)
    if prior is not None:
        inside = _without_teeth(inside, prior)
    scale = min(1.0, WORKING_SIDE / max(height, width))
    working = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Mask(refine(pixels, cv2.resize(inside, working, interpolation=cv2.INTER_LINEAR)), sure, "grabcut")


def _without_teeth(inside: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """A cut and the probability that it began with, agreed: both float32 HxW in [0, 1], as is what is returned.

    A cut goes by colour: where a stripe of the garment has the backdrop's, a tooth is missing from the outline. Its
    vote, averaged over a few pixels, is added to the network's log odds: it decides where the network is unsure.
    """
    clipped = np.clip(prior, 0.01, 0.99)
    odds = cv2.GaussianBlur(np.log(clipped / (1 - clipped)), (0, 0), 0.75)
    odds += 2 * (2 * cv2.GaussianBlur(inside, (0, 0), 1.5) - 1)
    return 1 / (1 + np.exp(-odds))


def _edge_support(pixels: np.ndarray, inside: np.ndarray) -> float:
    """Share of the outline that lies on a visible edge of the photo, in [0, 1]."""
    outline = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    if not outline.any():
        return 0.0
    blurred = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    edges = cv2.dilate(cv2.Canny(blurred, 30, 80), np.ones((3, 3), np.uint8)) > 0
    return float(edges[outline].mean())

"""Where the garment is: given by a file or an alpha channel, or found by a network or by GrabCut.

One contract holds for all that follows: pixels where the mask is 0 stay bit-identical.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from muslin.errors import EXIT_DATA, UserError
from muslin.garments.framing import invert, photo_frame

SIZE = 256  # px, side of the letterbox that the network sees
WORKING_SIDE = 768  # px, the outline is refined at this size; beyond it, guided interpolation is enough
DOUBTFUL = 0.6  # confidence below which GrabCut may improve on the network

MaskNetwork = Callable[..., Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Mask:
    """alpha: float32 HxW in [0, 1], 1 = garment. confidence: [0, 1], the expected overlap (IoU) with the truth."""

    alpha: np.ndarray
    confidence: float
    source: str  # "network", "grabcut", "file", "alpha" or "whole"

    @property
    def share(self) -> float:
        """Of the picture that is garment."""
        return float(self.alpha.mean())


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


def automatic(pixels: np.ndarray, network: MaskNetwork | None) -> Mask:
    """Find the garment. pixels: uint8 HxWx3 sRGB. network: inputs `image`, output logits (recipes/mask.py).

    Without a network, or where it is in doubt, GrabCut (Rother et al. 2004) has a try; the surer one is returned.
    Raises UserError where neither finds a garment.
    """
    found = None
    if network is not None:
        probability = segment(pixels, network)
        found = Mask(refine(pixels, probability), confidence(probability), "network")
        if found.confidence >= DOUBTFUL and found.share > 0.003:
            return found
    cut = grabcut(pixels, None if found is None or found.share < 0.003 else found.alpha)
    best = cut if found is None or cut.confidence > found.confidence else found
    if best.share < 0.001:
        raise UserError(
            "No garment was found in this photo.",
            advice="Give a mask with --mask FILE (white = garment), or --mask none to restyle the whole picture.",
            exit_code=EXIT_DATA,
        )
    return best


def segment(pixels: np.ndarray, network: MaskNetwork, size: int = SIZE) -> np.ndarray:
    """Probability of "garment", float32 HxW, by the network alone, averaged over the photo and its mirror image."""
    height, width = pixels.shape[:2]
    image = letterbox(pixels, size)
    pair = np.stack([image, image[:, ::-1]]).astype(np.float32) / 127.5 - 1
    logits = next(iter(network(image=pair).values()))[..., 0]
    logits = (logits[0] + logits[1][:, ::-1]) / 2
    frame = invert(photo_frame(height, width, size))
    side = max(height, width)
    if side <= WORKING_SIDE:
        small, scale = (width, height), 1.0
    else:  # a smooth field: a quarter-size interpolation step in between saves memory on large photos
        scale = WORKING_SIDE / side
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        frame = invert(photo_frame(small[1], small[0], size))
    logits = cv2.warpAffine(logits, frame, small, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return 1 / (1 + np.exp(-np.clip(logits, -20, 20)))


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


def refine(pixels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """A probability at working size becomes an alpha at the photo's own size that follows the photo's edges.

    pixels: uint8 HxWx3. probability: float32 hxw, the whole photo, any size. Returns float32 HxW; exactly 0 away
    from the garment.
    """
    height, width = pixels.shape[:2]
    rows, columns = probability.shape
    small = pixels if (rows, columns) == (height, width) else cv2.resize(
        pixels, (columns, rows), interpolation=cv2.INTER_AREA)  # fmt: skip
    probability = _whole_pieces(probability)
    radius = max(2, round(max(rows, columns) / 110))
    alpha = _guided(small, probability, radius, 2e-3)
    # Far inside and far outside the network is right and the photo's own contrasts (a print, a shadow) are not.
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * radius + 1, 4 * radius + 1))
    core = cv2.erode((probability > 0.5).astype(np.uint8), kernel)
    reach = cv2.dilate((probability > 0.5).astype(np.uint8), kernel)
    alpha = np.where(core > 0, 1, np.where(reach > 0, alpha, 0)).astype(np.float32)
    if (rows, columns) != (height, width):
        alpha = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip((alpha - 0.12) / 0.76, 0, 1)


def _whole_pieces(probability: np.ndarray) -> np.ndarray:
    """Without specks: pieces smaller than a twelfth of the largest go. Shoes come in pairs, so more than one stays."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((probability > 0.5).astype(np.uint8))
    if count <= 2:
        return probability
    areas = stats[1:, cv2.CC_STAT_AREA]
    small = np.isin(labels, 1 + np.flatnonzero(areas < areas.max() / 12))
    return np.where(small, np.minimum(probability, 0.02), probability)


def _guided(pixels: np.ndarray, field: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Guided filter with a colour guide (He, Sun, Tang 2013, section 4.2). pixels uint8 HxWx3, field HxW."""
    from muslin.garments.fields import fit_guide

    guide = pixels.astype(np.float32) / 255
    slopes, offset = fit_guide(guide, field, np.ones_like(field), radius, epsilon)
    return (slopes * guide).sum(-1) + offset


def grabcut(pixels: np.ndarray, prior: np.ndarray | None = None, side: int = 320) -> Mask:
    """OpenCV's GrabCut, started from `prior` (alpha HxW) or from an ellipse in the middle of the picture."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    if min(rows, columns) < 8 or not small.std() > 1:
        return Mask(np.zeros((height, width), np.float32), 0.0, "grabcut")
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
        cv2.grabCut(small, state, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # one of the two sides ran empty: there is nothing to tell apart
        return Mask(np.zeros((height, width), np.float32), 0.0, "grabcut")
    inside = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    alpha = refine(pixels, _whole_pieces(inside))
    # GrabCut knows no doubt of its own: a cut whose outline lies on strong edges is surer.
    return Mask(alpha, 0.5 * _edge_support(small, inside), "grabcut")


def _edge_support(pixels: np.ndarray, inside: np.ndarray) -> float:
    """Share of the outline that lies on a visible edge of the photo, in [0, 1]."""
    outline = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    if not outline.any():
        return 0.0
    blurred = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    edges = cv2.dilate(cv2.Canny(blurred, 30, 80), np.ones((3, 3), np.uint8)) > 0
    return float(edges[outline].mean())

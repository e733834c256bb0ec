"""The pieces of cloth that a garment is sewn from: where one ends on another, the print of a new cloth breaks too.

A network says what each pixel's piece is (a front, a collar, a pocket, ...) and how its grain is turned. What is of one
role and hangs together is one piece. A front, and each limb, lies as its panel does; every other piece is cut from
elsewhere in the cloth and turned as its own grain is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from muslin.garments.openings import opening

ROLES = (
    "front", "left front", "right front", "left limb", "right limb", "left collar", "right collar", "stand",
    "inside", "strip", "pocket", "left cuff", "right cuff", "band", "trim",
)  # fmt: skip
IN_THE_MIRROR = (0, 2, 1, 4, 3, 6, 5, 7, 8, 9, 10, 12, 11, 13, 14)  # ROLES as they are in the mirror
PANEL = (0, 0, 0, 1, 2, *(3,) * 10)  # of each role, index of fields.PANELS
PARTED = [1, 2]  # a front that opens
WHOLE = 5  # roles before lie as their panel does
# Of the garment; a smaller patch of a role goes to the next best.
LEAST = (*(0.05,) * 3, *(0.02,) * 2, *(0.004,) * 2, 0.008, *(0.004,) * 2, 0.012, *(0.004,) * 4)
JUMP = (0.137, 0.083)  # of the square's side, across and down: how far from its neighbours' a piece's cloth is cut
SOFT, SMOOTH = 1.2, 3.0  # px of the square: the lines in which thin and broad pieces end are smoothed by so much
STAND, INSIDE, POCKET, BAND = (ROLES.index(name) for name in ("stand", "inside", "pocket", "band"))
NECK = [5, 6, STAND, INSIDE]  # collar, what stands, inside
COMPACT = 0.7  # of the smallest rectangle around a pocket
SPAN = 0.6  # of a garment's width where they lie, across which its bands run
STANDS = 3.5  # of a logit, by which what stands has to be likelier than a front: necklines without a band are common
NEVER = -30.0  # logit of a role that a pixel has not


@dataclass(frozen=True)
class Pieces:
    """K pieces in a square of S px. shares: SxSxK in [0, 1], about 1 inside each, 0 far from it; every pixel has one.

    warp: G/4 x G/4 x K x 2, cloth position minus pixel position, in units of the side, if all were cut to match.
    jump: K x 2, how far from there each is cut. panel: of each, index of fields.PANELS. role: of each, index of ROLES.
    sure: of each, the network's mean chance of its role, in [0, 1].
    strip: whether the strip along which a front opens is a piece of its own (strips.py).
    """

    shares: np.ndarray
    warp: np.ndarray
    jump: np.ndarray
    panel: np.ndarray
    role: np.ndarray
    sure: np.ndarray
    strip: bool = False

    def matched(self, warp: np.ndarray) -> Pieces:
        """The same, all lying as their panels do, so that a print runs on across them. warp: of Fields."""
        return replace(self, warp=warp[:, :, self.panel], jump=np.zeros_like(self.jump))


def cut(
    roles: np.ndarray, grain: np.ndarray, inside: np.ndarray, panels: np.ndarray, warp: np.ndarray, light: np.ndarray
) -> Pieces:
    """The pieces of a garment.

    roles: logits hxwxR. grain: hxwx2, cosine and sine of how far the grain is turned, clockwise. inside: bool SxS.
    panels: logits hxwxP. warp: G/4 x G/4 x P x 2, in units of the side. light: SxS, log gain.
    """
    scores = scores_of(roles, panels)
    chances = np.exp(scores - np.logaddexp.reduce(scores, -1, keepdims=True))
    scores = with_sure_stands(scores)
    small = cv2.resize(inside.astype(np.float32), scores.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5
    line = _line(scores, small, inside, light)
    scores = _cleaned(_with_one_front(scores, line is not None), small)
    labels, role = _labelled(scores, inside, line)
    panel = np.array(PANEL)[role]
    each = [(labels == k + 1, int(role[k])) for k in range(len(role))]
    warps = [lain(piece, what, grain, warp[:, :, PANEL[what]]) for piece, what in each]
    jump = np.array([_jump(piece, what) for piece, what in each], np.float32)
    everywhere = _nearest(labels)
    shares = [_share(everywhere == k + 1) for k in range(len(role))]
    total = np.maximum(sum(shares), np.float32(1e-3))
    shares = [share / total for share in shares]
    sure = np.array([_sure(chances, piece, what) for piece, what in each], np.float32)
    return Pieces(np.stack(shares, -1), np.stack(warps, 2).astype(np.float32), jump, panel, role, sure)


def scores_of(roles: np.ndarray, panels: np.ndarray) -> np.ndarray:
    """How likely each role is, given what is known of its panel: logarithms, but for a term of the pixel. hxwxR."""
    panels = cv2.resize(panels, roles.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(roles + panels[..., PANEL])


def with_sure_stands(scores: np.ndarray) -> np.ndarray:
    """Scores hxwxR in which nothing stands around a neck where a front is nearly as likely: there is none of what is
    sewn on either, and the front or the inside of the back is seen.
    """
    scores = scores.copy()
    fronts = np.maximum.reduce([scores[..., k] for k in (0, *PARTED)])
    unsure = (scores.argmax(-1) == STAND) & (scores[..., STAND] - fronts < STANDS)
    for k in range(WHOLE, len(ROLES)):
        if k != INSIDE:
            scores[unsure, k] = NEVER
    return scores


def _line(
    scores: np.ndarray, small: np.ndarray, inside: np.ndarray, light: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The line along which the front opens (openings.py), where the network thinks that it does.

    scores: hxwxR; small: bool hxw, the garment; inside and light: SxS.
    """
    front = small & (scores.argmax(-1) <= max(PARTED))
    if not front.any():
        return None
    left, right = (scores[..., k] for k in PARTED)
    if (np.logaddexp(left[front], right[front]) - scores[..., 0][front]).mean() <= 0:
        return None
    size = inside.shape[::-1]
    nearer = cv2.resize(left - right, size, interpolation=cv2.INTER_LINEAR) > 0
    return opening(nearer, inside & (cv2.resize(front.astype(np.uint8), size) > 0), light)


def _with_one_front(scores: np.ndarray, opens: bool) -> np.ndarray:
    """A front is whole, or it opens along a line: nothing between, so it is one role until then."""
    scores = scores.copy()
    if opens:
        scores[..., 0] = scores[..., [0, *PARTED]].max(-1)
    scores[..., PARTED] = NEVER
    return scores


def _cleaned(scores: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Scores in which no patch of a role is too small for a piece, or lies where no such piece is. inside: bool hxw."""
    for _ in range(4):  # what takes a patch over may be too small itself
        best = np.where(inside, scores.argmax(-1), -1)
        if not _spans(best == BAND, inside):
            scores[best == BAND, WHOLE:] = NEVER  # what is there is of a front or a limb
            best = np.where(inside, scores.argmax(-1), -1)
        around = cv2.dilate((~inside | np.isin(best, NECK)).astype(np.uint8), np.ones((3, 3))) > 0
        patches = False
        for k in np.flatnonzero(np.bincount(best[inside])):
            _, found, stats, _ = cv2.connectedComponentsWithStats((best == k).astype(np.uint8), connectivity=4)
            for one in range(1, len(stats)):
                piece = found == one
                small = stats[one, cv2.CC_STAT_AREA] < LEAST[k] * inside.sum()
                if small or not _plausible(piece, int(k), around):
                    scores[piece, k] = NEVER
                    patches = True
        if not patches:
            break
    return scores


def _labelled(
    scores: np.ndarray, inside: np.ndarray, line: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """(label of each pixel, int32 SxS, 0 outside; role of each label from 1 on)."""
    best = cv2.resize(scores, inside.shape[::-1], interpolation=cv2.INTER_LINEAR).argmax(-1)
    best = np.where(inside, best, -1)
    if line is not None:
        at = np.interp(np.arange(len(best)), *line)  # above and below its ends too
        sides = np.where(np.arange(best.shape[1])[None] <= at[:, None], *PARTED)
        best = np.where(best == 0, sides, best)
    labels, role = np.zeros(inside.shape, np.int32), []
    for k in np.flatnonzero(np.bincount(best[inside])):
        _, found, stats, _ = cv2.connectedComponentsWithStats((best == k).astype(np.uint8), connectivity=4)
        for one in range(1, len(stats)):
            if stats[one, cv2.CC_STAT_AREA] >= LEAST[k] / 2 * inside.sum():  # cleaned before, at a smaller size
                role.append(int(k))
                labels[found == one] = len(role)
    if not role:
        return inside.astype(np.int32), np.zeros(1, np.int64)
    return np.where(inside, _nearest(labels), 0), np.array(role)


def _plausible(piece: np.ndarray, role: int, around: np.ndarray) -> bool:
    """Whether a garment has such a piece: pockets are cut straight, all others reach the outline or the neck."""
    if role < WHOLE:
        return True
    if role != POCKET:
        return bool((piece & around).any())
    points = np.argwhere(piece).astype(np.float32)
    width, height = cv2.minAreaRect(points)[1]
    return len(points) > COMPACT * (width + 1) * (height + 1)


def _spans(bands: np.ndarray, inside: np.ndarray) -> bool:
    """Whether bands run across a garment, from seam to seam: an arc at a hem does not. Both bool hxw."""
    rows = bands.any(1)
    return bool(bands.any(0).sum() >= SPAN * inside[rows].any(0).sum())


def _share(piece: np.ndarray) -> np.ndarray:
    """A piece, bool SxS, softened by SMOOTH px, less where it is thin: pieces are sewn in smooth lines.

    Where two softened pieces meet both are a half on a straight line between them, however soft either is.
    """
    deep = float(cv2.distanceTransform(piece.astype(np.uint8), cv2.DIST_L2, 3).max())
    return cv2.GaussianBlur(piece.astype(np.float32), (0, 0), float(np.clip(deep / 2, SOFT, SMOOTH)))


def _nearest(labels: np.ndarray) -> np.ndarray:
    """Where there is no label, that of the nearest pixel with one."""
    empty = (labels == 0).astype(np.uint8)
    if not empty.any() or empty.all():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of = np.zeros(int(nearest.max()) + 1, labels.dtype)
    there = labels > 0
    of[nearest[there]] = labels[there]
    return of[nearest]


def lain(piece: np.ndarray, role: int, grain: np.ndarray, panel: np.ndarray) -> np.ndarray:
    """Warp of one piece, G/4 x G/4 x 2. piece: bool SxS; panel: the warp of its panel."""
    if role < WHOLE:
        return panel
    size, cells = piece.shape[0], panel.shape[0]
    y, x = np.nonzero(piece)
    cosine, sine = grain[y * grain.shape[0] // size, x * grain.shape[1] // size].mean(0)
    length = max(float(np.hypot(cosine, sine)), 1e-6)
    cosine, sine = cosine / length, sine / length
    at = (np.arange(cells, dtype=np.float32) * 4 + 2.5) / (4 * cells)  # as Fields.warp: cell i is pixel 4 i + 2
    across, down = at[None] - (x.mean() + 0.5) / size, at[:, None] - (y.mean() + 0.5) / size
    return np.stack([across * cosine + down * sine - across, down * cosine - across * sine - down], -1)


def _sure(chances: np.ndarray, piece: np.ndarray, role: int) -> float:
    """Mean chance of a role on its piece; that of a front is of any front, parted or whole. chances: hxwxR."""
    here = cv2.resize(piece.astype(np.float32), chances.shape[1::-1], interpolation=cv2.INTER_AREA)
    chance = chances[..., [0, *PARTED]].sum(-1) if role in (0, *PARTED) else chances[..., role]
    return float((chance * here).sum() / (here.sum() + 1e-6))


def _jump(piece: np.ndarray, role: int) -> tuple[float, float]:
    """Of the cloth, in units of the side; to either side of the middle in the mirror, as collars are cut."""
    if role < WHOLE and role not in PARTED:
        return 0.0, 0.0
    middle = np.nonzero(piece)[1].mean() / piece.shape[1]
    # Two fronts are cut side by side: their rows meet at the opening, their columns do not.
    return JUMP[0] if middle >= 0.5 else -JUMP[0], 0.0 if role in PARTED else JUMP[1]

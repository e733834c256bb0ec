"""How visible the seam of a tiled swatch is, and a swatch without one.

A swatch cut from a photo shows three things when it is tiled: a grid of light and shade, motifs cut off at
the border, and a rhythm that stumbles. make_seamless answers them in this order. The slow trend of light is
taken out. The crop is chosen whose ends resemble each other most (for stripes and checks that is a whole
number of periods) and that holds all of the picture's colours. The overlapping ends are joined along the
path where they differ least (minimum error boundary cut, Efros and Freeman, Image Quilting, 2001, section
2.1), detail hard along it, tints softly (Burt and Adelson, A Multiresolution Spline, 1983).
"""

from __future__ import annotations

import numpy as np

from muslin.errors import UserError
from muslin.images import resize
from muslin.textiles.cuts import cheapest_path
from muslin.textiles.enlarge import enlarge

INVISIBLE = 0.1  # below this score a swatch is left as it is
VISIBLE = 0.3  # above it the seam of a repeated swatch is seen

_OVERLAP = 6  # one part in six of the swatch is joined
_SHORTEST = 0.55  # of the swatch that a crop must keep
_COARSE = 128  # pixels: the size at which crops are compared
_PALETTE = 10.0  # what a crop without one of the picture's colours costs, beside ends that have nothing in common
_KEPT = 0.6  # of a colour's share, from which it is not missed: whole periods hold a little less of one than the rest
_TREND_GAIN = 1.4  # the most that the light of one corner is changed
_TINT_GAIN = 1.1  # and one of its colours beside the others


def seam_score(swatch: np.ndarray, repeat: str = "straight") -> float:
    """How visible the border is when the swatch is tiled: 0 = not at all, 1 = a clear line.

    The mean jump of colour across the border, beside the largest mean jump between two columns (or rows)
    inside, minus one, not below 0; the worst of both directions and of coarser sizes, where light and tint
    count. For a rhythm (stripes, checks) also how much less the swatch repeats itself across the border.
    swatch: sRGB uint8 hxwx3. repeat: "straight", "half-drop" (the next column half a height lower) or "brick" (the next
    row half a width further). Raises UserError for other arrays.
    """
    _check(swatch)
    return max(_axis_score(swatch, repeat == "half-drop"), _axis_score(swatch.swapaxes(0, 1), repeat == "brick"))


def make_seamless(swatch: np.ndarray, repeat: str = "straight") -> np.ndarray:
    """A swatch of the same size that tiles in this repeat; one whose seam is invisible is returned as it is.

    swatch: sRGB uint8 hxwx3. repeat: as for seam_score; what tiles straight breaks off at each column of a half-drop.
    The print may come out up to 1.8 times larger, since the joint uses up a part. Raises UserError for other arrays.
    """
    if seam_score(swatch, repeat) < INVISIBLE or min(swatch.shape[:2]) < 16:
        return swatch
    height, width = swatch.shape[:2]
    # The ends that meet shifted are joined last, since the shift goes round the other direction.
    turned = repeat == "half-drop"
    tile = _without_trend(swatch)
    if turned:
        swatch, tile = swatch.swapaxes(0, 1), tile.swapaxes(0, 1)
    # each direction is joined only where it needs it: a joint costs a part of the swatch
    if _axis_score(swatch) >= INVISIBLE:
        tile = _join(tile, cyclic=False)
    tile, shifted = tile.swapaxes(0, 1), repeat in ("half-drop", "brick")
    if _axis_score(swatch.swapaxes(0, 1), shifted) >= INVISIBLE:
        tile = _join(tile, cyclic=True, shifted=shifted)
    if not turned:
        tile = tile.swapaxes(0, 1)
    return enlarge(tile, width, height)


def _check(swatch: np.ndarray) -> None:
    if swatch.dtype != np.uint8 or swatch.ndim != 3 or swatch.shape[2] != 3 or swatch.size == 0:
        raise UserError(
            "A swatch is an sRGB uint8 array of height x width x 3.",
            received=f"{swatch.dtype} {swatch.shape}",
        )


# ------------------------------------------------------------------------------------------------------ score


def _axis_score(swatch: np.ndarray, shifted: bool = False) -> float:
    """The score of the border between the last column and the first; shifted: which lies half a height lower."""
    worst = 0.0
    shrink = max(1, max(swatch.shape[:2]) // 1024)
    finest = resize(swatch, max(1, swatch.shape[1] // shrink), max(1, swatch.shape[0] // shrink)).astype(np.float32)
    height, width = finest.shape[:2]
    step = 1
    while width // step >= 12:
        rows = resize(finest, width, max(1, height // step))  # columns are averaged in every place, rows once
        worst = max(worst, _jump(rows, step, shifted))
        if width // step <= 160 and not shifted:
            # Whole columns of the swatch: one cut short would break its rhythm.
            worst = max(worst, _rhythm(resize(rows, width // step, rows.shape[0])))
        if min(height, width) // step < 24:
            break
        step *= 2
    return worst


def _jump(rows: np.ndarray, step: int, shifted: bool) -> float:
    """How much larger the jump of colour across the border is than the largest inside, between means of `step` columns.

    Inside they are looked at in every place, not only in multiples of `step`: an edge in the middle of a coarse
    column would be two half edges, while one on the border is always whole, and a check that tiles would have a seam.
    rows: float32 hxwx3.
    """
    import cv2

    means = cv2.blur(rows, (step, 1), anchor=(0, 0))[:, : rows.shape[1] - step + 1]
    inside = cv2.reduce(cv2.absdiff(means[:, step:], means[:, :-step]), 0, cv2.REDUCE_AVG).mean(axis=(0, 2))
    first = np.roll(means[:, 0], len(means) // 2, axis=0) if shifted else means[:, 0]
    across = float(np.abs(first - means[:, -1]).mean())
    chance = 1.0 + 8.0 * step / len(inside)  # the largest of few jumps is sometimes passed by one that means nothing
    return max(0.0, across / (max(float(inside.max()), 1.0) * chance) - 1.0)


def _rhythm(level: np.ndarray) -> float:
    """0 unless the columns repeat themselves inside but not across the border."""
    width = level.shape[1]
    chance = float(level.var(axis=1).mean()) * 2.0  # the squared difference of two unrelated columns
    if chance < 4.0:
        return 0.0
    columns = np.ascontiguousarray(level.swapaxes(0, 1)).reshape(width, -1)
    around = np.concatenate([columns, columns[: width // 2]])
    worst = 0.0
    for lag in range(4, width // 2):
        difference = around[lag : lag + width] - columns
        difference = np.einsum("ij,ij->i", difference, difference) / columns.shape[1]
        inside, across = difference[: width - lag], float(difference[width - lag :].mean())
        if float(inside.mean()) < 0.2 * chance:
            # As much as one place inside differs, too; an edge in the middle of a column is half in each of two.
            sums, roots = (np.concatenate([[0.0], np.cumsum(part)]) for part in (inside, np.sqrt(inside)))
            most = float((sums[lag:] - sums[:-lag]).max()) / lag
            most = max(most, (float((roots[lag + 1 :] - roots[: -lag - 1]).max()) / lag) ** 2)
            worst = max(worst, (across - max(most, 0.1 * chance)) / chance)
    return worst


# ----------------------------------------------------------------------------------------------- light, crops


def _without_trend(swatch: np.ndarray) -> np.ndarray:
    """float32 hxwx3 in 0..255 without the slow trend of its light: a quadratic in x, y, in log colour.

    It is fitted beside a constant for each of a few colours, so that where motifs lie is not taken for light.
    """
    import cv2

    height, width = swatch.shape[:2]
    rows, columns = (np.linspace(0, side - 1, min(side, 64)).astype(np.intp) for side in (height, width))
    tone = np.log(swatch[rows[:, None], columns].reshape(-1, 3).astype(np.float32) + 16.0)
    powers = _quadratic(len(rows), len(columns))[:, 1:].astype(np.float32)
    fit = np.zeros((powers.shape[1], 3), np.float32)
    for _ in range(4):
        colors = _groups(tone - powers @ fit)
        terms = np.hstack([powers, colors]).astype(np.float64)
        normal = terms.T @ terms + 1e-6 * np.eye(terms.shape[1])  # a colour may have lost all of its pixels
        fit = np.linalg.solve(normal, terms.T @ tone)[: powers.shape[1]].astype(np.float32)
    trend = (powers @ fit).reshape(len(rows), len(columns), 3)
    trend -= trend.mean(axis=(0, 1))
    grey = trend.mean(axis=-1, keepdims=True)
    trend = _as_of_light(grey, _TREND_GAIN) + _as_of_light(trend - grey, _TINT_GAIN)
    gain = cv2.resize(np.exp(-trend), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip((swatch + np.float32(16.0)) * gain - np.float32(16.0), 0.0, 255.0)


def _as_of_light(log: np.ndarray, gain: float) -> np.ndarray:
    """A trend no larger than log `gain`; none of one that is twice as large.

    What changes far more than light does across a piece of cloth is the picture itself: a sky, a nebula, an ombre.
    """
    limit = np.float32(np.log(gain))
    return np.asarray(limit * np.tanh(log / limit) * np.clip(2.0 - np.abs(log).max() / limit, 0.0, 1.0))


def _groups(tone: np.ndarray, count: int = 6) -> np.ndarray:
    """Which of a few colours each pixel belongs to: k-means from equal shares of lightness, Nxcount."""
    import cv2

    order = np.argsort(np.argsort(tone.sum(axis=1), kind="stable"), kind="stable")
    labels = (order * count // len(tone)).astype(np.int32)[:, None]
    stop = (cv2.TERM_CRITERIA_COUNT, 8, 0.0)
    found = cv2.kmeans(tone, count, labels, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)[1]
    return (found == np.arange(count)).astype(np.float32)


def _quadratic(height: int, width: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1).reshape(-1, 6)


def _best_crop(image: np.ndarray, shifted: bool) -> tuple[int, int, int]:
    """(start, period, overlap) in columns: the crop whose overlapping ends resemble each other most.

    shifted: its last columns meet the first half a height lower.
    """
    width = image.shape[1]
    sizes = [width]
    while sizes[-1] > _COARSE * 1.5:
        sizes.append(max(_COARSE, sizes[-1] // 4))
    start = period = overlap = 0
    for number, size in enumerate(reversed(sizes)):
        height = max(8, round(image.shape[0] * min(1.0, 2.0 * size / width)))
        level = resize(image, size, min(height, image.shape[0]))
        overlap = max(2, size // _OVERLAP)
        if number == 0:
            lags = range(round(size * _SHORTEST), size - overlap + 1)
            starts: range | None = None
        else:
            ratio = size / sizes[len(sizes) - number]
            reach = int(np.ceil(ratio))
            lags = range(max(1, int(period * ratio) - reach), min(size - overlap, int(period * ratio) + reach) + 1)
            starts = range(max(0, int(start * ratio) - reach), int(start * ratio) + reach + 1)
        start, period = _compare_crops(level, lags, starts, overlap, shifted)
    return start, period, overlap


def _compare_crops(
    image: np.ndarray, lags: range, starts: range | None, overlap: int, shifted: bool
) -> tuple[int, int]:
    width = image.shape[1]
    image = image[:: max(1, image.shape[0] // 256)]
    ends = np.roll(image, -(len(image) // 2), axis=0) if shifted else image
    chance = max(float(image.var(axis=(0, 1)).mean()) * 2.0, 1.0)
    edges = np.abs(np.diff(image, axis=1)).mean(axis=(0, 2))
    content = np.concatenate([[0.0], np.cumsum(np.pad(edges, (0, 1)))]) / (edges.mean() + 1e-3)
    colours = np.pad(np.cumsum(_colours(image), axis=0), [(1, 0), (0, 0)])
    colours = (colours[overlap:] + colours[:-overlap]) / 2.0  # in the joint either end counts half
    best, found = np.inf, (0, width - overlap)
    for lag in lags:
        first, last = (0, width) if starts is None else (starts.start, starts.stop)
        last = min(last, width - lag - overlap + 1)
        if last <= first:
            continue
        stop = last + overlap - 1
        difference = ((ends[:, first + lag : stop + lag] - image[:, first:stop]) ** 2).mean(axis=(0, 2))
        sums = np.concatenate([[0.0], np.cumsum(difference)])
        apart = (sums[overlap:] - sums[:-overlap]) / overlap / chance
        # From 1 on the ends are as unlike as any two columns: how unlike hardly matters any more.
        costs = np.minimum(apart, 0.9 + 0.1 * apart) + 0.35 * (1.0 - lag / width)
        kept = (content[first + lag : last + lag] - content[first:last]) / lag
        costs += np.clip(1.0 - kept, 0.0, 1.0)  # blank ends match well, but a print is wanted
        kept = (colours[first + lag : last + lag] - colours[first:last]) / lag  # and each of its colours
        costs += _PALETTE * np.clip(1.0 - kept / _KEPT, 0.0, 1.0).mean(axis=1)
        place = int(np.argmin(costs))
        if costs[place] < best:
            best, found = float(costs[place]), (first + place, lag)
    return found


def _colours(image: np.ndarray) -> np.ndarray:
    """How much of each of a few colours every column has, beside the mean of the columns: width x colours."""
    rows = image[:: max(1, image.shape[0] // 64)]
    tone = np.log(rows.reshape(-1, 3) + np.float32(16.0))
    shares = _groups(tone, 8).reshape(*rows.shape[:2], -1).mean(axis=0)
    shares = shares[:, shares.mean(axis=0) > 0.01]
    return np.asarray(shares / shares.mean(axis=0))


# ------------------------------------------------------------------------------------------------------ joint


def _join(image: np.ndarray, cyclic: bool, shifted: bool = False) -> np.ndarray:
    """A crop of float32 HxWx3 whose last column goes over into its first; cyclic: rows tile already.

    shifted: into its first half a height lower, which takes rows that tile.
    """
    import cv2

    start, period, overlap = _best_crop(image, shifted)
    half = len(image) // 2 if shifted else 0
    ends = np.roll(image[:, start + period : start + period + overlap], -half, axis=0)
    difference = image[:, start : start + overlap] - ends
    path = _cut(difference**2, cyclic)
    column = np.arange(overlap, dtype=np.float32)[None]
    hard = cv2.GaussianBlur(
        np.clip(column - path[:, None] + 0.5, 0.0, 1.0), (0, 0), 0.7, borderType=cv2.BORDER_REPLICATE
    )
    shares = [hard, *(_ramp(column, path[:, None], overlap * share) for share in (1 / 3, 1.0))]
    # Bands of the difference, not of the picture: where the ends are alike they stay as they are.
    joint = ends.copy()
    for band, share in zip(_bands(difference, (overlap / 12.0, overlap / 3.0), cyclic), shares, strict=True):
        joint += share[..., None] * band
    joined = np.concatenate([joint, image[:, start + overlap : start + period]], axis=1)
    # the joint in the middle of the border, so that the score sees it
    gone, kept = joined[:, : overlap // 2], joined[:, overlap // 2 :]
    return np.clip(np.concatenate([kept, np.roll(gone, half, axis=0)], axis=1), 0.0, 255.0).astype(np.float32)


def _ramp(column: np.ndarray, path: np.ndarray, width: float) -> np.ndarray:
    """From 0 to 1 over `width` columns around the path, as far as the joint has room for it. HxK."""
    total = column.shape[1]
    middle = np.clip(path, width / 2.0, max(width / 2.0, total - width / 2.0))
    place = np.clip((column + 0.5 - middle) / width + 0.5, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * place), np.float32)


def _bands(image: np.ndarray, sigmas: tuple[float, ...], cyclic: bool) -> list[np.ndarray]:
    """Maps that sum up to `image`: what is finer than the first sigma, than the second, and the rest."""
    bands, left = [], image
    for sigma in sigmas:
        around = min(int(12 * sigma), image.shape[0]) if cyclic else 0
        padded = np.pad(left, [(around, around), (0, 0), (0, 0)], mode="wrap") if around else left
        coarse = _blurred(padded, sigma)[around : around + image.shape[0]]
        bands.append(left - coarse)
        left = coarse
    return [*bands, left]


def _blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur, done on a smaller picture where sigma is large."""
    import cv2

    shrink = max(1, int(sigma / 4.0))
    height, width = image.shape[:2]
    small = resize(image, max(1, width // shrink), max(1, height // shrink))
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _cut(error: np.ndarray, cyclic: bool) -> np.ndarray:
    """For each row the column where a path of least error crosses, float32 H. error: HxKxC, at least 0."""
    import cv2

    cost = cv2.GaussianBlur(error.sum(axis=2), (0, 0), 0.8) + 1e-3 * float(error.mean() + 1.0)
    path = cheapest_path(cost)
    if cyclic:
        twice = cheapest_path(np.concatenate([cost, cost]))
        path = cheapest_path(cost, int(twice[len(cost)]))
    return path.astype(np.float32)

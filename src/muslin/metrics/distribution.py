"""How far one set of pictures is from another: KID and the Fréchet distance, between matrices of features."""

from __future__ import annotations

import numpy as np

from muslin.metrics.estimates import Estimate, by_jackknife, halves

SUBSETS = 100  # random halves, of which the interval is made
JACKKNIFE = 10  # groups, left out one after the other
ROWS = 512  # of the kernel at a time: memory does not grow with the square of the count


def polynomial_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """k(x, y) = (x.y / d + 1)^3, n x m (Bińkowski et al. 2018, section 4). a: n x d, b: m x d."""
    return (a @ b.T / a.shape[1] + 1.0) ** 3


def kid(
    made: np.ndarray,
    real: np.ndarray,
    *,
    made_groups: np.ndarray | None = None,
    real_groups: np.ndarray | None = None,
    seed: int = 0,
) -> Estimate:
    """Kernel Inception Distance's formula on any features: unbiased squared MMD (Bińkowski et al. 2018, equation 4).

    0 in expectation when both sets come from one distribution, so a value may fall below 0. All pairs are used; the
    interval comes from SUBSETS random halves of both sets (estimates.halves).
    made, real: float n x d, m x d, at least 4 each. *_groups: which picture each row (a patch) comes from: pairs within
    one picture are left out, as a row's pair with itself is, and halves are drawn by picture.
    """
    x, y = np.asarray(made, np.float64), np.asarray(real, np.float64)
    groups = _numbered(made_groups, len(x)), _numbered(real_groups, len(y))
    counts = [int(group.max()) + 1 for group in groups]
    if min(counts) < 4:
        raise ValueError(f"KID needs at least 4 pictures on each side. Received: {counts[0]} and {counts[1]}.")
    weights = [np.concatenate([np.ones((1, n), bool), halves(n, SUBSETS, seed + i)]) for i, n in enumerate(counts)]
    s, t = (w[:, g].astype(np.float64) for w, g in zip(weights, groups, strict=True))
    within = [_pairs_within(x, s, groups[0]), _pairs_within(y, t, groups[1])]
    across = _kernel_sums(x, y, s, t) / (s.sum(1) * t.sum(1))
    values = within[0] + within[1] - 2.0 * across
    low, high = np.percentile(values[1:] - values[1:].mean(), (2.5, 97.5))
    return Estimate(float(values[0]), float(values[0] + low), float(values[0] + high), min(counts))


def _numbered(groups: np.ndarray | None, count: int) -> np.ndarray:
    """Groups as 0, 1, 2...; None: each row by itself."""
    return np.arange(count) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].ravel()


def _kernel_sums(x: np.ndarray, y: np.ndarray, s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """For each row of weights, the sum of s_i t_j k(x_i, y_j) over all pairs. s: w x n, t: w x m."""
    total = np.zeros(len(s))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        total += ((s[:, rows] @ polynomial_kernel(x[rows], y)) * t).sum(1)
    return total


def _pairs_within(x: np.ndarray, s: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean kernel over the pairs of chosen rows that belong to different groups, for each row of weights."""
    total, pairs = _kernel_sums(x, x, s, s), s.sum(1) ** 2
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        own = s[:, rows[0]]  # a group is chosen as a whole
        total -= own * polynomial_kernel(x[rows], x[rows]).sum()
        pairs -= own * len(rows) ** 2
    return total / pairs


def frechet(made: np.ndarray, real: np.ndarray, *, made_groups: np.ndarray | None = None,
            real_groups: np.ndarray | None = None, seed: int = 0) -> Estimate:  # fmt: skip
    """Fréchet distance between the Gaussians fitted to two sets (Dowson and Landau 1982; Heusel et al. 2017 for GANs).

    It is called FID only on Inception-v3's features, which these are not. It grows as pictures get fewer: below some
    thousand it compares sets of the same size only. Interval: delete-a-group jackknife over pictures, so for the
    distance at this count.
    made, real: float n x d, m x d, at least JACKKNIFE + 1 pictures each.
    """
    x, y = np.asarray(made, np.float64), np.asarray(real, np.float64)
    groups = _numbered(made_groups, len(x)), _numbered(real_groups, len(y))
    counts = [int(group.max()) + 1 for group in groups]
    if min(counts) <= JACKKNIFE:
        raise ValueError(f"The Fréchet distance needs more than {JACKKNIFE} pictures. Received: {counts}.")
    rng = np.random.default_rng(seed)
    parts = [(rng.permutation(n) % JACKKNIFE)[g] for n, g in zip(counts, groups, strict=True)]
    left_out = [frechet_distance(x[parts[0] != k], y[parts[1] != k]) for k in range(JACKKNIFE)]
    found = by_jackknife(frechet_distance(x, y), left_out, min(counts))
    return Estimate(found.value, max(0.0, found.low), found.high, found.count)


def frechet_distance(x: np.ndarray, y: np.ndarray) -> float:
    """|mean_x - mean_y|^2 + tr(S_x + S_y - 2 (S_x S_y)^(1/2)), S the unbiased covariances. x: n x d, y: m x d.

    tr (S_x S_y)^(1/2) is the sum of the singular values of A B^T, for S_x = A^T A and S_y = B^T B: with fewer pictures
    than features that is smaller than the covariances, and no matrix root is needed.
    """
    a = (x - x.mean(0)) / np.sqrt(len(x) - 1)
    b = (y - y.mean(0)) / np.sqrt(len(y) - 1)
    cross = _root(a) @ _root(b).T
    squares = float(((x.mean(0) - y.mean(0)) ** 2).sum() + (a**2).sum() + (b**2).sum())
    return max(0.0, squares - 2.0 * float(np.linalg.svd(cross, compute_uv=False).sum()))


def _root(a: np.ndarray) -> np.ndarray:
    """R with R^T R = A^T A and at most d rows."""
    return a if len(a) <= a.shape[1] else np.asarray(np.linalg.qr(a, mode="r"))

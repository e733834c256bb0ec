"""What nearest neighbours tell: are made pictures real-like, do they cover the collection, are they copies of it?

Distances are Euclidean between rows of features; memory does not grow with the square of the count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muslin.metrics.estimates import Estimate, average, proportion

NEIGHBOURS = 3  # of improved precision and recall (Kynkäänniemi et al. 2019, section 3)
DENSITY_NEIGHBOURS = 5  # of density and coverage (Naeem et al. 2020, section 3.2)
CLOSE = 0.4  # of the usual distance between neighbours in the collection: nearer than that is called a copy
ROWS = 512


@dataclass(frozen=True)
class Manifold:
    """precision: share of made pictures that lie among the real ones (would they pass?).  recall: share of real ones
    that lie among the made ones (is every kind made?).  density: how many real neighbourhoods a made picture lies in,
    beside what is expected of a real one (1).  coverage: share of real ones with a made one in their neighbourhood.

    Intervals of the shares are Wilson's, for pictures drawn anew against these same neighbourhoods.
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def manifold(made: np.ndarray, real: np.ndarray) -> Manifold:
    """made: float n x d, real: m x d, more than DENSITY_NEIGHBOURS each."""
    if min(len(made), len(real)) <= DENSITY_NEIGHBOURS:
        raise ValueError(
            f"Neighbours need more than {DENSITY_NEIGHBOURS} pictures. Received: {len(made)}, {len(real)}."
        )
    reach_made = radii(made, NEIGHBOURS)
    reach_real, wide_real = radii(real, NEIGHBOURS), radii(real, DENSITY_NEIGHBOURS)
    passes, dense = np.zeros(len(made), bool), np.zeros(len(made))
    reached, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    for rows, far in _distances(made, real):
        passes[rows] = (far <= reach_real).any(1)
        dense[rows] = (far <= wide_real).sum(1) / DENSITY_NEIGHBOURS
        reached |= (far <= reach_made[rows, None]).any(0)
        covered |= (far <= wide_real).any(0)
    return Manifold(
        proportion(int(passes.sum()), len(made)),
        proportion(int(reached.sum()), len(real)),
        average(dense),
        proportion(int(covered.sum()), len(real)),
    )


def directions(features: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length, n x d: what to look for neighbours among where features are a network's activations.

    Pictures with little in them (a plain grey) have small activations, and so would lie near everything: 24 plain greys
    beside 24 rendered garments have precision 1.00 as they are, 0.00 as directions.
    """
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def radii(features: np.ndarray, k: int) -> np.ndarray:
    """Distance of each row to its k-th nearest other row, n."""
    found = np.empty(len(features))
    for rows, far in _distances(features, features):
        far[np.arange(len(far)), rows] = np.inf  # itself
        found[rows] = np.partition(far, k - 1, axis=1)[:, k - 1]
    return found


def told_apart(made: np.ndarray, real: np.ndarray) -> Estimate:
    """How often a judge who looks at the nearest other picture says rightly whether one is made or real.

    Leave-one-out 1-nearest-neighbour accuracy over as many of each (Lopez-Paz and Oquab 2017): 0.5 cannot tell, 1
    always can; far below 0.5 is copying. made: float n x d, real: m x d.
    """
    count = min(len(made), len(real))
    chosen = [np.random.default_rng(0).permutation(len(x))[:count] for x in (made, real)]
    both = np.concatenate([made[chosen[0]], real[chosen[1]]])
    label = np.arange(2 * count) < count
    nearest = np.empty(2 * count, np.intp)
    for rows, far in _distances(both, both):
        far[np.arange(len(far)), rows] = np.inf
        nearest[rows] = far.argmin(1)
    return proportion(int((label[nearest] == label).sum()), 2 * count)


@dataclass(frozen=True)
class Nearest:
    """For each made picture the nearest real one. index: n. closeness: distance as a share of the usual distance
    between neighbours in the collection, n. copied: closeness below CLOSE.
    """

    index: np.ndarray
    closeness: np.ndarray
    usual: float

    @property
    def copied(self) -> np.ndarray:
        return self.closeness < CLOSE

    @property
    def share(self) -> Estimate:
        return proportion(int(self.copied.sum()), len(self.index))


def nearest_real(made: np.ndarray, real: np.ndarray) -> Nearest:
    """Copying: the nearest real picture of each made one. made: float n x d, real: m x d, at least 3.

    The usual distance is the median of the real ones' own nearest distances, duplicates in the collection (a quarter of
    the farthest tenth's distance, or nearer) left out.
    """
    own = radii(real, 1)
    distinct = own[own >= 0.25 * np.quantile(own, 0.9)]
    usual = max(float(np.median(distinct)), 1e-12)
    index, nearest = np.empty(len(made), np.intp), np.empty(len(made))
    for rows, far in _distances(made, real):
        index[rows], nearest[rows] = far.argmin(1), far.min(1)
    return Nearest(index, nearest / usual, usual)


def _distances(a: np.ndarray, b: np.ndarray):  # type: ignore[no-untyped-def]
    """(rows of a as indices, distances to all of b), a part of a at a time."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squares = (b**2).sum(1)
    for start in range(0, len(a), ROWS):
        rows = np.arange(start, min(len(a), start + ROWS))
        part = (a[rows] ** 2).sum(1)[:, None] + squares - 2.0 * a[rows] @ b.T
        yield rows, np.sqrt(np.maximum(part, 0.0))

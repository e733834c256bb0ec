"""A figure and how sure one can be of it: no measure is a bare number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.959964  # of a normal distribution's middle 95 %
RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its 95 % interval. count: independent things (pictures) it rests on."""

    value: float
    low: float
    high: float
    count: int

    @property
    def error(self) -> float:
        """Standard error, from the interval's width."""
        return (self.high - self.low) / (2 * Z)

    def scaled(self, factor: float) -> Estimate:
        """The same in another unit. factor: above 0."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, self.count)

    def as_dict(self) -> dict[str, float | int]:
        return {"value": self.value, "low": self.low, "high": self.high, "count": self.count}


def proportion(hits: int, total: int) -> Estimate:
    """Share of `total` things that are so. Interval: Wilson 1927, right also near 0 and 1 and for few things."""
    if total < 1 or not 0 <= hits <= total:
        raise ValueError(f"A proportion needs 0 <= hits <= total and total >= 1. Received: {hits} of {total}.")
    share, z2 = hits / total, Z * Z
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    return Estimate(share, low, 1.0 if hits == total else min(1.0, centre + half), total)


def average(
    values: Sequence[float] | np.ndarray, statistic: Callable[..., np.ndarray] = np.mean, seed: int = 0
) -> Estimate:
    """Mean (or another statistic with an `axis`, as np.median) of one value a picture.

    Interval: percentiles of RESAMPLES bootstrap samples (Efron 1979).
    """
    data = np.asarray(values, np.float64)
    if data.ndim != 1 or not len(data):
        raise ValueError(f"An average needs a list of numbers. Received: shape {data.shape}.")
    draws = np.random.default_rng(seed).integers(0, len(data), (RESAMPLES, len(data)))
    low, high = np.percentile(statistic(data[draws], axis=1), (2.5, 97.5))
    return Estimate(float(statistic(data, axis=0)), float(low), float(high), len(data))


def halves(count: int, number: int, seed: int = 0) -> np.ndarray:
    """`number` random halves of `count` things, bool number x count.

    A statistic of a half, taken without replacement, differs from that of the whole as much as that differs from the
    truth: its variance is v / (count / 2) - v / count = v / count (subsampling, Politis and Romano 1994). Unlike
    bootstrap samples, halves hold nothing twice, which would bias a distance between sets.
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros((number, count), bool)
    for row in chosen:
        row[rng.permutation(count)[: (count + 1) // 2]] = True
    return chosen


def by_jackknife(value: float, left_out: Sequence[float], count: int) -> Estimate:
    """`value` of all things, with the interval that its values with one group of them left out each give.

    Delete-a-group jackknife: variance (g - 1) / g * sum of squared deviations over g groups (Shao and Tu 1995, 5.1).
    """
    data = np.asarray(left_out, np.float64)
    groups = len(data)
    error = math.sqrt((groups - 1) / groups * float(((data - data.mean()) ** 2).sum()))
    return Estimate(value, value - Z * error, value + Z * error, count)

"""Which numbers an option of a recipe may be: declared beside the options, checked before anything is built."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from muslin.errors import EXIT_USAGE, UserError


@dataclass(frozen=True)
class Range:
    """Finite numbers from `low` to `high`; of a tuple each entry is one, and `length` says how many there may be.

    open_low, open_high: without that end itself. step: whole multiples of it only; 0: fractions too.
    """

    low: float = 0
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    step: int = 0
    length: tuple[int, float] = (1, math.inf)

    def holds(self, value: Any) -> bool:
        if isinstance(value, (tuple, list)):
            return self.length[0] <= len(value) <= self.length[1] and all(self._holds(entry) for entry in value)
        return self._holds(value)

    def _holds(self, value: Any) -> bool:
        number = float(value) if isinstance(value, Real) else math.nan
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return math.isfinite(number) and above and below and not (self.step and number % self.step)

    def __str__(self) -> str:
        kind = "numbers" if not self.step else "whole numbers" if self.step == 1 else f"multiples of {self.step}"
        low = f"{'above' if self.open_low else 'from'} {self.low:,}"
        high = f" to {'below ' if self.open_high else ''}{self.high:,}" if math.isfinite(self.high) else ""
        fewest, most = self.length
        many = "" if most == math.inf else f", {fewest} of them" if fewest == most else f", {fewest} to {most} of them"
        return f"{kind} {low}{high}{many}"


Ranges = Mapping[str, Range]  # option -> what it may be

WEIGHT = Range()  # 0 or more
POSITIVE = Range(open_low=True)
SHARE = Range(high=1)
MEMORY = Range(high=1, open_high=True)  # the share of the past that an average keeps
COUNT = Range(1, step=1)
COUNT_OR_NONE = Range(step=1)


def check(recipe: Any) -> None:
    """Raises UserError for an option of `recipe` outside its range; each class declares those of its own options.

    An option that is None is left to the recipe.
    """
    ranges: dict[str, Range] = {}
    for kind in reversed(type(recipe).__mro__):
        ranges |= vars(kind).get("ranges", {})
    for name, wanted in ranges.items():
        value = getattr(recipe, name)
        if value is not None and not wanted.holds(value):
            raise UserError(
                f"The option '{name}' of '{recipe.name}' is outside its range.",
                received=f"{name} {value}",
                possible=str(wanted),
                exit_code=EXIT_USAGE,
            )

"""Does the game go well? A verdict in words from the log of a run, which can end it.

It reads what recipes log: `*/real_accuracy` and `*/fake_accuracy` (losses.accuracies), `*/diversity` beside
`*/real_diversity` (losses.diversity), `*/loss`, and `validation/*` (lower is better, unless its name is in
HIGHER_IS_BETTER). What is not logged is not judged: a recipe without a discriminator can only converge or diverge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean as mean
from statistics import median_high as median

LEARNING = "still learning"
CONVERGED = "converged"
WINNING = "discriminator winning"
COLLAPSE = "generator collapse"
BLIND = "discriminator blind"
DIVERGED = "diverged"

HIGHER_IS_BETTER = ("iou", "psnr", "correlation", "accuracy", "coverage")
KID = "validation/kid"  # with its standard error beside it, see below
ERROR = "_error"
FLAT_SHARE, FLAT_LEAST = 1 / 3, 5  # scores without progress after which KID counts as flat: of all, and at least


@dataclass(frozen=True)
class Verdict:
    """state: one of the six words above; sentence: why, and what to do; ends_run: whether to stop now."""

    state: str
    sentence: str
    ends_run: bool = False

    def __str__(self) -> str:
        return f"{self.state[0].upper()}{self.state[1:]}: {self.sentence}"


class Monitor:
    """Judges a run record by record.

    until_converged: end the run when both networks have converged, or when the game is lost; otherwise only a
        divergence ends it.
    flat_ends: a level run (its losses have settled, or KID has not fallen for a third of it) is a converged one. False
        where the learning rate still falls: the last fall is where most is won.
    min_images: no verdict but divergence before that many images: every game begins lopsided.
    patience: records in a row before a game counts as lost.
    """

    def __init__(
        self, *, until_converged: bool = False, flat_ends: bool = True, min_images: int = 0, patience: int = 6
    ) -> None:
        self.until_converged, self.min_images, self.patience = until_converged, min_images, patience
        self.flat_ends = flat_ends
        self.records: list[dict[str, float]] = []

    def observe(self, record: Mapping[str, float]) -> Verdict:
        """Take one record (as in log.jsonl) into account."""
        self.records.append(dict(record))
        return self.verdict()

    def verdict(self) -> Verdict:
        if not self.records:
            return Verdict(LEARNING, "nothing was trained yet.")
        if sentence := self._diverged():
            return Verdict(DIVERGED, sentence, ends_run=True)
        if len(self.records) >= 2 * self.patience and self._images >= self.min_images:
            for state, judge in (
                (COLLAPSE, self._collapsed), (WINNING, self._winning), (BLIND, self._blind),
                (CONVERGED, self._converged),
            ):  # fmt: skip
                if sentence := judge():
                    # A blind discriminator may see yet: one of `print` began after a fifth of its run.
                    ends = self.until_converged and state != BLIND and (state != CONVERGED or self.flat_ends)
                    return Verdict(state, sentence, ends_run=ends)
        return Verdict(LEARNING, self._learning())

    @property
    def _images(self) -> float:
        return self.records[-1].get("images_seen", 0)

    def trace(self, ending: str) -> list[float]:
        """Values of the first log whose name ends so ('/real_accuracy'), in order."""
        name = next((key for record in self.records for key in record if key.endswith(ending)), None)
        return [record[name] for record in self.records if name in record] if name else []

    def _diverged(self) -> str:
        last = self.records[-1]
        for key, value in last.items():
            if not math.isfinite(value):
                return f"'{key}' is no finite number any more."
        for key in last:
            values = [abs(record[key]) for record in self.records if key in record]
            if not key.endswith("/loss") or len(values) < 4:
                continue
            # The first record holds the untrained networks; one wild interval may be an accident, three are not.
            usual = max(median(values[:-3]), min(values[:-3]), 1.0)
            if min(values[-3:]) > 30 * usual:
                return f"'{key}' grew from about {usual:.3g} to {values[-1]:.3g}."
        return ""

    def _collapsed(self) -> str:
        spread, real = self.trace("/diversity"), self.trace("/real_diversity")
        if len(spread) < self.patience or len(real) < len(spread):
            return ""
        shares = [made / max(wanted, 1e-6) for made, wanted in zip(spread, real, strict=False)]
        share = max(shares[-self.patience :])
        if share > 0.15:
            return ""
        return (
            f"what the generator makes is nearly all alike (its spread is {share:.0%} of the collection's). "
            "Restart with another seed, a lower learning rate or a stronger r1_weight."
        )

    def _winning(self) -> str:
        accuracy = self._accuracy()
        if len(accuracy) < self.patience or min(accuracy[-self.patience :]) < 0.97:
            return ""
        since = self.records[-self.patience]["images_seen"]
        return (
            f"it tells real from generated {accuracy[-1]:.0%} of the time since {since:,.0f} images, so the "
            "generator has nothing left to learn from. Give it a lower learning rate, or raise r1_weight."
        )

    def _blind(self) -> str:
        """A game that was never played looks like one that ended even: all is level. Its past tells them apart."""
        accuracy = self._accuracy()
        windows = [accuracy[start : start + self.patience] for start in range(len(accuracy) - self.patience + 1)]
        best = max(map(mean, windows), default=1.0)
        traces = [self.trace(key) for key in self.records[-1] if key.endswith("/loss")]
        if best > 0.56 or not all(map(has_settled, traces)):
            return ""
        return (
            f"it has never told real from generated more than {best:.0%} of the time, so the generator has learned "
            "nothing from it yet. Give it more time, lower r1_weight or raise learning_rate."
        )

    def _flat(self) -> str:
        """Words when the best KID of the last third is no better, by half its error, than the best before."""
        scored = [record for record in self.records if KID in record]
        recent = max(FLAT_LEAST, round(len(scored) * FLAT_SHARE))
        if len(scored) < recent + FLAT_LEAST:
            return ""
        before = min(scored[:-recent], key=lambda record: record[KID])
        after = min(scored[-recent:], key=lambda record: record[KID])
        if after[KID] < before[KID] - 0.5 * before.get(KID + ERROR, 0.0):
            return ""
        return (
            f"the pictures have come no closer to yours since {before['images_seen']:,.0f} images "
            f"(KID {thousandths(before[KID])}, then {thousandths(after[KID])} at best; 0 is as close as yours are to "
            "each other). More training would change little."
        )

    def _converged(self) -> str:
        if any(KID in record for record in self.records):
            return self._flat() if self.flat_ends else ""
        accuracy = self._accuracy()
        if accuracy and mean(accuracy[-self.patience :]) > 0.9:
            return ""
        scores = sorted({key for record in self.records for key in record if key.startswith("validation/")})
        judged = [scores[0]] if scores else [key for key in self.records[-1] if key.endswith("/loss")]
        if not scores and self.trace("/diversity"):
            judged.append(next(key for key in self.records[-1] if key.endswith("/diversity")))
        traces = {key: [record[key] for record in self.records if key in record] for key in judged}
        if not traces or not all(has_settled(values) for values in traces.values()):
            return ""
        what = f"'{judged[0]}' has settled at {mean(traces[judged[0]][-4:]):.3g}" if scores else (
            "both networks hold their balance" if len(judged) > 1 else f"'{judged[0]}' has settled"
        )  # fmt: skip
        return f"{what}; more training would change little."

    def _learning(self) -> str:
        score = self.trace_of_score()
        if self.score_name() == KID and len(score) >= 2:
            came = "come closer to" if min(score[1:]) < score[0] else "not come closer to"
            first, best = thousandths(score[0]), thousandths(min(score))
            return f"the pictures have {came} yours: KID was {first} at first and is {best} at best."
        if len(score) >= 4:
            name, values = self.score_name(), score
            better = values[-1] > values[0] if name.endswith(HIGHER_IS_BETTER) else values[-1] < values[0]
            word = "better" if better else "not better yet"
            return f"'{name}' went from {values[0]:.3g} to {values[-1]:.3g}, {word}."
        accuracy = self._accuracy()
        if accuracy:
            return f"the discriminator is right {accuracy[-1]:.0%} of the time."
        return f"{self._images:,.0f} images seen."

    def score_name(self) -> str:
        return min((key for record in self.records for key in record if key.startswith("validation/")), default="")

    def trace_of_score(self) -> list[float]:
        name = self.score_name()
        return [record[name] for record in self.records if name in record] if name else []

    def _accuracy(self) -> list[float]:
        real, fake = self.trace("/real_accuracy"), self.trace("/fake_accuracy")
        return [(a + b) / 2 for a, b in zip(real, fake, strict=False)]


def has_settled(values: Sequence[float], *, window: float = 0.4, least: int = 12) -> bool:
    """Whether the last `window` of a trace is level: its halves differ by less than 5 % of the way travelled so
    far, by less than chance explains (1.5 standard errors of the difference), or by 1 % of its level."""
    if len(values) < least:
        return False
    tail = list(values[-max(least // 2, round(len(values) * window)) :])
    first, second = tail[: len(tail) // 2], tail[len(tail) // 2 :]
    change = abs(mean(second) - mean(first))
    travelled = abs(mean(second) - mean(list(values[: max(2, len(values) // 10)])))
    error = math.sqrt(variance(first) / len(first) + variance(second) / len(second))
    return change <= max(0.05 * travelled, 1.5 * error, 0.01 * abs(mean(tail)))


def thousandths(value: float) -> str:
    """KID as it is told: '4.2', '114', '1,051'."""
    return f"{1000 * value:.1f}" if abs(value) < 0.1 else f"{1000 * value:,.0f}"


def variance(values: Sequence[float]) -> float:
    """Of a sample, at least one value; inf where squares are too large, which `statistics.variance` refuses."""
    center = mean(values)
    return sum((value - center) * (value - center) for value in values) / max(1, len(values) - 1)
